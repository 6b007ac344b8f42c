/*
 * The index of leases: rows that are written in batches after the answers, and
 * completed from the log when a keeper starts, because a batch may have been
 * lost with the one before it. Each keeper has a mark in the index, below which
 * none of its leases is missing; the admin's keeper starts at the lowest of
 * all. A question for entries is one small piece of work; the next one is asked
 * when it is done, and everybody else comes in between.
 */
#include "bin/keeper/keeper.h"

#include "audit/entry_read.h"
#include "base/clock.h"
#include "sys/log.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	PIECE = 100,           /* entries of one question */
	LEASE_MAX = 24 * 3600, /* seconds; what is older has ended */
	ORDER_MAX = 3600,      /* seconds that entries may be out of order */
	SEARCH_FROM = 4096,    /* entries that are read rather than searched */
	AGAIN_MS = 5000,
	REFRESH_MS = 60000,
};

/* ---- rows of our own */

/* Whatever it was, it is in the log. */
static void
look_again(struct keeper *k, int64_t now_ms)
{
	wd_log(WD_LOG_ERROR, "leases_not_indexed", "why",
	    wd_store_why(k->broker->store), NULL);
	k->index.step = INDEX_LOOK;
	k->index.not_before = now_ms + AGAIN_MS;
}

static void
store_batch(struct keeper *k, int64_t now_ms)
{
	if (wd_store_lease_add(k->broker->store, k->leases, k->n_leases) != 0)
		look_again(k, now_ms);
	k->n_leases = 0;
}

/* With more of them on their way no mark can be set. */
void
keeper_lease(struct keeper *k, const struct wd_store_lease *lease)
{
	k->leases[k->n_leases++] = *lease;
	if (k->n_leases == KEEPER_LEASES)
		store_batch(k, wd_time_mono_ms());
}

/* All that was answered so far. What is answered later stands in the log at or
 * behind its size as we know it, so that this is the mark. */
static void
store_rows(struct keeper *k, int64_t now_ms)
{
	struct index *x = &k->index;
	bool marks = x->step == INDEX_DONE && k->log_size > x->mark;

	if (!marks) {
		if (k->n_leases > 0)
			store_batch(k, now_ms);
		return;
	}
	if (wd_store_lease_index(k->broker->store, k->leases, k->n_leases,
		k->config->cell, k->log_size) == 0)
		x->mark = k->log_size;
	else
		look_again(k, now_ms);
	k->n_leases = 0;
}

/* ---- what was lost */

static void
ask(struct keeper *k, uint64_t from, uint32_t limit)
{
	const struct wd_msg_tail_ask m = { from, limit };

	if (wd_peer_send(
		&k->scribe, WD_CALL_LOG_TAIL, &m, -1, &k->index.asked) != 0)
		k->index.asked = 0; /* the next tick tries again */
}

static void
go_on(struct keeper *k)
{
	struct index *x = &k->index;

	if (x->step == INDEX_SEARCH)
		ask(k, x->next + (x->end - x->next) / 2, 1);
	else if (x->step == INDEX_READ)
		ask(k, x->next, PIECE);
}

static void
log_done(const struct index *x)
{
	char found[24];

	if (x->found == 0)
		return;
	(void)snprintf(found, sizeof(found), "%" PRIu64, x->found);
	wd_log(WD_LOG_INFO, "leases_completed", "found", found, NULL);
}

/* Everything below END is in the table, whoever wrote it. */
static void
done(struct keeper *k)
{
	struct index *x = &k->index;
	struct wd_store *s = k->broker->store;
	int r = wd_store_lease_index(s, NULL, 0, k->config->cell, x->end);

	if (r == 0 && k->config->admin)
		r = wd_store_lease_mark_raise(s, x->end);
	if (r != 0) {
		look_again(k, wd_time_mono_ms());
		return;
	}
	log_done(x);
	x->mark = x->end;
	x->step = INDEX_DONE;
	x->not_before = wd_time_mono_ms() + REFRESH_MS;
}

/* Where to begin: the admin's keeper at the lowest of all marks, or with the
 * first entry when the index is new. A keeper without a mark of its own has no
 * leases from before. */
static int
find_start(struct keeper *k, uint64_t *ret)
{
	struct wd_store *s = k->broker->store;
	bool all = k->config->admin;
	int r = wd_store_lease_mark(
	    s, all ? WD_LEASES_OF_ALL : k->config->cell, ret);

	if (r > 0 && all) {
		*ret = 0;
		return 0;
	}
	if (r == 0 && all)
		r = wd_store_lease_mark_least(s, ret);
	if (r > 0)
		*ret = k->log_size;
	return r < 0 ? r : 0;
}

static void
look(struct keeper *k, int64_t now_ms)
{
	struct index *x = &k->index;

	x->end = k->log_size;
	x->found = 0;
	if (find_start(k, &x->next) != 0) {
		x->not_before = now_ms + AGAIN_MS;
		return;
	}
	if (x->next >= x->end) {
		x->end = x->next;
		done(k);
		return;
	}
	x->step = x->end - x->next > SEARCH_FROM ? INDEX_SEARCH : INDEX_READ;
	go_on(k);
}

/* Entries are nearly in the order of their times. */
static void
take_found(struct keeper *k, struct wd_span entry)
{
	struct index *x = &k->index;
	uint64_t middle = x->next + (x->end - x->next) / 2;
	struct wd_entry_seen seen;

	if (wd_entry_read(entry, &seen) &&
	    seen.time < wd_time_now() - LEASE_MAX - ORDER_MAX)
		x->next = middle + 1;
	else
		x->end = middle;
	if (x->next >= x->end) {
		x->end = k->log_size;
		x->step = INDEX_READ;
	}
}

/* The row of an entry; false when it has none that still counts. */
static bool
row_of(struct wd_span entry, int64_t now, struct wd_store_lease *ret)
{
	struct wd_entry_seen seen;

	if (!wd_entry_read(entry, &seen) || !seen.is_lease ||
	    seen.time + seen.seconds <= now || seen.path.len > WD_PATH_MAX)
		return false;
	*ret = (struct wd_store_lease){ .id = seen.lease,
		.session = seen.session,
		.made = seen.time,
		.expires = seen.time + seen.seconds };
	wd_copy(ret->what, seen.path);
	return true;
}

/* How many entries that were; < 0 a fault. */
static int
take_piece(struct keeper *k, struct wd_span list)
{
	static struct wd_store_lease rows[PIECE]; /* large */
	struct wd_rd rd = wd_rd(list);
	struct wd_msg_audit_entry m;
	int64_t now = wd_time_now();
	size_t n = 0;
	int seen = 0;

	while (wd_rd_more(&rd) && seen < PIECE) {
		if (wd_list_next(&rd, &wd_msg_audit_entry_type, &m) != 0)
			return WD_F_PEER;
		n += row_of(m.entry, now, &rows[n]);
		seen++;
	}
	if (n > 0 && wd_store_lease_add(k->broker->store, rows, n) != 0)
		return WD_F_STORE;
	k->index.found += n;
	return seen;
}

static void
take(struct keeper *k, const struct wd_msg_audit_entries *tail)
{
	struct index *x = &k->index;
	struct wd_rd rd = wd_rd(tail->entries);
	struct wd_msg_audit_entry first = { 0 };
	int n;

	if (x->step == INDEX_SEARCH) {
		/* none: then there is nothing before it either */
		if (!wd_rd_more(&rd) ||
		    wd_list_next(&rd, &wd_msg_audit_entry_type, &first) != 0)
			first.entry = wd_span(NULL, 0);
		take_found(k, first.entry);
		return;
	}
	n = take_piece(k, tail->entries);
	if (n < 0) {
		look_again(k, wd_time_mono_ms());
		return;
	}
	x->next += (uint64_t)n;
	if (n == 0 || x->next >= x->end)
		done(k);
}

bool
keeper_index_asked(const struct keeper *k, uint32_t number)
{
	return k->index.asked != 0 && k->index.asked == number;
}

void
keeper_index_tail(struct keeper *k, int result, struct wd_span detail,
    const struct wd_msg_audit_entries *tail)
{
	struct index *x = &k->index;
	char text[160];

	x->asked = 0;
	if (result != 0) {
		(void)wd_span_to_text(detail, text, sizeof(text)); /* or none */
		wd_log(WD_LOG_WARNING, "log_not_read", "why", text, NULL);
		x->not_before = wd_time_mono_ms() + AGAIN_MS;
		return;
	}
	if (x->step == INDEX_DONE) { /* its size was all we wanted */
		k->log_size = tail->size;
		return;
	}
	take(k, tail);
	go_on(k);
}

void
keeper_index_scribe_gone(struct keeper *k)
{
	k->index.asked = 0;
}

/* ---- by the clock */

/* Where the log ends is told to those who write it; others ask now and then,
 * so that their next start does not read what is long past. */
static void
refresh(struct keeper *k, int64_t now_ms)
{
	k->index.not_before = now_ms + REFRESH_MS;
	ask(k, UINT64_MAX, 1);
}

void
keeper_index_tick(struct keeper *k, int64_t now_ms)
{
	struct index *x = &k->index;

	if (k->broker == NULL)
		return;
	store_rows(k, now_ms);
	if (k->scribe.chan == NULL || !k->log_known || x->asked != 0 ||
	    now_ms < x->not_before)
		return;
	if (x->step == INDEX_LOOK)
		look(k, now_ms);
	else if (x->step == INDEX_DONE)
		refresh(k, now_ms);
	else
		go_on(k);
}

void
keeper_index_leave(struct keeper *k)
{
	if (k->broker == NULL)
		return;
	store_rows(k, wd_time_mono_ms());
	if (k->index.step == INDEX_DONE && k->n_leases == 0 &&
	    wd_store_lease_mark_drop(k->broker->store, k->config->cell) != 0)
		wd_log(WD_LOG_WARNING, "mark_left_behind", NULL);
}
