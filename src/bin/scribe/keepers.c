/*
 * The keepers: attached by the supervisor, each with a slot until its end. Two
 * of one cell can be there at once, while a cell is replaced. What one sends
 * goes into the log as it is; nothing of it is parsed.
 */
#include "bin/scribe/scribe.h"

#include "base/reason.h"
#include "sys/log.h"

#include <string.h>
#include <unistd.h>

enum { UNREAD_MAX = 4 << 20 };

static void
tell(struct scribe_keeper *k, enum wd_call call, const void *msg)
{
	uint32_t number;
	int r = wd_peer_send(&k->peer, call, msg, -1, &number);

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
	for (size_t i = 0; i < SCRIBE_KEEPERS; i++)
		if (s->keepers[i].peer.chan == NULL)
			return &s->keepers[i];
	return NULL;
}

void
scribe_keeper_attach(struct scribe *s, uint16_t cell, int fd)
{
	struct scribe_keeper *k = free_slot(s);
	int r;

	if (k == NULL) {
		wd_log(WD_LOG_ERROR, "too_many_keepers", NULL);
		(void)close(fd); /* it sees the end and starts again */
		return;
	}
	*k = (struct scribe_keeper){ 0 };
	r = wd_peer_open(&k->peer, WD_PROC_SCRIBE, WD_PROC_KEEPER, cell, fd);
	if (r != 0)
		wd_log_result("keeper_not_attached", r, NULL);
	else
		tell_state(s, k);
}

static void
forget(struct scribe_keeper *k)
{
	wd_peer_done(&k->peer);
	*k = (struct scribe_keeper){ 0 };
}

/* ---- what it sends */

/* Bytes that JSON text cannot have; they would break those who read lines. */
static bool
is_line(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ')
			return false;
	return s.len > 1 && s.p[0] == '{' && s.p[s.len - 1] == '}';
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
	if (wd_chan_waiting(k->peer.chan) > UNREAD_MAX)
		return wd_fault(d, WD_F_PEER, "does not read its answers");
	/* What came before is to be in the answer. */
	scribe_log_commit(s);
	return scribe_tail(s, k, f) == 0
	    ? 0
	    : wd_fault(d, WD_F_PEER, "malformed question");
}

static const struct {
	enum wd_call call;
	int (*run)(struct scribe *, struct scribe_keeper *,
	    const struct wd_frame *, struct wd_diag *);
} handlers[] = {
	{ WD_CALL_LOG_APPEND, on_append },
	{ WD_CALL_LOG_COUNT, on_count },
	{ WD_CALL_LOG_TAIL, on_tail },
};

static int
handle(struct scribe *s, struct scribe_keeper *k, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(handlers); i++)
		if (handlers[i].call == row->id &&
		    (f->flags & WD_FRAME_REPLY) == 0)
			return handlers[i].run(s, k, f, d);
	return wd_fault(d, WD_F_PEER, "%s out of place", row->name);
}

static int
serve(struct scribe *s, struct scribe_keeper *k, struct wd_diag *d)
{
	const struct wd_call_row *row;
	struct wd_frame f;
	int n;

	while ((n = wd_peer_next(&k->peer, &f, &row, d)) > 0) {
		int r = handle(s, k, &f, row, d);

		if (r != 0)
			return r;
	}
	return n;
}

void
scribe_keeper_ready(struct scribe *s, struct scribe_keeper *k)
{
	struct wd_diag d = { 0 };
	int gone, r;

	if (k->condemned) {
		forget(k); /* only its end wakes us */
		return;
	}
	gone = wd_chan_fill(k->peer.chan);
	/* What it said before its end counts. */
	r = serve(s, k, &d);
	if (gone != 0) {
		wd_log(WD_LOG_INFO, "keeper_gone", NULL);
		forget(k);
		return;
	}
	if (r == 0)
		return;
	k->condemned = true;
	k->waits = false;
	wd_role_bad_peer(s->role, &k->peer, d.detail);
}

/* ---- what it is told */

static bool
is_there(const struct scribe_keeper *k)
{
	return k->peer.chan != NULL && !k->condemned;
}

void
scribe_keepers_tell_state(struct scribe *s)
{
	for (size_t i = 0; i < SCRIBE_KEEPERS; i++)
		if (is_there(&s->keepers[i]))
			tell_state(s, &s->keepers[i]);
}

void
scribe_keepers_tell_durable(struct scribe *s)
{
	for (size_t i = 0; i < SCRIBE_KEEPERS; i++) {
		struct scribe_keeper *k = &s->keepers[i];
		const struct wd_msg_log_durable m = { k->seq,
			wd_journal_size(s->journal) };

		if (!is_there(k) || !k->waits)
			continue;
		k->waits = false;
		tell(k, WD_CALL_LOG_DURABLE, &m);
	}
}

void
scribe_keepers_flush(struct scribe *s, int deadline_ms)
{
	for (size_t i = 0; i < SCRIBE_KEEPERS; i++) {
		struct scribe_keeper *k = &s->keepers[i];
		int r;

		if (!is_there(k) || wd_chan_waiting(k->peer.chan) == 0)
			continue;
		r = deadline_ms > 0 ? wd_chan_drain(k->peer.chan, deadline_ms)
				    : wd_chan_flush(k->peer.chan);
		if (r != 0)
			continue; /* its end is seen when it is read from */
	}
}

bool
scribe_keepers_any(const struct scribe *s)
{
	for (size_t i = 0; i < SCRIBE_KEEPERS; i++)
		if (s->keepers[i].peer.chan != NULL)
			return true;
	return false;
}
