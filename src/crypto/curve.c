/*
 * Curves as libcrypto has them. It sets one up anew for each key that is made
 * or read by the curve's name; copying a curve that is set up costs a tenth.
 * Nothing that is kept here is secret.
 */
#include "crypto/curve.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>

enum { CURVES = 3 };

/* Made at the first use. libcrypto opens no file for it. */
static struct curve {
	const struct wd_pkey_row *row;
	EVP_PKEY_CTX *maker; /* ready to make pairs */
	EVP_PKEY *blank;     /* the curve without a point */
	EC_GROUP *group;
} curves[CURVES];

static EVP_PKEY_CTX *
make_maker(const struct wd_pkey_row *row)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	if (ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_group_name(ctx, row->group) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static EVP_PKEY *
make_blank(const struct wd_pkey_row *row)
{
	OSSL_PARAM params[] = {
		/* only read, although it is taken without const */
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    (char *)(uintptr_t)row->group, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *blank = NULL;

	if (EVP_PKEY_fromdata(wd_lib()->ec_from_data, &blank,
		EVP_PKEY_KEY_PARAMETERS, params) != 1)
		return NULL;
	return blank;
}

/* The curve's place, whole or still empty. */
static struct curve *
place_of(const struct wd_pkey_row *row)
{
	size_t i = 0;

	while (curves[i].row != NULL && curves[i].row != row)
		i++; /* there are as many places as curves */
	return &curves[i];
}

static const struct curve *
curve_of(const struct wd_pkey_row *row)
{
	struct curve *c = place_of(row);
	struct curve fresh = { .row = row };

	if (c->row != NULL)
		return c;
	fresh.maker = make_maker(row);
	fresh.blank = make_blank(row);
	fresh.group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(row->group));
	if (fresh.maker != NULL && fresh.blank != NULL && fresh.group != NULL) {
		*c = fresh;
		return c;
	}
	EVP_PKEY_CTX_free(fresh.maker);
	EVP_PKEY_free(fresh.blank);
	EC_GROUP_free(fresh.group);
	return NULL;
}

const EC_GROUP *
wd_curve_group(const struct wd_pkey_row *row)
{
	const struct curve *c = curve_of(row);

	return c == NULL ? NULL : c->group;
}

int
wd_curve_generate(const struct wd_pkey_row *row, EVP_PKEY **ret)
{
	const struct curve *c = curve_of(row);
	EVP_PKEY *evp = NULL;

	if (c == NULL || EVP_PKEY_generate(c->maker, &evp) != 1)
		return wd_lib_fault();
	*ret = evp;
	return 0;
}

int
wd_curve_import(
    const struct wd_pkey_row *row, struct wd_span point, EVP_PKEY **ret)
{
	const struct curve *c = curve_of(row);
	WD_AUTO(wd_evp_pkey_freep)
	EVP_PKEY *evp = c == NULL ? NULL : EVP_PKEY_dup(c->blank);
	int r;

	if (evp == NULL)
		return wd_lib_fault();
	/* libcrypto refuses a point off its curve, and that is the caller's
	 * fault. */
	r = wd_lib_verdict(
	    EVP_PKEY_set1_encoded_public_key(evp, point.p, point.len),
	    WD_R_KEY_INVALID);
	if (r == 0)
		*ret = WD_TAKE(evp);
	return r;
}
