/*
 * The pair is a number and a point, never a key object: setting up two such
 * objects and an exchange between them costs a quarter of the exchange itself.
 * The number comes from the private generator, and both multiplications are
 * those that libcrypto's own keys use, in constant time.
 */
#include "crypto/once.h"

#include "crypto/curve.h"

#include <openssl/err.h>

/* What one agreement works on; in memory that is wiped. */
struct work {
	const EC_GROUP *group;
	BN_CTX *ctx;
	BIGNUM *d, *x;
	EC_POINT *own, *theirs, *shared;
};

static void
work_done(struct work *w)
{
	BN_clear_free(w->d);
	BN_clear_free(w->x);
	EC_POINT_clear_free(w->own);
	EC_POINT_clear_free(w->theirs);
	EC_POINT_clear_free(w->shared);
	BN_CTX_free(w->ctx);
}

static bool
work_init(struct work *w, const struct wd_pkey_row *row)
{
	if ((w->group = wd_curve_group(row)) == NULL)
		return false;
	w->ctx = BN_CTX_secure_new();
	w->d = BN_secure_new();
	w->x = BN_secure_new();
	w->own = EC_POINT_new(w->group);
	w->theirs = EC_POINT_new(w->group);
	w->shared = EC_POINT_new(w->group);
	return w->ctx != NULL && w->d != NULL && w->x != NULL &&
	    w->own != NULL && w->theirs != NULL && w->shared != NULL;
}

/* libcrypto refuses coordinates off the curve. */
static int
read_point(struct work *w, struct wd_span point)
{
	return wd_lib_verdict(
	    EC_POINT_oct2point(w->group, w->theirs, point.p, point.len, w->ctx),
	    WD_R_KEY_INVALID);
}

int
wd_point_check(const struct wd_pkey_row *row, struct wd_span point)
{
	const EC_GROUP *group = wd_curve_group(row);
	EC_POINT *p = group == NULL ? NULL : EC_POINT_new(group);
	int r;

	if (p == NULL)
		return wd_lib_fault();
	r = wd_lib_verdict(
	    EC_POINT_oct2point(group, p, point.p, point.len, NULL),
	    WD_R_KEY_INVALID);
	EC_POINT_free(p);
	return r;
}

/* 1 to n - 1. */
static bool
draw(struct work *w)
{
	BN_set_flags(w->d, BN_FLG_CONSTTIME);
	do
		if (BN_priv_rand_range(w->d, EC_GROUP_get0_order(w->group)) !=
		    1)
			return false;
	while (BN_is_zero(w->d));
	return true;
}

static bool
multiply(struct work *w)
{
	return EC_POINT_mul(w->group, w->own, w->d, NULL, NULL, w->ctx) == 1 &&
	    EC_POINT_mul(w->group, w->shared, NULL, w->theirs, w->d, w->ctx) ==
	    1 &&
	    EC_POINT_get_affine_coordinates(
		w->group, w->shared, w->x, NULL, w->ctx) == 1;
}

int
wd_agree_once(
    const struct wd_pkey *theirs, uint8_t *ret_point, struct wd_secret **ret_z)
{
	size_t len = theirs->row->len, point_len = 1 + 2 * len;
	WD_AUTO(work_done) struct work w = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *z = wd_secret_new(len);
	uint8_t point[1 + 2 * WD_COORDINATE_MAX];
	int r;

	if (z == NULL)
		return WD_F_MEMORY;
	if (theirs->row->family != WD_FAMILY_EC)
		return WD_R_KEY_INVALID;
	if (!work_init(&w, theirs->row))
		return wd_lib_fault();
	if ((r = wd_pkey_point(theirs, point)) != 0 ||
	    (r = read_point(&w, wd_span(point, point_len))) != 0)
		return r;
	if (!draw(&w) || !multiply(&w) ||
	    EC_POINT_point2oct(w.group, w.own, POINT_CONVERSION_UNCOMPRESSED,
		point, point_len, w.ctx) != point_len ||
	    BN_bn2binpad(w.x, wd_secret_bytes(z), (int)len) != (int)len)
		return wd_lib_fault();
	if (wd_span_is_zero(wd_secret_borrow(z)))
		return WD_R_KEY_INVALID;
	wd_copy(ret_point, wd_span(point, point_len));
	*ret_z = WD_TAKE(z);
	return 0;
}
