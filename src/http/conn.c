/*
 * One connection: reads a head, then its body, has it handled, sends the
 * answer, and starts again or closes. Reading stops while a handler has the
 * request, so a client cannot pile up work.
 */
#include "http/conn.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/wr.h"
#include "crypto/rand.h"
#include "http/stream.h"

enum {
	LAST_MS = 2000,       /* to take the last answer, and to linger */
	REST_MS = 1000,       /* idle for so long: it may be so for longer */
	LINGER_MAX = 4 << 20, /* bytes thrown away while lingering */
	ANSWER_HEAD_MAX = 4096,
};

static void advance(struct wd_conn *c);

/* ---- the end */

static void
release_request(struct wd_conn *c)
{
	if (c->rq.own != NULL)
		c->rq.own_free(c->rq.own);
	c->rq.own = NULL;
	c->head = wd_bytes_free(c->head);
	wd_stream_take(c->stream, c->taken);
	c->taken = 0;
}

struct wd_conn *
wd_conn_free(struct wd_conn *c)
{
	if (c == NULL)
		return NULL;
	release_request(c);
	c->stream = wd_stream_free(c->stream);
	c->timer = wd_event_free(c->timer);
	wd_http_left(c->http, c->place);
	return wd_free(c);
}

static void
end(struct wd_conn *c)
{
	(void)wd_conn_free(c); /* always NULL */
}

/* A close that leaves unread bytes would be a reset, which can overtake the
 * answer; so we half-close and read on for a moment. */
static void
linger(struct wd_conn *c)
{
	release_request(c);
	wd_stream_half_close(c->stream);
	c->state = WD_CONN_LINGER;
	c->lingered = 0;
	wd_event_after(c->timer, LAST_MS);
	wd_stream_want(c->stream, WD_HEAD_MAX);
}

/* ---- from one request to the next */

static void
await_request(struct wd_conn *c)
{
	release_request(c);
	c->rq.head = (struct wd_head){ 0 };
	c->rq.route = NULL;
	c->rq.args = (struct wd_route_args){ 0 };
	c->rq.body = wd_span(NULL, 0);
	c->state = WD_CONN_HEAD;
	c->begun = false;
	c->rests = false;
	c->idle_since = wd_time_mono_ms();
	c->seen = 0;
	c->serial = ++c->http->serial;
	wd_stream_want(c->stream, WD_HEAD_MAX + 1);
}

/* The first byte has come: from here one deadline holds for all of it. */
static bool
begin(struct wd_conn *c)
{
	c->begun = true;
	wd_event_after(c->timer, c->http->config.deadline_ms);
	return wd_rand_id(&c->rq.id) == 0;
}

void
wd_conn_refuse(
    struct wd_conn *c, int result, const char *detail, unsigned allowed)
{
	c->state = WD_CONN_HANDLED;
	c->http->config.refuse(
	    c->http->config.ctx, &c->rq, result, detail, allowed);
}

/* ---- head and body */

static void
route(struct wd_conn *c)
{
	const struct wd_http_config *config = &c->http->config;
	struct wd_request *rq = &c->rq;
	struct wd_diag d = { 0 };
	unsigned allowed = 0;
	int r = wd_route_find(config->routes, config->n_routes, &rq->head,
	    rq->listener, &rq->route, &rq->args, &allowed);

	c->last = c->http->draining || rq->head.close;
	if (r == 0)
		r = wd_route_check_body(
		    rq->route, &rq->head, config->max_body, &d);
	if (r != 0) {
		c->last = c->last || rq->head.body_len > 0;
		wd_conn_refuse(c, r, d.detail, allowed);
		return;
	}
	c->state = WD_CONN_BODY;
	wd_stream_want(c->stream, (size_t)rq->head.body_len + WD_HEAD_MAX + 1);
}

static void
refuse_head(struct wd_conn *c, int result, const char *detail)
{
	c->rq.head = (struct wd_head){ 0 };
	c->last = true; /* where the next request starts is not known */
	wd_conn_refuse(c, result, detail, 0);
}

static void
take_head(struct wd_conn *c, struct wd_span head)
{
	struct wd_diag d = { 0 };
	int r = WD_F_MEMORY;

	c->head = wd_bytes_copy(head);
	wd_stream_take(c->stream, head.len);
	if (c->head != NULL)
		r = wd_head_parse(wd_bytes_span(c->head), &c->rq.head, &d);
	if (r != 0)
		refuse_head(c, r, d.detail);
	else
		route(c);
}

static bool
read_head(struct wd_conn *c)
{
	struct wd_span in = wd_stream_input(c->stream);
	size_t len;

	if (in.len == 0)
		return false;
	if (!c->begun && !begin(c)) {
		refuse_head(c, WD_F_CRYPTO, "no random bytes");
		return false;
	}
	if (in.len > WD_HEAD_MAX + 1)
		in.len = WD_HEAD_MAX + 1;
	len = wd_head_end(in, &c->seen);
	if (len > 0)
		take_head(c, wd_span(in.p, len));
	else if (in.len > WD_HEAD_MAX)
		refuse_head(c, WD_R_TOO_LARGE, "the head is too long");
	return len > 0;
}

static void
invite_body(struct wd_conn *c)
{
	static const char invitation[] = "HTTP/1.1 100 Continue\r\n\r\n";

	c->rq.head.expect_continue = false;
	if (wd_stream_write(
		c->stream, WD_SPAN_LIT(invitation), wd_span(NULL, 0)) != 0)
		refuse_head(c, WD_F_MEMORY, "no memory");
}

/* The body stays where it came to lie: nothing is read or taken until the
 * answer has been sent. */
static bool
read_body(struct wd_conn *c)
{
	struct wd_span in = wd_stream_input(c->stream);
	size_t want = (size_t)c->rq.head.body_len;

	if (in.len < want) {
		if (c->rq.head.expect_continue && in.len == 0)
			invite_body(c);
		return false;
	}
	c->taken = want;
	c->rq.body = wd_span(in.p, want);
	c->state = WD_CONN_HANDLED;
	wd_stream_want(c->stream, 0);
	c->rq.route->handler(c->http->config.ctx, &c->rq);
	return false;
}

/* Goes as far as the bytes that are there allow. */
static void
advance(struct wd_conn *c)
{
	bool more = true;

	while (more) {
		more = false;
		if (c->state == WD_CONN_HEAD)
			more = read_head(c);
		else if (c->state == WD_CONN_BODY)
			more = read_body(c);
	}
}

/* ---- the answer */

void
wd_request_answer(struct wd_request *rq, const struct wd_answer *a)
{
	struct wd_conn *c = (struct wd_conn *)(void *)rq;
	uint8_t buf[ANSWER_HEAD_MAX];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	wd_answer_head(&wr, a, &rq->id, c->last);
	c->fresh = false;
	c->waits = false;
	c->state = WD_CONN_SENDING;
	c->http->config.answered(c->http->config.ctx, rq, a->status);
	if (wd_wr_end(&wr) == 0 &&
	    wd_stream_write(c->stream, wd_wr_span(&wr), a->body) == 0)
		return;
	/* Half an answer would be worse than none. The caller may still hold
	 * the request, so the connection is ended later. */
	c->last = true;
	wd_stream_break(c->stream);
}

void
wd_request_extend(struct wd_request *rq, unsigned ms)
{
	struct wd_conn *c = (struct wd_conn *)(void *)rq;

	wd_event_after(c->timer, ms);
	c->waits = true;
	wd_stream_want(c->stream, c->taken + 1); /* so that its end is seen */
}

struct wd_request_ref
wd_request_ref(const struct wd_request *rq)
{
	const struct wd_conn *c = (const struct wd_conn *)(const void *)rq;

	return (struct wd_request_ref){ c->place, c->serial };
}

/* ---- between requests */

/* First until it is likely to be idle for long. */
static void
await_until_idle(struct wd_conn *c)
{
	unsigned ms = c->http->config.idle_ms;

	wd_event_after(c->timer, ms < REST_MS ? ms : REST_MS);
}

/* False: it has rested already, or may not be idle for so long. */
static bool
rest(struct wd_conn *c)
{
	unsigned ms = c->http->config.idle_ms;

	if (c->fresh || c->rests || !wd_conn_is_idle(c) || ms <= REST_MS)
		return false;
	wd_stream_rest(c->stream);
	c->rests = true;
	wd_event_after(c->timer, ms - REST_MS);
	return true;
}

/* ---- what the stream tells */

static void
on_opened(void *ctx)
{
	struct wd_conn *c = ctx;

	wd_tls_client_names(wd_stream_ssl(c->stream), c->rq.client_cn,
	    c->rq.client_issuer, WD_CLIENT_NAME);
}

static void
on_arrived(void *ctx)
{
	struct wd_conn *c = ctx;
	size_t n = wd_stream_input(c->stream).len;

	if (c->state != WD_CONN_LINGER) {
		advance(c);
		return;
	}
	wd_stream_take(c->stream, n);
	c->lingered += n;
	if (c->lingered > LINGER_MAX)
		end(c);
	else
		wd_stream_want(c->stream, WD_HEAD_MAX);
}

static void
on_sent(void *ctx)
{
	struct wd_conn *c = ctx;

	if (c->state != WD_CONN_SENDING)
		return;
	if (c->hung_up) {
		end(c);
		return;
	}
	if (c->last || c->http->draining) {
		linger(c);
		return;
	}
	await_request(c);
	await_until_idle(c);
	advance(c);
}

/* A client may close its side behind its last request. */
static void
on_ended(void *ctx, bool broken)
{
	struct wd_conn *c = ctx;
	bool owes = (c->state == WD_CONN_HANDLED && !c->waits) ||
	    c->state == WD_CONN_SENDING;

	c->hung_up = true;
	if (broken || !owes)
		end(c);
}

static const struct wd_stream_ops stream_ops = {
	.opened = on_opened,
	.arrived = on_arrived,
	.sent = on_sent,
	.ended = on_ended,
};

static void
on_timer(void *ctx)
{
	struct wd_conn *c = ctx;

	if (rest(c))
		return;
	if (c->state != WD_CONN_HANDLED) {
		end(c);
		return;
	}
	c->last = true;
	wd_event_after(c->timer, LAST_MS);
	wd_conn_refuse(c, WD_F_TIMEOUT, "no answer in time", 0);
}

bool
wd_conn_is_idle(const struct wd_conn *c)
{
	return c->state == WD_CONN_HEAD && !c->begun;
}

void
wd_conn_drain(struct wd_conn *c)
{
	c->last = true;
	if (!wd_conn_is_idle(c))
		return;
	if (c->fresh)
		wd_event_after(c->timer, LAST_MS);
	else
		linger(c);
}

/* ---- the start */

static int
open_stream(struct wd_conn *c, struct wd_listener *l, int fd)
{
	SSL *ssl = l->tls == NULL ? NULL : wd_tls_session(l->tls);

	if (l->tls != NULL && ssl == NULL) {
		(void)close(fd); /* nothing was said on it */
		return WD_F_MEMORY;
	}
	return wd_stream_open(
	    c->http->loop, fd, ssl, &stream_ops, c, &c->stream);
}

int
wd_conn_open(struct wd_listener *l, int fd, const struct wd_source *source,
    uint32_t place, struct wd_conn **ret)
{
	struct wd_conn *c = wd_alloc(sizeof(*c));
	int r = WD_F_MEMORY;

	if (c == NULL) {
		(void)close(fd); /* nothing was said on it */
		return r;
	}
	c->http = l->http;
	c->place = place;
	c->rq.source = *source;
	c->rq.listener = l->bit;
	c->rq.tls = l->tls != NULL;
	c->fresh = true;
	r = open_stream(c, l, fd);
	if (r == 0)
		r = wd_loop_timer(l->http->loop, on_timer, c, &c->timer);
	if (r != 0) {
		c->stream = wd_stream_free(c->stream);
		(void)wd_free(c); /* always NULL */
		return r;
	}
	await_request(c);
	wd_event_after(c->timer, l->http->config.deadline_ms);
	*ret = c;
	return 0;
}
