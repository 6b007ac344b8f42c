/*
 * Keys: the table of algorithms, lifetime and questions about a key. Making,
 * reading and writing keys is in pkey_public.c and pkey_private.c.
 */
#include "crypto/pkey.h"

#include "base/alloc.h"
#include "crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

/* OBJECT IDENTIFIERs of RFC 3279, 5480 and 8410 with their parameters. */
static const uint8_t rsa_id[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
	0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
static const uint8_t p256_id[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
	0x07 };
static const uint8_t p384_id[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const uint8_t p521_id[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 };
static const uint8_t ed25519_id[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };

/* Orders of the base points, SP 800-186 section 3.2.1. */
static const uint8_t p256_order[] = { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00,
	0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
	0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25,
	0x51 };
static const uint8_t p384_order[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d,
	0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19,
	0x6a, 0xcc, 0xc5, 0x29, 0x73 };
static const uint8_t p521_order[] = { 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f,
	0xcc, 0x01, 0x48, 0xf7, 0x09, 0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89,
	0x9c, 0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09 };

#define BYTES(array)                   \
	{                              \
		(array), sizeof(array) \
	}

static const struct wd_pkey_row rows[] = {
	{ WD_PKEY_RSA2048, WD_FAMILY_RSA, 256, NULL, BYTES(rsa_id), { 0 } },
	{ WD_PKEY_RSA3072, WD_FAMILY_RSA, 384, NULL, BYTES(rsa_id), { 0 } },
	{ WD_PKEY_RSA4096, WD_FAMILY_RSA, 512, NULL, BYTES(rsa_id), { 0 } },
	{ WD_PKEY_P256, WD_FAMILY_EC, 32, "prime256v1", BYTES(p256_id),
	    BYTES(p256_order) },
	{ WD_PKEY_P384, WD_FAMILY_EC, 48, "secp384r1", BYTES(p384_id),
	    BYTES(p384_order) },
	{ WD_PKEY_P521, WD_FAMILY_EC, 66, "secp521r1", BYTES(p521_id),
	    BYTES(p521_order) },
	{ WD_PKEY_ED25519, WD_FAMILY_ED25519, 32, NULL, BYTES(ed25519_id),
	    { 0 } },
};

const struct wd_pkey_row *
wd_pkey_row(enum wd_pkey_alg alg)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].alg == alg)
			return &rows[i];
	return NULL;
}

const struct wd_pkey_row *
wd_pkey_row_by_spki(struct wd_span id)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (wd_span_equal(rows[i].spki_id, id))
			return &rows[i];
	return NULL;
}

const struct wd_pkey_row *
wd_pkey_row_rsa(size_t len)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].family == WD_FAMILY_RSA && rows[i].len == len)
			return &rows[i];
	return NULL;
}

bool
wd_pkey_is_rsa(enum wd_pkey_alg alg)
{
	const struct wd_pkey_row *row = wd_pkey_row(alg);

	return row != NULL && row->family == WD_FAMILY_RSA;
}

bool
wd_pkey_is_ec(enum wd_pkey_alg alg)
{
	const struct wd_pkey_row *row = wd_pkey_row(alg);

	return row != NULL && row->family == WD_FAMILY_EC;
}

size_t
wd_pkey_coordinate_len(enum wd_pkey_alg alg)
{
	return wd_pkey_is_ec(alg) ? wd_pkey_row(alg)->len : 0;
}

struct wd_pkey *
wd_pkey_free(struct wd_pkey *k)
{
	if (k == NULL)
		return NULL;
	EVP_PKEY_CTX_free(k->verify);
	EVP_PKEY_CTX_free(k->sign);
	EVP_PKEY_free(k->evp);
	return wd_free(k);
}

void
wd_pkey_freep(struct wd_pkey **k)
{
	*k = wd_pkey_free(*k);
}

int
wd_pkey_keep_verifier(struct wd_pkey *k)
{
	k->verify = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	if (k->verify == NULL || EVP_PKEY_verify_init(k->verify) != 1)
		return wd_lib_fault();
	return 0;
}

int
wd_pkey_keep_signer(struct wd_pkey *k)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;

	if (!k->is_private || k->row->family != WD_FAMILY_EC)
		return WD_R_KEY_INVALID;
	if (k->sign != NULL)
		return 0;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1)
		return wd_lib_fault();
	k->sign = WD_TAKE(ctx);
	return 0;
}

int
wd_pkey_adopt(EVP_PKEY *evp_take, const struct wd_pkey_row *row,
    bool is_private, struct wd_pkey **ret)
{
	WD_AUTO(wd_evp_pkey_freep) EVP_PKEY *evp = evp_take;
	struct wd_pkey *k = wd_alloc(sizeof(*k));

	if (k == NULL)
		return WD_F_MEMORY;
	k->row = row;
	k->is_private = is_private;
	k->evp = WD_TAKE(evp);
	*ret = k;
	return 0;
}

enum wd_pkey_alg
wd_pkey_alg(const struct wd_pkey *k)
{
	return k->row->alg;
}

bool
wd_pkey_is_private(const struct wd_pkey *k)
{
	return k->is_private;
}

size_t
wd_pkey_sig_len(const struct wd_pkey *k)
{
	size_t len = k->row->len;

	return k->row->family == WD_FAMILY_RSA ? len : 2 * len;
}

bool
wd_pkey_same_public(const struct wd_pkey *a, const struct wd_pkey *b)
{
	uint8_t p[2][1 + 2 * WD_COORDINATE_MAX] = { 0 };
	bool same;

	if (a->row != b->row)
		return false;
	if (a->row->family == WD_FAMILY_EC)
		return wd_pkey_point(a, p[0]) == 0 &&
		    wd_pkey_point(b, p[1]) == 0 &&
		    wd_span_equal(WD_SPAN(p[0]), WD_SPAN(p[1]));
	same = EVP_PKEY_eq(a->evp, b->evp) == 1;
	ERR_clear_error();
	return same;
}

int
wd_pkey_point(const struct wd_pkey *k, uint8_t *ret_point)
{
	size_t len = 1 + 2 * k->row->len;
	size_t got;

	if (k->has_point) {
		wd_copy(ret_point, wd_span(k->point, len));
		return 0;
	}
	if (EVP_PKEY_get_octet_string_param(
		k->evp, OSSL_PKEY_PARAM_PUB_KEY, ret_point, len, &got) != 1)
		return wd_lib_fault();
	return got == len ? 0 : WD_F_BUG;
}

static int
copy_out(struct wd_span a, struct wd_span b, struct wd_bytes **ret_a,
    struct wd_bytes **ret_b)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *one = wd_bytes_copy(a);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *two = wd_bytes_copy(b);

	if (one == NULL || two == NULL)
		return WD_F_MEMORY;
	*ret_a = WD_TAKE(one);
	*ret_b = WD_TAKE(two);
	return 0;
}

static int
ec_parts(
    const struct wd_pkey *k, struct wd_bytes **ret_x, struct wd_bytes **ret_y)
{
	uint8_t point[1 + 2 * WD_COORDINATE_MAX];
	size_t len = k->row->len;
	int r;

	if ((r = wd_pkey_point(k, point)) != 0)
		return r;
	return copy_out(wd_span(point + 1, len), wd_span(point + 1 + len, len),
	    ret_x, ret_y);
}

static int
ed25519_parts(const struct wd_pkey *k, struct wd_bytes **ret_x,
    struct wd_bytes **ret_none)
{
	uint8_t x[32];
	size_t len = sizeof(x);

	if (EVP_PKEY_get_raw_public_key(k->evp, x, &len) != 1)
		return wd_lib_fault();
	return copy_out(wd_span(x, len), wd_span(NULL, 0), ret_x, ret_none);
}

/* An integer of the key in BYTES, big endian without leading zeros. */
static int
rsa_part(const struct wd_pkey *k, const char *name, struct wd_bytes **ret)
{
	WD_AUTO(wd_bn_freep) BIGNUM *n = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	if (EVP_PKEY_get_bn_param(k->evp, name, &n) != 1)
		return wd_lib_fault();
	b = wd_bytes_new((size_t)BN_num_bytes(n));
	if (b == NULL)
		return WD_F_MEMORY;
	(void)BN_bn2bin(n, b->p); /* cannot fail: the length is its own */
	*ret = WD_TAKE(b);
	return 0;
}

static int
rsa_parts(
    const struct wd_pkey *k, struct wd_bytes **ret_n, struct wd_bytes **ret_e)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *e = NULL;
	int r;

	if ((r = rsa_part(k, OSSL_PKEY_PARAM_RSA_N, &n)) != 0 ||
	    (r = rsa_part(k, OSSL_PKEY_PARAM_RSA_E, &e)) != 0)
		return r;
	*ret_n = WD_TAKE(n);
	*ret_e = WD_TAKE(e);
	return 0;
}

int
wd_pkey_public_parts(const struct wd_pkey *k, struct wd_bytes **ret_n_or_x,
    struct wd_bytes **ret_e_or_y)
{
	static int (*const by_family[])(
	    const struct wd_pkey *, struct wd_bytes **, struct wd_bytes **) = {
		[WD_FAMILY_RSA] = rsa_parts,
		[WD_FAMILY_EC] = ec_parts,
		[WD_FAMILY_ED25519] = ed25519_parts,
	};

	return by_family[k->row->family](k, ret_n_or_x, ret_e_or_y);
}
