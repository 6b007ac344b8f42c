/*
 * Keys brought to a token. They go in wrapped (RFC 5649) under a key of one use
 * that is made here and put there as an object of the session: so a private key
 * goes in as the PKCS#8 that it is, whatever its kind, and lies in no template
 * that a module may write to its log. A module that takes no keys at all from
 * outside, as some do in FIPS mode, refuses the key of one use.
 */
#include "hsm/token_in.h"

#include "codec/der.h"
#include "crypto/aead.h"
#include "crypto/rand.h"

/* ---- the key of one use */

static int
put_kek(struct wd_token *t, struct wd_span kek, ck_object_handle_t *ret,
    struct wd_diag *d)
{
	ck_object_class_t class = CKO_SECRET_KEY;
	ck_key_type_t type = CKK_AES;
	unsigned char yes = 1, no = 0;
	struct ck_attribute x[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &no, 1 },
		{ CKA_PRIVATE, &yes, 1 },
		{ CKA_SENSITIVE, &yes, 1 },
		{ CKA_EXTRACTABLE, &no, 1 },
		{ CKA_UNWRAP, &yes, 1 },
		{ CKA_VALUE, wd_token_in(kek), kek.len },
	};
	ck_rv_t rv = t->f->C_CreateObject(t->session, x, WD_N(x), ret);

	return rv == CKR_OK ? 0 : wd_token_refuse(t, d, "take a key", rv);
}

static int
unwrap(struct wd_token *t, const struct wd_token_spec *spec,
    ck_object_handle_t kek, struct wd_span wrapped, struct wd_token_object *o,
    struct wd_diag *d)
{
	struct wd_token_template x;
	struct wd_token_mechanism m;
	ck_mechanism_type_t kwp;
	ck_rv_t rv;
	int r = wd_token_kwp(t, &kwp, d);

	if (r != 0)
		return r;
	wd_token_plain(&m, kwp);
	wd_token_private_template(spec, o->shape, &x);
	rv = t->f->C_UnwrapKey(t->session, &m.m, kek, wd_token_in(wrapped),
	    wrapped.len, x.at, x.n, &o->handle);
	/* So says a module that cannot unwrap keys of this kind. */
	if (rv == CKR_FUNCTION_FAILED || rv == CKR_GENERAL_ERROR)
		rv = CKR_FUNCTION_NOT_SUPPORTED;
	return rv == CKR_OK ? 0 : wd_token_refuse(t, d, "take a key", rv);
}

/* A PKCS#8 of an Ed25519 key (RFC 8410) as modules want it that cannot unwrap
 * it: its 32 bytes. */
static int
put_seed(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_object *o, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(spec->bytes), in, outer, inner;
	struct wd_token_template x;
	struct wd_span seed;
	ck_rv_t rv;

	in = wd_der_enter(&rd, WD_DER_SEQUENCE);
	(void)wd_der_uint(&in, WD_DER_INTEGER, 1); /* the version */
	(void)wd_der_enter(&in, WD_DER_SEQUENCE);  /* the algorithm */
	outer = wd_der_enter(&in, WD_DER_OCTET_STRING);
	inner = wd_der_enter(&outer, WD_DER_OCTET_STRING);
	seed = wd_rd_rest(&inner);
	if (wd_rd_ok(&inner) != 0 || seed.len != 32)
		return wd_fault(d, WD_F_BUG, "no PKCS#8 of an Ed25519 key");
	wd_token_private_template(spec, o->shape, &x);
	wd_token_template_add(&x, CKA_EC_PARAMS, o->shape->params);
	wd_token_template_add(&x, CKA_VALUE, seed);
	rv = t->f->C_CreateObject(t->session, x.at, x.n, &o->handle);
	return rv == CKR_OK ? 0 : wd_token_refuse(t, d, "take a key", rv);
}

static int
put_private(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_object *o, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *kek = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *wrapped = NULL;
	struct wd_diag why = { 0 };
	ck_object_handle_t handle = 0;
	int r = wd_rand_secret(WD_AEAD_KEY, &kek);

	if (r == 0)
		r = wd_aes_wrap_padded(
		    wd_secret_borrow(kek), spec->bytes, &wrapped);
	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot wrap a key");
	if ((r = put_kek(t, wd_secret_borrow(kek), &handle, d)) != 0)
		return r;
	r = unwrap(t, spec, handle, wd_bytes_span(wrapped), o, &why);
	/* It ends with the session in any case. */
	(void)t->f->C_DestroyObject(t->session, handle);
	if (r == WD_R_UNSUPPORTED && o->shape->type == CKK_EC_EDWARDS)
		return put_seed(t, spec, o, d);
	if (r != 0)
		*d = why;
	return r;
}

/* ---- the public half */

static int
put_rsa(struct wd_token_template *x, const struct wd_bytes *n,
    const struct wd_bytes *e)
{
	wd_token_template_add(x, CKA_MODULUS, wd_bytes_span(n));
	wd_token_template_add(x, CKA_PUBLIC_EXPONENT, wd_bytes_span(e));
	return 0;
}

/* POINT gets a DER OCTET STRING around it. */
static int
put_curve(struct wd_token_template *x, const struct wd_token_shape *shape,
    const struct wd_bytes *px, const struct wd_bytes *py, struct wd_wr *point)
{
	size_t len = px->len + (py == NULL ? 0 : py->len);
	bool has_y = py != NULL && py->len > 0;

	wd_der_write_head(point, WD_DER_OCTET_STRING, len + has_y);
	if (has_y)
		wd_wr_u8(point, 4);
	wd_wr_bytes(point, wd_bytes_span(px));
	wd_wr_bytes(point, wd_bytes_span(py));
	wd_token_template_add(x, CKA_EC_PARAMS, shape->params);
	wd_token_template_add(x, CKA_EC_POINT, wd_wr_span(point));
	return wd_wr_end(point);
}

static int
put_public(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_object *o, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL, *e = NULL;
	struct wd_token_template x;
	uint8_t room[160];
	struct wd_wr point = wd_wr_fixed(room, sizeof(room));
	ck_rv_t rv;
	int r = wd_pkey_from_private(spec->bytes, &k);

	if (r == 0)
		r = wd_pkey_public_parts(k, &n, &e);
	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "no public key");
	wd_token_public_template(spec, o->shape, &x);
	r = o->shape->type == CKK_RSA ? put_rsa(&x, n, e)
				      : put_curve(&x, o->shape, n, e, &point);
	if (r != 0)
		return wd_fault(d, WD_F_BUG, "a point that is too long");
	rv = t->f->C_CreateObject(t->session, x.at, x.n, &o->public);
	return rv == CKR_OK ? 0
			    : wd_token_refuse(t, d, "take a public key", rv);
}

int
wd_token_bring(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_object *o, struct wd_diag *d)
{
	int r = put_private(t, spec, o, d);

	if (r != 0 || o->shape->class == CKO_SECRET_KEY)
		return r;
	r = put_public(t, spec, o, d);
	if (r != 0) /* why is what is told */
		(void)t->f->C_DestroyObject(t->session, o->handle);
	return r;
}
