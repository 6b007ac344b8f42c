/*
 * Public keys from raw parts. Nothing here uses libcrypto's decoders: they are
 * slow (125 us against 19) and lenient.
 */
#include "base/alloc.h"
#include "crypto/curve.h"
#include "crypto/once.h"

#include <openssl/core_names.h>

enum { RSA_EXPONENT_MAX = 4 }; /* bytes: up to 2^32 - 1 */

/* libcrypto wants it without const although it only reads it. */
static void *
bytes_param(const uint8_t *p)
{
	return (void *)(uintptr_t)p;
}

/* The key that PARAMS describe. Its parts have been looked at, and libcrypto
 * refuses none that are fit. */
static int
import(EVP_PKEY_CTX *ctx, const struct wd_pkey_row *row, OSSL_PARAM *params,
    struct wd_pkey **ret)
{
	EVP_PKEY *evp = NULL;

	if (EVP_PKEY_fromdata(ctx, &evp, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return wd_lib_fault();
	return wd_pkey_adopt(evp, row, false, ret);
}

/* The point at infinity is one zero byte and thus too short. */
int
wd_pkey_import_point(
    const struct wd_pkey_row *row, struct wd_span point, struct wd_pkey **ret)
{
	EVP_PKEY *evp = NULL;
	int r;

	if (point.len != 1 + 2 * row->len || point.p[0] != 4)
		return WD_R_KEY_INVALID;
	if ((r = wd_curve_import(row, point, &evp)) != 0 ||
	    (r = wd_pkey_adopt(evp, row, false, ret)) != 0)
		return r;
	wd_copy((*ret)->point, point);
	(*ret)->has_point = true;
	return 0;
}

/* The point of two coordinates of the curve's length; NULL: they are not. */
static const struct wd_pkey_row *
join(enum wd_pkey_alg curve, struct wd_span x, struct wd_span y,
    uint8_t point[1 + 2 * WD_COORDINATE_MAX])
{
	const struct wd_pkey_row *row = wd_pkey_row(curve);

	if (row == NULL || row->family != WD_FAMILY_EC || x.len != row->len ||
	    y.len != row->len)
		return NULL;
	point[0] = 4;
	wd_copy(point + 1, x);
	wd_copy(point + 1 + x.len, y);
	return row;
}

int
wd_pkey_ec_public(enum wd_pkey_alg curve, struct wd_span x, struct wd_span y,
    struct wd_pkey **ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	uint8_t point[1 + 2 * WD_COORDINATE_MAX];
	const struct wd_pkey_row *row = join(curve, x, y, point);
	int r;

	if (row == NULL)
		return WD_R_KEY_INVALID;
	if ((r = wd_pkey_import_point(
		 row, wd_span(point, 1 + 2 * row->len), &k)) != 0 ||
	    (r = wd_pkey_keep_verifier(k)) != 0)
		return r;
	*ret = WD_TAKE(k);
	return 0;
}

int
wd_pkey_ec_recipient(enum wd_pkey_alg curve, struct wd_span x, struct wd_span y,
    struct wd_pkey **ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = wd_alloc(sizeof(*k));
	int r;

	if (k == NULL)
		return WD_F_MEMORY;
	if ((k->row = join(curve, x, y, k->point)) == NULL)
		return WD_R_KEY_INVALID;
	r = wd_point_check(k->row, wd_span(k->point, 1 + 2 * k->row->len));
	if (r != 0)
		return r;
	k->has_point = true;
	*ret = WD_TAKE(k);
	return 0;
}

int
wd_pkey_import_ed25519(
    const struct wd_pkey_row *row, struct wd_span x, struct wd_pkey **ret)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, bytes_param(x.p), x.len),
		OSSL_PARAM_construct_end(),
	};

	if (x.len != row->len)
		return WD_R_KEY_INVALID;
	return import(wd_lib()->ed25519_from_data, row, params, ret);
}

/* Odd, 3 to 2^32 - 1, without leading zeros. */
static bool
exponent_is_fit(struct wd_span e)
{
	if (e.len == 0 || e.len > RSA_EXPONENT_MAX || e.p[0] == 0)
		return false;
	return (e.p[e.len - 1] & 1) == 1 && !(e.len == 1 && e.p[0] == 1);
}

bool
wd_rsa_public_fits(struct wd_span n, struct wd_span e)
{
	return wd_pkey_row_rsa(n.len) != NULL && (n.p[0] & 0x80) != 0 &&
	    (n.p[n.len - 1] & 1) == 1 && exponent_is_fit(e);
}

static int
rsa_params(struct wd_span n, struct wd_span e, OSSL_PARAM **ret)
{
	WD_AUTO(wd_bn_freep) BIGNUM *bn_n = BN_bin2bn(n.p, (int)n.len, NULL);
	WD_AUTO(wd_bn_freep) BIGNUM *bn_e = BN_bin2bn(e.p, (int)e.len, NULL);
	WD_AUTO(wd_param_bld_freep) OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();

	if (bn_n == NULL || bn_e == NULL || b == NULL ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn_n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, bn_e) != 1)
		return wd_lib_fault();
	*ret = OSSL_PARAM_BLD_to_param(b);
	return *ret == NULL ? wd_lib_fault() : 0;
}

int
wd_pkey_rsa_public(struct wd_span n, struct wd_span e, struct wd_pkey **ret)
{
	const struct wd_pkey_row *row = wd_pkey_row_rsa(n.len);
	WD_AUTO(wd_param_freep) OSSL_PARAM *params = NULL;
	int r;

	if (!wd_rsa_public_fits(n, e))
		return WD_R_KEY_INVALID;
	if ((r = rsa_params(n, e, &params)) != 0)
		return r;
	return import(wd_lib()->rsa_from_data, row, params, ret);
}
