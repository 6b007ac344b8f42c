/*
 * Failures of libcrypto as results, and destructors for its types.
 */
#include "crypto/lib.h"

#include <openssl/err.h>

int
wd_lib_fault(void)
{
	bool memory = false;
	unsigned long e;

	/* What it could not get comes first; its callers add theirs. */
	while ((e = ERR_get_error()) != 0)
		memory |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
	return memory ? WD_F_MEMORY : WD_F_CRYPTO;
}

int
wd_lib_verdict(int ok, enum wd_reason rejection)
{
	if (ok == 1)
		return 0;
	return wd_lib_fault() == WD_F_MEMORY ? WD_F_MEMORY : (int)rejection;
}

int
wd_lib_verified(
    EVP_PKEY_CTX *ctx, int ok, struct wd_span sig, struct wd_span digest)
{
	int r = wd_lib_verdict(ok, WD_R_MISMATCH);

	if (r <= 0)
		return r;
	if (EVP_PKEY_verify(ctx, sig.p, sig.len, digest.p, digest.len) == ok)
		return wd_lib_verdict(ok, WD_R_MISMATCH);
	(void)wd_lib_fault(); /* only to empty the queue */
	return WD_F_CRYPTO;
}

void
wd_evp_md_ctx_freep(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

void
wd_evp_cipher_ctx_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

void
wd_evp_kdf_ctx_freep(EVP_KDF_CTX **ctx)
{
	EVP_KDF_CTX_free(*ctx);
}

void
wd_evp_pkey_freep(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

void
wd_evp_pkey_ctx_freep(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

void
wd_bn_freep(BIGNUM **n)
{
	BN_clear_free(*n);
}

void
wd_param_bld_freep(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

void
wd_param_freep(OSSL_PARAM **params)
{
	OSSL_PARAM_free(*params);
}
