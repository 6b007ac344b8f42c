/*
 * Keys in backends, from both sides of the question: what to ask, and whether
 * what came back is a key that can be kept.
 */
#include "broker/admin_remote.h"

#include <string.h>

#include "broker/admin_in.h"
#include "crypto/rand.h"

void
wd_admin_plan_done(struct wd_admin_plan *p)
{
	p->bytes = wd_secret_free(p->bytes);
}

/* ---- before */

static int
take_bytes(const struct wd_msg_key_create *m, struct wd_admin_plan *p,
    struct wd_diag *d)
{
	WD_AUTO(wd_material_done) struct wd_material made = { 0 };
	int r =
	    wd_material_take((enum wd_key_kind)m->kind, m->material, &made, d);

	if (r != 0)
		return r;
	p->kind = made.kind;
	p->bytes = WD_TAKE(made.plain);
	return 0;
}

static int
check_kind(const struct wd_msg_key_create *m, const struct wd_admin_plan *p,
    struct wd_diag *d)
{
	const struct wd_key_row *row = wd_key_row(p->kind);

	if (row == NULL)
		return wd_reject(d, WD_R_RANGE, "there is no such kind of key");
	if (m->kinds != 0 && (m->kinds & 1u << p->kind) == 0)
		return wd_reject(d, WD_R_MISMATCH,
		    "the private key is of kind %s, which was not asked for",
		    row->name);
	if (p->bytes == NULL && row->family == WD_FAMILY_OPAQUE)
		return wd_reject(d, WD_R_MALFORMED,
		    "an opaque secret cannot be generated; give its bytes");
	return 0;
}

static int
no_subject(struct wd_span subject, struct wd_diag *d)
{
	if (subject.len == 0)
		return 0;
	return wd_reject(d, WD_R_UNSUPPORTED,
	    "a key in a backend signs no certificate while it is made; ask "
	    "for a CSR afterwards");
}

int
wd_admin_plan_create(struct wd_broker *b, const struct wd_msg_key_create *m,
    struct wd_admin_plan *ret, struct wd_diag *d)
{
	WD_AUTO(wd_admin_plan_done)
	struct wd_admin_plan p = { .version = 1,
		.kind = (enum wd_key_kind)m->kind,
		.stays = m->stays };
	int r;

	if (!b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	if ((r = no_subject(m->subject, d)) != 0 ||
	    (m->material.len > 0 && (r = take_bytes(m, &p, d)) != 0) ||
	    /* What is attached says itself what it is. */
	    (m->attach.len == 0 && (r = check_kind(m, &p, d)) != 0))
		return r;
	if (wd_rand_id(&p.id) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no id");
	/* What does not fit is refused when the row is made. */
	(void)!wd_span_to_text(m->label, p.label, sizeof(p.label));
	*ret = p;
	p.bytes = NULL;
	return 0;
}

int
wd_admin_may_unwrap(struct wd_broker *b, const struct wd_msg_key_create *m,
    int64_t now, struct wd_diag *d)
{
	struct wd_store_token who;

	if (!m->broker_may_unwrap)
		return 0;
	return wd_admin_may(b, "keys", "unwrap", m->token, now, &who, d);
}

int
wd_admin_remote_of(struct wd_broker *b, const struct wd_id *id,
    uint32_t version, struct wd_remote *ret, enum wd_key_kind *ret_kind,
    struct wd_diag *d)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_store_key key;
	int r = wd_store_key_get(b->store, id, &key);

	if (r == 0 && !wd_remote_is(&key))
		r = WD_R_NOT_FOUND;
	if (r == 0)
		r = wd_store_version_get(b->store, id, version, &v);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0)
		return wd_reject(d, WD_R_NOT_FOUND, "there is no such key");
	if (!b->open)
		return wd_reject(d, WD_R_SEALED, "the server is sealed");
	*ret_kind = (enum wd_key_kind)key.kind;
	return wd_remote_open(b, &key, &v, ret, d);
}

int
wd_admin_plan_rotate(struct wd_broker *b, const struct wd_msg_key_csr_ask *m,
    struct wd_admin_plan *ret, struct wd_diag *d)
{
	struct wd_admin_plan p = { .id = m->id };
	struct wd_remote now;
	struct wd_store_key key;
	int r = wd_admin_remote_of(b, &m->id, 0, &now, &p.kind, d);

	if (r != 0)
		return r;
	if (now.leased)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "each release of this key is a new one already");
	if ((r = no_subject(m->subject, d)) != 0)
		return r;
	r = wd_store_key_get(b->store, &m->id, &key);
	if (r != 0)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(b->store));
	p.version = key.version + 1;
	p.stays = now.stays;
	wd_copy(p.label, WD_SPAN(key.label));
	wd_copy(p.backend, WD_SPAN(now.backend));
	wd_copy(p.previous, WD_SPAN(now.locator));
	*ret = p;
	return 0;
}

/* ---- after */

/* The public key it gave is one of that kind; the others have none. */
static int
check_spki(struct wd_admin *a, const struct wd_msg_backend_made *m)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	enum wd_pkey_alg alg = wd_key_row((enum wd_key_kind)m->kind)->pair;
	int r;

	if (alg == WD_PKEY_NONE && m->spki.len == 0)
		return 0;
	r = m->spki.len == 0 ? WD_R_MALFORMED
			     : wd_pkey_from_spki(m->spki, &key);
	if (r < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "no public key");
	if (r == 0 && wd_pkey_alg(key) == alg)
		return 0;
	return wd_reject(a->d, WD_R_BACKEND_ANSWER,
	    "the backend gave a public key that is none of a key of this "
	    "kind");
}

static int
check_made(struct wd_admin *a, const struct wd_msg_backend_made *m)
{
	if (wd_key_row((enum wd_key_kind)m->kind) == NULL)
		return wd_reject(a->d, WD_R_BACKEND_ANSWER,
		    "the backend names no kind of key");
	if (!wd_locator_is_valid(m->locator))
		return wd_reject(a->d, WD_R_BACKEND_ANSWER,
		    "the backend does not say where the key rests");
	return check_spki(a, m);
}

int
wd_admin_remote_brought(struct wd_admin *a, const struct wd_msg_key_create *m)
{
	const struct wd_msg_backend_made *made = a->found->made->msg;
	WD_AUTO(wd_material_done) struct wd_material own = { 0 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *theirs = NULL;
	int r = wd_material_take(
	    (enum wd_key_kind)m->kind, m->material, &own, a->d);

	if (r != 0)
		return r;
	if ((uint8_t)own.kind == made->kind && own.pair == NULL)
		return 0;
	r = own.pair == NULL ? WD_R_MISMATCH
			     : wd_pkey_from_spki(made->spki, &theirs);
	if (r < 0)
		return wd_fault(a->d, WD_F_CRYPTO, "no public key");
	if (r == 0 && wd_pkey_same_public(own.pair, theirs))
		return 0;
	return wd_reject(a->d, WD_R_BACKEND_ANSWER,
	    "the backend keeps another key than the one that was brought");
}

int
wd_admin_remote_version(struct wd_admin *a, bool may_unwrap,
    struct wd_store_key *key, struct wd_store_version *v)
{
	const struct wd_admin_made *made = a->found->made;
	struct wd_remote x = { .kind = made->kind,
		.made = !made->attached,
		.stays = made->msg->stays,
		.leased = made->msg->leased,
		.wrapped_only = made->msg->wrapped_only,
		.broker_may_unwrap = may_unwrap && made->msg->wrapped_only };
	int r = check_made(a, made->msg);

	if (r != 0)
		return r;
	if (!wd_span_to_text(
		made->msg->locator, x.locator, sizeof(x.locator)) ||
	    !wd_span_to_text(
		wd_span_text(made->backend), x.backend, sizeof(x.backend)))
		return wd_fault(a->d, WD_F_BUG, "a name that does not fit");
	wd_copy(key->backend, WD_SPAN(x.backend));
	wd_copy(key->attach, WD_SPAN(x.locator));
	v->key = key->id;
	v->version = key->version;
	v->created = a->now;
	if (made->msg->spki.len > 0 &&
	    (v->spki = wd_bytes_copy(made->msg->spki)) == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	if ((r = wd_admin_begin(a)) != 0)
		return r;
	return wd_remote_seal(
	    a->b, &key->id, key->version, &x, &v->wrapped, a->d);
}
