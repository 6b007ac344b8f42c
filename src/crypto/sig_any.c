/*
 * Signatures whose scheme and hash are told apart from each other, as a TPM
 * tells them. For verification alone: nothing here signs.
 */
#include "crypto/sig.h"

#include "crypto/ecdsa.h"

#include <openssl/rsa.h>

/* A salt of any length is what TPMs write: as long as fits, or as the hash
 * (TPM 2.0 library, part 1, annex B.7). */
static bool
rsa_setup(EVP_PKEY_CTX *ctx, enum wd_sig_scheme scheme, enum wd_hash hash)
{
	bool pss = scheme == WD_SCHEME_RSAPSS;
	int padding = pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;

	if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, wd_lib()->md[hash]) != 1)
		return false;
	return !pss ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) == 1;
}

static int
rsa_verify(const struct wd_pkey *k, enum wd_sig_scheme scheme,
    enum wd_hash hash, struct wd_span digest, struct wd_span sig)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;

	if (sig.len != k->row->len)
		return WD_R_MISMATCH;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
	    !rsa_setup(ctx, scheme, hash))
		return wd_lib_fault();
	return wd_lib_verified(ctx,
	    EVP_PKEY_verify(ctx, sig.p, sig.len, digest.p, digest.len), sig,
	    digest);
}

int
wd_sig_verify_any(const struct wd_pkey *k, enum wd_sig_scheme scheme,
    enum wd_hash hash, struct wd_span message, struct wd_span sig)
{
	enum wd_key_family family =
	    scheme == WD_SCHEME_ECDSA ? WD_FAMILY_EC : WD_FAMILY_RSA;
	uint8_t bytes[WD_HASH_MAX];
	struct wd_span digest = { bytes, wd_hash_len(hash) };
	int r;

	if (k->row->family != family)
		return WD_R_KEY_INVALID;
	if ((r = wd_hash(hash, message, bytes)) != 0)
		return r;
	return family == WD_FAMILY_EC
	    ? wd_ecdsa_verify(k, digest, sig)
	    : rsa_verify(k, scheme, hash, digest, sig);
}
