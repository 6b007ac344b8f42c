/*
 * Start of libcrypto. Everything the product uses is fetched here and kept, so
 * that later calls neither look up names nor open files; nothing here reads a
 * configuration of the host.
 */
#include "crypto/init.h"

#include "crypto/lib.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

static struct wd_lib lib;
static bool ready;

const struct wd_lib *
wd_lib(void)
{
	return &lib;
}

static bool
fetch_digests(void)
{
	static const char *const names[] = {
		[WD_SHA256] = "SHA2-256",
		[WD_SHA384] = "SHA2-384",
		[WD_SHA512] = "SHA2-512",
		[WD_SHA1] = "SHA1",
	};

	for (size_t i = 0; i < WD_N(names); i++) {
		lib.md[i] = EVP_MD_fetch(NULL, names[i], NULL);
		if (lib.md[i] == NULL)
			return false;
	}
	lib.public_digest = EVP_MD_CTX_new();
	lib.sha256 = EVP_MD_CTX_new();
	return lib.public_digest != NULL && lib.sha256 != NULL;
}

static bool
fetch_ciphers_and_kdfs(void)
{
	lib.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	lib.wrap = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
	lib.block = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
	lib.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	lib.scrypt = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	return lib.gcm != NULL && lib.wrap != NULL && lib.block != NULL &&
	    lib.hkdf != NULL && lib.scrypt != NULL;
}

static EVP_PKEY_CTX *
importer(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static bool
fetch_importers(void)
{
	lib.ec_from_data = importer("EC");
	lib.rsa_from_data = importer("RSA");
	lib.ed25519_from_data = importer("ED25519");
	return lib.ec_from_data != NULL && lib.rsa_from_data != NULL &&
	    lib.ed25519_from_data != NULL;
}

/*
 * Operations on keys are looked up by name inside libcrypto. Fetched once and
 * never given back, they stay in its cache.
 */
static bool
warm_key_operations(void)
{
	lib.sign_rsa = EVP_SIGNATURE_fetch(NULL, "RSA", NULL);
	lib.sign_ec = EVP_SIGNATURE_fetch(NULL, "ECDSA", NULL);
	lib.sign_ed25519 = EVP_SIGNATURE_fetch(NULL, "ED25519", NULL);
	lib.ecdh = EVP_KEYEXCH_fetch(NULL, "ECDH", NULL);
	lib.oaep = EVP_ASYM_CIPHER_fetch(NULL, "RSA", NULL);
	return lib.sign_rsa != NULL && lib.sign_ec != NULL &&
	    lib.sign_ed25519 != NULL && lib.ecdh != NULL && lib.oaep != NULL;
}

/* The first byte drawn seeds the generators from the kernel. */
static bool
seed(void)
{
	uint8_t byte;

	return RAND_bytes(&byte, 1) == 1 && RAND_priv_bytes(&byte, 1) == 1;
}

int
wd_crypto_init(struct wd_diag *d)
{
	if (ready)
		return 0;
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    !fetch_digests() || !fetch_ciphers_and_kdfs() ||
	    !fetch_importers() || !warm_key_operations() || !seed()) {
		(void)wd_lib_fault(); /* only to empty the queue */
		return wd_fault(
		    d, WD_F_CRYPTO, "libcrypto lacks an algorithm we need");
	}
	ready = true;
	return 0;
}
