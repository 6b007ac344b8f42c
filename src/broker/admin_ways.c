/*
 * How a key may leave: what is told of it, and the one thing about it that can
 * be changed later. It is read from what is sealed, since whoever can write the
 * database must not decide it.
 */
#include "broker/admin_in.h"

#include "broker/count.h"
#include "broker/remote.h"
#include "broker/secrets.h"

/* ---- told */

static enum wd_leaves
way_of(const struct wd_remote *x)
{
	if (x->stays)
		return WD_LEAVES_NEVER;
	if (x->wrapped_only)
		return WD_LEAVES_WRAPPED;
	return x->leased ? WD_LEAVES_LEASED : WD_LEAVES_PLAIN;
}

static int
way_of_own(struct wd_admin *a, const struct wd_store_version *v, uint8_t *ret)
{
	bool stays = false;
	int r = wd_secret_key_stays(a->b, v, &stays, NULL);

	if (r == 0)
		*ret = stays ? WD_LEAVES_NEVER : WD_LEAVES_PLAIN;
	return r;
}

/* What does not open is shown all the same; whoever asks for the key is told
 * what is wrong with it. */
int
wd_admin_tell_way(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_store_version *newest, struct wd_msg_key_record *m)
{
	struct wd_remote x = { 0 };
	int r;

	m->version_created = newest->created;
	if (!a->b->open)
		return 0;
	if (!wd_remote_is(key)) {
		r = way_of_own(a, newest, &m->leaves);
		return r < 0 ? wd_fault(a->d, r, "the key is not seen") : 0;
	}
	r = wd_remote_open(a->b, key, newest, &x, NULL);
	if (r < 0)
		return wd_fault(a->d, r, "the reference is not seen");
	if (r > 0)
		return 0;
	m->leaves = (uint8_t)way_of(&x);
	m->broker_may_unwrap = x.broker_may_unwrap;
	return 0;
}

/* ---- changed */

static int
nothing_to_unwrap(struct wd_admin *a)
{
	return wd_reject(a->d, WD_R_UNSUPPORTED,
	    "this key does not leave wrapped, so there is nothing to unwrap");
}

/* Sealed anew where X says something else than it is to say. */
static int
set_version(struct wd_admin *a, const struct wd_store_key *key,
    const struct wd_store_version *v, bool allow)
{
	struct wd_store_wrapped row = { .version = v->version,
		.bytes = v->wrapped };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *fresh = NULL;
	struct wd_remote x;
	int r = wd_remote_open(a->b, key, v, &x, a->d);

	if (r != 0)
		return r;
	if (!x.wrapped_only)
		return v->version == key->version ? nothing_to_unwrap(a) : 0;
	if (x.broker_may_unwrap == allow)
		return 0;
	x.broker_may_unwrap = allow;
	r = wd_remote_seal(a->b, &key->id, v->version, &x, &fresh, a->d);
	if (r != 0)
		return r;
	wd_copy(row.row, WD_SPAN(key->id.s));
	return wd_admin_got(a,
	    wd_store_wrapped_replace(
		a->b->store, WD_WRAPPED_VERSIONS, &row, wd_bytes_span(fresh)),
	    "version of the key");
}

static int
set_versions(struct wd_admin *a, const struct wd_store_key *key, bool allow)
{
	int r = 0;

	for (uint32_t n = key->version; r == 0 && n > 0; n--) {
		WD_AUTO(wd_store_version_done)
		struct wd_store_version v = { 0 };

		r = wd_admin_got(a,
		    wd_store_version_get(a->b->store, &key->id, n, &v),
		    "version of the key");
		if (r == 0)
			r = set_version(a, key, &v, allow);
	}
	return r;
}

int
wd_admin_key_unwrap(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_key_unwrap *m = msg;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_store_key key;
	int r;

	wd_admin_say(
	    a, "the broker may %s", m->allow ? "unwrap it" : "not unwrap it");
	r = wd_admin_got(a, wd_store_key_get(a->b->store, &m->id, &key), "key");
	if (r != 0)
		return r;
	a->entry.policy = key.policy;
	a->entry.version = key.version;
	if (!wd_remote_is(&key))
		return nothing_to_unwrap(a);
	if ((r = wd_count_reserve(a->b, key.version, a->now, a->d)) != 0 ||
	    (r = wd_admin_begin(a)) != 0 ||
	    (r = set_versions(a, &key, m->allow)) != 0 ||
	    (r = wd_admin_got(a,
		 wd_store_version_get(a->b->store, &key.id, key.version, &v),
		 "version of the key")) != 0)
		return r;
	return wd_admin_answer_key(a, &key, &v);
}
