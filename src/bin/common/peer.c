/*
 * The table of calls applied to a channel. Must never let a frame through that
 * its sender may not send to this role.
 */
#include "bin/common/peer.h"

#include "base/clock.h"
#include "base/reason.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
wd_peer_open(struct wd_peer *p, enum wd_proc self, enum wd_proc other,
    uint16_t cell, int fd)
{
	struct wd_chan *c = NULL;
	int r = wd_chan_open(fd, &c);

	if (r != 0)
		return r;
	*p = (struct wd_peer){ c, self, other, cell, 1, 0 };
	return 0;
}

void
wd_peer_done(struct wd_peer *p)
{
	wd_chan_closep(&p->chan);
	p->in_flight = 0;
}

static bool
is_in(enum wd_proc role, unsigned bits)
{
	return (bits >> (unsigned)role & 1) != 0;
}

int
wd_peer_send(struct wd_peer *p, enum wd_call call, const void *msg, int fd,
    uint32_t *ret_request)
{
	const struct wd_call_row *row = wd_call_row((uint16_t)call);
	struct wd_wr wr;
	size_t len;
	int r;

	if (p->chan == NULL)
		return WD_F_PEER;
	if (row == NULL || !is_in(p->self, row->from) ||
	    !is_in(p->other, row->to) ||
	    (fd >= 0) != ((row->flags & WD_CALL_WITH_FD) != 0))
		return WD_F_BUG;
	/* What we encode is bounded by the table too. */
	if ((len = wd_msg_len(row->request, msg)) > row->max)
		return WD_F_BUG;
	if ((r = wd_chan_begin(p->chan, len, &wr)) != 0)
		return r;
	wd_msg_write(&wr, row->request, msg);
	r = wd_chan_end(p->chan, (uint16_t)call, 0, p->next_request, &wr, fd);
	if (r != 0)
		return r;
	p->in_flight += (row->flags & WD_CALL_ONE_WAY) == 0;
	*ret_request = p->next_request++;
	return 0;
}

int
wd_peer_reply(struct wd_peer *p, enum wd_call call, uint32_t request,
    int result, const char *detail, const void *msg)
{
	const struct wd_call_row *row = wd_call_row((uint16_t)call);
	char fitting[256];
	struct wd_wr wr;
	size_t len;
	int r;

	if (p->chan == NULL)
		return WD_F_PEER;
	if (row == NULL || !is_in(p->self, row->to) ||
	    !is_in(p->other, row->from) || (row->flags & WD_CALL_ONE_WAY) != 0)
		return WD_F_BUG;
	/* Small replies leave less room for the sentence than it may take. */
	(void)snprintf(fitting,
	    row->max < sizeof(fitting) + 8 ? row->max - 8 : sizeof(fitting),
	    "%s", detail == NULL ? "" : detail);
	if ((len = wd_reply_len(row, result, fitting, msg)) > row->max)
		return WD_F_BUG;
	if ((r = wd_chan_begin(p->chan, len, &wr)) != 0)
		return r;
	wd_reply_write(&wr, row, result, fitting, msg);
	return wd_chan_end(
	    p->chan, (uint16_t)call, WD_FRAME_REPLY, request, &wr, -1);
}

int
wd_peer_reply_body(
    struct wd_peer *p, enum wd_call call, uint32_t request, struct wd_span body)
{
	const struct wd_call_row *row = wd_call_row((uint16_t)call);

	if (p->chan == NULL)
		return WD_F_PEER;
	if (row == NULL || !is_in(p->self, row->to) ||
	    !is_in(p->other, row->from) ||
	    (row->flags & WD_CALL_ONE_WAY) != 0 || body.len > row->max)
		return WD_F_BUG;
	return wd_chan_send(
	    p->chan, (uint16_t)call, WD_FRAME_REPLY, request, body, -1);
}

/* Why the table does not allow this frame; NULL: it does. */
static const char *
what_is_wrong(const struct wd_peer *p, const struct wd_frame *f,
    const struct wd_call_row *row)
{
	bool reply = (f->flags & WD_FRAME_REPLY) != 0;
	bool with_fd =
	    !reply && row != NULL && (row->flags & WD_CALL_WITH_FD) != 0;

	if (row == NULL)
		return "no such call";
	if (f->body.len > row->max)
		return "body too large";
	if ((f->fd >= 0) != with_fd)
		return "descriptor missing or extra";
	if (!reply)
		return is_in(p->other, row->from) && is_in(p->self, row->to)
		    ? NULL
		    : "call not allowed to this peer";
	if (!is_in(p->self, row->from) || !is_in(p->other, row->to) ||
	    (row->flags & WD_CALL_ONE_WAY) != 0 || p->in_flight == 0)
		return "answer to nothing";
	return NULL;
}

/* Looks the frame up in the table; closes the descriptor of a refused one. */
static int
check(struct wd_peer *p, const struct wd_frame *f,
    const struct wd_call_row **ret_row, struct wd_diag *d)
{
	const struct wd_call_row *row = wd_call_row(f->call);
	const char *wrong = what_is_wrong(p, f, row);

	if (wrong != NULL) {
		if (f->fd >= 0)
			(void)close(f->fd); /* unwanted */
		return wd_fault(d, WD_F_PEER, "%s: %s (call %u)",
		    wd_proc_name(p->other), wrong, f->call);
	}
	p->in_flight -= (f->flags & WD_FRAME_REPLY) != 0;
	*ret_row = row;
	return 0;
}

int
wd_peer_next(struct wd_peer *p, struct wd_frame *ret_frame,
    const struct wd_call_row **ret_row, struct wd_diag *d)
{
	struct wd_frame f;
	int n = p->chan == NULL ? WD_F_PEER : wd_chan_next(p->chan, &f);
	int r;

	if (n < 0)
		return wd_fault(d, WD_F_PEER, "%s: impossible frame",
		    wd_proc_name(p->other));
	if (n == 0)
		return 0;
	r = check(p, &f, ret_row, d);
	if (r != 0)
		return r;
	*ret_frame = f;
	return 1;
}

int
wd_peer_wait(struct wd_peer *p, int timeout_ms, struct wd_frame *ret_frame,
    const struct wd_call_row **ret_row, struct wd_diag *d)
{
	struct wd_frame f;
	int r =
	    p->chan == NULL ? WD_F_PEER : wd_chan_wait(p->chan, timeout_ms, &f);

	if (r != 0)
		return wd_fault(d, (enum wd_faults)r, "%s says nothing",
		    wd_proc_name(p->other));
	r = check(p, &f, ret_row, d);
	if (r == 0)
		*ret_frame = f;
	return r;
}

static int
read_answer(const struct wd_peer *p, const struct wd_frame *f,
    const struct wd_call_row *row, void *ret_reply, struct wd_diag *d)
{
	struct wd_span detail = { NULL, 0 };
	char text[200];
	int result;

	if (wd_reply_read(f->body, row, &result, &detail, ret_reply) != 0)
		return wd_fault(d, WD_F_PEER, "%s: malformed answer",
		    wd_proc_name(p->other));
	if (result == 0)
		return 0;
	if (!wd_span_to_text(detail, text, sizeof(text)))
		text[0] = '\0';
	return result > 0 ? wd_reject(d, (enum wd_reason)result, "%s", text)
			  : wd_fault(d, (enum wd_faults)result, "%s", text);
}

int
wd_peer_call(struct wd_peer *p, enum wd_call call, const void *request,
    int timeout_ms, void *ret_reply, struct wd_diag *d)
{
	int64_t deadline = wd_time_mono_ms() + timeout_ms;
	const struct wd_call_row *row;
	struct wd_frame f;
	uint32_t number;
	int64_t left;
	int r = wd_peer_send(p, call, request, -1, &number);

	if (r == 0)
		r = wd_chan_drain(p->chan, timeout_ms);
	if (r != 0)
		return wd_fault(d, (enum wd_faults)r, "%s cannot be asked",
		    wd_proc_name(p->other));
	left = deadline - wd_time_mono_ms();
	r = wd_peer_wait(p, left > 0 ? (int)left : 0, &f, &row, d);
	if (r != 0)
		return r;
	if ((f.flags & WD_FRAME_REPLY) == 0 || row->id != call ||
	    f.request != number) {
		if (f.fd >= 0)
			(void)close(f.fd); /* unwanted */
		return wd_fault(d, WD_F_PEER, "%s: not the answer asked for",
		    wd_proc_name(p->other));
	}
	return read_answer(p, &f, row, ret_reply, d);
}
