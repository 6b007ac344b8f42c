/*
 * Keys of a token: found by id or label, one or none, and refused when they
 * could be read in the clear. What a module says of its keys is all that can be
 * known of them.
 */
#include "hsm/token_in.h"

enum { FOUND_MAX = 2 };

/* ---- the search */

int
wd_token_search(struct wd_token *t, ck_object_class_t class,
    const struct wd_hsm_uri *uri, ck_object_handle_t *ret, size_t max,
    size_t *ret_n, struct wd_diag *d)
{
	struct ck_attribute want[3] = { { CKA_CLASS, &class, sizeof(class) } };
	unsigned long n_want = 1, n = 0;
	ck_rv_t rv;

	if (uri->id_len > 0)
		wd_token_attribute(
		    &want[n_want++], CKA_ID, wd_span(uri->id, uri->id_len));
	if (uri->object[0] != '\0')
		wd_token_attribute(
		    &want[n_want++], CKA_LABEL, wd_span_text(uri->object));
	rv = t->f->C_FindObjectsInit(t->session, want, n_want);
	if (rv == CKR_OK) {
		rv = t->f->C_FindObjects(t->session, ret, max, &n);
		(void)t->f->C_FindObjectsFinal(t->session); /* only a search */
	}
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "look for a key", rv);
	*ret_n = n < max ? n : max;
	return 0;
}

static int
search_classes(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_token_object *o, struct wd_diag *d)
{
	static const struct {
		enum wd_hsm_class name;
		ck_object_class_t class;
	} classes[] = {
		{ WD_HSM_SECRET, CKO_SECRET_KEY },
		{ WD_HSM_PRIVATE, CKO_PRIVATE_KEY },
	};
	size_t sum = 0;

	for (size_t i = 0; i < WD_N(classes); i++) {
		ck_object_handle_t found[FOUND_MAX] = { 0 };
		size_t n = 0;
		int r;

		if (uri->class != WD_HSM_ANY && uri->class != classes[i].name)
			continue;
		r = wd_token_search(
		    t, classes[i].class, uri, found, FOUND_MAX, &n, d);
		if (r != 0)
			return r;
		if (n > 0) {
			o->handle = found[0];
			o->uri.class = classes[i].name;
		}
		sum += n;
	}
	if (sum > 1)
		return wd_reject(d, WD_R_CONFLICT,
		    "token %s has more than one key of that name",
		    wd_token_name(t));
	return sum == 1
	    ? 0
	    : wd_reject(d, WD_R_NOT_FOUND, "token %s has no key of that name",
		  wd_token_name(t));
}

/* ---- what it is */

static int
find_shape(struct wd_token *t, struct wd_token_object *o, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	ck_key_type_t type = 0;
	unsigned long bits = 0;
	int r = wd_token_number(t, o->handle, CKA_KEY_TYPE, &type, d);

	if (r == 0 && type == CKK_AES) {
		/* Not there: not told. */
		if (wd_token_number(t, o->handle, CKA_VALUE_LEN, &bits, NULL) !=
		    0)
			bits = 0;
		bits = bits <= 32 ? 8 * bits : 1;
	} else if (r == 0 && type == CKK_RSA) {
		r = wd_token_bytes(
		    t, o->handle, CKA_MODULUS, TOKEN_VALUE_MAX, &b, d);
		bits = b == NULL ? 0 : 8 * (b->len - (b->p[0] == 0));
	} else if (r == 0) {
		r = wd_token_bytes(
		    t, o->handle, CKA_EC_PARAMS, TOKEN_VALUE_MAX, &b, d);
	}
	if (r != 0)
		return r;
	o->shape = wd_token_shape_of(type, bits, wd_bytes_span(b));
	return o->shape != NULL
	    ? 0
	    : wd_reject(d, WD_R_UNSUPPORTED,
		  "the key in token %s is of no kind that is kept here",
		  wd_token_name(t));
}

/* Its own id and label, whatever it was found by. */
static int
find_names(struct wd_token *t, struct wd_token_object *o, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *id = NULL, *label = NULL;
	int r = wd_token_bytes(t, o->handle, CKA_ID, TOKEN_VALUE_MAX, &id, d);

	if (r == 0)
		r = wd_token_bytes(
		    t, o->handle, CKA_LABEL, TOKEN_VALUE_MAX, &label, d);
	if (r != 0)
		return r;
	if (id != NULL && id->len <= sizeof(o->uri.id)) {
		wd_copy(o->uri.id, wd_bytes_span(id));
		o->uri.id_len = id->len;
	}
	(void)wd_span_to_text(wd_bytes_span(label), o->uri.object,
	    sizeof(o->uri.object)); /* too long: goes by its id alone */
	if (o->uri.id_len > 0 || o->uri.object[0] != '\0')
		return 0;
	return wd_reject(d, WD_R_UNSUPPORTED,
	    "the key in token %s has neither id nor label, or too long ones",
	    wd_token_name(t));
}

/* By the id alone where there is one: labels of halves may differ. */
static int
find_public(struct wd_token *t, struct wd_token_object *o, struct wd_diag *d)
{
	struct wd_hsm_uri by = o->uri;
	ck_object_handle_t found[FOUND_MAX] = { 0 };
	size_t n = 0;
	int r;

	if (o->shape->class != CKO_PRIVATE_KEY)
		return 0;
	if (by.id_len > 0)
		by.object[0] = '\0';
	r = wd_token_search(t, CKO_PUBLIC_KEY, &by, found, FOUND_MAX, &n, d);
	o->public = r == 0 && n == 1 ? found[0] : 0;
	return r;
}

int
wd_token_handle(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_token_object *ret, struct wd_diag *d)
{
	struct wd_token_object o = { 0 };
	int r = search_classes(t, uri, &o, d);

	if (r != 0 || (r = find_shape(t, &o, d)) != 0)
		return r;
	*ret = o;
	return 0;
}

int
wd_token_object(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_token_object *ret, struct wd_diag *d)
{
	struct wd_token_object o = { 0 };
	int r = wd_token_handle(t, uri, &o, d);

	if (r != 0 || (r = find_names(t, &o, d)) != 0 ||
	    (r = find_public(t, &o, d)) != 0)
		return r;
	*ret = o;
	return 0;
}

/* ---- whether it can be relied upon */

static const struct {
	ck_attribute_type_t type;
	bool want;
	const char *words;
} rules[] = {
	{ CKA_TOKEN, true, "is not kept in it" },
	{ CKA_PRIVATE, true, "can be seen without a login" },
	{ CKA_SENSITIVE, true, "can be read in the clear" },
};

static int
refuse(struct wd_token *t, const char *words, struct wd_diag *d)
{
	return wd_reject(d, WD_R_UNSUPPORTED, "the key in token %s %s",
	    wd_token_name(t), words);
}

int
wd_token_judge(struct wd_token *t, const struct wd_token_object *o,
    bool *ret_stays, struct wd_diag *d)
{
	bool extractable = false, value;

	for (size_t i = 0; i < WD_N(rules); i++)
		if (!wd_token_flag(t, o->handle, rules[i].type, &value) ||
		    value != rules[i].want)
			return refuse(t, rules[i].words, d);
	/* What was brought was in the clear elsewhere, which its owner knows;
	 * what was made there must never have been. */
	if (wd_token_is(t, o->handle, CKA_LOCAL) &&
	    !wd_token_is(t, o->handle, CKA_ALWAYS_SENSITIVE))
		return refuse(t, "could once be read in the clear", d);
	if (wd_token_is(t, o->handle, CKA_ALWAYS_AUTHENTICATE))
		return refuse(t, "wants the PIN at each use", d);
	if (!wd_token_flag(t, o->handle, CKA_EXTRACTABLE, &extractable))
		return refuse(t, "may leave or not: it does not say", d);
	*ret_stays =
	    !extractable || wd_token_is(t, o->handle, CKA_WRAP_WITH_TRUSTED);
	return 0;
}

/* ---- from outside */

void
wd_token_key_done(struct wd_token_key *k)
{
	k->spki = wd_bytes_free(k->spki);
}

/* It is named by its id alone, or by its label: that must be enough. */
static int
check_name(struct wd_token *t, struct wd_hsm_uri *u, struct wd_diag *d)
{
	struct wd_token_object same = { 0 };

	if (u->id_len > 0)
		u->object[0] = '\0';
	return search_classes(t, u, &same, d);
}

int
wd_token_describe(struct wd_token *t, const struct wd_token_object *o,
    struct wd_token_key *ret, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = NULL;
	WD_AUTO(wd_token_key_done)
	struct wd_token_key k = { .kind = o->shape->kind, .uri = o->uri };
	int r = wd_token_judge(t, o, &k.stays, d);

	if (r != 0 || (r = check_name(t, &k.uri, d)) != 0)
		return r;
	if (o->shape->class == CKO_PRIVATE_KEY &&
	    (r = wd_token_public(t, o, &public, d)) != 0)
		return r;
	if (public != NULL && wd_pkey_to_spki(public, &k.spki) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no public key");
	*ret = k;
	k.spki = NULL;
	return 0;
}

struct find {
	const struct wd_hsm_uri *uri;
	struct wd_token_key key;
};

static int
find(struct wd_token *t, void *ctx, struct wd_diag *d)
{
	struct find *x = ctx;
	struct wd_token_object o;
	int r = wd_token_object(t, x->uri, &o, d);

	return r != 0 ? r : wd_token_describe(t, &o, &x->key, d);
}

int
wd_token_find(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_token_key *ret, struct wd_diag *d)
{
	struct find x = { .uri = uri };
	int r;

	if ((uri->token[0] != '\0' &&
		!wd_span_is(wd_span_text(uri->token), t->how.uri.token)) ||
	    (uri->serial[0] != '\0' &&
		!wd_span_is(wd_span_text(uri->serial), t->how.uri.serial)))
		return wd_reject(d, WD_R_NOT_FOUND,
		    "that is in another token than %s", wd_token_name(t));
	r = wd_token_run(t, false, find, &x, d);
	if (r == 0 && x.key.kind.pair == WD_PKEY_NONE && x.key.kind.bits == 0)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "token %s does not tell how long the key is",
		    wd_token_name(t));
	if (r == 0)
		*ret = x.key;
	return r;
}
