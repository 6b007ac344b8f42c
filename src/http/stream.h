/*
 * A connected socket as a stream of bytes, plain or under TLS. What has come
 * lies in one buffer; what is written goes to the socket at once, and what the
 * socket does not take waits. While both sides keep up, a request and its
 * answer cost one read and one write. For files of this folder.
 */
#pragma once

#include "http/loop.h"

#include <openssl/types.h>

struct wd_stream;

/*
 * What a stream tells its owner: from the loop alone, never within one of the
 * functions below. The stream may be freed in each.
 */
struct wd_stream_ops {
	void (*opened)(void *ctx);  /* TLS is set up; not told when plain */
	void (*arrived)(void *ctx); /* there is more in wd_stream_input() */
	void (*sent)(void *ctx);    /* the socket has all that was written */
	/* Nothing more will come; BROKEN: nor can anything be sent. */
	void (*ended)(void *ctx, bool broken);
};

/* Takes FD and SSL (NULL: plain), also on failure. Reads nothing before
 * wd_stream_want(). 0 or a fault. */
int wd_stream_open(struct wd_loop *loop, int fd, SSL *ssl,
    const struct wd_stream_ops *ops, void *ctx, struct wd_stream **ret)
    WD_MUST_USE;

/* Says goodbye under TLS, closes, wipes. NULL is fine; returns NULL. */
struct wd_stream *wd_stream_free(struct wd_stream *s);

SSL *wd_stream_ssl(const struct wd_stream *s); /* NULL: plain */

/* Goes on reading while fewer than MAX bytes lie in the buffer. */
void wd_stream_want(struct wd_stream *s, size_t max);

/* What has come; valid until wd_stream_take() or the return to the loop. */
struct wd_span wd_stream_input(const struct wd_stream *s);
void wd_stream_take(struct wd_stream *s, size_t n); /* wipes */

/* Writes A and then B. 0; WD_F_MEMORY with nothing written. */
int wd_stream_write(struct wd_stream *s, struct wd_span a, struct wd_span b)
    WD_MUST_USE;

/* Gives back the memory of buffers that are empty; they come again when there
 * is something for them. */
void wd_stream_rest(struct wd_stream *s);

/* Nothing more will be written: the peer is told so. It may still send. */
void wd_stream_half_close(struct wd_stream *s);

/* Nothing more either way; `ended` will tell. */
void wd_stream_break(struct wd_stream *s);
