/*
 * ECDSA over digests, with raw signatures. wd_p256_verify() is the hottest
 * function of the product: with a known attestation key it is all that
 * verification costs, so it allocates and looks up nothing.
 */
#include "crypto/ecdsa.h"

#include "codec/der.h"
#include "crypto/sig.h"

static struct wd_span
without_leading_zeros(struct wd_span n)
{
	while (n.len > 1 && n.p[0] == 0)
		n = wd_span(n.p + 1, n.len - 1);
	return n;
}

static size_t
integer_len(struct wd_span n)
{
	return 2 + n.len + (n.p[0] >> 7);
}

static uint8_t *
put_integer(uint8_t *dst, struct wd_span n)
{
	uint8_t sign_byte = n.p[0] >> 7;

	*dst++ = WD_DER_INTEGER;
	*dst++ = (uint8_t)(n.len + sign_byte);
	if (sign_byte)
		*dst++ = 0;
	wd_copy(dst, n);
	return dst + n.len;
}

size_t
wd_ecdsa_to_der(struct wd_span rs, uint8_t *dst)
{
	size_t half = rs.len / 2;
	struct wd_span r = without_leading_zeros(wd_span(rs.p, half));
	struct wd_span s = without_leading_zeros(wd_span(rs.p + half, half));
	size_t len = integer_len(r) + integer_len(s);
	uint8_t *p = dst;

	*p++ = WD_DER_SEQUENCE;
	if (len > 127)
		*p++ = 0x81;
	*p++ = (uint8_t)len;
	p = put_integer(p, r);
	p = put_integer(p, s);
	return (size_t)(p - dst);
}

/* 1 to n - 1. */
static bool
in_range(struct wd_span v, struct wd_span order)
{
	return !wd_span_is_zero(v) && wd_span_compare(v, order) < 0;
}

static bool
both_in_range(const struct wd_pkey_row *row, struct wd_span rs)
{
	return rs.len == 2 * row->len &&
	    in_range(wd_span(rs.p, row->len), row->order) &&
	    in_range(wd_span(rs.p + row->len, row->len), row->order);
}

static int
verify_in(EVP_PKEY_CTX *ctx, struct wd_span digest, struct wd_span rs)
{
	uint8_t der[WD_ECDSA_DER_MAX];
	size_t der_len = wd_ecdsa_to_der(rs, der);
	int ok = EVP_PKEY_verify(ctx, der, der_len, digest.p, digest.len);

	/* The form and the range are right: 0 says that the sum was done and
	 * came out otherwise. */
	if (ok >= 0)
		return wd_lib_verdict(ok, WD_R_MISMATCH);
	/* No memory, or no sum: an attacker with a key of his own can have the
	 * point at infinity come out. */
	return wd_lib_verified(ctx, ok, wd_span(der, der_len), digest);
}

int
wd_ecdsa_verify(
    const struct wd_pkey *k, struct wd_span digest, struct wd_span rs)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;

	if (!both_in_range(k->row, rs))
		return WD_R_MISMATCH;
	if (k->verify != NULL)
		return verify_in(k->verify, digest, rs);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1)
		return wd_lib_fault();
	return verify_in(ctx, digest, rs);
}

int
wd_p256_verify(
    const struct wd_pkey *k, struct wd_span message, const uint8_t rs[64])
{
	return wd_p256_verify_parts(k, &message, 1, rs);
}

/* What is verified is public, so the digest context may be a shared one. */
static int
public_sha256(const struct wd_span *parts, size_t n_parts, uint8_t *ret_digest)
{
	EVP_MD_CTX *ctx = wd_lib()->public_digest;

	if (EVP_DigestInit_ex2(ctx, wd_lib()->md[WD_SHA256], NULL) != 1)
		return wd_lib_fault();
	for (size_t i = 0; i < n_parts; i++)
		if (EVP_DigestUpdate(ctx, parts[i].p, parts[i].len) != 1)
			return wd_lib_fault();
	if (EVP_DigestFinal_ex(ctx, ret_digest, NULL) != 1)
		return wd_lib_fault();
	return 0;
}

int
wd_p256_verify_parts(const struct wd_pkey *k, const struct wd_span *parts,
    size_t n_parts, const uint8_t rs[64])
{
	uint8_t digest[32];
	int r;

	if (k->row->alg != WD_PKEY_P256)
		return WD_R_KEY_INVALID;
	if ((r = public_sha256(parts, n_parts, digest)) != 0)
		return r;
	return wd_ecdsa_verify(k, WD_SPAN(digest), wd_span(rs, 64));
}
