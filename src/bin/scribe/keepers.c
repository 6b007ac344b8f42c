/*
 * What keepers send and what they are told. What one sends goes into the log as
 * it is; nothing of it is parsed.
 */
#include "bin/scribe/scribe.h"

#include "base/reason.h"
#include "sys/log.h"

#include <string.h>

enum { UNREAD_MAX = 4 << 20 };

static void
tell(struct scribe_keeper *k, enum wd_call call, const void *msg)
{
	uint32_t number;
	int r = wd_peer_send(&k->base.peer, call, msg, -1, &number);

	if (r != 0) /* it does not read; its end is seen when we read */
		wd_log_result("keeper_not_told", r, NULL);
}

static void
tell_state(const struct scribe *s, struct scribe_keeper *k)
{
	const struct wd_msg_log_state m = { s->state.writable,
		wd_span_text(s->state.why),
		s->journal == NULL ? 0 : wd_journal_size(s->journal) };

	tell(k, WD_CALL_LOG_STATE, &m);
}

static struct scribe_keeper *
free_slot(struct scribe *s)
{
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (s->keepers[i].base.peer.chan == NULL)
			return &s->keepers[i];
	return NULL;
}

void
scribe_keeper_attach(struct scribe *s, uint16_t cell, int fd)
{
	struct scribe_keeper *k = free_slot(s);

	if (wd_keeper_attach(
		k == NULL ? NULL : &k->base, WD_PROC_SCRIBE, cell, fd))
		tell_state(s, k);
}

/* ---- what it sends */

/* Bytes that JSON text cannot have; they would break those who read lines. */
static bool
is_line(struct wd_span s)
{
	bool bad = false;

	for (size_t i = 0; i < s.len; i++)
		bad |= s.p[i] < ' ';
	return !bad && s.len > 1 && s.p[0] == '{' && s.p[s.len - 1] == '}';
}

static int
on_append(struct scribe *s, struct scribe_keeper *k, const struct wd_frame *f,
    struct wd_diag *d)
{
	struct wd_msg_log_append m;
	int r = wd_msg_read(f->body, &wd_msg_log_append_type, &m);

	if (r != 0 || !is_line(m.entry))
		return wd_fault(d, WD_F_PEER, "malformed log entry");
	/* Acknowledgements are "up to": one that is missing must not be
	 * covered by a later one. */
	if (k->has_seq && m.seq != k->seq + 1)
		return wd_fault(d, WD_F_PEER, "log entries out of sequence");
	r = scribe_log_add(s, m.entry);
	if (r == WD_R_AUDIT_UNAVAILABLE)
		return wd_fault(d, WD_F_PEER,
		    "log entry although the log cannot be written");
	if (r != 0)
		return wd_fault(d, WD_F_PEER, "log entry not acceptable");
	k->has_seq = true;
	k->seq = m.seq;
	k->waits = true;
	return 0;
}

static int
on_count(struct scribe *s, struct scribe_keeper *k, const struct wd_frame *f,
    struct wd_diag *d)
{
	struct wd_msg_log_count m;

	(void)k;
	if (wd_msg_read(f->body, &wd_msg_log_count_type, &m) != 0)
		return wd_fault(d, WD_F_PEER, "malformed count");
	scribe_count(s, &m);
	return 0;
}

static int
on_tail(struct scribe *s, struct scribe_keeper *k, const struct wd_frame *f,
    struct wd_diag *d)
{
	if (wd_chan_waiting(k->base.peer.chan) > UNREAD_MAX)
		return wd_fault(d, WD_F_PEER, "does not read its answers");
	/* What came before is to be in the answer. */
	scribe_log_commit(s);
	return scribe_tail(s, k, f) == 0
	    ? 0
	    : wd_fault(d, WD_F_PEER, "malformed question");
}

static int
on_note(struct scribe *s, struct scribe_keeper *k, const struct wd_frame *f,
    struct wd_diag *d)
{
	(void)d;
	scribe_log_commit(s);
	return scribe_note(s, k, f);
}

static const struct {
	enum wd_call call;
	int (*run)(struct scribe *, struct scribe_keeper *,
	    const struct wd_frame *, struct wd_diag *);
} handlers[] = {
	{ WD_CALL_LOG_APPEND, on_append },
	{ WD_CALL_LOG_COUNT, on_count },
	{ WD_CALL_LOG_TAIL, on_tail },
	{ WD_CALL_LOG_NOTE, on_note },
};

static int
handle(void *ctx, struct wd_keeper *base, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	struct scribe_keeper *k = (struct scribe_keeper *)base; /* the first */
	struct scribe *s = ctx;

	for (size_t i = 0; i < WD_N(handlers); i++)
		if (handlers[i].call == row->id &&
		    (f->flags & WD_FRAME_REPLY) == 0)
			return handlers[i].run(s, k, f, d);
	return wd_fault(d, WD_F_PEER, "%s out of place", row->name);
}

void
scribe_keeper_ready(struct scribe *s, struct scribe_keeper *k)
{
	if (!wd_keeper_ready(s->role, &k->base, handle, s))
		*k = (struct scribe_keeper){ 0 };
}

/* ---- what it is told */

void
scribe_keepers_tell_state(struct scribe *s)
{
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (wd_keeper_listens(&s->keepers[i].base))
			tell_state(s, &s->keepers[i]);
}

void
scribe_keepers_tell_durable(struct scribe *s)
{
	for (size_t i = 0; i < WD_KEEPERS; i++) {
		struct scribe_keeper *k = &s->keepers[i];
		const struct wd_msg_log_durable m = { k->seq,
			wd_journal_size(s->journal) };

		if (!wd_keeper_listens(&k->base) || !k->waits)
			continue;
		k->waits = false;
		tell(k, WD_CALL_LOG_DURABLE, &m);
	}
}

void
scribe_keepers_flush(struct scribe *s, int deadline_ms)
{
	for (size_t i = 0; i < WD_KEEPERS; i++) {
		struct scribe_keeper *k = &s->keepers[i];
		int r;

		if (!wd_keeper_listens(&k->base) ||
		    wd_chan_waiting(k->base.peer.chan) == 0)
			continue;
		r = deadline_ms > 0
		    ? wd_chan_drain(k->base.peer.chan, deadline_ms)
		    : wd_chan_flush(k->base.peer.chan);
		if (r != 0)
			continue; /* its end is seen when it is read from */
	}
}

bool
scribe_keepers_any(const struct scribe *s)
{
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (s->keepers[i].base.peer.chan != NULL)
			return true;
	return false;
}
