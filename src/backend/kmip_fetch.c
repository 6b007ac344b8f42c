/*
 * Keys out of a KMIP server, and the key of ours that they are wrapped under on
 * their way. Must never give a key that the server says is compromised or no
 * longer in use.
 */
#include "backend/kmip_in.h"
#include "backend/material.h"

/* ---- the wrapping key */

static int
register_kek(struct wd_backend_kmip *x, int64_t deadline, struct wd_diag *d)
{
	const struct wd_kmip_bring bring = {
		.spec = { .type = WD_KMIP_SYMMETRIC,
		    .algorithm = WD_KMIP_AES,
		    .bits = 8 * WD_KMIP_KEK,
		    .usage = WD_KMIP_WRAP | WD_KMIP_UNWRAP,
		    .name = x->kek_name },
		.format = WD_KMIP_RAW,
		.material = wd_secret_borrow(x->kek),
	};
	struct wd_kmip_id id = { 0 };
	int r = wd_kmip_register(x->k, &bring, deadline, &id, d);

	if (r != 0 || (r = wd_kmip_activate(x->k, &id, deadline, d)) != 0)
		return r;
	x->kek_id = id;
	return 0;
}

/* Two processes may have registered it, each one; which is used does not
 * matter, since what another key has wrapped does not unwrap. */
static int
find_kek(struct wd_backend_kmip *x, int64_t deadline, struct wd_diag *d)
{
	struct wd_kmip_found found = { 0 };
	int r;

	if (x->kek_id.s[0] != '\0')
		return 0;
	r = wd_kmip_find(x->k, x->kek_name, deadline, &found, d);
	if (r != 0)
		return r;
	if (found.n == 0)
		return register_kek(x, deadline, d);
	x->kek_id = found.ids[0];
	return 0;
}

static int
get_wrapped(struct wd_backend_kmip *x, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_kmip_material *ret, struct wd_diag *d)
{
	struct wd_kmip_kek kek = { .key = wd_secret_borrow(x->kek) };
	int r = find_kek(x, deadline, d);

	if (r != 0)
		return r;
	kek.wrap.id = x->kek_id;
	r = wd_kmip_get(x->k, id, &kek, deadline, ret, d);
	if (r == WD_R_NOT_FOUND) /* the key was there a moment ago */
		x->kek_id = (struct wd_kmip_id){ 0 };
	return r;
}

static int
get(struct wd_backend_kmip *x, const struct wd_kmip_id *id, int64_t deadline,
    struct wd_kmip_material *ret, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r;

	if (x->kek == NULL)
		return wd_kmip_get(x->k, id, NULL, deadline, ret, d);
	r = get_wrapped(x, id, deadline, ret, &why);
	if (r == WD_R_NOT_FOUND) {
		wd_diag_clear(&why);
		r = get_wrapped(x, id, deadline, ret, &why);
	}
	if (r == WD_R_UNSUPPORTED && !x->kek_only)
		return wd_kmip_get(x->k, id, NULL, deadline, ret, d);
	if (r == WD_R_UNSUPPORTED)
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the KMIP server does not wrap the key");
	if (r == 0 && x->kek_only && !ret->object.wrapped) {
		wd_kmip_material_done(ret);
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the KMIP server gave the key unwrapped");
	}
	if (r != 0 && d != NULL && d->result == 0)
		*d = why;
	return r;
}

/* ---- its state */

static int
judge_state(uint32_t state, struct wd_diag *d)
{
	switch (state) {
	case 0: /* objects that have none */
	case WD_KMIP_PRE_ACTIVE:
	case WD_KMIP_ACTIVE:
		return 0;
	case WD_KMIP_DEACTIVATED:
		return wd_reject(d, WD_R_CONFLICT,
		    "the KMIP server says that the key is no longer in use");
	case WD_KMIP_COMPROMISED:
		return wd_reject(d, WD_R_CONFLICT,
		    "the KMIP server says that the key is compromised");
	case WD_KMIP_DESTROYED:
	case WD_KMIP_DESTROYED_COMPROMISED:
		return wd_reject(d, WD_R_NOT_FOUND,
		    "the KMIP server says that the key is destroyed");
	default:
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "the KMIP server has the key in a state that is none");
	}
}

int
wd_kmip_fetch(struct wd_backend_kmip *x, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_kmip_material *ret, struct wd_diag *d)
{
	struct wd_kmip_attributes a = { 0 };
	int r = wd_kmip_get_attributes(x->k, id, deadline, &a, d);

	if (r != 0 || (r = judge_state(a.state, d)) != 0)
		return r;
	return get(x, id, deadline, ret, d);
}

/* ---- what it is */

static int
other_kind(struct wd_diag *d)
{
	return wd_reject(d, WD_R_BACKEND_ANSWER,
	    "the KMIP server has another kind of key there");
}

static int
as_is(const struct wd_kmip_material *m, enum wd_key_kind kind,
    enum wd_key_kind *ret_kind, struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_span s = wd_secret_borrow(m->bytes);

	if (s.len > WD_BACKEND_BYTES_MAX)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "the KMIP server has more there than a key may be");
	*ret = wd_secret_copy(s);
	if (*ret == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a key");
	*ret_kind = kind;
	return 0;
}

static enum wd_key_kind
symmetric_kind(const struct wd_kmip_material *m)
{
	return m->object.type == WD_KMIP_SYMMETRIC &&
		m->object.algorithm == WD_KMIP_AES
	    ? wd_backend_aes(wd_secret_len(m->bytes))
	    : WD_KEY_NONE;
}

/* A symmetric key, a private one in whatever kind of object, or bytes. */
static int
recognize(const struct wd_kmip_material *m, enum wd_key_kind *ret_kind,
    struct wd_secret **ret, struct wd_bytes **ret_spki, struct wd_diag *d)
{
	enum wd_key_kind aes = symmetric_kind(m);
	int r;

	if (m->object.type == WD_KMIP_PUBLIC)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "it is a public key, which is no secret");
	if (aes != WD_KEY_NONE)
		return as_is(m, aes, ret_kind, ret, d);
	r = wd_backend_pair(
	    wd_secret_borrow(m->bytes), ret_kind, ret, ret_spki);
	if (r < 0)
		return wd_fault(d, r, "a key cannot be read");
	if (r == 0)
		return 0;
	if (m->object.type == WD_KMIP_PRIVATE)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "it is a private key of a kind that is not kept here");
	return as_is(m, WD_KEY_OPAQUE, ret_kind, ret, d);
}

int
wd_kmip_convert(const struct wd_kmip_material *m, enum wd_key_kind *kind,
    struct wd_secret **ret, struct wd_bytes **ret_spki, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *bytes = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;
	enum wd_key_kind found = WD_KEY_NONE;
	int r;

	/* What was kept as bytes may look like a key. */
	if (*kind == WD_KEY_OPAQUE && m->object.type != WD_KMIP_PRIVATE &&
	    m->object.type != WD_KMIP_PUBLIC)
		return as_is(m, WD_KEY_OPAQUE, kind, ret, d);
	if ((r = recognize(m, &found, &bytes, &spki, d)) != 0)
		return r;
	if (*kind != WD_KEY_NONE && *kind != found)
		return other_kind(d);
	*kind = found;
	*ret = WD_TAKE(bytes);
	if (ret_spki != NULL)
		*ret_spki = WD_TAKE(spki);
	return 0;
}
