/*
 * How far the log is, and what was signed over it last: with a backup, so that
 * whoever restores it can hold it against the log.
 */
#include "bin/scribe/scribe.h"

#include "audit/create.h"
#include "sys/file.h"

/* One that is not there yet is no fault. */
static int
read_file(const struct scribe *s, const char *name, size_t max,
    struct wd_bytes **ret, struct wd_diag *d)
{
	int r = wd_file_read(s->dir, name, max, ret, d);

	return r == WD_R_NOT_FOUND ? 0 : r;
}

int
scribe_note(struct scribe *s, struct scribe_keeper *k, const struct wd_frame *f)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *note = NULL, *key = NULL;
	struct wd_msg_log_note m = { 0 };
	struct wd_diag d = { 0 };
	int r = 0;

	if (s->journal == NULL || !s->trusted)
		r = wd_reject(&d, WD_R_AUDIT_UNAVAILABLE, "%s", s->state.why);
	if (r == 0)
		r = read_file(
		    s, WD_CHECKPOINT_FILE, WD_CHECKPOINT_MAX, &note, &d);
	if (r == 0)
		r = read_file(
		    s, WD_CHECKPOINT_PUB_FILE, WD_NOTE_KEY_TEXT, &key, &d);
	m.size = s->journal == NULL ? 0 : wd_journal_size(s->journal);
	m.checkpoint = wd_bytes_span(note);
	m.key = wd_bytes_span(key);
	return wd_peer_reply(
	    &k->base.peer, WD_CALL_LOG_NOTE, f->request, r, d.detail, &m);
}
