/*
 * Policies: added, shown, deleted. What is stored here was adopted,
 * which is the same check that every evaluation relies on.
 */
#include "broker/admin_in.h"

#include "base/alloc.h"
#include "crypto/rand.h"
#include "policy/text.h"

/* A page ends with this many bytes: the longest row still fits behind them. */
enum { LIST_FULL = WD_LIST_MAX - WD_POLICY_FLAT_MAX - WD_PREFIXES_MAX - 1024 };

/* ---- a policy as it is told */

static struct wd_msg_policy_record
record_of(const struct wd_store_policy *p, const struct wd_wr *prefixes)
{
	struct wd_msg_policy_record m = { .id = p->id,
		.created = p->created,
		.updated = p->updated,
		.flat = wd_bytes_span(p->flat),
		.prefixes = wd_wr_span(prefixes) };

	wd_copy(m.version.b, WD_SPAN(p->version));
	return m;
}

static void
log_policy(struct wd_admin *a, const struct wd_store_policy *p)
{
	wd_copy(a->policy_version, WD_SPAN(p->version));
	a->entry.policy = p->id;
	a->entry.policy_version = a->policy_version;
}

static int
answer(struct wd_admin *a, const struct wd_store_policy *p)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr prefixes = wd_wr_growing(WD_PREFIXES_MAX);
	struct wd_msg_policy_record m;
	int r;

	log_policy(a, p);
	if ((r = wd_admin_prefixes(a, &p->id, &prefixes)) != 0)
		return r;
	m = record_of(p, &prefixes);
	return wd_admin_answer(a, &m);
}

int
wd_admin_policy_show(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_policy_ask *m = msg;
	WD_AUTO(wd_store_policy_done) struct wd_store_policy p = { 0 };
	int r;

	r = wd_admin_got(
	    a, wd_store_policy_get(a->b->store, &m->id, &p), "policy");
	return r != 0 ? r : answer(a, &p);
}

/* ---- adding */

const char *
wd_admin_policy_add_action(const void *msg)
{
	const struct wd_msg_policy_add *m = msg;

	return wd_id_is_none(&m->id) ? "create" : "update";
}

/* A new row, or the one that is there with its dates; later than any before, so
 * that those can be told from it. */
static int
begin_row(struct wd_admin *a, const struct wd_id *id, struct wd_store_policy *p)
{
	int r;

	if (!wd_id_is_none(id)) {
		r = wd_store_policy_get(a->b->store, id, p);
		if (r != 0 && !wd_store_foreign(a->b->store))
			return wd_admin_got(a, r, "policy");
		/* What comes in the place of somebody else's is ours again. */
		if (r != 0)
			*p = (struct wd_store_policy){ .id = *id,
				.created = a->now };
	} else {
		if (wd_rand_id(&p->id) != 0)
			return wd_fault(a->d, WD_F_CRYPTO, "no id");
		p->created = a->now;
	}
	p->updated = a->now > p->updated ? a->now : p->updated + 1;
	p->flat = wd_bytes_free(p->flat);
	return 0;
}

static int
fill_row(struct wd_admin *a, const struct wd_policy *policy,
    struct wd_store_policy *p)
{
	if (wd_policy_version(policy, p->version) != 0)
		return wd_fault(a->d, WD_F_CRYPTO, "no version");
	p->flat = wd_bytes_copy(wd_policy_flat(policy));
	return p->flat == NULL ? wd_fault(a->d, WD_F_MEMORY, "no memory") : 0;
}

/* A set that is not there would deny for ever; more likely its name is wrong.
 */
static int
note_set(struct wd_admin *a, const struct wd_id *id, struct wd_span set)
{
	char name[WD_SET_NAME_MAX + 1];
	int r;

	if (!wd_span_to_text(set, name, sizeof(name)))
		return wd_fault(a->d, WD_F_BUG, "a set without a name");
	r = wd_store_policy_names(a->b->store, id, name);
	if (r == WD_R_NOT_FOUND)
		return wd_reject(a->d, WD_R_NOT_FOUND,
		    "there are no reference values called %s", name);
	return wd_admin_got(a, r, "policy");
}

/* Stores the row, and which sets the policy names. The rows that were it until
 * now have good MACs, and must not be put back: see wd_broker_policy(). */
static int
store(struct wd_admin *a, const struct wd_policy *policy,
    const struct wd_store_policy *p, bool replaced)
{
	int r = wd_store_policy_put(a->b->store, p);

	if (r == 0 && replaced)
		r = wd_store_revoke(
		    a->b->store, "policy_row", p->id.s, p->updated - 1);
	if (r == 0)
		r = wd_store_policy_names_none(a->b->store, &p->id);
	r = wd_admin_got(a, r, "policy");
	for (size_t i = 0; r == 0 && i < policy->n_sets; i++)
		r = note_set(a, &p->id, policy->sets[i].name);
	return r;
}

static int
bind_new(struct wd_admin *a, struct wd_span prefix, const struct wd_id *id)
{
	int r;

	if (prefix.len == 0)
		return 0;
	r = wd_admin_read_prefix(a, prefix);
	return r != 0 ? r : wd_admin_bind(a, a->path, id);
}

int
wd_admin_policy_add(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_policy_add *m = msg;
	WD_AUTO(wd_store_policy_done) struct wd_store_policy p = { 0 };
	WD_AUTO(wd_policy_freep) struct wd_policy *policy = NULL;
	int r;

	if ((r = begin_row(a, &m->id, &p)) != 0 ||
	    (r = wd_policy_adopt(m->flat, a->d, &policy)) != 0 ||
	    (r = fill_row(a, policy, &p)) != 0)
		return r;
	log_policy(a, &p);
	wd_admin_say(a, "%s", wd_id_is_none(&m->id) ? "new" : "new version");
	if ((r = store(a, policy, &p, !wd_id_is_none(&m->id))) != 0 ||
	    (r = bind_new(a, m->prefix, &p.id)) != 0)
		return r;
	return answer(a, &p);
}

/* ---- the rest */

int
wd_admin_policy_delete(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_policy_ask *m = msg;
	int r;

	r = wd_store_policy_delete(a->b->store, &m->id);
	if (r == WD_R_IN_USE)
		return wd_reject(a->d, WD_R_IN_USE,
		    "a key or a prefix is still bound to this policy");
	if ((r = wd_admin_got(a, r, "policy")) != 0)
		return r;
	return wd_admin_answer(a, NULL);
}

static int
add_row(struct wd_admin *a, const struct wd_id *id, struct wd_wr *wr)
{
	WD_AUTO(wd_store_policy_done) struct wd_store_policy p = { 0 };
	WD_AUTO(wd_wr_done)
	struct wd_wr prefixes = wd_wr_growing(WD_PREFIXES_MAX);
	struct wd_msg_policy_record m;
	int r;

	if ((r = wd_admin_got(
		 a, wd_store_policy_get(a->b->store, id, &p), "policy")) != 0 ||
	    (r = wd_admin_prefixes(a, id, &prefixes)) != 0)
		return r;
	m = record_of(&p, &prefixes);
	wd_list_add(wr, &wd_msg_policy_record_type, &m);
	return wd_wr_end(wr) == 0
	    ? 0
	    : wd_fault(a->d, WD_F_MEMORY, "the list does not fit");
}

/* A page is full with LIMIT rows, or when its bytes might not hold another. */
int
wd_admin_policy_list(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_policy_list_ask *m = msg;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_LIST_MAX);
	struct wd_id ids[WD_PAGE_MAX + 1];
	struct wd_msg_policy_list out = { 0 };
	size_t n = 0, i;
	int r;

	if ((r = wd_admin_limit(a, m->limit)) != 0)
		return r;
	r = wd_store_policy_list(
	    a->b->store, &m->after, ids, m->limit + (size_t)1, &n);
	if ((r = wd_admin_got(a, r, "policy")) != 0)
		return r;
	for (i = 0; i < n && i < m->limit && wr.len < LIST_FULL; i++)
		if ((r = add_row(a, &ids[i], &wr)) != 0)
			return r;
	out.more = i < n;
	out.policies = wd_wr_span(&wr);
	return wd_admin_answer(a, &out);
}
