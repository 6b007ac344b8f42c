/*
 * Making signatures on curves, and reading ECDSA signatures that come as DER:
 * libcrypto's own and those of certificates.
 */
#include "crypto/ecdsa.h"

#include "codec/der.h"

/* A number, right-aligned in HALF bytes at DST. */
static void
get_integer(struct wd_rd *rd, size_t half, uint8_t *dst)
{
	struct wd_span v = wd_der_magnitude(rd, half);

	wd_copy(dst + half - v.len, v);
}

int
wd_ecdsa_from_der(struct wd_span der, size_t half, uint8_t *ret_rs)
{
	uint8_t rs[2 * WD_COORDINATE_MAX] = { 0 };
	struct wd_rd rd = wd_rd(der);
	struct wd_rd pair = wd_der_enter(&rd, WD_DER_SEQUENCE);

	get_integer(&pair, half, rs);
	get_integer(&pair, half, rs + half);
	if (wd_rd_end(&pair) != 0 || wd_rd_end(&rd) != 0)
		return WD_R_MALFORMED;
	wd_copy(ret_rs, wd_span(rs, 2 * half));
	return 0;
}

int
wd_ecdsa_sign_with(
    EVP_PKEY_CTX *ctx, size_t half, struct wd_span digest, uint8_t *ret_rs)
{
	uint8_t der[WD_ECDSA_DER_MAX];
	size_t len = sizeof(der);

	if (EVP_PKEY_sign(ctx, der, &len, digest.p, digest.len) != 1)
		return wd_lib_fault();
	if (wd_ecdsa_from_der(wd_span(der, len), half, ret_rs) != 0)
		return WD_F_BUG;
	return 0;
}

/* A context that failed is made ready again before it is used again. */
static int
sign_with_kept(const struct wd_pkey *k, struct wd_span digest, uint8_t *ret_rs)
{
	int r = wd_ecdsa_sign_with(k->sign, k->row->len, digest, ret_rs);

	if (r != 0 && EVP_PKEY_sign_init(k->sign) != 1)
		return wd_lib_fault();
	return r;
}

int
wd_ecdsa_sign(const struct wd_pkey *k, struct wd_span digest, uint8_t *ret_rs)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;

	if (k->sign != NULL)
		return sign_with_kept(k, digest, ret_rs);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1)
		return wd_lib_fault();
	return wd_ecdsa_sign_with(ctx, k->row->len, digest, ret_rs);
}

int
wd_ed25519_sign(
    const struct wd_pkey *k, struct wd_span message, uint8_t *ret_sig)
{
	WD_AUTO(wd_evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = 64;

	if (ctx == NULL ||
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->evp) != 1 ||
	    EVP_DigestSign(ctx, ret_sig, &len, message.p, message.len) != 1)
		return wd_lib_fault();
	return len == 64 ? 0 : WD_F_BUG;
}
