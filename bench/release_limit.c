/*
 * What the cryptography of a release costs alone, by libcrypto's own calls and
 * the CPU time of this process. Nothing of the product is in it: a wrapper that
 * got slower would raise a limit that it is measured against. Algorithms are
 * fetched before; kept from one turn to the next are the key that signs and,
 * with its context, the one that verifies. One JSON object, microseconds a
 * step.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 7, TURNS = 300, POINT = 65, KEY = 32 };

static EVP_MD *sha256;
static EVP_CIPHER *gcm, *kw;
static EVP_PKEY *own, *client;
static EVP_PKEY_CTX *verifier, *importer;
static unsigned char point[POINT], sig[80];
static size_t sig_len;
static const unsigned char message[432] = { 1 };
static const unsigned char plain[400] = { 2 };
static const unsigned char aad[180] = { 3 }; /* the protected header */

static bool
hash(const void *p, size_t len, unsigned char digest[KEY])
{
	return EVP_Digest(p, len, digest, NULL, sha256, NULL) == 1;
}

static bool
verify(void)
{
	unsigned char digest[KEY];

	return hash(message, sizeof(message), digest) &&
	    EVP_PKEY_verify(verifier, sig, sig_len, digest, KEY) == 1;
}

static bool
sign(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	unsigned char digest[KEY];
	bool ok;

	sig_len = sizeof(sig);
	ok = hash(message, sizeof(message), digest) &&
	    EVP_PKEY_sign_init(ctx) == 1 &&
	    EVP_PKEY_sign(ctx, sig, &sig_len, digest, KEY) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static EVP_PKEY *
key_of_point(void)
{
	char group[] = "P-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, point, POINT),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *k = NULL;

	return EVP_PKEY_fromdata(importer, &k, EVP_PKEY_PUBLIC_KEY, params) == 1
	    ? k
	    : NULL;
}

static bool
import(void)
{
	EVP_PKEY *k = key_of_point();
	bool ok = k != NULL;

	EVP_PKEY_free(k);
	return ok;
}

/* ECDH without a second check of the point, then the one hash of the concat
 * KDF (RFC 7518, 4.6.2). */
static bool
agree(EVP_PKEY *pair, unsigned char kek[KEY])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL);
	unsigned char in[4 + KEY + 4 + 14 + 4 + 4 + 4] = { 0 };
	size_t len = KEY;
	bool ok = EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer_ex(ctx, client, 0) == 1 &&
	    EVP_PKEY_derive(ctx, in + 4, &len) == 1 &&
	    hash(in, sizeof(in), kek);

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool
encrypt(EVP_CIPHER *cipher, const unsigned char *key, const unsigned char *iv,
    const unsigned char *in, int in_len, unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;
	bool ok;

	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ok = EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL) == 1 &&
	    (iv == NULL ||
		EVP_EncryptUpdate(ctx, NULL, &n, aad, sizeof(aad)) == 1) &&
	    EVP_EncryptUpdate(ctx, out, &n, in, in_len) == 1 &&
	    EVP_EncryptFinal_ex(ctx, out + n, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

static bool
wrap(void)
{
	unsigned char kek[KEY], cek[KEY], iv[12], out[512], epk[POINT];
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	size_t len = POINT;
	bool ok = pair != NULL &&
	    EVP_PKEY_get_octet_string_param(
		pair, OSSL_PKEY_PARAM_PUB_KEY, epk, sizeof(epk), &len) == 1 &&
	    agree(pair, kek) && RAND_priv_bytes(cek, KEY) == 1 &&
	    RAND_bytes(iv, sizeof(iv)) == 1 &&
	    encrypt(kw, kek, NULL, cek, KEY, out) &&
	    encrypt(gcm, cek, iv, plain, sizeof(plain), out);

	EVP_PKEY_free(pair);
	return ok;
}

static double
cpu(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail */
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static const struct {
	const char *name;
	bool (*run)(void);
} steps[] = {
	{ "verify", verify },
	{ "sign", sign },
	{ "import", import },
	{ "wrap", wrap },
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* The median of the rounds, which take turns. */
static double
median(double v[ROUNDS])
{
	for (size_t i = 1; i < ROUNDS; i++)
		for (size_t k = i; k > 0 && v[k] < v[k - 1]; k--) {
			double swap = v[k];

			v[k] = v[k - 1];
			v[k - 1] = swap;
		}
	return v[ROUNDS / 2];
}

/* What is fetched stays in libcrypto's cache. */
static bool
set_up(void)
{
	size_t len = POINT;

	sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	kw = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
	own = EVP_EC_gen("P-256");
	importer = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (EVP_SIGNATURE_fetch(NULL, "ECDSA", NULL) == NULL ||
	    EVP_KEYEXCH_fetch(NULL, "ECDH", NULL) == NULL ||
	    EVP_PKEY_fromdata_init(importer) != 1 || !sign() ||
	    EVP_PKEY_get_octet_string_param(
		own, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len) != 1)
		return false;
	client = key_of_point();
	verifier = EVP_PKEY_CTX_new_from_pkey(NULL, client, NULL);
	return EVP_PKEY_verify_init(verifier) == 1;
}

int
main(void)
{
	double us[STEPS][ROUNDS];

	if (!set_up())
		return 1;
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < STEPS; i++) {
			double start = cpu();

			for (size_t n = 0; n < TURNS; n++)
				if (!steps[i].run())
					return 1;
			us[i][round] = (cpu() - start) / TURNS;
		}
	for (size_t i = 0; i < STEPS; i++)
		(void)printf("%s\"%s\":%.2f", i == 0 ? "{" : ",", steps[i].name,
		    median(us[i]));
	(void)printf("}\n");
	return 0;
}
