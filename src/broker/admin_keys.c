/*
 * Keys as operators see them: made, shown, bound to a policy, deleted. No
 * private key leaves by any of these calls.
 */
#include "broker/admin_in.h"

#include "base/alloc.h"
#include "broker/admin_remote.h"
#include "broker/secrets.h"
#include "crypto/rand.h"

/* ---- a key as it is told */

static struct wd_msg_key_record
record_of(const struct wd_store_key *key, const struct wd_store_version *newest)
{
	return (struct wd_msg_key_record){ .id = key->id,
		.kind = key->kind,
		.version = key->version,
		.backend = wd_span_text(key->backend),
		.attach = wd_span_text(key->attach),
		.policy = key->policy,
		.label = wd_span_text(key->label),
		.usage = wd_span_text(key->usage),
		.created = key->created,
		.seal_wrap = newest->hsm,
		.spki = wd_bytes_span(newest->spki) };
}

int
wd_admin_answer_key(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_store_version *newest)
{
	struct wd_msg_key_record m = record_of(key, newest);
	int r = wd_admin_tell_way(a, key, newest, &m);

	m.chain = wd_bytes_span(newest->chain);
	return r != 0 ? r : wd_admin_answer(a, &m);
}

static int
get_version(struct wd_admin *a, const struct wd_store_key *key,
    struct wd_store_version *ret)
{
	return wd_admin_got(a,
	    wd_store_version_get(a->b->store, &key->id, key->version, ret),
	    "version of the key");
}

static int
show(struct wd_admin *a, const struct wd_id *id)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_store_key key;
	int r;

	if ((r = wd_admin_got(
		 a, wd_store_key_get(a->b->store, id, &key), "key")) != 0 ||
	    (r = get_version(a, &key, &v)) != 0)
		return r;
	a->entry.policy = key.policy;
	a->entry.version = key.version;
	return wd_admin_answer_key(a, &key, &v);
}

int
wd_admin_key_show(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_ask *m = msg;

	return show(a, &m->id);
}

/* ---- making one */

const char *
wd_admin_key_create_action(const void *msg)
{
	const struct wd_msg_key_create *m = msg;

	return m->material.len > 0 || m->attach.len > 0 ? "register" : "create";
}

static int
check_backend(struct wd_admin *a, const struct wd_msg_key_create *m)
{
	bool here = m->backend.len == 0 || wd_span_is(m->backend, "embedded");

	if (m->seal_wrap &&
	    (!here || m->attach.len > 0 ||
		(a->found != NULL && a->found->made != NULL)))
		return wd_reject(a->d, WD_R_UNSUPPORTED,
		    "only keys in the store of this server are wrapped by the "
		    "HSM of its seal");
	if (a->found != NULL && a->found->made != NULL)
		return 0; /* there is one, which was asked */
	if (m->broker_may_unwrap)
		return wd_reject(a->d, WD_R_UNSUPPORTED,
		    "what is kept here is not wrapped by others");
	if (here && m->attach.len == 0)
		return 0;
	return wd_reject(a->d, WD_R_BACKEND_NOT_CONFIGURED,
	    "no backend is configured that could hold or attach this key");
}

static int
check_policy(struct wd_admin *a, const struct wd_id *id)
{
	WD_AUTO(wd_store_policy_done) struct wd_store_policy p = { 0 };

	if (wd_id_is_none(id))
		return 0;
	return wd_admin_got(
	    a, wd_store_policy_get(a->b->store, id, &p), "policy");
}

/* The row, before there is anything to keep. */
static int
describe(struct wd_admin *a, const struct wd_msg_key_create *m,
    struct wd_store_key *key)
{
	int r;

	if ((r = check_backend(a, m)) != 0 ||
	    (r = wd_admin_text(
		 a, m->label, key->label, sizeof(key->label), "label")) != 0 ||
	    (r = wd_admin_text(
		 a, m->usage, key->usage, sizeof(key->usage), "usage")) != 0 ||
	    (r = check_policy(a, &m->policy)) != 0)
		return r;
	if (wd_rand_id(&key->id) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "no id");
	wd_copy(key->backend, WD_SPAN("embedded"));
	key->version = 1;
	key->policy = m->policy;
	key->created = a->now;
	return 0;
}

static int
get_material(struct wd_admin *a, const struct wd_msg_key_create *m,
    struct wd_material *ret)
{
	enum wd_key_kind kind = (enum wd_key_kind)m->kind;

	return m->material.len == 0
	    ? wd_material_make(kind, ret, a->d)
	    : wd_material_take(kind, m->material, ret, a->d);
}

/* A door may know less than the kind: "some RSA key". */
static int
check_kind(struct wd_admin *a, uint16_t kinds, enum wd_key_kind kind)
{
	if (kinds == 0 || (kinds & 1u << kind) != 0)
		return 0;
	return wd_reject(a->d, WD_R_MISMATCH,
	    "the private key is of kind %s, which was not asked for",
	    wd_key_row(kind)->name);
}

/* SUBJECT: of a certificate that the key signs itself; empty: none. */
static int
add_public(struct wd_admin *a, struct wd_span subject,
    const struct wd_material *made, struct wd_store_version *v)
{
	if (made->pair == NULL && subject.len > 0)
		return wd_reject(a->d, WD_R_UNSUPPORTED,
		    "a key of this kind has no public part to certify");
	if (made->pair == NULL)
		return 0;
	if (wd_pkey_to_spki(made->pair, &v->spki) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "no public key");
	if (subject.len == 0)
		return 0;
	return wd_admin_self_sign(a, subject, made->pair, &v->chain);
}

/* Fills V and begins the transaction, in which the store looks once more at
 * what may have changed since: the policy, the newest version. */
static int
seal_version(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_material *made, struct wd_store_version *v)
{
	struct wd_secret_key place = { &key->id, key->version, made->stays };
	const struct wd_sealwrap *w = NULL;
	int r;

	v->key = key->id;
	v->version = key->version;
	v->created = a->now;
	v->hsm = made->seal_wrap;
	if ((r = wd_admin_wrap(a, made->seal_wrap, &w)) != 0 ||
	    (r = wd_admin_begin(a)) != 0)
		return r;
	return wd_secret_seal_key(
	    a->b, &place, w, wd_secret_borrow(made->plain), &v->wrapped, a->d);
}

static int
keep(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_material *made, struct wd_store_version *v)
{
	int r = seal_version(a, key, made, v);

	if (r != 0)
		return r;
	return wd_admin_got(a, wd_store_key_add(a->b->store, key, v), "policy");
}

static int
check_unwrap(struct wd_admin *a, const struct wd_msg_key_create *m)
{
	int r = wd_admin_may_unwrap(a->b, m, a->now, a->d);

	if (r != 0 || !m->broker_may_unwrap ||
	    a->found->made->msg->wrapped_only)
		return r;
	return wd_reject(a->d, WD_R_UNSUPPORTED,
	    "this key does not leave wrapped, so there is nothing to unwrap");
}

/* As a backend made it, or had it already. */
static int
create_remote(struct wd_admin *a, const struct wd_msg_key_create *m)
{
	const struct wd_admin_made *made = a->found->made;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_store_key key = { 0 };
	int r;

	if ((r = describe(a, m, &key)) != 0 || (r = check_unwrap(a, m)) != 0 ||
	    (!made->attached && m->material.len > 0 &&
		(r = wd_admin_remote_brought(a, m)) != 0))
		return r;
	if (made->attached && (r = wd_admin_check_attached(a, m)) != 0)
		return r;
	key.id = made->id;
	key.kind = made->msg->kind;
	r = wd_admin_remote_version(a, m->broker_may_unwrap, &key, &v);
	if (r != 0)
		return r;
	/* Shown by the name that its owner knows, where that fits. */
	if (made->attached && m->attach.len < sizeof(key.attach))
		(void)wd_span_to_text(
		    m->attach, key.attach, sizeof(key.attach));
	if (m->kind != WD_KEY_NONE && m->kind != key.kind)
		return wd_reject(a->d, WD_R_MISMATCH,
		    "the key in the backend is of kind %s",
		    wd_key_row((enum wd_key_kind)key.kind)->name);
	if ((r = check_kind(a, m->kinds, (enum wd_key_kind)key.kind)) != 0)
		return r;
	a->entry.key = key.id;
	a->entry.version = key.version;
	wd_admin_say(a, "%s, %s in %s%s, label '%s'",
	    wd_key_row((enum wd_key_kind)key.kind)->name,
	    made->attached             ? "attached"
		: m->material.len == 0 ? "generated"
				       : "brought",
	    key.backend,
	    m->broker_may_unwrap ? ", the broker may unwrap it" : "",
	    key.label);
	r = wd_admin_got(a, wd_store_key_add(a->b->store, &key, &v), "policy");
	return r != 0 ? r : wd_admin_answer_key(a, &key, &v);
}

int
wd_admin_key_create(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_create *m = msg;
	WD_AUTO(wd_material_done) struct wd_material made = { 0 };
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_store_key key = { 0 };
	int r;

	if (a->found != NULL && a->found->made != NULL)
		return create_remote(a, m);
	if ((r = describe(a, m, &key)) != 0 ||
	    (r = get_material(a, m, &made)) != 0 ||
	    (r = check_kind(a, m->kinds, made.kind)) != 0 ||
	    (r = add_public(a, m->subject, &made, &v)) != 0)
		return r;
	if (m->stays && made.kind == WD_KEY_OPAQUE)
		return wd_reject(a->d, WD_R_UNSUPPORTED,
		    "an opaque secret is good for nothing but to be released");
	made.stays = m->stays;
	made.seal_wrap = m->seal_wrap;
	key.kind = (uint8_t)made.kind;
	a->entry.key = key.id;
	a->entry.version = key.version;
	wd_admin_say(a, "%s, %s%s%s, label '%s'", wd_key_row(made.kind)->name,
	    m->material.len == 0 ? "generated" : "brought",
	    m->stays ? " to stay" : "",
	    m->seal_wrap ? ", wrapped by the HSM" : "", key.label);
	if ((r = keep(a, &key, &made, &v)) != 0)
		return r;
	return wd_admin_answer_key(a, &key, &v);
}

/* ---- a new version */

static int
add_next(struct wd_admin *a, struct wd_store_version *v)
{
	int r = wd_store_key_rotate(a->b->store, v);

	if (r == WD_R_CONFLICT)
		return wd_reject(a->d, WD_R_CONFLICT,
		    "the key has got another version meanwhile");
	return wd_admin_got(a, r, "key");
}

static int
keep_next(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_material *made, struct wd_store_version *v)
{
	int r = seal_version(a, key, made, v);

	return r != 0 ? r : add_next(a, v);
}

/* KEY as it will be. */
static int
rotate_remote(struct wd_admin *a, struct wd_store_key *key)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	enum wd_key_kind kind;
	struct wd_remote last;
	int r = wd_admin_remote_of(
	    a->b, &key->id, key->version - 1, &last, &kind, a->d);

	if (r != 0 ||
	    (r = wd_admin_remote_version(a, last.broker_may_unwrap, key, &v)) !=
		0)
		return r;
	if (a->found->made->msg->kind != key->kind)
		return wd_reject(a->d, WD_R_BACKEND_ANSWER,
		    "the backend made a key of another kind");
	a->entry.policy = key->policy;
	a->entry.version = key->version;
	wd_admin_say(a, "%s, generated in %s",
	    wd_key_row((enum wd_key_kind)key->kind)->name, key->backend);
	if ((r = add_next(a, &v)) != 0)
		return r;
	return wd_admin_answer_key(a, key, &v);
}

/* What has not left yet shall not by another version, nor be kept with less. */
static int
kept_like(
    struct wd_admin *a, const struct wd_id *id, bool *ret_stays, bool *ret_hsm)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	int r = wd_admin_got(
	    a, wd_store_version_get(a->b->store, id, 0, &v), "key");

	*ret_hsm = v.hsm;
	return r != 0 ? r : wd_secret_key_stays(a->b, &v, ret_stays, a->d);
}

int
wd_admin_key_rotate(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_csr_ask *m = msg;
	WD_AUTO(wd_material_done) struct wd_material made = { 0 };
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_store_key key;
	bool stays = false, hsm = false;
	int r;

	r = wd_admin_got(a, wd_store_key_get(a->b->store, &m->id, &key), "key");
	if (r != 0)
		return r;
	key.version++;
	if (a->found != NULL && a->found->made != NULL)
		return rotate_remote(a, &key);
	if (wd_remote_is(&key))
		return wd_reject(a->d, WD_R_BACKEND_NOT_CONFIGURED,
		    "there is no backend %s", key.backend);
	if ((r = kept_like(a, &key.id, &stays, &hsm)) != 0 ||
	    (r = wd_material_make((enum wd_key_kind)key.kind, &made, a->d)) !=
		0 ||
	    (r = add_public(a, m->subject, &made, &v)) != 0)
		return r;
	made.stays = stays;
	made.seal_wrap = hsm;
	a->entry.policy = key.policy;
	a->entry.version = key.version;
	wd_admin_say(a, "%s, generated", wd_key_row(made.kind)->name);
	if ((r = keep_next(a, &key, &made, &v)) != 0)
		return r;
	return wd_admin_answer_key(a, &key, &v);
}

/* ---- list */

/* Bits of the kinds asked for; 0 when KIND and FAMILY exclude each other. */
static int
kinds_of(struct wd_admin *a, uint8_t kind, uint8_t family, uint16_t *ret)
{
	size_t n;
	const struct wd_key_row *rows = wd_key_rows(&n);
	bool known_kind = kind == 0, known_family = family == 0;

	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_kind = kind == 0 || rows[i].kind == kind;
		bool is_family = family == 0 || rows[i].family == family;

		known_kind |= is_kind;
		known_family |= is_family;
		if (is_kind && is_family)
			*ret |= (uint16_t)(1u << rows[i].kind);
	}
	if (known_kind && known_family)
		return 0;
	return wd_reject(a->d, WD_R_RANGE, "there is no such kind of key");
}

/* One that is missing or somebody else's hides no key, so that the key can be
 * removed; RET stays empty. */
static int
version_to_list(struct wd_admin *a, const struct wd_store_key *key,
    struct wd_store_version *ret)
{
	int r = wd_store_version_get(a->b->store, &key->id, key->version, ret);

	if (r == WD_R_NOT_FOUND || (r < 0 && wd_store_foreign(a->b->store)))
		return 0;
	return wd_admin_got(a, r, "version of the key");
}

static int
add_rows(struct wd_admin *a, const struct wd_store_key *rows, size_t n,
    struct wd_wr *wr)
{
	for (size_t i = 0; i < n; i++) {
		WD_AUTO(wd_store_version_done)
		struct wd_store_version v = { 0 };
		struct wd_msg_key_record m;
		int r;

		if ((r = version_to_list(a, &rows[i], &v)) != 0)
			return r;
		m = record_of(&rows[i], &v);
		wd_list_add(wr, &wd_msg_key_record_type, &m);
	}
	return wd_wr_end(wr) == 0
	    ? 0
	    : wd_fault(a->d, WD_F_MEMORY, "the list does not fit");
}

int
wd_admin_key_list(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_list_ask *m = msg;
	WD_AUTO(wd_freep) struct wd_store_key *rows = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_LIST_MAX);
	struct wd_key_filter filter = { .policy = m->policy,
		.after = m->after,
		.limit = m->limit + (size_t)1 };
	struct wd_msg_key_list answer = { 0 };
	size_t n = 0;
	int r;

	if ((r = wd_admin_limit(a, m->limit)) != 0 ||
	    (r = kinds_of(a, m->kind, m->family, &filter.kinds)) != 0)
		return r;
	rows = wd_alloc_array(filter.limit, sizeof(*rows));
	if (rows == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	if (filter.kinds != 0)
		r = wd_store_key_list(
		    a->b->store, &filter, rows, filter.limit, &n);
	if ((r = wd_admin_got(a, r, "key")) != 0)
		return r;
	answer.more = n > m->limit;
	n = answer.more ? m->limit : n;
	if ((r = add_rows(a, rows, n, &wr)) != 0)
		return r;
	answer.keys = wd_wr_span(&wr);
	return wd_admin_answer(a, &answer);
}

/* ---- changes */

/* With such a key its leases end too: in its backend, and with agents. One of a
 * backend that cannot be read may be such a key. */
static bool
gives_leases(struct wd_admin *a, const struct wd_id *id)
{
	struct wd_diag why = { 0 };
	enum wd_key_kind kind;
	struct wd_remote x;
	int r = wd_admin_remote_of(a->b, id, 0, &x, &kind, &why);

	return r == 0 ? x.leased : r != WD_R_NOT_FOUND;
}

int
wd_admin_key_delete(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_ask *m = msg;
	bool leases = gives_leases(a, &m->id);
	int r;

	r = wd_admin_got(a, wd_store_key_delete(a->b->store, &m->id), "key");
	if (r == 0 && leases)
		r = wd_admin_got(a,
		    wd_store_revoke(a->b->store, "key", m->id.s, a->now),
		    "revocation");
	return r != 0 ? r : wd_admin_answer(a, NULL);
}

int
wd_admin_key_policy(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_policy *m = msg;
	int r;

	if ((r = check_policy(a, &m->policy)) != 0)
		return r;
	r = wd_store_key_set_policy(a->b->store, &m->id, &m->policy);
	if ((r = wd_admin_got(a, r, "key")) != 0)
		return r;
	return show(a, &m->id);
}
