/*
 * Operations: a question, its answer, and what that says.
 */
#include "kmip/client.h"

#include "crypto/aead.h"
#include "kmip/client_in.h"

#define CALL(name, operation, until) \
	WD_AUTO(wd_kmip_call_done)   \
	struct wd_kmip_call name = { .op = (operation), .deadline = (until) }

int
wd_kmip_create(struct wd_kmip *k, const struct wd_kmip_spec *spec,
    int64_t deadline, struct wd_kmip_id *ret, struct wd_diag *d)
{
	CALL(c, WD_KMIP_CREATE, deadline);
	int r = wd_kmip_call_begin(k, &c, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_create(&c.q, spec);
	if ((r = wd_kmip_call_send(k, &c, d)) != 0)
		return r;
	return wd_kmip_take_id(&c.payload, ret, d);
}

int
wd_kmip_create_pair(struct wd_kmip *k, const struct wd_kmip_spec *spec,
    int64_t deadline, struct wd_kmip_id *ret_private,
    struct wd_kmip_id *ret_public, struct wd_diag *d)
{
	CALL(c, WD_KMIP_CREATE_PAIR, deadline);
	int r = wd_kmip_call_begin(k, &c, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_create_pair(&c.q, spec);
	if ((r = wd_kmip_call_send(k, &c, d)) != 0)
		return r;
	return wd_kmip_take_pair(&c.payload, ret_private, ret_public, d);
}

int
wd_kmip_register(struct wd_kmip *k, const struct wd_kmip_bring *bring,
    int64_t deadline, struct wd_kmip_id *ret, struct wd_diag *d)
{
	CALL(c, WD_KMIP_REGISTER, deadline);
	int r = wd_kmip_call_begin(k, &c, bring->material.len, d);

	if (r != 0)
		return r;
	wd_kmip_put_register(
	    &c.q, &bring->spec, bring->format, bring->material);
	if ((r = wd_kmip_call_send(k, &c, d)) != 0)
		return r;
	return wd_kmip_take_id(&c.payload, ret, d);
}

int
wd_kmip_find(struct wd_kmip *k, struct wd_span name, int64_t deadline,
    struct wd_kmip_found *ret, struct wd_diag *d)
{
	CALL(c, WD_KMIP_LOCATE, deadline);
	int r = wd_kmip_call_begin(k, &c, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_locate(&c.q, name);
	if ((r = wd_kmip_call_send(k, &c, d)) != 0)
		return r;
	return wd_kmip_take_found(&c.payload, ret, d);
}

int
wd_kmip_locate(struct wd_kmip *k, struct wd_span name, int64_t deadline,
    struct wd_kmip_id *ret, struct wd_diag *d)
{
	struct wd_kmip_found found = { 0 };
	int r = wd_kmip_find(k, name, deadline, &found, d);

	if (r != 0)
		return r;
	if (found.n == 0)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "the KMIP server has nothing of that name");
	if (found.n > 1)
		return wd_reject(d, WD_R_CONFLICT,
		    "the KMIP server has more than one object of that name");
	*ret = found.ids[0];
	return 0;
}

/* ---- objects */

void
wd_kmip_material_done(struct wd_kmip_material *m)
{
	m->bytes = wd_secret_free(m->bytes);
}

/* Wraps under another key than ours, or changes what it wraps. */
static int
does_not_unwrap(struct wd_diag *d)
{
	return wd_reject(d, WD_R_TAMPERED,
	    "what the KMIP server wrapped does not unwrap: its wrapping key is "
	    "not ours");
}

static int
unwrap(const struct wd_kmip_object *o, const struct wd_kmip_kek *kek,
    struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *inside = NULL;
	struct wd_span material;
	int r;

	if (kek == NULL)
		return wd_reject(d, WD_R_MAY_NOT_LEAVE,
		    "the KMIP server gives the key wrapped alone");
	r = wd_aes_unwrap_any(kek->key, o->material, &inside);
	if (r == WD_R_TAMPERED)
		return does_not_unwrap(d);
	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "a key cannot be unwrapped");
	if (!o->encoded) {
		*ret = WD_TAKE(inside);
		return 0;
	}
	r = wd_kmip_read_value(wd_secret_borrow(inside), &material, d);
	if (r != 0)
		return r;
	*ret = wd_secret_copy(material);
	return *ret == NULL ? wd_fault(d, WD_F_MEMORY, "no memory for a key")
			    : 0;
}

int
wd_kmip_get(struct wd_kmip *k, const struct wd_kmip_id *id,
    const struct wd_kmip_kek *kek, int64_t deadline,
    struct wd_kmip_material *ret, struct wd_diag *d)
{
	CALL(c, WD_KMIP_GET, deadline);
	struct wd_kmip_material m = { 0 };
	int r = wd_kmip_call_begin(k, &c, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_get(&c.q, id, kek == NULL ? NULL : &kek->wrap);
	if ((r = wd_kmip_call_send(k, &c, d)) != 0 ||
	    (r = wd_kmip_take_object(&c.payload, id, &m.object, d)) != 0)
		return r;
	if (m.object.material.len > WD_KMIP_MATERIAL_MAX)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "the KMIP server has more than %d bytes there",
		    WD_KMIP_MATERIAL_MAX);
	if (m.object.wrapped) {
		if ((r = unwrap(&m.object, kek, &m.bytes, d)) != 0)
			return r;
	} else if ((m.bytes = wd_secret_copy(m.object.material)) == NULL) {
		return wd_fault(d, WD_F_MEMORY, "no memory for a key");
	}
	m.object.material = wd_span(NULL, 0);
	*ret = m;
	return 0;
}

int
wd_kmip_get_attributes(struct wd_kmip *k, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_kmip_attributes *ret, struct wd_diag *d)
{
	CALL(c, WD_KMIP_GET_ATTRIBUTES, deadline);
	int r = wd_kmip_call_begin(k, &c, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_get_attributes(&c.q, id);
	if ((r = wd_kmip_call_send(k, &c, d)) != 0)
		return r;
	return wd_kmip_take_attributes(&c.payload, id, ret, d);
}

/* ---- the life of objects */

/* The answer must be about ID. */
static int
send_for(struct wd_kmip *k, struct wd_kmip_call *c, const struct wd_kmip_id *id,
    struct wd_diag *d)
{
	struct wd_kmip_id got = { 0 };
	int r = wd_kmip_call_send(k, c, d);

	if (r != 0 || (r = wd_kmip_take_id(&c->payload, &got, d)) != 0)
		return r;
	return wd_span_is(wd_span_text(got.s), id->s)
	    ? 0
	    : wd_reject(d, WD_R_BACKEND_ANSWER,
		  "the KMIP server's answer is about another object");
}

int
wd_kmip_activate(struct wd_kmip *k, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_diag *d)
{
	CALL(c, WD_KMIP_ACTIVATE, deadline);
	int r = wd_kmip_call_begin(k, &c, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_id(&c.q, id);
	return send_for(k, &c, id, d);
}

int
wd_kmip_revoke(struct wd_kmip *k, const struct wd_kmip_id *id,
    enum wd_kmip_revocation why, int64_t deadline, struct wd_diag *d)
{
	CALL(c, WD_KMIP_REVOKE, deadline);
	int r = wd_kmip_call_begin(k, &c, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_revoke(&c.q, id, why);
	return send_for(k, &c, id, d);
}

int
wd_kmip_destroy(struct wd_kmip *k, const struct wd_kmip_id *id,
    int64_t deadline, struct wd_diag *d)
{
	CALL(c, WD_KMIP_DESTROY, deadline);
	int r = wd_kmip_call_begin(k, &c, 0, d);

	if (r != 0)
		return r;
	wd_kmip_put_id(&c.q, id);
	return send_for(k, &c, id, d);
}
