/*
 * A whole log: key, journal, tiles and checkpoint.
 */
#pragma once

#include "fixture.h"

#include "audit/create.h"
#include "audit/tile.h"
#include "audit/tiles.h"
#include "audit/verify.h"

static inline struct wd_note_key
made_key(const struct log *l)
{
	struct wd_note_key k = { 0 };
	struct wd_diag d = { 0 };

	t_ok(wd_checkpoint_key_load(l->fd, &k, &d));
	return k;
}

static inline void
made_new_key(const struct log *l)
{
	char told[WD_NOTE_KEY_TEXT];
	struct wd_diag d = { 0 };

	t_ok(wd_checkpoint_key_make(
	    l->fd, WD_SPAN_LIT("kbs.example"), told, &d));
}

/* Feeds the tiles from the journal, a checkpoint every EVERY entries and at the
 * end. What adding returns other than 0 ends it and comes back. */
static inline int
made_tiles(const struct log *l, const struct wd_note_key *k, bool afresh,
    uint64_t every)
{
	WD_AUTO(wd_tiles_closep) struct wd_tiles *t = NULL;
	WD_AUTO(wd_reader_closep) struct wd_reader *rd = NULL;
	struct wd_diag d = { 0 };
	struct wd_record record;
	int r = wd_tiles_open(l->fd, k, afresh, &t, &d);

	if (r == 0)
		r = wd_reader_open(l->fd, wd_tiles_next(t), &rd, &d);
	while (r == 0) {
		r = wd_reader_next(rd, &record, &d);
		if (r != 0 || record.entry.len == 0)
			break;
		r = wd_tiles_add(t, &record, &d);
		if (r == 0 && wd_tiles_next(t) % every == 0)
			r = wd_tiles_publish(t, &d);
	}
	return r != 0 ? r : wd_tiles_publish(t, &d);
}

/* A log of N entries. */
static inline void
made_log(const struct log *l, unsigned n)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	struct wd_journal *j = log_open(l);

	while (wd_journal_size(j) < n)
		log_batch(j,
		    n - (unsigned)wd_journal_size(j) < 50
			? n - (unsigned)wd_journal_size(j)
			: 50);
	j = wd_journal_close(j);
	made_new_key(l);
	k = made_key(l);
	t_ok(made_tiles(l, &k, false, 101));
}

struct made_findings {
	unsigned n;
	struct wd_log_finding first;
};

static inline void
made_found(void *ctx, const struct wd_log_finding *f)
{
	struct made_findings *all = ctx;

	if (all->n++ == 0)
		all->first = *f;
}

/* Checks the log by KEY, and against what somebody has kept. */
static inline struct made_findings
made_check(const struct log *l, const struct wd_note_key *k,
    const struct wd_checkpoint *remembered, struct wd_log_check *ret)
{
	struct made_findings all = { 0 };
	struct wd_log_check c = { .key = k,
		.remembered = remembered,
		.found = made_found,
		.ctx = &all };
	struct wd_diag d = { 0 };

	t_ok(wd_log_verify(l->fd, &c, &d));
	assert_int_equal(c.n_findings > 0, all.n > 0);
	if (ret != NULL)
		*ret = c;
	return all;
}

/* The log is as it was signed, and all of it is. */
static inline void
made_is_good(const struct log *l, uint64_t size)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = made_key(l);
	struct wd_log_check c;
	struct made_findings all = made_check(l, &k, NULL, &c);

	if (all.n > 0)
		print_message("%s\n", all.first.text);
	assert_int_equal(all.n, 0);
	assert_true(c.is_signed);
	assert_int_equal(c.entries, size);
	assert_int_equal(c.checkpoint.size, size);
	t_span_equal(WD_SPAN(c.root), WD_SPAN(c.checkpoint.root));
}
