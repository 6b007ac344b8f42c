/*
 * Making credentials. Labels of key derivation count their zero byte in.
 */
#include "crypto/tpm_credential.h"

#include "base/wr.h"
#include "crypto/ecdh.h"
#include "crypto/key.h"
#include "crypto/rand.h"

#include <openssl/rsa.h>

enum { SEED = 32, AES_KEY = 16, LARGEST = 1024 };

static const uint8_t identity[] = "IDENTITY";

/* KDFa (section 11.4.10.2) for one block of HMAC-SHA-256. */
static int
kdfa(struct wd_span key, struct wd_span label, struct wd_span context,
    size_t len, uint8_t ret[32])
{
	static const uint8_t one[4] = { 0, 0, 0, 1 };
	uint8_t bits[4] = { 0, 0, (uint8_t)(len * 8 >> 8), (uint8_t)(len * 8) };
	const struct wd_span parts[] = { WD_SPAN(one), label, context,
		WD_SPAN(bits) };

	return wd_hmac_sha256(key, parts, WD_N(parts), ret);
}

/* KDFe (section 11.4.10.3) for one block of SHA-256. */
static int
kdfe(struct wd_span z, struct wd_span party_u, struct wd_span party_v,
    uint8_t ret[SEED])
{
	static const uint8_t one[4] = { 0, 0, 0, 1 };
	const struct wd_span parts[] = { WD_SPAN(one), z, WD_SPAN(identity),
		party_u, party_v };

	return wd_hash_parts(WD_SHA256, parts, WD_N(parts), ret);
}

static void
sized(struct wd_wr *wr, struct wd_span s)
{
	wd_wr_be16(wr, (uint16_t)s.len);
	wd_wr_bytes(wr, s);
}

/* ---- the seed, so that only the endorsement key gets at it */

/* The label is libcrypto's once it has taken it. */
static bool
set_label(EVP_PKEY_CTX *ctx)
{
	void *label = OPENSSL_memdup(identity, sizeof(identity));

	if (label == NULL)
		return false;
	if (EVP_PKEY_CTX_set0_rsa_oaep_label(
		ctx, label, (int)sizeof(identity)) == 1)
		return true;
	OPENSSL_free(label);
	return false;
}

static bool
set_oaep(EVP_PKEY_CTX *ctx)
{
	const EVP_MD *md = wd_lib()->md[WD_SHA256];

	return EVP_PKEY_encrypt_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1 && set_label(ctx);
}

static int
wrap_rsa(const struct wd_pkey *ek, uint8_t seed[SEED], struct wd_wr *wr)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;
	uint8_t wrapped[256];
	size_t len = sizeof(wrapped);
	int r;

	if ((r = wd_rand(seed, SEED)) != 0)
		return r;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ek->evp, NULL);
	if (ctx == NULL || !set_oaep(ctx) ||
	    EVP_PKEY_encrypt(ctx, wrapped, &len, seed, SEED) != 1)
		return wd_lib_fault();
	sized(wr, wd_span(wrapped, len));
	return 0;
}

static int
wrap_ecc(const struct wd_pkey *ek, uint8_t seed[SEED], struct wd_wr *wr)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *own = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *z = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *ek_x = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *ek_y = NULL;
	int r;

	if ((r = wd_pkey_generate(WD_PKEY_P256, &own)) != 0 ||
	    (r = wd_ecdh(own, ek, &z)) != 0 ||
	    (r = wd_pkey_public_parts(own, &x, &y)) != 0 ||
	    (r = wd_pkey_public_parts(ek, &ek_x, &ek_y)) != 0 ||
	    (r = kdfe(wd_secret_borrow(z), wd_bytes_span(x),
		 wd_bytes_span(ek_x), seed)) != 0)
		return r;
	wd_wr_be16(wr, (uint16_t)(4 + x->len + y->len));
	sized(wr, wd_bytes_span(x));
	sized(wr, wd_bytes_span(y));
	return 0;
}

/* ---- the secret under the seed */

static int
encrypt_cfb(const uint8_t key[AES_KEY], struct wd_span plain, uint8_t *dst)
{
	static const uint8_t iv[16];
	WD_AUTO(wd_evp_cipher_ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cfb = EVP_CIPHER_fetch(NULL, "AES-128-CFB", NULL);
	int n = 0;
	bool ok = ctx != NULL && cfb != NULL &&
	    EVP_EncryptInit_ex2(ctx, cfb, key, iv, NULL) == 1 &&
	    EVP_EncryptUpdate(ctx, dst, &n, plain.p, (int)plain.len) == 1;

	EVP_CIPHER_free(cfb);
	return ok && n == (int)plain.len ? 0 : wd_lib_fault();
}

static int
protect(const uint8_t seed[SEED], struct wd_span name, struct wd_span secret,
    struct wd_wr *wr)
{
	uint8_t plain[2 + WD_TPM_CREDENTIAL], sealed[2 + WD_TPM_CREDENTIAL];
	struct wd_wr inner = wd_wr_fixed(plain, sizeof(plain));
	const struct wd_span covered[] = { WD_SPAN(sealed), name };
	uint8_t key[32], mac[32];
	int r;

	sized(&inner, secret);
	r = kdfa(wd_span(seed, SEED), WD_SPAN("STORAGE"), name, AES_KEY, key);
	if (r == 0)
		r = encrypt_cfb(key, wd_wr_span(&inner), sealed);
	if (r == 0)
		r = kdfa(wd_span(seed, SEED), WD_SPAN("INTEGRITY"),
		    wd_span(NULL, 0), sizeof(key), key);
	if (r == 0)
		r = wd_hmac_sha256(WD_SPAN(key), covered, 2, mac);
	wd_wipe(key, sizeof(key));
	wd_wipe(plain, sizeof(plain));
	wd_wr_be16(wr, (uint16_t)(2 + sizeof(mac) + sizeof(sealed)));
	sized(wr, WD_SPAN(mac));
	wd_wr_bytes(wr, WD_SPAN(sealed));
	return r;
}

int
wd_tpm_make_credential(const struct wd_pkey *ek, struct wd_span name,
    struct wd_span secret, struct wd_bytes **ret_blob,
    struct wd_bytes **ret_seed)
{
	WD_AUTO(wd_wr_done) struct wd_wr blob = wd_wr_growing(LARGEST);
	WD_AUTO(wd_wr_done) struct wd_wr wrapped = wd_wr_growing(LARGEST);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *made = NULL;
	bool rsa = ek->row->alg == WD_PKEY_RSA2048;
	uint8_t seed[SEED];
	int r;

	if ((!rsa && ek->row->alg != WD_PKEY_P256) ||
	    secret.len != WD_TPM_CREDENTIAL)
		return WD_R_KEY_INVALID;
	r = rsa ? wrap_rsa(ek, seed, &wrapped) : wrap_ecc(ek, seed, &wrapped);
	if (r == 0)
		r = protect(seed, name, secret, &blob);
	wd_wipe(seed, sizeof(seed));
	if (r != 0 || (r = wd_wr_take(&blob, &made)) != 0 ||
	    (r = wd_wr_take(&wrapped, ret_seed)) != 0)
		return r < 0 ? r : WD_F_BUG;
	*ret_blob = WD_TAKE(made);
	return 0;
}
