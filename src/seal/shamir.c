/*
 * Secret sharing. No table is indexed by, and no branch depends on, a byte of
 * the secret or of a share's value: x alone is public.
 */
#include "seal/shamir.h"

#include "base/reason.h"
#include "crypto/rand.h"

enum { POLYNOMIAL = 0x1b }; /* x^8 + x^4 + x^3 + x + 1, without its x^8 */

/* ---- the field */

uint8_t
wd_gf256_mul(uint8_t a, uint8_t b)
{
	unsigned sum = 0, shifted = a;

	for (unsigned bit = 0; bit < 8; bit++) {
		unsigned take = 0u - ((unsigned)b >> bit & 1u);
		unsigned over = 0u - (shifted >> 7 & 1u);

		sum ^= shifted & take;
		shifted = (shifted << 1 ^ (POLYNOMIAL & over)) & 0xffu;
	}
	return (uint8_t)(sum & 0xffu);
}

/* a^254: the product of a^2, a^4, … a^128. */
uint8_t
wd_gf256_inv(uint8_t a)
{
	uint8_t power = a, product = 1;

	for (int i = 0; i < 7; i++) {
		power = wd_gf256_mul(power, power);
		product = wd_gf256_mul(product, power);
	}
	return product;
}

/* ---- splitting */

/* The polynomial that starts with SECRET's byte, at X (Horner). COEFFICIENTS
 * are THRESHOLD - 1 bytes, the highest first. */
static uint8_t
value_at(uint8_t secret, struct wd_span coefficients, uint8_t x)
{
	uint8_t y = 0;

	for (size_t i = 0; i < coefficients.len; i++)
		y = wd_gf256_mul((uint8_t)(y ^ coefficients.p[i]), x);
	return (uint8_t)(y ^ secret);
}

static bool
can_be(unsigned shares, unsigned threshold, size_t len)
{
	return len > 0 && len <= WD_SHARE_SECRET_MAX && shares > 0 &&
	    shares <= WD_SHARES_MAX && threshold > 0 && threshold <= shares &&
	    (threshold > 1 || shares == 1);
}

static void
fill(struct wd_span secret, struct wd_span random, size_t degree, uint8_t x,
    uint8_t *share)
{
	for (size_t i = 0; i < secret.len; i++)
		share[i] = value_at(
		    secret.p[i], wd_span(random.p + i * degree, degree), x);
	share[secret.len] = x;
}

int
wd_shamir_split(struct wd_span secret, unsigned shares, unsigned threshold,
    struct wd_secret **ret_shares)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *random = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *all = NULL;
	size_t share_len = secret.len + 1, degree;
	int r;

	if (!can_be(shares, threshold, secret.len))
		return WD_R_RANGE;
	degree = threshold - 1;
	if (degree > 0 &&
	    (r = wd_rand_secret(secret.len * degree, &random)) != 0)
		return r;
	all = wd_secret_new(shares * share_len);
	if (all == NULL)
		return WD_F_MEMORY;
	for (unsigned i = 0; i < shares; i++)
		fill(secret, wd_secret_borrow(random), degree, (uint8_t)(i + 1),
		    wd_secret_bytes(all) + i * share_len);
	*ret_shares = WD_TAKE(all);
	return 0;
}

/* ---- joining */

static uint8_t
x_of(struct wd_span shares, size_t share_len, size_t i)
{
	return shares.p[(i + 1) * share_len - 1];
}

static bool
are_shares(struct wd_span shares, size_t share_len, size_t n)
{
	if (share_len < 2 || share_len > WD_SHARE_SECRET_MAX + 1 || n == 0 ||
	    n > WD_SHARES_MAX || n * share_len != shares.len)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (x_of(shares, share_len, i) == 0)
			return false;
		for (size_t j = 0; j < i; j++)
			if (x_of(shares, share_len, i) ==
			    x_of(shares, share_len, j))
				return false;
	}
	return true;
}

/* What share I counts for at x = 0 (Lagrange): the product of
 * x_j / (x_j - x_i) over all others. */
static uint8_t
weight(struct wd_span shares, size_t share_len, size_t n, size_t i)
{
	uint8_t xi = x_of(shares, share_len, i), w = 1;

	for (size_t j = 0; j < n; j++) {
		uint8_t xj = x_of(shares, share_len, j);

		if (j != i)
			w = wd_gf256_mul(w,
			    wd_gf256_mul(xj, wd_gf256_inv((uint8_t)(xj ^ xi))));
	}
	return w;
}

int
wd_shamir_join(
    struct wd_span shares, size_t share_len, struct wd_secret **ret_secret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *secret = NULL;
	size_t n = share_len == 0 ? 0 : shares.len / share_len;
	uint8_t *out;

	if (!are_shares(shares, share_len, n))
		return WD_R_MALFORMED;
	secret = wd_secret_new(share_len - 1); /* zeros */
	if (secret == NULL)
		return WD_F_MEMORY;
	out = wd_secret_bytes(secret);
	for (size_t i = 0; i < n; i++) {
		uint8_t w = weight(shares, share_len, n, i);

		for (size_t b = 0; b + 1 < share_len; b++)
			out[b] ^= wd_gf256_mul(w, shares.p[i * share_len + b]);
	}
	*ret_secret = WD_TAKE(secret);
	return 0;
}
