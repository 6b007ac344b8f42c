/*
 * One connection: reads a head, then its body, has it handled, sends the
 * answer, and starts again or closes. Reading stops while a handler has the
 * request, so a client cannot pile up work.
 */
#include "http/conn.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/wr.h"
#include "crypto/rand.h"

enum {
	LAST_MS = 2000,       /* to take the last answer, and to linger */
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
	c->body = wd_bytes_free(c->body);
}

struct wd_conn *
wd_conn_free(struct wd_conn *c)
{
	if (c == NULL)
		return NULL;
	release_request(c);
	if (c->ssl != NULL)
		wd_tls_goodbye(c->ssl);
	if (c->bev != NULL)
		bufferevent_free(c->bev); /* closes the socket */
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
	if (c->ssl != NULL)
		wd_tls_half_close(c->ssl);
	(void)shutdown(bufferevent_getfd(c->bev), SHUT_WR); /* may be gone */
	c->state = WD_CONN_LINGER;
	c->lingered = 0;
	wd_event_after(c->timer, LAST_MS);
	bufferevent_setwatermark(c->bev, EV_READ, 0, 0);
	(void)bufferevent_enable(c->bev, EV_READ); /* else the timer ends it */
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
	c->seen = 0;
	c->serial = ++c->http->serial;
	bufferevent_setwatermark(c->bev, EV_READ, 0, WD_HEAD_MAX + 1);
	(void)bufferevent_enable(c->bev, EV_READ); /* else the timer ends it */
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
	(void)bufferevent_disable(c->bev, EV_READ); /* cannot fail */
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
	bufferevent_setwatermark(c->bev, EV_READ, rq->head.body_len,
	    rq->head.body_len + WD_HEAD_MAX);
}

static void
refuse_head(struct wd_conn *c, int result, const char *detail)
{
	c->rq.head = (struct wd_head){ 0 };
	c->last = true; /* where the next request starts is not known */
	wd_conn_refuse(c, result, detail, 0);
}

/* Takes the first LEN bytes of what was read. */
static struct wd_bytes *
take_input(struct wd_conn *c, size_t len)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct wd_bytes *b = wd_bytes_new(len);

	if (b != NULL && evbuffer_remove(in, b->p, len) != (int)len)
		b = wd_bytes_free(b);
	return b;
}

static void
take_head(struct wd_conn *c, size_t len)
{
	struct wd_diag d = { 0 };
	int r = WD_F_MEMORY;

	c->head = take_input(c, len);
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
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t have = evbuffer_get_length(in);
	struct wd_span view;
	size_t len;

	if (have == 0)
		return false;
	if (!c->begun && !begin(c)) {
		refuse_head(c, WD_F_CRYPTO, "no random bytes");
		return false;
	}
	have = have > WD_HEAD_MAX + 1 ? WD_HEAD_MAX + 1 : have;
	view = wd_span(evbuffer_pullup(in, (ev_ssize_t)have), have);
	len = view.p == NULL ? 0 : wd_head_end(view, &c->seen);
	if (len > 0)
		take_head(c, len);
	else if (view.p == NULL || have > WD_HEAD_MAX)
		refuse_head(c, WD_R_TOO_LARGE, "the head is too long");
	return len > 0;
}

static void
invite_body(struct wd_conn *c)
{
	static const char invitation[] = "HTTP/1.1 100 Continue\r\n\r\n";

	c->rq.head.expect_continue = false;
	if (bufferevent_write(c->bev, invitation, sizeof(invitation) - 1) != 0)
		refuse_head(c, WD_F_MEMORY, "no memory");
}

static bool
read_body(struct wd_conn *c)
{
	size_t have = evbuffer_get_length(bufferevent_get_input(c->bev));
	size_t want = (size_t)c->rq.head.body_len;

	if (have < want) {
		if (c->rq.head.expect_continue && have == 0)
			invite_body(c);
		return false;
	}
	c->body = take_input(c, want);
	if (c->body == NULL) {
		refuse_head(c, WD_F_MEMORY, "no memory");
		return false;
	}
	c->rq.body = wd_bytes_span(c->body);
	c->state = WD_CONN_HANDLED;
	(void)bufferevent_disable(c->bev, EV_READ); /* cannot fail */
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
	c->state = WD_CONN_SENDING;
	c->http->config.answered(c->http->config.ctx, rq, a->status);
	if (wd_wr_end(&wr) == 0 &&
	    bufferevent_write(c->bev, wr.p, wr.len) == 0 &&
	    bufferevent_write(c->bev, a->body.p, a->body.len) == 0)
		return;
	/* Half an answer would be worse than none. The caller may still hold
	 * the request, so the timer ends the connection. */
	c->last = true;
	(void)shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
	wd_event_after(c->timer, 0);
}

struct wd_request_ref
wd_request_ref(const struct wd_request *rq)
{
	const struct wd_conn *c = (const struct wd_conn *)(const void *)rq;

	return (struct wd_request_ref){ c->place, c->serial };
}

/* ---- what libevent tells */

static void
on_read(struct bufferevent *bev, void *ctx)
{
	struct wd_conn *c = ctx;
	struct evbuffer *in = bufferevent_get_input(bev);

	if (c->state != WD_CONN_LINGER) {
		advance(c);
		return;
	}
	c->lingered += evbuffer_get_length(in);
	(void)evbuffer_drain(in, evbuffer_get_length(in)); /* cannot fail */
	if (c->lingered > LINGER_MAX)
		end(c);
}

/* All that was written has gone to the socket. */
static void
on_written(struct bufferevent *bev, void *ctx)
{
	struct wd_conn *c = ctx;

	(void)bev;
	if (c->state != WD_CONN_SENDING)
		return;
	if (c->last || c->http->draining) {
		linger(c);
		return;
	}
	await_request(c);
	wd_event_after(c->timer, c->http->config.idle_ms);
	advance(c);
}

static void
on_event(struct bufferevent *bev, short what, void *ctx)
{
	struct wd_conn *c = ctx;

	(void)bev;
	if ((what & BEV_EVENT_CONNECTED) != 0)
		wd_tls_client_names(c->ssl, c->rq.client_cn,
		    c->rq.client_issuer, WD_CLIENT_NAME);
	else
		end(c);
}

static void
on_timer(void *ctx)
{
	struct wd_conn *c = ctx;

	if (c->state != WD_CONN_HANDLED) {
		end(c);
		return;
	}
	c->last = true;
	wd_event_after(c->timer, LAST_MS);
	wd_conn_refuse(c, WD_F_TIMEOUT, "no answer in time", 0);
}

void
wd_conn_drain(struct wd_conn *c)
{
	c->last = true;
	if (c->state != WD_CONN_HEAD || c->begun)
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
	struct event_base *base = wd_loop_base(c->http->loop);

	if (l->tls == NULL) {
		c->bev =
		    bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
		return c->bev == NULL ? WD_F_MEMORY : 0;
	}
	c->ssl = wd_tls_session(l->tls);
	if (c->ssl == NULL)
		return WD_F_MEMORY;
	c->bev = bufferevent_openssl_socket_new(
	    base, fd, c->ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		SSL_free(c->ssl);
		c->ssl = NULL;
		return WD_F_MEMORY;
	}
	bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
	return 0;
}

int
wd_conn_open(struct wd_listener *l, int fd, const struct wd_source *source,
    uint32_t place, struct wd_conn **ret)
{
	struct wd_conn *c = wd_alloc(sizeof(*c));
	int r = c == NULL ? WD_F_MEMORY : 0;

	if (r == 0) {
		c->http = l->http;
		c->place = place;
		c->rq.source = *source;
		c->rq.listener = l->bit;
		c->rq.tls = l->tls != NULL;
		c->fresh = true;
		r = wd_loop_timer(l->http->loop, on_timer, c, &c->timer);
	}
	if (r == 0)
		r = open_stream(c, l, fd);
	if (r != 0) {
		(void)close(fd);
		if (c != NULL)
			c->timer = wd_event_free(c->timer);
		(void)wd_free(c); /* always NULL */
		return r;
	}
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	await_request(c);
	wd_event_after(c->timer, l->http->config.deadline_ms);
	*ret = c;
	return 0;
}
