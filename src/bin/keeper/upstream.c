/*
 * Leases of backends that end: those whose own lease has ended or was revoked
 * are given back, a few at a time, until the backend says that they are gone,
 * or they are over by themselves. What is to be given back stands in the store,
 * so that neither a backend that is away nor an end of this process loses any.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "broker/upstream.h"
#include "sys/log.h"

#include <stdio.h>

enum {
	FIRST_WAIT = 5, /* seconds; doubled each time */
	MOST_WAIT = 600,
	MOST_DOUBLED = 7,
	/* Seconds after the end of a backend's lease at which it is not tried
	 * any longer: clocks differ, and a lease may have been renewed. */
	OVER = 3600,
	ROWS = 500, /* that begin to end, a tick */
	SOON_MS = 20,
	AGAIN_MS = 100, /* while an admin call has its turn */
};

static void
not_stored(struct keeper *k)
{
	wd_log(WD_LOG_ERROR, "leases_not_looked_after", "why",
	    wd_store_why(k->broker->store), NULL);
}

/* ---- slots */

static size_t
in_hand(const struct keeper *k, const struct keeper_backend *b)
{
	size_t n = 0;

	for (size_t i = 0; i < KEEPER_ENDINGS; i++)
		n += k->endings[i].backend == b;
	return n;
}

static bool
is_in_hand(const struct keeper *k, const struct wd_id *row)
{
	for (size_t i = 0; i < KEEPER_ENDINGS; i++)
		if (k->endings[i].backend != NULL &&
		    wd_span_equal(
			wd_id_span(&k->endings[i].row.id), wd_id_span(row)))
			return true;
	return false;
}

static struct keeper_ending *
free_slot(struct keeper *k)
{
	for (size_t i = 0; i < KEEPER_ENDINGS; i++)
		if (k->endings[i].backend == NULL)
			return &k->endings[i];
	return NULL;
}

/* ---- the log */

/* False: the log cannot take it. */
static bool
record(struct keeper *k, const struct wd_store_upstream *row, int result,
    struct wd_span why, uint64_t *ret_seq)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	char detail[320];
	struct wd_entry e = { .event = WD_EV_UPSTREAM_REVOKED,
		.time = wd_time_now(),
		.session = row->session,
		.lease = row->lease,
		.key = row->key,
		.path = row->what,
		.result = result,
		.detail = detail };
	int n = why.len > 240 ? 240 : (int)why.len;

	(void)snprintf(detail, sizeof(detail), "%s%s%.*s", row->backend,
	    n > 0 ? ": " : "", n, n > 0 ? (const char *)why.p : ""); /* fits */
	return wd_outcome_log(&out, &e) == 0 && keeper_record(k, &out, ret_seq);
}

/* ---- answers */

static int64_t
wait_after(uint32_t failures)
{
	int64_t wait = FIRST_WAIT
	    << (failures < MOST_DOUBLED ? failures : MOST_DOUBLED);

	return wait < MOST_WAIT ? wait : MOST_WAIT;
}

/* The first failure is logged, and its end; not each one in between. */
static void
failed(struct keeper *k, const struct wd_store_upstream *row, int result,
    struct wd_span why)
{
	uint64_t seq;

	if (wd_store_upstream_failed(k->broker->store, &row->id,
		wd_time_now() + wait_after(row->failures)) != 0)
		not_stored(k);
	if (row->failures == 0 && !record(k, row, result, why, &seq))
		wd_log(WD_LOG_WARNING, "lease_not_given_back", "backend",
		    row->backend, "lease", row->lease.s, NULL);
}

static void
slot_free(struct keeper_ending *e)
{
	*e = (struct keeper_ending){ 0 };
}

void
keeper_upstream_answer(
    struct keeper *k, struct op *op, int result, struct wd_span why)
{
	struct keeper_ending *e = NULL;

	for (size_t i = 0; i < KEEPER_ENDINGS; i++)
		if (k->endings[i].op == op)
			e = &k->endings[i];
	keeper_op_free(k, op);
	if (e == NULL)
		return;
	e->op = NULL;
	k->next_tick = 0; /* there may be more */
	if (result != 0 && result != WD_R_NOT_FOUND) {
		failed(k, &e->row, result, why);
		slot_free(e);
		return;
	}
	/* Its row goes when the log knows; until then it would be tried again,
	 * which does no harm. */
	if (!record(k, &e->row, 0, wd_span(NULL, 0), &e->seq))
		slot_free(e);
}

void
keeper_upstream_durable(struct keeper *k, uint64_t seq)
{
	for (size_t i = 0; i < KEEPER_ENDINGS; i++) {
		struct keeper_ending *e = &k->endings[i];

		if (e->backend == NULL || e->op != NULL || e->seq > seq)
			continue;
		if (wd_store_upstream_delete(k->broker->store, &e->row.id) != 0)
			not_stored(k);
		slot_free(e);
		k->next_tick = 0;
	}
}

void
keeper_upstream_log_lost(struct keeper *k)
{
	for (size_t i = 0; i < KEEPER_ENDINGS; i++)
		if (k->endings[i].backend != NULL && k->endings[i].op == NULL)
			slot_free(&k->endings[i]);
}

void
keeper_upstream_ready(struct keeper *k, const struct keeper_backend *b)
{
	if (!k->config->admin || k->broker == NULL)
		return;
	if (wd_store_upstream_hurry(k->broker->store, b->name, wd_time_now()) !=
	    0)
		not_stored(k);
	k->next_tick = 0;
}

/* ---- asking */

/* Whether the backend could be asked. What cannot be opened cannot be given
 * back either: it ends by itself. */
static bool
begin(struct keeper *k, struct keeper_backend *b, struct keeper_ending *e,
    const struct wd_store_upstream *row)
{
	struct wd_msg_backend_lease m = { 0 };
	const struct wd_frame none = { 0 };
	struct wd_upstream u = { 0 };
	struct wd_diag d = { 0 };
	struct op *op;
	int r = wd_upstream_open(k->broker, row, &u, &d);

	if (r != 0) {
		failed(k, row, r, wd_span_text(d.detail));
		return true;
	}
	if ((op = keeper_op_new(k, &none, WD_CALL_BACKEND_REVOKE)) == NULL)
		return false;
	op->state = OP_ENDING;
	m.lease = wd_span_text(u.lease);
	m.deadline = keeper_backend_deadline(b);
	r = keeper_backend_ask(k, b, WD_CALL_BACKEND_REVOKE, &m, op, &d);
	if (r != 0) {
		keeper_op_free(k, op);
		return false;
	}
	*e = (struct keeper_ending){ .backend = b, .op = op, .row = *row };
	e->row.ties = e->row.reference = e->row.secret = NULL;
	return true;
}

/* As many of one backend as there is room for. Half of it is for those who
 * wait. */
static void
begin_some(struct keeper *k, struct keeper_backend *b)
{
	size_t most = keeper_backend_room(b) / 2;
	struct wd_store_upstream rows[KEEPER_ENDINGS_EACH * 2];
	struct keeper_ending *e;
	bool goes_on = true;
	size_t n = 0;

	most = most < KEEPER_ENDINGS_EACH ? most : KEEPER_ENDINGS_EACH;
	if (in_hand(k, b) >= most || free_slot(k) == NULL)
		return;
	if (wd_store_upstream_due(k->broker->store, b->name, wd_time_now(),
		rows, WD_N(rows), &n) != 0)
		not_stored(k);
	for (size_t i = 0; i < n; i++) {
		if (goes_on && !is_in_hand(k, &rows[i].id) &&
		    in_hand(k, b) < most && (e = free_slot(k)) != NULL)
			goes_on = begin(k, b, e, &rows[i]);
		wd_store_upstream_done(&rows[i]);
	}
}

/* Backends may have ended theirs long ago, and nobody can be asked any more. */
static void
give_up(struct keeper *k, int64_t now)
{
	struct wd_store_upstream rows[KEEPER_ENDINGS_EACH];
	uint64_t seq;
	size_t n = 0;

	if (wd_store_upstream_over(
		k->broker->store, now - OVER, rows, WD_N(rows), &n) != 0)
		not_stored(k);
	for (size_t i = 0; i < n; i++) {
		if (!is_in_hand(k, &rows[i].id) &&
		    record(k, &rows[i], WD_R_UNAVAILABLE,
			WD_SPAN_LIT("not given back; it has ended by itself"),
			&seq) &&
		    wd_store_upstream_delete(k->broker->store, &rows[i].id) !=
			0)
			not_stored(k);
		wd_store_upstream_done(&rows[i]);
	}
}

/* ---- by the clock */

/* Those that begin to end: RET_MORE, there are others. */
static int
begin_to_end(struct keeper *k, int64_t now, bool *ret_more, struct wd_diag *d)
{
	int r = wd_store_upstream_expire(k->broker->store, now, ROWS);
	bool expired = r == 0;

	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(k->broker->store));
	if ((r = wd_broker_look(k->broker, now, d)) != 0)
		return r;
	r = wd_upstream_look(k->broker, now, ret_more, d);
	*ret_more |= expired;
	return r;
}

/* While a change stands open, what it revokes is not so yet. */
void
keeper_upstream_tick(struct keeper *k, int64_t now_ms)
{
	int64_t now = wd_time_now();
	struct wd_diag d = { 0 };
	bool more = false;
	int r;

	if (!k->config->admin || k->broker == NULL || k->draining)
		return;
	if (k->turn != NULL) {
		k->next_tick = now_ms + AGAIN_MS;
		return;
	}
	r = begin_to_end(k, now, &more, &d);
	if (r < 0) /* a clock that is behind is told of elsewhere */
		wd_log_result("leases_not_looked_after", r, &d);
	if (more)
		k->next_tick = now_ms + SOON_MS;
	if (!k->broker->open || !k->log_writable || !keeper_log_has_room(k))
		return;
	for (size_t i = 0; i < k->n_backends; i++)
		begin_some(k, &k->backends[i]);
	give_up(k, now);
}
