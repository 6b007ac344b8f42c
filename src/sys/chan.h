/*
 * Frames over a stream socketpair between two roles: u32 length of the body,
 * u16 call, u16 flags, u32 request, little endian, then the body. Descriptors
 * ride on a frame by SCM_RIGHTS. Non-blocking: what the socket does not take is
 * kept in a bounded buffer, and what it gives is parsed from another, so that
 * many frames cost one system call each way. Knows nothing of the calls.
 */
#pragma once

#include "base/wr.h"

enum {
	WD_FRAME_HEAD = 12,
	WD_FRAME_REPLY = 1,   /* flag: answers the request of this number */
	WD_FRAME_WITH_FD = 2, /* flag: one descriptor came along */
	WD_FRAME_MAX = 2 << 20,
};

struct wd_frame {
	uint16_t call;
	uint16_t flags;
	uint32_t request;
	/* Valid until the next wd_chan_fill() or wd_chan_forget(). */
	struct wd_span body;
	int fd; /* the receiver's to close; -1: none */
};

struct wd_chan;

/* Takes FD, makes it non-blocking and close-on-exec. 0 or a fault. */
int wd_chan_open(int fd, struct wd_chan **ret) WD_MUST_USE;
struct wd_chan *wd_chan_close(struct wd_chan *c); /* wipes its buffers */
void wd_chan_closep(struct wd_chan **c);

int wd_chan_fd(const struct wd_chan *c);

/* Queues a frame; FD (-1: none) is duplicated. WD_F_MEMORY when more than
 * 8 MiB wait already: the caller counts its credits wrongly. */
int wd_chan_send(struct wd_chan *c, uint16_t call, uint16_t flags,
    uint32_t request, struct wd_span body, int fd) WD_MUST_USE;

/*
 * The same without a copy: a writer for a body of up to MOST bytes, which lies
 * where it will be sent from. It ends in wd_chan_end(), before anything else is
 * asked of C. WD_F_MEMORY as above.
 */
int wd_chan_begin(struct wd_chan *c, size_t most, struct wd_wr *ret_body)
    WD_MUST_USE;

/* Queues the frame with what is in BODY; WD_F_BUG, and nothing is queued, when
 * that did not fit. */
int wd_chan_end(struct wd_chan *c, uint16_t call, uint16_t flags,
    uint32_t request, const struct wd_wr *body, int fd) WD_MUST_USE;

/* Writes what the socket takes now. 0 also when bytes are left; WD_F_PEER when
 * the other side is gone. */
int wd_chan_flush(struct wd_chan *c) WD_MUST_USE;

/* Bytes that still wait to be written; poll for POLLOUT while not 0. */
size_t wd_chan_waiting(const struct wd_chan *c);

/* Reads what is there. 0 also when nothing is; WD_F_PEER at the end of the
 * stream. Frames handed out before become invalid. */
int wd_chan_fill(struct wd_chan *c) WD_MUST_USE;

/* The next whole frame: 1; none yet: 0; WD_F_PEER when its head is impossible
 * (over WD_FRAME_MAX, unknown flags, a descriptor that is missing or extra). */
int wd_chan_next(struct wd_chan *c, struct wd_frame *ret) WD_MUST_USE;

/* Wipes the frames that were handed out, which fill would do, too: for who may
 * not read again for long, since the last one may have been a key. */
void wd_chan_forget(struct wd_chan *c);

/* Blocks until all is written or the deadline passes (milliseconds from now).
 */
int wd_chan_drain(struct wd_chan *c, int timeout_ms) WD_MUST_USE;

/* Blocks until a frame is there. 0, WD_F_TIMEOUT, WD_F_PEER. */
int wd_chan_wait(struct wd_chan *c, int timeout_ms, struct wd_frame *ret)
    WD_MUST_USE;
