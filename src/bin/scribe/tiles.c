/*
 * Tiles and checkpoints. They are made in idle time, a few milliseconds at
 * once; an answer never waits for more of it than that. Nothing is signed, and
 * no entry is taken, before the journal was found to be the one of the
 * checkpoint that is out.
 */
#include "bin/scribe/scribe.h"

#include "audit/create.h"
#include "audit/tile.h"
#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

#include <inttypes.h>

enum {
	SECOND_MS = 1000,
	BACKLOG_MAX = 4096, /* entries; more and it is done although busy */
	START_MS = 100,     /* most that the start waits for a check */
};

void
scribe_tiles_close(struct scribe *s)
{
	wd_reader_closep(&s->reader);
	wd_tiles_closep(&s->tiles);
	wd_note_key_done(&s->key);
	s->publish_at = -1;
}

/* ---- start */

/* A log without its key cannot go on under the same name; a new one gets one.
 */
static int
load_key(struct scribe *s, bool new_log, struct wd_diag *d)
{
	const struct wd_msg_config *c = wd_role_config(s->role);
	char told[WD_NOTE_KEY_TEXT];
	int r = wd_checkpoint_key_load(s->dir, &s->key, d);

	if (r != WD_R_NOT_FOUND)
		return r;
	wd_diag_clear(d);
	if (!new_log)
		return wd_reject(d, WD_R_NOT_FOUND,
		    WD_CHECKPOINT_KEY_FILE " is missing from the log folder");
	r = wd_checkpoint_key_make(s->dir, c->server_name, told, d);
	if (r != 0)
		return r;
	wd_log(WD_LOG_WARNING, "checkpoint_key_made", "public", told, NULL);
	return wd_checkpoint_key_load(s->dir, &s->key, d);
}

static int
open_tiles(struct scribe *s, bool new_log, struct wd_diag *d)
{
	uint64_t size = wd_journal_size(s->journal), out;
	int r = load_key(s, new_log, d);

	if (r != 0 || (r = wd_tiles_open(s->dir, &s->key, false, &s->tiles, d)))
		return r;
	out = wd_tiles_signed(s->tiles);
	if (out > size)
		return wd_reject(d, WD_R_TAMPERED,
		    "the log was cut: it has %" PRIu64
		    " entries, a checkpoint was signed over %" PRIu64,
		    size, out);
	return 0;
}

static void
trust_if_checked(struct scribe *s)
{
	if (s->journal != NULL && !s->trusted &&
	    wd_tiles_next(s->tiles) >= wd_tiles_signed(s->tiles))
		scribe_log_trust(s);
}

void
scribe_tiles_open(struct scribe *s, bool new_log)
{
	int64_t end = wd_time_mono_ms() + START_MS;
	struct wd_diag d = { 0 };

	s->publish_at = -1;
	s->tiles_retry_at = 0;
	if (open_tiles(s, new_log, &d) != 0) {
		scribe_log_distrust(s, &d);
		return;
	}
	trust_if_checked(s);
	while (s->journal != NULL && !s->trusted && s->tiles_retry_at == 0 &&
	    wd_time_mono_ms() < end)
		scribe_tiles_work(s);
}

/* ---- work */

void
scribe_tiles_note(struct scribe *s)
{
	if (s->publish_at < 0)
		s->publish_at = wd_time_mono_ms() + SECOND_MS;
}

static uint64_t
backlog(const struct scribe *s)
{
	return wd_journal_size(s->journal) - wd_tiles_next(s->tiles);
}

static bool
may_work(const struct scribe *s)
{
	return s->journal != NULL && s->tiles != NULL &&
	    wd_time_mono_ms() >= s->tiles_retry_at;
}

bool
scribe_tiles_want(const struct scribe *s)
{
	return may_work(s) && (backlog(s) >= WD_TILE_WIDTH || !s->trusted);
}

bool
scribe_tiles_press(const struct scribe *s)
{
	return may_work(s) &&
	    (backlog(s) >= BACKLOG_MAX ||
		(s->publish_at >= 0 && wd_time_mono_ms() >= s->publish_at));
}

int64_t
scribe_tiles_due(const struct scribe *s)
{
	if (s->journal == NULL || (s->publish_at < 0 && s->trusted))
		return -1;
	return s->publish_at > s->tiles_retry_at ? s->publish_at
						 : s->tiles_retry_at;
}

/* Takes entries up to the end of a full tile, or of the journal. */
static int
take_entries(struct scribe *s, struct wd_diag *d)
{
	uint64_t size = wd_journal_size(s->journal);
	struct wd_record record;
	int r = 0;

	if (s->reader == NULL && wd_tiles_next(s->tiles) < size)
		r = wd_reader_open(
		    s->dir, wd_tiles_next(s->tiles), &s->reader, d);
	while (r == 0 && wd_tiles_next(s->tiles) < size) {
		r = wd_reader_next(s->reader, &record, d);
		if (r == 0 && record.entry.len == 0)
			return wd_reject(
			    d, WD_R_TAMPERED, "entries of the log have gone");
		if (r == 0)
			r = wd_tiles_add(s->tiles, &record, d);
		if (wd_tiles_next(s->tiles) % WD_TILE_WIDTH == 0)
			break;
	}
	return r;
}

/* With tiles that were found on the disk, the fault may be theirs. */
static void
start_afresh(struct scribe *s)
{
	struct wd_diag d = { 0 };

	wd_log(WD_LOG_WARNING, "tiles_do_not_fit", "detail",
	    "all tiles are made again from the journal", NULL);
	wd_reader_closep(&s->reader);
	wd_tiles_closep(&s->tiles);
	if (wd_tiles_open(s->dir, &s->key, true, &s->tiles, &d) != 0)
		scribe_log_distrust(s, &d);
	s->afresh = true;
}

static void
on_failure(struct scribe *s, int r, const struct wd_diag *d)
{
	wd_reader_closep(&s->reader); /* it may have passed an entry */
	if (r != WD_R_TAMPERED) {
		wd_log_result("tiles_not_made", r, d);
		s->tiles_retry_at = wd_time_mono_ms() + SECOND_MS;
		return;
	}
	if (s->trusted)
		scribe_log_die(s, r, d);
	if (s->afresh)
		scribe_log_distrust(s, d);
	else
		start_afresh(s);
}

void
scribe_tiles_work(struct scribe *s)
{
	struct wd_diag d = { 0 };
	bool due = s->publish_at >= 0 && wd_time_mono_ms() >= s->publish_at;
	int r = take_entries(s, &d);

	if (r == 0 && (due || wd_tiles_next(s->tiles) % WD_TILE_WIDTH == 0))
		r = wd_tiles_publish(s->tiles, &d);
	if (r != 0) {
		on_failure(s, r, &d);
		return;
	}
	if (due) {
		s->publish_at =
		    backlog(s) == 0 ? -1 : wd_time_mono_ms() + SECOND_MS;
		/* One that has not logged itself learns the size here. */
		scribe_keepers_tell_state(s);
	}
	trust_if_checked(s);
}

void
scribe_tiles_finish(struct scribe *s)
{
	int64_t end = wd_time_mono_ms() + SECOND_MS;

	if (s->journal == NULL || !s->trusted)
		return;
	s->publish_at = 0;
	while (s->publish_at >= 0 && may_work(s) && wd_time_mono_ms() < end) {
		scribe_tiles_work(s);
		if (s->publish_at > 0)
			s->publish_at = 0;
	}
}
