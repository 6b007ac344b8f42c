/*
 * Whether the numbers of an RSA key agree. With a modulus that was checked
 * before, they can be no others than those of that time: so the primes, which
 * cost a hundred times as much, need not be tried again.
 */
#include "crypto/key.h"

#include <openssl/core_names.h>

struct parts {
	BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qinv;
};

static void
parts_done(struct parts *x)
{
	BIGNUM **all[] = { &x->n, &x->e, &x->d, &x->p, &x->q, &x->dp, &x->dq,
		&x->qinv };

	for (size_t i = 0; i < WD_N(all); i++)
		wd_bn_freep(all[i]);
}

static void
ctx_freep(BN_CTX **ctx)
{
	BN_CTX_free(*ctx);
}

static bool
take(const struct wd_pkey *k, struct parts *x)
{
	const struct {
		const char *name;
		BIGNUM **at;
	} rows[] = {
		{ OSSL_PKEY_PARAM_RSA_N, &x->n },
		{ OSSL_PKEY_PARAM_RSA_E, &x->e },
		{ OSSL_PKEY_PARAM_RSA_D, &x->d },
		{ OSSL_PKEY_PARAM_RSA_FACTOR1, &x->p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, &x->q },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT1, &x->dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, &x->dq },
		{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &x->qinv },
	};

	for (size_t i = 0; i < WD_N(rows); i++) {
		if (EVP_PKEY_get_bn_param(k->evp, rows[i].name, rows[i].at) !=
		    1)
			return false;
		BN_set_flags(*rows[i].at, BN_FLG_CONSTTIME);
	}
	return true;
}

/* A times B is 1 modulo M less LESS. -1: a fault. */
static int
is_inverse(const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, BN_ULONG less,
    BN_CTX *ctx)
{
	BIGNUM *mod = BN_CTX_get(ctx), *product = BN_CTX_get(ctx);

	if (product == NULL || BN_copy(mod, m) == NULL ||
	    BN_sub_word(mod, less) != 1)
		return -1;
	BN_set_flags(mod, BN_FLG_CONSTTIME);
	if (BN_is_zero(mod) || BN_is_one(mod))
		return 0;
	if (BN_mod_mul(product, a, b, mod, ctx) != 1)
		return -1;
	return BN_is_one(product);
}

/* -1: a fault. */
static int
is_product(const struct parts *x, BN_CTX *ctx)
{
	BIGNUM *n = BN_CTX_get(ctx);

	if (BN_is_zero(x->p) || BN_is_zero(x->q) || BN_is_one(x->p) ||
	    BN_is_one(x->q) || BN_is_negative(x->p) || BN_is_negative(x->q))
		return 0;
	if (n == NULL || BN_mul(n, x->p, x->q, ctx) != 1)
		return -1;
	return BN_cmp(n, x->n) == 0;
}

static int
agree(const struct parts *x, BN_CTX *ctx)
{
	const struct {
		const BIGNUM *a, *b, *mod;
		BN_ULONG less;
	} rows[] = {
		{ x->e, x->d, x->p, 1 },
		{ x->e, x->d, x->q, 1 },
		{ x->e, x->dp, x->p, 1 },
		{ x->e, x->dq, x->q, 1 },
		{ x->q, x->qinv, x->p, 0 },
	};
	int ok = is_product(x, ctx);

	for (size_t i = 0; ok == 1 && i < WD_N(rows); i++)
		ok = is_inverse(
		    rows[i].a, rows[i].b, rows[i].mod, rows[i].less, ctx);
	/* Reduced, as libcrypto wants them too. */
	if (ok == 1 &&
	    (BN_cmp(x->dp, x->p) >= 0 || BN_cmp(x->dq, x->q) >= 0 ||
		BN_cmp(x->qinv, x->p) >= 0))
		ok = 0;
	return ok;
}

int
wd_rsa_parts_agree(const struct wd_pkey *k)
{
	WD_AUTO(parts_done) struct parts x = { 0 };
	WD_AUTO(ctx_freep) BN_CTX *ctx = BN_CTX_new();
	int ok;

	if (ctx == NULL)
		return wd_lib_fault();
	if (!take(k, &x))
		return wd_lib_verdict(0, WD_R_KEY_INVALID);
	BN_CTX_start(ctx);
	ok = agree(&x, ctx);
	BN_CTX_end(ctx);
	if (ok < 0)
		return wd_lib_fault();
	return ok == 1 ? 0 : wd_lib_verdict(0, WD_R_KEY_INVALID);
}
