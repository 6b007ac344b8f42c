/*
 * Leases as operators see them, and what takes them back. A revocation is one
 * row that every later use is compared with, so its text is stored in exactly
 * the form that comparison has.
 */
#include "broker/admin_in.h"

#include "base/alloc.h"
#include "broker/path.h"
#include "codec/hex.h"

#include <stddef.h>
#include <stdio.h>

/* ---- list: leases that have not ended, and those that a backend has still to
 * take back, merged by their ids */

static void
say_upstream(const struct wd_store_upstream *x, char *dst, size_t size)
{
	if (!x->ending)
		(void)snprintf(dst, size, "live");
	else if (x->failures == 0)
		(void)snprintf(dst, size, "to be revoked");
	else
		(void)snprintf(dst, size, "to be revoked, failed %u time%s",
		    (unsigned)x->failures,
		    x->failures == 1 ? "" : "s"); /* all of them fit */
}

static void
add_row(struct wd_wr *wr, const struct wd_store_lease *l,
    const struct wd_store_upstream *x)
{
	char said[40] = "";
	struct wd_msg_lease_record m = { .id = l->id,
		.session = l->session,
		.what = wd_span_text(l->what),
		.made = l->made,
		.expires = l->expires };

	if (x != NULL) {
		say_upstream(x, said, sizeof(said));
		m.backend = wd_span_text(x->backend);
		m.upstream = wd_span_text(said);
	}
	wd_list_add(wr, &wd_msg_lease_record_type, &m);
}

/* One that has not ended, with what a backend has leased for it. */
static int
add_lease(struct wd_admin *a, const struct wd_store_lease *l, struct wd_wr *wr)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream x = { 0 };
	int r = wd_store_upstream_by_lease(a->b->store, &l->id, &x);

	if (r < 0)
		return wd_admin_got(a, r, "lease");
	add_row(wr, l, r == 0 ? &x : NULL);
	return 0;
}

static void
add_ended(const struct wd_store_upstream *x, struct wd_wr *wr)
{
	struct wd_store_lease l = { .id = x->lease,
		.session = x->session,
		.made = x->made,
		.expires = x->expires };

	wd_copy(l.what, WD_SPAN(x->what));
	add_row(wr, &l, x);
}

struct both {
	struct wd_store_lease *leases;
	struct wd_store_upstream *ended;
	size_t n_leases, n_ended;
};

static void
both_done(struct both *x)
{
	for (size_t i = 0; i < x->n_ended; i++)
		wd_store_upstream_done(&x->ended[i]);
	wd_freep(&x->leases);
	wd_freep(&x->ended);
}

static int
read_both(struct wd_admin *a, const struct wd_msg_lease_list_ask *m, size_t n,
    struct both *x)
{
	int r;

	x->leases = wd_alloc_array(n, sizeof(*x->leases));
	x->ended = wd_alloc_array(n, sizeof(*x->ended));
	if (x->leases == NULL || x->ended == NULL)
		return wd_fault(a->d, WD_F_MEMORY, "no memory");
	r = wd_store_lease_list(
	    a->b->store, &m->after, a->now, x->leases, n, &x->n_leases);
	if (r == 0)
		r = wd_store_upstream_list(
		    a->b->store, &m->after, a->now, x->ended, n, &x->n_ended);
	return wd_admin_got(a, r, "lease");
}

/* Up to LIMIT of both. */
static int
merge(struct wd_admin *a, const struct both *x, size_t limit, struct wd_wr *wr)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && i + j < limit && (i < x->n_leases || j < x->n_ended)) {
		if (j == x->n_ended ||
		    (i < x->n_leases &&
			wd_span_compare(wd_id_span(&x->leases[i].id),
			    wd_id_span(&x->ended[j].lease)) < 0))
			r = add_lease(a, &x->leases[i++], wr);
		else
			add_ended(&x->ended[j++], wr);
	}
	if (r == 0 && wd_wr_end(wr) != 0)
		r = wd_fault(a->d, WD_F_MEMORY, "the list does not fit");
	return r;
}

int
wd_admin_lease_list(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_lease_list_ask *m = msg;
	WD_AUTO(both_done) struct both x = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_LIST_MAX);
	struct wd_msg_lease_list answer = { 0 };
	int r;

	if ((r = wd_admin_limit(a, m->limit)) != 0 ||
	    (r = read_both(a, m, m->limit + (size_t)1, &x)) != 0 ||
	    (r = merge(a, &x, m->limit, &wr)) != 0)
		return r;
	answer.more = x.n_leases + x.n_ended > m->limit;
	answer.leases = wd_wr_span(&wr);
	return wd_admin_answer(a, &answer);
}

/* ---- revoking */

/* Readers of a kind's text: the stored form into DST, of WD_PATH_MAX + 1
 * bytes; LENGTHS as in the row. False when the text has another form. */

static bool
read_id(struct wd_span text, const size_t *lengths, char *dst)
{
	struct wd_id id;

	(void)lengths;
	return wd_id_parse(text, &id) &&
	    wd_span_to_text(wd_id_span(&id), dst, WD_PATH_MAX + 1);
}

/* Bytes of one of the lengths that the claim can have: another would stand
 * there and never be met. */
static bool
read_hex(struct wd_span text, const size_t *lengths, char *dst)
{
	uint8_t bytes[64];

	for (size_t i = 0; lengths[i] != 0; i++) {
		if (wd_hex_decode_exact(text, bytes, lengths[i]) != 0)
			continue;
		wd_hex_format(wd_span(bytes, lengths[i]), dst);
		return true;
	}
	return false;
}

static bool
read_prefix(struct wd_span text, const size_t *lengths, char *dst)
{
	(void)lengths;
	return wd_path_is_prefix(text) &&
	    wd_span_to_text(text, dst, WD_PATH_MAX + 1);
}

struct kind {
	const char *name;
	size_t logged; /* member of struct wd_entry, an id; 0: none */
	bool (*read)(struct wd_span text, const size_t *lengths, char *dst);
	size_t lengths[8]; /* of bytes as hex; ended by 0 */
	const char *form;
};

static const struct kind kinds[] = {
	{ "lease", offsetof(struct wd_entry, lease), read_id, { 0 },
	    "the id of a lease" },
	{ "session", offsetof(struct wd_entry, session), read_id, { 0 },
	    "the id of a session" },
	{ "key", offsetof(struct wd_entry, key), read_id, { 0 },
	    "the id of a key" },
	{ "policy_version", 0, read_hex, { 32 }, "64 hex digits" },
	{ "prefix", 0, read_prefix, { 0 }, "one to three segments of a path" },
	/* PPID and platform instance; digests of attestation keys; instance
	 * ids of PSA and CCA; CHIP_ID */
	{ "platform", 0, read_hex, { 16, 32, 33, 64 },
	    "32, 64, 66 or 128 hex digits" },
	/* MRENCLAVE; MRTD and the like; RIM by hash */
	{ "measurement", 0, read_hex, { 32, 48, 64 },
	    "64, 96 or 128 hex digits" },
};

static const struct kind *
kind_named(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(kinds); i++)
		if (wd_span_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

int
wd_admin_revoke(struct wd_admin *a, const void *msg)
{
	const struct wd_msg_revoke *m = msg;
	const struct kind *k = kind_named(m->kind);
	char what[WD_PATH_MAX + 1];
	int r;

	if (k == NULL)
		return wd_reject(a->d, WD_R_RANGE,
		    "kinds are lease, session, key, policy_version, prefix, "
		    "platform and measurement");
	if (!k->read(m->what, k->lengths, what))
		return wd_reject(a->d, WD_R_MALFORMED,
		    "a revocation of kind %s names %s", k->name, k->form);
	wd_admin_say(a, "%s %s", k->name, what);
	if (k->logged != 0)
		wd_copy(
		    (uint8_t *)&a->entry + k->logged, wd_span(what, WD_ID_LEN));
	r = wd_admin_got(a, wd_store_revoke(a->b->store, k->name, what, a->now),
	    "revocation");
	return r != 0 ? r : wd_admin_answer(a, NULL);
}
