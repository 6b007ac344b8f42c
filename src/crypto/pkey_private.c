/*
 * Private keys: made, read, written. Reading is for keys that people bring and
 * for those of the store; all parts are checked against each other, so that a
 * key with a wrong CRT part, which would leak a prime, is never used.
 */
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/curve.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* What is done while primes are looked for. */
struct meanwhile {
	void (*run)(void *ctx);
	void *ctx;
};

static int
on_step(EVP_PKEY_CTX *ctx)
{
	const struct meanwhile *m = EVP_PKEY_CTX_get_app_data(ctx);

	m->run(m->ctx);
	return 1;
}

/* M NULL: nothing. */
static int
search_rsa(const struct wd_pkey_row *row, struct meanwhile *m, EVP_PKEY **ret)
{
	WD_AUTO(wd_evp_pkey_ctx_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	int bits = (int)row->len * 8;

	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) != 1)
		return wd_lib_fault();
	if (m != NULL) {
		EVP_PKEY_CTX_set_app_data(ctx, m);
		EVP_PKEY_CTX_set_cb(ctx, on_step);
	}
	return EVP_PKEY_generate(ctx, ret) == 1 ? 0 : wd_lib_fault();
}

static int
generate_rsa(const struct wd_pkey_row *row, EVP_PKEY **ret)
{
	return search_rsa(row, NULL, ret);
}

int
wd_pkey_generate_rsa(enum wd_pkey_alg alg, void (*meanwhile)(void *ctx),
    void *ctx, struct wd_pkey **ret)
{
	const struct wd_pkey_row *row = wd_pkey_row(alg);
	struct meanwhile m = { meanwhile, ctx };
	EVP_PKEY *evp = NULL;
	int r;

	if (row == NULL || row->family != WD_FAMILY_RSA)
		return WD_F_BUG;
	r = search_rsa(row, &m, &evp);
	return r != 0 ? r : wd_pkey_adopt(evp, row, true, ret);
}

static int
generate_ed25519(const struct wd_pkey_row *row, EVP_PKEY **ret)
{
	(void)row; /* there is one */
	*ret = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return *ret == NULL ? wd_lib_fault() : 0;
}

int
wd_pkey_generate(enum wd_pkey_alg alg, struct wd_pkey **ret)
{
	static int (*const by_family[])(
	    const struct wd_pkey_row *row, EVP_PKEY **ret) = {
		[WD_FAMILY_RSA] = generate_rsa,
		[WD_FAMILY_EC] = wd_curve_generate,
		[WD_FAMILY_ED25519] = generate_ed25519,
	};
	const struct wd_pkey_row *row = wd_pkey_row(alg);
	EVP_PKEY *evp = NULL;
	int r;

	if (row == NULL)
		return WD_F_BUG;
	if ((r = by_family[row->family](row, &evp)) != 0)
		return r;
	return wd_pkey_adopt(evp, row, true, ret);
}

static EVP_PKEY *
load_pkcs8(const uint8_t *p, long len)
{
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, len);
	EVP_PKEY *evp = info == NULL ? NULL : EVP_PKCS82PKEY(info);

	PKCS8_PRIV_KEY_INFO_free(info); /* wipes */
	return evp;
}

static EVP_PKEY *
load_pkcs1(const uint8_t *p, long len)
{
	return d2i_PrivateKey(EVP_PKEY_RSA, NULL, &p, len);
}

static EVP_PKEY *
load_sec1(const uint8_t *p, long len)
{
	return d2i_PrivateKey(EVP_PKEY_EC, NULL, &p, len);
}

/* How a form begins: the version, and the tag of what follows it. */
struct form {
	uint64_t version;
	uint8_t next_tag;
	EVP_PKEY *(*load)(const uint8_t *p, long len);
};

/* RFC 5208, RFC 8017 appendix A.1.2 (two primes), RFC 5915. */
static const struct form forms[] = {
	{ 0, WD_DER_SEQUENCE, load_pkcs8 },
	{ 0, WD_DER_INTEGER, load_pkcs1 },
	{ 1, WD_DER_OCTET_STRING, load_sec1 },
};

/* NULL when DER is none of them, an encrypted key for one. */
static const struct form *
form_of(struct wd_span der)
{
	struct wd_rd rd = wd_rd(der);
	struct wd_rd key = wd_der_enter(&rd, WD_DER_SEQUENCE);
	uint64_t version = wd_der_uint(&key, WD_DER_INTEGER, 1);
	uint8_t tag = wd_der_peek(&key);

	if (wd_rd_ok(&key) != 0 || wd_rd_end(&rd) != 0 || der.len > INT_MAX)
		return NULL;
	for (size_t i = 0; i < WD_N(forms); i++)
		if (forms[i].version == version && forms[i].next_tag == tag)
			return &forms[i];
	return NULL;
}

static const struct wd_pkey_row *
row_of_curve(const EVP_PKEY *evp)
{
	static const enum wd_pkey_alg curves[] = { WD_PKEY_P256, WD_PKEY_P384,
		WD_PKEY_P521 };
	char name[32];

	if (EVP_PKEY_get_group_name(evp, name, sizeof(name), NULL) != 1)
		return NULL;
	for (size_t i = 0; i < WD_N(curves); i++) {
		const struct wd_pkey_row *row = wd_pkey_row(curves[i]);

		if (wd_span_is(wd_span_text(name), row->group))
			return row;
	}
	return NULL;
}

static const struct wd_pkey_row *
row_of(const EVP_PKEY *evp)
{
	if (EVP_PKEY_is_a(evp, "RSA"))
		return wd_pkey_row_rsa((size_t)EVP_PKEY_get_size(evp));
	if (EVP_PKEY_is_a(evp, "EC"))
		return row_of_curve(evp);
	if (EVP_PKEY_is_a(evp, "ED25519"))
		return wd_pkey_row(WD_PKEY_ED25519);
	return NULL;
}

/* Two primes only: whatever has a third comes from no tool of this field. */
static bool
rsa_is_fit(const struct wd_pkey *k)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *e = NULL;
	WD_AUTO(wd_bn_freep) BIGNUM *third = NULL;

	if (EVP_PKEY_get_bn_param(
		k->evp, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1)
		return false;
	return wd_pkey_public_parts(k, &n, &e) == 0 &&
	    wd_rsa_public_fits(wd_bytes_span(n), wd_bytes_span(e));
}

/* A curve given by its name; the point is written in full from now on. */
static bool
ec_is_fit(const struct wd_pkey *k)
{
	int is_explicit = 0;

	return EVP_PKEY_get_int_param(k->evp,
		   OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
		   &is_explicit) == 1 &&
	    !is_explicit &&
	    EVP_PKEY_set_utf8_string_param(k->evp,
		OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		"uncompressed") == 1;
}

/* RSA: primes, d and the CRT parts; EC: d in range and the point d times G. */
static int
check(const struct wd_pkey *k)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;

	if (k->row->family == WD_FAMILY_RSA && !rsa_is_fit(k))
		return wd_lib_verdict(0, WD_R_KEY_INVALID);
	if (k->row->family == WD_FAMILY_EC && !ec_is_fit(k))
		return wd_lib_verdict(0, WD_R_KEY_INVALID);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	if (ctx == NULL)
		return wd_lib_fault();
	return wd_lib_verdict(EVP_PKEY_check(ctx), WD_R_KEY_INVALID);
}

static int
from_der(struct wd_span der, bool checked, struct wd_pkey **ret)
{
	const struct form *form = form_of(der);
	WD_AUTO(wd_evp_pkey_freep) EVP_PKEY *evp = NULL;
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	const struct wd_pkey_row *row;
	int r;

	if (form == NULL)
		return WD_R_MALFORMED;
	if ((evp = form->load(der.p, (long)der.len)) == NULL)
		return wd_lib_verdict(0, WD_R_MALFORMED);
	if ((row = row_of(evp)) == NULL)
		return wd_lib_verdict(0, WD_R_KEY_INVALID);
	if ((r = wd_pkey_adopt(WD_TAKE(evp), row, true, &k)) != 0 ||
	    (!checked && (r = check(k)) != 0))
		return r;
	*ret = WD_TAKE(k);
	return 0;
}

/* `openssl ecparam -genkey` writes the curve in a block of its own first. */
static struct wd_span
behind_parameters(struct wd_span text)
{
	struct wd_rd rd = wd_rd(text);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *curve = NULL;

	if (wd_pem_next(&rd, "EC PARAMETERS", &curve) != 0)
		return text;
	return wd_rd_rest(&rd);
}

/* The one block of TEXT, under this label. */
static int
only_block(struct wd_span text, const char *label, struct wd_bytes **ret)
{
	struct wd_rd rd = wd_rd(text);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *more = NULL;
	int r = wd_pem_next(&rd, label, &der);

	if (r != 0)
		return r == WD_R_NOT_FOUND ? WD_R_MALFORMED : r;
	if (wd_pem_next(&rd, label, &more) != WD_R_NOT_FOUND)
		return WD_R_MALFORMED;
	*ret = WD_TAKE(der);
	return 0;
}

static int
from_pem(struct wd_span text, struct wd_pkey **ret)
{
	static const char *const labels[] = { "PRIVATE KEY", "RSA PRIVATE KEY",
		"EC PRIVATE KEY" };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	int r = WD_R_MALFORMED;

	text = behind_parameters(text);
	for (size_t i = 0; i < WD_N(labels) && r == WD_R_MALFORMED; i++)
		r = only_block(text, labels[i], &der);
	return r != 0 ? r : from_der(wd_bytes_span(der), false, ret);
}

int
wd_pkey_from_private(struct wd_span text_or_der, struct wd_pkey **ret)
{
	if (text_or_der.len > 0 && text_or_der.p[0] == WD_DER_SEQUENCE)
		return from_der(text_or_der, false, ret);
	return from_pem(text_or_der, ret);
}

int
wd_pkey_from_own(struct wd_span der, struct wd_pkey **ret)
{
	return from_der(der, true, ret);
}

int
wd_pkey_from_known(
    struct wd_span der, const struct wd_pkey *known, struct wd_pkey **ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	int r = from_der(der, true, &k);

	if (r != 0)
		return r;
	if (!wd_pkey_same_public(k, known))
		return WD_R_MISMATCH;
	if (k->row->family != WD_FAMILY_RSA)
		r = check(k);
	else if (!rsa_is_fit(k))
		r = wd_lib_verdict(0, WD_R_KEY_INVALID);
	else
		r = wd_rsa_parts_agree(k);
	if (r == 0)
		*ret = WD_TAKE(k);
	return r;
}

static int
write_pkcs8(PKCS8_PRIV_KEY_INFO *info, struct wd_secret **ret)
{
	int len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	uint8_t *p;

	if (len <= 0)
		return wd_lib_fault();
	if ((s = wd_secret_new((size_t)len)) == NULL)
		return WD_F_MEMORY;
	p = wd_secret_bytes(s);
	if (i2d_PKCS8_PRIV_KEY_INFO(info, &p) != len)
		return wd_lib_fault();
	*ret = WD_TAKE(s);
	return 0;
}

int
wd_pkey_to_pkcs8(const struct wd_pkey *k, struct wd_secret **ret_der)
{
	PKCS8_PRIV_KEY_INFO *info;
	int r;

	if (!k->is_private)
		return WD_R_KEY_INVALID;
	if ((info = EVP_PKEY2PKCS8(k->evp)) == NULL)
		return wd_lib_fault();
	r = write_pkcs8(info, ret_der);
	PKCS8_PRIV_KEY_INFO_free(info); /* wipes */
	return r;
}
