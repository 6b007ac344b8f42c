/*
 * The journal and what keepers are told of it. Nothing is ever acknowledged
 * that was not synced. After a failed write or sync the role ends, and the next
 * one starts a new file; without room or with a damaged journal it stays, says
 * so and tries again.
 */
#include "bin/scribe/scribe.h"

#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	RETRY_MS = 1000,
	RETRY_MAX_MS = 60000,
	WORK_MS = 50, /* how often spare work is done while entries come */
	LAST_WORD_MS = 1000,
};

static void
set_state(struct scribe *s, bool writable, const char *why)
{
	if (s->state.writable == writable && strcmp(s->state.why, why) == 0)
		return;
	s->state.writable = writable;
	(void)snprintf(s->state.why, sizeof(s->state.why), "%s", why);
	wd_log(writable ? WD_LOG_INFO : WD_LOG_ERROR,
	    writable ? "log_writable" : "log_not_writable", "why", why, NULL);
	scribe_keepers_tell_state(s);
}

static void
note_opened(struct scribe *s)
{
	char text[160];

	(void)snprintf(text, sizeof(text),
	    "opened with %" PRIu64 " entries; %" PRIu64
	    " bytes of an unfinished write were left out",
	    wd_journal_size(s->journal), wd_journal_torn(s->journal));
	scribe_log_own(s, WD_EV_LOG_OPENED, text, wd_span(NULL, 0));
	scribe_log_commit(s);
	wd_log(WD_LOG_INFO, "log_opened", "detail", text, NULL);
}

void
scribe_log_distrust(struct scribe *s, const struct wd_diag *d)
{
	scribe_tiles_close(s);
	scribe_tail_close(s);
	wd_journal_closep(&s->journal);
	s->trusted = false;
	s->retry_ms = s->retry_ms == 0 ? RETRY_MS : 2 * s->retry_ms;
	if (s->retry_ms > RETRY_MAX_MS)
		s->retry_ms = RETRY_MAX_MS;
	s->retry_at = wd_time_mono_ms() + s->retry_ms;
	set_state(s, false, d->detail);
}

void
scribe_log_trust(struct scribe *s)
{
	s->trusted = true;
	s->retry_at = 0;
	note_opened(s);
	set_state(s, true, "");
}

void
scribe_log_open(struct scribe *s)
{
	struct wd_diag d = { 0 };

	if (wd_journal_open(s->dir, NULL, &s->journal, &d) != 0) {
		scribe_log_distrust(s, &d);
		return;
	}
	s->afresh = false;
	scribe_tiles_open(s, wd_journal_size(s->journal) == 0);
	if (s->journal != NULL && !s->trusted)
		set_state(s, false, "the log is being checked");
}

int
scribe_log_add(struct scribe *s, struct wd_span entry)
{
	int r;

	if (s->journal == NULL || !s->trusted)
		return WD_R_AUDIT_UNAVAILABLE;
	r = wd_journal_add(s->journal, entry);
	if (r == WD_R_TOO_LARGE) {
		scribe_log_commit(s);
		r = wd_journal_add(s->journal, entry);
	}
	return r;
}

void
scribe_log_own(struct scribe *s, enum wd_event event, const char *detail,
    struct wd_span counts)
{
	uint8_t text[WD_ENTRY_MAX];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	const struct wd_entry e = { .event = event,
		.time = wd_time_now(),
		.actor = "scribe",
		.detail = detail,
		.counts = counts };
	int r;

	wd_entry_write(&wr, &e);
	r = wd_wr_end(&wr);
	if (r == 0)
		r = scribe_log_add(s, wd_wr_span(&wr));
	if (r != 0)
		wd_log_result("own_entry_lost", r, NULL);
}

void
scribe_log_die(struct scribe *s, int r, const struct wd_diag *d)
{
	wd_log_result("log_failed", r, d);
	set_state(s, false, d->detail);
	scribe_keepers_flush(s, LAST_WORD_MS);
	_exit(1);
}

void
scribe_log_commit(struct scribe *s)
{
	struct wd_diag d = { 0 };
	int r;

	if (s->journal == NULL || wd_journal_pending(s->journal) == 0)
		return;
	if ((r = wd_journal_commit(s->journal, &d)) != 0)
		scribe_log_die(s, r, &d);
	scribe_tiles_note(s);
	scribe_keepers_tell_durable(s);
	scribe_keepers_flush(s, 0);
}

/* ---- in idle time */

static bool
wants_journal_work(const struct scribe *s)
{
	if (s->journal == NULL)
		return true;
	return s->trusted && wd_journal_wants_work(s->journal);
}

int64_t
scribe_log_due(const struct scribe *s)
{
	int64_t at = s->worked_at + WORK_MS;

	if (!wants_journal_work(s))
		return -1;
	return at > s->retry_at ? at : s->retry_at;
}

static uint64_t
size_of(const struct scribe *s)
{
	return s->journal == NULL ? 0 : wd_journal_size(s->journal);
}

/* Between the entries of a busy log there are moments without any; a slow disk
 * would have every second sync in them. */
bool
scribe_log_wants_work(const struct scribe *s)
{
	int64_t now = wd_time_mono_ms();

	return wants_journal_work(s) && now >= s->retry_at &&
	    (size_of(s) == s->worked_size || now >= s->worked_at + WORK_MS);
}

/* Running out of room is told while there still is some to log it. */
static void
judge_room(struct scribe *s, int r, const struct wd_diag *d)
{
	bool is_short = wd_journal_is_short(s->journal);

	if (r < 0)
		wd_log_result("no_new_segment", r, d);
	if (r != 0)
		s->retry_at = wd_time_mono_ms() + RETRY_MS;
	if (r != 0 && is_short && s->state.writable) {
		scribe_log_own(s, WD_EV_LOG_FULL, d->detail, wd_span(NULL, 0));
		scribe_log_commit(s);
		set_state(s, false, d->detail);
	}
	if (r == 0 && !is_short && !s->state.writable) {
		scribe_log_own(s, WD_EV_LOG_WRITABLE, NULL, wd_span(NULL, 0));
		scribe_log_commit(s);
		set_state(s, true, "");
	}
}

void
scribe_log_work(struct scribe *s)
{
	struct wd_diag d = { 0 };
	int r;

	s->worked_at = wd_time_mono_ms();
	s->worked_size = size_of(s);
	if (s->journal == NULL) {
		scribe_log_open(s);
		return;
	}
	r = wd_journal_prepare(s->journal, &d);
	judge_room(s, r, &d);
}
