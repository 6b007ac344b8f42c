/*
 * A typed channel to another role: frames checked against the table of calls
 * (direction, size, flags) before anyone looks at them. A peer that sends
 * anything else is reported to the supervisor, which ends it.
 */
#pragma once

#include "base/diag.h"
#include "proto/calls.h"
#include "sys/chan.h"

struct wd_peer {
	struct wd_chan *chan; /* NULL: not attached */
	enum wd_proc self, other;
	uint16_t cell; /* of the other */
	uint32_t next_request;
	unsigned in_flight; /* requests sent and not answered */
};

/* Takes FD. */
int wd_peer_open(struct wd_peer *p, enum wd_proc self, enum wd_proc other,
    uint16_t cell, int fd) WD_MUST_USE;
void wd_peer_done(struct wd_peer *p);

/* Queues a request (or a one-way message); gives its number. FD -1: none. */
int wd_peer_send(struct wd_peer *p, enum wd_call call, const void *msg, int fd,
    uint32_t *ret_request) WD_MUST_USE;

/* Queues the answer to request REQUEST of CALL. DETAIL for result != 0. */
int wd_peer_reply(struct wd_peer *p, enum wd_call call, uint32_t request,
    int result, const char *detail, const void *msg) WD_MUST_USE;

/* As wd_peer_reply() with a body that is written already (proto/calls.h). */
int wd_peer_reply_body(struct wd_peer *p, enum wd_call call, uint32_t request,
    struct wd_span body) WD_MUST_USE;

/*
 * The next frame that the table allows: 1; none: 0; WD_F_PEER when the peer
 * broke the rules (D says how) or is gone. ROW is set with the frame; the body
 * of a request is read with wd_msg_read(row->request), of a reply with
 * wd_reply_read(row).
 */
int wd_peer_next(struct wd_peer *p, struct wd_frame *ret_frame,
    const struct wd_call_row **ret_row, struct wd_diag *d) WD_MUST_USE;

/* Blocks until such a frame is there: 0, WD_F_TIMEOUT or WD_F_PEER. */
int wd_peer_wait(struct wd_peer *p, int timeout_ms, struct wd_frame *ret_frame,
    const struct wd_call_row **ret_row, struct wd_diag *d) WD_MUST_USE;

/*
 * Sends and waits for the answer, for roles at start and for tests: 0 with MSG
 * filled, what the peer returned, WD_F_PEER or WD_F_TIMEOUT. Other frames that
 * arrive meanwhile are a broken rule. Spans in REPLY view the channel's buffer.
 */
int wd_peer_call(struct wd_peer *p, enum wd_call call, const void *request,
    int timeout_ms, void *ret_reply, struct wd_diag *d) WD_MUST_USE;
