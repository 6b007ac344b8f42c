/*
 * Keys made in a token, or brought to it, and destroyed. Whatever a module
 * makes is looked at before it is relied upon, and proves by a signature or by
 * a ciphertext that it is what its public half, or what was brought, says.
 */
#include "hsm/token_in.h"

static const uint8_t exponent[] = { 1, 0, 1 };

/* ---- templates */

static void
add(struct wd_token_template *x, ck_attribute_type_t type, struct wd_span value)
{
	if (x->n < TOKEN_TEMPLATE_MAX)
		wd_token_attribute(&x->at[x->n++], type, value);
}

static void
say(struct wd_token_template *x, ck_attribute_type_t type, bool value)
{
	add(x, type, wd_span(value ? &x->yes : &x->no, 1));
}

static void
begin(struct wd_token_template *x, ck_object_class_t class,
    const struct wd_token_spec *spec, const struct wd_token_shape *shape)
{
	*x = (struct wd_token_template){
		.class = class, .type = shape->type, .yes = 1
	};
	add(x, CKA_CLASS, wd_span(&x->class, sizeof(x->class)));
	add(x, CKA_KEY_TYPE, wd_span(&x->type, sizeof(x->type)));
	add(x, CKA_ID, spec->id);
	if (spec->label.len > 0)
		add(x, CKA_LABEL, spec->label);
	say(x, CKA_TOKEN, true);
}

void
wd_token_private_template(const struct wd_token_spec *spec,
    const struct wd_token_shape *shape, struct wd_token_template *ret)
{
	bool secret = shape->class == CKO_SECRET_KEY;
	bool decrypts = secret || shape->type == CKK_RSA;

	begin(ret, shape->class, spec, shape);
	say(ret, CKA_PRIVATE, true);
	say(ret, CKA_SENSITIVE, true);
	say(ret, CKA_EXTRACTABLE, !spec->stays);
	say(ret, CKA_DECRYPT, decrypts);
	say(ret, CKA_SIGN, !secret);
	say(ret, CKA_UNWRAP, false);
	say(ret, CKA_DERIVE, false);
	if (!secret)
		return;
	say(ret, CKA_ENCRYPT, true);
	say(ret, CKA_VERIFY, false);
	say(ret, CKA_WRAP, false);
}

void
wd_token_public_template(const struct wd_token_spec *spec,
    const struct wd_token_shape *shape, struct wd_token_template *ret)
{
	begin(ret, CKO_PUBLIC_KEY, spec, shape);
	say(ret, CKA_PRIVATE, false);
	say(ret, CKA_VERIFY, true);
	say(ret, CKA_ENCRYPT, shape->type == CKK_RSA);
	say(ret, CKA_WRAP, false);
}

void
wd_token_template_add(
    struct wd_token_template *x, ck_attribute_type_t type, struct wd_span value)
{
	add(x, type, value);
}

/* ---- made there */

static int
generate_secret(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_object *o, struct wd_diag *d)
{
	struct wd_token_template x;
	struct ck_mechanism m = { o->shape->generate, NULL, 0 };
	unsigned long len = o->shape->bits / 8;
	ck_rv_t rv;

	wd_token_private_template(spec, o->shape, &x);
	add(&x, CKA_VALUE_LEN, wd_span(&len, sizeof(len)));
	rv = t->f->C_GenerateKey(t->session, &m, x.at, x.n, &o->handle);
	return rv == CKR_OK ? 0 : wd_token_refuse(t, d, "make a key", rv);
}

static int
generate_pair(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_object *o, struct wd_diag *d)
{
	struct wd_token_template private, public;
	struct ck_mechanism m = { o->shape->generate, NULL, 0 };
	ck_rv_t rv;

	wd_token_private_template(spec, o->shape, &private);
	wd_token_public_template(spec, o->shape, &public);
	public.bits = o->shape->bits;
	if (o->shape->type == CKK_RSA) {
		add(&public, CKA_MODULUS_BITS,
		    wd_span(&public.bits, sizeof(public.bits)));
		add(&public, CKA_PUBLIC_EXPONENT, WD_SPAN(exponent));
	} else {
		add(&public, CKA_EC_PARAMS, o->shape->params);
	}
	rv = t->f->C_GenerateKeyPair(t->session, &m, public.at, public.n,
	    private.at, private.n, &o->public, &o->handle);
	return rv == CKR_OK ? 0 : wd_token_refuse(t, d, "make a key", rv);
}

/* ---- both ways */

struct make {
	const struct wd_token_spec *spec;
	struct wd_token_key key;
};

static int
is_free(struct wd_token *t, const struct wd_token_object *o, struct wd_diag *d)
{
	ck_object_handle_t found[1];
	size_t n = 0;
	int r = wd_token_search(t, o->shape->class, &o->uri, found, 1, &n, d);

	if (r != 0 || n == 0)
		return r;
	return wd_reject(d, WD_R_EXISTS,
	    "token %s has a key of that id already", wd_token_name(t));
}

static int
as_asked(struct wd_token *t, const struct wd_token_spec *spec,
    const struct wd_token_object *o, struct wd_token_key *k, struct wd_diag *d)
{
	bool made = spec->bytes.len == 0;
	int r = wd_token_describe(t, o, k, d);

	if (r != 0)
		return r;
	if (k->kind.pair == WD_PKEY_NONE && k->kind.bits == 0)
		k->kind = spec->kind; /* it was brought, so we know */
	if (k->stays != spec->stays || k->kind.pair != spec->kind.pair ||
	    k->kind.bits != spec->kind.bits ||
	    (made && !wd_token_is(t, o->handle, CKA_ALWAYS_SENSITIVE)) ||
	    (made && spec->stays &&
		!wd_token_is(t, o->handle, CKA_NEVER_EXTRACTABLE)))
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s has made another key than was asked for",
		    wd_token_name(t));
	return wd_token_prove(t, o, spec->bytes, d);
}

static void
take_back(struct wd_token *t, const struct wd_token_object *o)
{
	/* What led here is what is told. */
	(void)t->f->C_DestroyObject(t->session, o->handle);
	if (o->public != 0)
		(void)t->f->C_DestroyObject(t->session, o->public);
}

static int
make(struct wd_token *t, void *ctx, struct wd_diag *d)
{
	struct make *x = ctx;
	const struct wd_token_spec *spec = x->spec;
	struct wd_token_object o = { .shape = wd_token_shape(&spec->kind) };
	int r;

	if (o.shape == NULL || spec->id.len > sizeof(o.uri.id))
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "an HSM has no such kind of key");
	wd_copy(o.uri.id, spec->id);
	o.uri.id_len = spec->id.len;
	if ((r = is_free(t, &o, d)) != 0)
		return r;
	if (spec->bytes.len > 0)
		r = wd_token_bring(t, spec, &o, d);
	else if (o.shape->class == CKO_SECRET_KEY)
		r = generate_secret(t, spec, &o, d);
	else
		r = generate_pair(t, spec, &o, d);
	if (r != 0)
		return r;
	o.uri.class =
	    o.shape->class == CKO_SECRET_KEY ? WD_HSM_SECRET : WD_HSM_PRIVATE;
	r = as_asked(t, spec, &o, &x->key, d);
	if (r != 0) {
		take_back(t, &o);
		wd_token_key_done(&x->key);
	}
	return r;
}

int
wd_token_make(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_key *ret, struct wd_diag *d)
{
	struct make x = { .spec = spec };
	int r = wd_token_run(t, true, make, &x, d);

	if (r == 0)
		*ret = x.key;
	return r;
}

/* ---- the end */

static int
destroy(struct wd_token *t, void *ctx, struct wd_diag *d)
{
	struct wd_token_object o;
	struct wd_diag why = { 0 };
	ck_rv_t rv;
	int r = wd_token_object(t, ctx, &o, &why);

	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r != 0) {
		*d = why;
		return r;
	}
	/* The public half last: it is found by the private one. */
	rv = t->f->C_DestroyObject(t->session, o.handle);
	if (rv == CKR_OK && o.public != 0)
		rv = t->f->C_DestroyObject(t->session, o.public);
	return rv == CKR_OK ? 0 : wd_token_refuse(t, d, "destroy a key", rv);
}

int
wd_token_destroy(
    struct wd_token *t, const struct wd_hsm_uri *uri, struct wd_diag *d)
{
	struct wd_hsm_uri u = *uri;

	return wd_token_run(t, true, destroy, &u, d);
}
