/*
 * Keys made at a KMIP server, or brought there. What the server cannot make is
 * made here and brought; what it cannot keep as a private key is kept as bytes.
 */
#include "backend/kmip_in.h"
#include "backend/material.h"

#include <stdio.h>
#include <string.h>

/* How each kind is at the server. */
static const struct shape {
	enum wd_key_kind kind;
	enum wd_kmip_object_type type;
	enum wd_kmip_algorithm algorithm;
	unsigned bits;
	enum wd_kmip_curve curve;
	enum wd_kmip_format format;
} shapes[] = {
	{ WD_KEY_AES128, WD_KMIP_SYMMETRIC, WD_KMIP_AES, 128, 0, WD_KMIP_RAW },
	{ WD_KEY_AES192, WD_KMIP_SYMMETRIC, WD_KMIP_AES, 192, 0, WD_KMIP_RAW },
	{ WD_KEY_AES256, WD_KMIP_SYMMETRIC, WD_KMIP_AES, 256, 0, WD_KMIP_RAW },
	{ WD_KEY_RSA2048, WD_KMIP_PRIVATE, WD_KMIP_RSA, 2048, 0,
	    WD_KMIP_PKCS8 },
	{ WD_KEY_RSA3072, WD_KMIP_PRIVATE, WD_KMIP_RSA, 3072, 0,
	    WD_KMIP_PKCS8 },
	{ WD_KEY_RSA4096, WD_KMIP_PRIVATE, WD_KMIP_RSA, 4096, 0,
	    WD_KMIP_PKCS8 },
	{ WD_KEY_P256, WD_KMIP_PRIVATE, WD_KMIP_ECDSA, 256, WD_KMIP_P256,
	    WD_KMIP_PKCS8 },
	{ WD_KEY_P384, WD_KMIP_PRIVATE, WD_KMIP_ECDSA, 384, WD_KMIP_P384,
	    WD_KMIP_PKCS8 },
	{ WD_KEY_P521, WD_KMIP_PRIVATE, WD_KMIP_ECDSA, 521, WD_KMIP_P521,
	    WD_KMIP_PKCS8 },
	/* which no version here has a number for */
	{ WD_KEY_ED25519, WD_KMIP_SECRET_DATA, 0, 0, 0, WD_KMIP_FORMAT_OPAQUE },
	{ WD_KEY_OPAQUE, WD_KMIP_SECRET_DATA, 0, 0, 0, WD_KMIP_FORMAT_OPAQUE },
};

static const struct shape *
shape_of(enum wd_key_kind kind)
{
	for (size_t i = 0; i < WD_N(shapes); i++)
		if (shapes[i].kind == kind)
			return &shapes[i];
	return NULL;
}

static struct wd_kmip_spec
spec_of(const struct shape *s, struct wd_span name)
{
	struct wd_kmip_spec spec = { .type = s->type,
		.algorithm = s->algorithm,
		.bits = s->bits,
		.curve = s->curve,
		.name = name };

	switch (s->type) {
	case WD_KMIP_SYMMETRIC:
		spec.usage = WD_KMIP_ENCRYPT | WD_KMIP_DECRYPT;
		break;
	case WD_KMIP_PRIVATE:
		spec.usage = WD_KMIP_SIGN;
		spec.usage_public = WD_KMIP_VERIFY;
		if (s->algorithm == WD_KMIP_RSA) {
			spec.usage |= WD_KMIP_DECRYPT;
			spec.usage_public |= WD_KMIP_ENCRYPT;
		}
		break;
	default:
		spec.usage = WD_KMIP_EXPORT;
	}
	return spec;
}

/* ---- ways of making one */

static int
create(struct wd_backend_kmip *x, const struct shape *s, struct wd_span name,
    int64_t deadline, struct wd_kmip_locator *ret, struct wd_diag *d)
{
	const struct wd_kmip_spec spec = spec_of(s, name);

	if (s->type == WD_KMIP_SYMMETRIC)
		return wd_kmip_create(x->k, &spec, deadline, &ret->id, d);
	if (s->type == WD_KMIP_PRIVATE)
		return wd_kmip_create_pair(
		    x->k, &spec, deadline, &ret->id, &ret->public, d);
	return wd_reject(
	    d, WD_R_UNSUPPORTED, "the KMIP server makes no keys of this kind");
}

static int
bring(struct wd_backend_kmip *x, const struct shape *s, struct wd_span name,
    struct wd_span bytes, int64_t deadline, struct wd_kmip_id *ret,
    struct wd_diag *d)
{
	const struct shape *plain = shape_of(WD_KEY_OPAQUE);
	struct wd_kmip_bring b = { .format = s->format, .material = bytes };
	struct wd_diag why = { 0 };
	int r;

	b.spec = spec_of(s, name);
	r = wd_kmip_register(x->k, &b, deadline, ret, &why);
	if (r == WD_R_UNSUPPORTED && s->type == WD_KMIP_PRIVATE) {
		b.spec = spec_of(plain, name);
		b.format = plain->format;
		return wd_kmip_register(x->k, &b, deadline, ret, d);
	}
	if (r != 0 && d != NULL && d->result == 0)
		*d = why;
	return r;
}

static int
make_here(struct wd_backend_kmip *x, const struct shape *s, struct wd_span name,
    int64_t deadline, struct wd_kmip_id *ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *fresh = NULL;
	int r = wd_backend_generate(s->kind, &fresh, d);

	return r != 0
	    ? r
	    : bring(x, s, name, wd_secret_borrow(fresh), deadline, ret, d);
}

static int
make_there(struct wd_backend_kmip *x, const struct shape *s,
    struct wd_span name, int64_t deadline, struct wd_kmip_locator *ret,
    struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = create(x, s, name, deadline, ret, &why);

	if (r == WD_R_UNSUPPORTED)
		return make_here(x, s, name, deadline, &ret->id, d);
	if (r != 0 && d != NULL && d->result == 0)
		*d = why;
	return r;
}

/* ---- the whole */

int
wd_kmip_end_of(struct wd_backend_kmip *x, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r;

	/* What is not active needs no revoking; whether it was, the next
	 * answer tells. */
	(void)!wd_kmip_revoke(x->k, id, WD_KMIP_CESSATION, deadline, NULL);
	r = wd_kmip_destroy(x->k, id, deadline, &why);
	if (r == 0 || r == WD_R_NOT_FOUND)
		return 0;
	if (d != NULL && d->result == 0)
		*d = why;
	return r;
}

/* Objects that have no state cannot be activated, and need not be. */
static int
activate(struct wd_backend_kmip *x, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = wd_kmip_activate(x->k, id, deadline, &why);

	if (r == 0 || r == WD_R_UNSUPPORTED)
		return 0;
	if (d != NULL && d->result == 0)
		*d = why;
	return r;
}

static int
activate_both(struct wd_backend_kmip *x, const struct wd_kmip_locator *l,
    int64_t deadline, struct wd_diag *d)
{
	int r = activate(x, &l->id, deadline, d);

	return r != 0 || l->public.s[0] == '\0'
	    ? r
	    : activate(x, &l->public, deadline, d);
}

/* Best effort: the failure that led here is what is told. */
static void
undo(struct wd_backend_kmip *x, const struct wd_kmip_locator *l,
    int64_t deadline)
{
	struct wd_diag d = { 0 };

	(void)!wd_kmip_end_of(x, &l->id, deadline, &d);
	if (l->public.s[0] != '\0')
		(void)!wd_kmip_end_of(x, &l->public, deadline, &d);
}

int
wd_kmip_make(struct wd_backend_kmip *x, const struct wd_backend_make *in,
    int64_t deadline, struct wd_kmip_locator *ret, struct wd_diag *d)
{
	const struct shape *s = shape_of(in->kind);
	struct wd_kmip_locator l = { 0 };
	char text[WD_ID_LEN + 24];
	struct wd_span name;
	int r;

	if (s == NULL || in->stays)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    s == NULL ? "no such kind of key"
			      : "keys do not stay in a KMIP server");
	(void)snprintf(text, sizeof(text),
	    in->version < 2 ? "warder-%s" : "warder-%s.v%u", in->id.s,
	    (unsigned)in->version); /* fits */
	name = wd_span_text(text);
	r = in->bytes.len > 0 ? bring(x, s, name, in->bytes, deadline, &l.id, d)
			      : make_there(x, s, name, deadline, &l, d);
	if (r != 0)
		return r;
	if ((r = activate_both(x, &l, deadline, d)) != 0) {
		undo(x, &l, deadline);
		return r;
	}
	*ret = l;
	return 0;
}
