/*
 * One connected socket. Its descriptor stays in the loop's set from open to
 * close, but for a peer that sends more than is wanted or takes less than is
 * sent: to change the set for each request costs more than the request's own
 * reading. Must never call its owner from within the owner's calls.
 */
#include "http/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/buf.h"
#include "http/tls.h"

enum { READ_LEAST = 4096 }; /* room that is worth a system call */

/* What the owner is still to be told. */
enum { OPENED = 1, ARRIVED = 2, SENT = 4, ENDED = 8 };

/* What a read or write came to, when it is not a count of bytes. */
enum { LATER = 0, AT_END = -1, FAILED = -2 };

struct wd_stream {
	int fd;
	SSL *ssl; /* NULL: plain */
	struct wd_event *watch, *later;
	const struct wd_stream_ops *ops;
	void *ctx;
	struct wd_buf in, out;
	size_t max; /* as wanted */
	unsigned news;
	bool ready;      /* TLS is set up, or there is none */
	bool ended;      /* nothing more comes */
	bool broken;     /* nothing goes either */
	bool reading;    /* the watch looks for what comes */
	bool writing;    /* and for room to send */
	bool tls_writes; /* TLS must write before it can go on */
	bool telling;    /* the owner is on our stack */
	bool closed;     /* by the owner, while it was */
};

/* ---- socket and TLS */

/* What libssl means by N, which is not positive. */
static ssize_t
tls_outcome(struct wd_stream *s, int n)
{
	switch (SSL_get_error(s->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return LATER;
	case SSL_ERROR_WANT_WRITE:
		s->tls_writes = true;
		return LATER;
	case SSL_ERROR_ZERO_RETURN:
		return AT_END;
	default:
		ERR_clear_error();
		return FAILED;
	}
}

static ssize_t
plain_outcome(ssize_t n)
{
	if (n > 0)
		return n;
	if (n == 0)
		return AT_END;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
	    ? LATER
	    : FAILED;
}

/* libssl counts in int. */
static int
at_most(size_t n)
{
	return n > INT32_MAX ? INT32_MAX : (int)n;
}

static ssize_t
receive(struct wd_stream *s, uint8_t *p, size_t n)
{
	int got;

	if (s->ssl == NULL)
		return plain_outcome(recv(s->fd, p, n, MSG_DONTWAIT));
	got = SSL_read(s->ssl, p, at_most(n));
	return got > 0 ? got : tls_outcome(s, got);
}

static ssize_t
transmit(struct wd_stream *s, struct wd_span b)
{
	int n;

	if (s->ssl == NULL)
		return plain_outcome(
		    send(s->fd, b.p, b.len, MSG_DONTWAIT | MSG_NOSIGNAL));
	n = SSL_write(s->ssl, b.p, at_most(b.len));
	return n > 0 ? n : tls_outcome(s, n);
}

/* ---- what comes of it */

static void
stop(struct wd_stream *s, bool broken)
{
	s->news |= ENDED;
	s->ended = true;
	s->broken = s->broken || broken;
	if (broken) /* nobody takes it any more */
		wd_buf_drop(&s->out, wd_buf_span(&s->out).len);
}

static bool
wants_more(const struct wd_stream *s)
{
	return s->ready && !s->ended && wd_buf_span(&s->in).len < s->max;
}

/* One read. True: there may be more. */
static bool
read_some(struct wd_stream *s)
{
	size_t want = s->max - wd_buf_span(&s->in).len;
	uint8_t *at =
	    wd_buf_room(&s->in, want < READ_LEAST ? want : READ_LEAST);
	size_t room = s->in.cap - s->in.end;
	ssize_t n =
	    at == NULL ? FAILED : receive(s, at, want < room ? want : room);

	if (n < 0)
		stop(s, n == FAILED);
	if (n <= 0)
		return false;
	wd_buf_filled(&s->in, (size_t)n);
	s->news |= ARRIVED;
	/* TLS may hold bytes that the loop cannot see on the socket. */
	return s->ssl != NULL && SSL_has_pending(s->ssl) == 1;
}

static void
flush(struct wd_stream *s)
{
	struct wd_span waiting = wd_buf_span(&s->out);
	ssize_t n = 1;

	if (!s->ready || s->broken || waiting.len == 0)
		return;
	while (n > 0 && waiting.len > 0) {
		n = transmit(s, waiting);
		if (n > 0)
			wd_buf_drop(&s->out, (size_t)n);
		waiting = wd_buf_span(&s->out);
	}
	if (n < 0)
		stop(s, true);
	else if (waiting.len == 0)
		s->news |= SENT;
}

static void
shake_hands(struct wd_stream *s)
{
	int n = SSL_do_handshake(s->ssl);
	ssize_t r = n == 1 ? 1 : tls_outcome(s, n);

	if (r < 0)
		stop(s, true);
	if (r <= 0)
		return;
	s->ready = true;
	s->news |= OPENED;
}

/* Asks the loop for what we wait for. What is not waited for any more is given
 * up only when it comes all the same: mostly it is wanted again before. */
static void
watch(struct wd_stream *s)
{
	bool reads = !s->ended && (!s->ready || wants_more(s));
	bool writes = !s->broken &&
	    (s->tls_writes || (s->ready && wd_buf_span(&s->out).len > 0));

	if (reads && !s->reading) {
		wd_event_want_read(s->watch, true);
		s->reading = true;
	}
	if (writes != s->writing)
		wd_event_want_write(s->watch, writes);
	s->writing = writes;
}

static void
give_up_reading(struct wd_stream *s)
{
	if (s->reading)
		wd_event_want_read(s->watch, false);
	s->reading = false;
}

static void
tell_one(struct wd_stream *s, unsigned what)
{
	if (what == OPENED)
		s->ops->opened(s->ctx);
	else if (what == ARRIVED)
		s->ops->arrived(s->ctx);
	else if (what == ENDED)
		s->ops->ended(s->ctx, s->broken);
	else if (wd_buf_span(&s->out).len == 0)
		s->ops->sent(s->ctx);
}

/* Tells the owner what there is, until it closes us at that. */
static void
tell(struct wd_stream *s)
{
	s->telling = true;
	while (!s->closed && s->news != 0) {
		unsigned one = s->news & ~(s->news - 1); /* the lowest */

		s->news &= ~one;
		tell_one(s, one);
	}
	s->telling = false;
	if (s->closed)
		(void)wd_free(s); /* always NULL */
}

/* The socket is ready for something, or TLS still holds what has come. */
static void
go_on(void *ctx)
{
	struct wd_stream *s = ctx;

	s->tls_writes = false;
	if (!s->ready && !s->ended)
		shake_hands(s);
	if (s->ended || (s->ready && !wants_more(s)))
		give_up_reading(s);
	while (wants_more(s) && read_some(s))
		continue;
	if (s->ended)
		give_up_reading(s);
	flush(s);
	watch(s);
	tell(s);
}

static void
tell_later(void *ctx)
{
	struct wd_stream *s = ctx;

	if (s->ssl != NULL && wants_more(s) && SSL_has_pending(s->ssl) == 1)
		go_on(s);
	else
		tell(s);
}

/* ---- for the owner */

int
wd_stream_open(struct wd_loop *loop, int fd, SSL *ssl,
    const struct wd_stream_ops *ops, void *ctx, struct wd_stream **ret)
{
	struct wd_stream *s = wd_alloc(sizeof(*s));
	int r = s == NULL ? WD_F_MEMORY : 0;

	if (s != NULL)
		*s = (struct wd_stream){ .fd = fd,
			.ssl = ssl,
			.ops = ops,
			.ctx = ctx,
			.ready = ssl == NULL,
			.reading = true };
	if (r == 0)
		r = wd_loop_timer(loop, tell_later, s, &s->later);
	if (r == 0)
		r = wd_loop_watch(loop, fd, go_on, s, &s->watch);
	if (r == 0 && ssl != NULL && SSL_set_fd(ssl, fd) != 1)
		r = WD_F_MEMORY;
	if (r != 0) {
		if (s != NULL)
			s->ssl = NULL; /* there is nobody to say goodbye to */
		SSL_free(ssl);
		(void)wd_stream_free(s); /* always NULL */
		if (s == NULL)
			(void)close(fd);
		return r;
	}
	if (ssl != NULL)
		SSL_set_accept_state(ssl);
	*ret = s;
	return 0;
}

struct wd_stream *
wd_stream_free(struct wd_stream *s)
{
	if (s == NULL)
		return NULL;
	if (s->ssl != NULL)
		wd_tls_goodbye(s->ssl);
	SSL_free(s->ssl); /* NULL is fine */
	s->watch = wd_event_free(s->watch);
	s->later = wd_event_free(s->later);
	(void)close(s->fd); /* what was sent is the kernel's */
	wd_buf_done(&s->in);
	wd_buf_done(&s->out);
	s->closed = true;
	return s->telling ? NULL : wd_free(s);
}

SSL *
wd_stream_ssl(const struct wd_stream *s)
{
	return s->ssl;
}

void
wd_stream_want(struct wd_stream *s, size_t max)
{
	s->max = max;
	watch(s);
	if (s->ssl != NULL && wants_more(s) && SSL_has_pending(s->ssl) == 1)
		wd_event_soon(s->later);
}

struct wd_span
wd_stream_input(const struct wd_stream *s)
{
	return wd_buf_span(&s->in);
}

void
wd_stream_take(struct wd_stream *s, size_t n)
{
	wd_buf_drop(&s->in, n);
}

static uint8_t *
put(uint8_t *at, struct wd_span b)
{
	if (b.len > 0)
		wd_copy(at, b);
	return at + b.len;
}

int
wd_stream_write(struct wd_stream *s, struct wd_span a, struct wd_span b)
{
	uint8_t *at;

	if (s->broken)
		return 0; /* the owner is about to be told */
	at = a.len > SIZE_MAX - b.len ? NULL
				      : wd_buf_room(&s->out, a.len + b.len);
	if (at == NULL)
		return WD_F_MEMORY;
	(void)put(put(at, a), b); /* the room is as long as both */
	wd_buf_filled(&s->out, a.len + b.len);
	flush(s);
	watch(s);
	if (s->news != 0)
		wd_event_soon(s->later);
	return 0;
}

void
wd_stream_rest(struct wd_stream *s)
{
	if (s->ssl != NULL)
		(void)SSL_free_buffers(s->ssl); /* not while they are used */
	if (wd_buf_span(&s->in).len == 0)
		wd_buf_done(&s->in);
	if (wd_buf_span(&s->out).len == 0)
		wd_buf_done(&s->out);
}

void
wd_stream_half_close(struct wd_stream *s)
{
	if (s->ssl != NULL)
		wd_tls_half_close(s->ssl);
	(void)shutdown(s->fd, SHUT_WR); /* may be gone */
}

void
wd_stream_break(struct wd_stream *s)
{
	(void)shutdown(s->fd, SHUT_RDWR); /* may be gone */
	stop(s, true);
	watch(s);
	wd_event_soon(s->later);
}
