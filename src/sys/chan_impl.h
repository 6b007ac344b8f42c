/*
 * Inside of sys/chan.h: the buffer both directions share, and the descriptors
 * that ride on frames. Included by chan*.c alone.
 */
#pragma once

#include "base/secret.h"
#include "sys/chan.h"

enum {
	WD_CHAN_BUF_BASE = 8 << 10,   /* first size of a buffer */
	WD_CHAN_BUF_KEEP = 256 << 10, /* larger ones go back when empty */
	WD_CHAN_WAITING_MAX = 8 << 20,
	WD_CHAN_FDS = 16, /* descriptors on their way, each direction */
};

/*
 * Bytes between START and END of MEM. Frames carry tokens and keys, so that
 * they lie in memory for secrets and are wiped as soon as they are done with.
 */
struct wd_chan_buf {
	struct wd_secret *mem; /* NULL: none yet */
	size_t start, end;
};

/* A descriptor and the bytes of the stream it came or goes with. */
struct wd_chan_fd {
	int fd;
	uint64_t from, to;
};

struct wd_chan {
	int fd;
	bool broken; /* the other side broke the framing */
	bool ended;  /* end of stream, or an error that will not go away */
	bool busy;   /* the last read filled its room: ask for more */

	struct wd_chan_buf in;
	size_t parsed;     /* bytes of IN handed out as frames */
	uint64_t received; /* bytes of the stream up to in.end */
	struct wd_chan_fd in_fds[WD_CHAN_FDS];
	size_t n_in_fds;

	struct wd_chan_buf out;
	uint64_t sent; /* bytes of the stream up to out.start */
	struct wd_chan_fd out_fds[WD_CHAN_FDS];
	size_t n_out_fds;
};

struct wd_span wd_chan_buf_span(const struct wd_chan_buf *b);
void wd_chan_buf_done(struct wd_chan_buf *b);

/* Wipes and forgets the first N bytes. */
void wd_chan_buf_drop(struct wd_chan_buf *b, size_t n);

/* Makes the room behind END at least N bytes, growing up to MAX in all, and
 * gives its size. False: no memory, or MAX is reached. */
bool wd_chan_buf_room(
    struct wd_chan_buf *b, size_t n, size_t max, size_t *ret_room);

/* The first byte behind END. */
uint8_t *wd_chan_buf_end(struct wd_chan_buf *b);

/* Forgets the first of N descriptors in a list. */
void wd_chan_fd_shift(struct wd_chan_fd *list, size_t *n);
