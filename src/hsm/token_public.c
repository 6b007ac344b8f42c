/*
 * Public halves of pairs, by the attributes of their objects.
 */
#include "hsm/token_in.h"

#include "codec/der.h"

static struct wd_span
without_zeros(struct wd_span s)
{
	while (s.len > 1 && s.p[0] == 0)
		s = wd_span(s.p + 1, s.len - 1);
	return s;
}

/* From the public object where there is one, else from the private one. */
static int
either(struct wd_token *t, const struct wd_token_object *o,
    ck_attribute_type_t type, struct wd_bytes **ret, struct wd_diag *d)
{
	int r = 0;

	if (o->public != 0)
		r = wd_token_bytes(t, o->public, type, TOKEN_VALUE_MAX, ret, d);
	if (r == 0 && *ret == NULL)
		r = wd_token_bytes(t, o->handle, type, TOKEN_VALUE_MAX, ret, d);
	if (r == 0 && *ret == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "token %s has the private key without its public half",
		    wd_token_name(t));
	return r;
}

static int
rsa_public(struct wd_token *t, const struct wd_token_object *o,
    struct wd_pkey **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL, *e = NULL;
	int r = either(t, o, CKA_MODULUS, &n, d);

	if (r != 0 || (r = either(t, o, CKA_PUBLIC_EXPONENT, &e, d)) != 0)
		return r;
	return wd_pkey_rsa_public(without_zeros(wd_bytes_span(n)),
	    without_zeros(wd_bytes_span(e)), ret);
}

/* A point is a DER OCTET STRING; some modules give it bare. */
static struct wd_span
bare_point(struct wd_span s, size_t len)
{
	struct wd_rd rd = wd_rd(s), in;

	if (s.len == len)
		return s;
	in = wd_der_enter(&rd, WD_DER_OCTET_STRING);
	return wd_rd_end(&rd) == 0 ? wd_rd_rest(&in) : wd_span(NULL, 0);
}

static int
ed25519_public(struct wd_span x, struct wd_pkey **ret)
{
	static const uint8_t head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
		0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	uint8_t spki[sizeof(head) + 32];

	if (x.len != 32)
		return WD_R_KEY_INVALID;
	wd_copy(spki, WD_SPAN(head));
	wd_copy(spki + sizeof(head), x);
	return wd_pkey_from_spki(WD_SPAN(spki), ret);
}

static int
curve_public(struct wd_token *t, const struct wd_token_object *o,
    struct wd_pkey **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	enum wd_pkey_alg alg = o->shape->kind.pair;
	size_t half = wd_pkey_coordinate_len(alg);
	struct wd_span point;
	int r = either(t, o, CKA_EC_POINT, &b, d);

	if (r != 0)
		return r;
	if (alg == WD_PKEY_ED25519)
		return ed25519_public(bare_point(wd_bytes_span(b), 32), ret);
	point = bare_point(wd_bytes_span(b), 1 + 2 * half);
	if (point.len != 1 + 2 * half || point.p[0] != 4)
		return WD_R_KEY_INVALID;
	return wd_pkey_ec_public(alg, wd_span(point.p + 1, half),
	    wd_span(point.p + 1 + half, half), ret);
}

int
wd_token_public(struct wd_token *t, const struct wd_token_object *o,
    struct wd_pkey **ret, struct wd_diag *d)
{
	int r = o->shape->type == CKK_RSA ? rsa_public(t, o, ret, d)
					  : curve_public(t, o, ret, d);

	if (r == WD_R_KEY_INVALID || r == WD_R_MALFORMED)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s gives a public key that is none",
		    wd_token_name(t));
	return r < 0 ? wd_fault(d, WD_F_CRYPTO, "no public key") : r;
}
