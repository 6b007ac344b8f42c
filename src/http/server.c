/*
 * Listeners and the connections they brought. At the cap on connections the one
 * that has been idle for longest makes room for a new one, so that nobody holds
 * places by keeping still. When none is idle nothing is accepted: clients wait
 * in the kernel's queue, where another front of the same socket can take them.
 */
#include "http/conn.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

enum {
	ACCEPT_AGAIN_MS = 200,
	IDLE_LEAST_MS = 1000, /* a client that has just come is about to ask */
};

static void
accept_now(struct wd_http *http, bool yes)
{
	http->accepting = yes;
	for (size_t i = 0; i < http->n_listeners; i++) {
		/* Neither fails on a listener that exists. */
		if (yes)
			(void)evconnlistener_enable(http->listeners[i]->ev);
		else
			(void)evconnlistener_disable(http->listeners[i]->ev);
	}
}

/* NULL: everybody is busy, or has just been. */
static struct wd_conn *
longest_idle(const struct wd_http *http)
{
	int64_t since = wd_time_mono_ms() - IDLE_LEAST_MS + 1;
	struct wd_conn *found = NULL;

	for (unsigned i = 0; i < http->config.max_connections; i++) {
		struct wd_conn *c = http->conns[i];

		if (c == NULL || !wd_conn_is_idle(c) || c->idle_since >= since)
			continue;
		since = c->idle_since;
		found = c;
	}
	return found;
}

static bool
is_full(const struct wd_http *http)
{
	return http->n_conns == http->config.max_connections;
}

static void
accept_if_room(void *ctx)
{
	struct wd_http *http = ctx;

	if (http->accepting || http->draining)
		return;
	if (is_full(http) && longest_idle(http) == NULL)
		wd_event_after(http->again, ACCEPT_AGAIN_MS);
	else
		accept_now(http, true);
}

/* Who waits for a place waits for somebody to become idle, too. */
static void
hold_off(struct wd_http *http)
{
	accept_now(http, false);
	wd_event_after(http->again, ACCEPT_AGAIN_MS);
}

void
wd_http_left(struct wd_http *http, uint32_t place)
{
	if (http->conns[place] == NULL)
		return;
	http->conns[place] = NULL;
	http->n_conns--;
	wd_event_soon(http->again);
	if (http->draining && http->n_conns == 0)
		http->config.drained(http->config.ctx);
}

static bool
source_is_full(const struct wd_http *http, const struct wd_source *s)
{
	unsigned n = 0;

	if (s->local)
		return false;
	for (unsigned i = 0; i < http->config.max_connections; i++)
		if (http->conns[i] != NULL &&
		    !http->conns[i]->rq.source.local &&
		    wd_span_equal(WD_SPAN(http->conns[i]->rq.source.key),
			WD_SPAN(s->key)))
			n++;
	return n >= http->config.max_per_source;
}

static uint32_t
free_place(const struct wd_http *http)
{
	uint32_t i = 0;

	while (i < http->config.max_connections && http->conns[i] != NULL)
		i++;
	return i;
}

static void
on_accept(struct evconnlistener *ev, evutil_socket_t fd, struct sockaddr *sa,
    int sa_len, void *ctx)
{
	struct wd_listener *l = ctx;
	struct wd_http *http = l->http;
	struct wd_source source = wd_source_of(fd, sa);
	uint32_t place;

	(void)ev;
	(void)sa_len;
	if (source_is_full(http, &source)) {
		http->config.turned_away(http->config.ctx, &source);
		(void)close(fd);
		return;
	}
	if (is_full(http))
		(void)wd_conn_free(longest_idle(http)); /* always NULL */
	place = free_place(http);
	if (place == http->config.max_connections) {
		(void)close(fd);
		hold_off(http);
		return;
	}
	if (wd_conn_open(l, fd, &source, place, &http->conns[place]) != 0)
		return;
	http->n_conns++;
	if (is_full(http) && longest_idle(http) == NULL)
		hold_off(http);
}

/* Out of descriptors or memory: without a pause this would spin. */
static void
on_accept_error(struct evconnlistener *ev, void *ctx)
{
	struct wd_listener *l = ctx;

	(void)ev;
	hold_off(l->http);
}

int
wd_http_new(struct wd_loop *loop, const struct wd_http_config *config,
    struct wd_http **ret, struct wd_diag *d)
{
	WD_AUTO(wd_http_freep) struct wd_http *http = wd_alloc(sizeof(*http));

	if (http == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the server");
	http->config = *config;
	http->loop = loop;
	http->accepting = true;
	http->conns =
	    wd_alloc_array(config->max_connections, sizeof(*http->conns));
	if (http->conns == NULL ||
	    wd_loop_timer(loop, accept_if_room, http, &http->again) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for the server");
	*ret = WD_TAKE(http);
	return 0;
}

static void
listener_free(struct wd_listener *l)
{
	if (l->ev != NULL)
		evconnlistener_free(l->ev);
	(void)wd_free(l); /* always NULL */
}

struct wd_http *
wd_http_free(struct wd_http *http)
{
	if (http == NULL)
		return NULL;
	http->draining = false; /* nobody is told any more */
	for (size_t i = 0; i < http->n_listeners; i++)
		listener_free(http->listeners[i]);
	for (unsigned i = 0;
	     http->conns != NULL && i < http->config.max_connections; i++)
		(void)wd_conn_free(http->conns[i]); /* always NULL */
	http->again = wd_event_free(http->again);
	(void)wd_free(http->conns); /* always NULL */
	return wd_free(http);
}

void
wd_http_freep(struct wd_http **http)
{
	*http = wd_http_free(*http);
}

/* The socket is shared with other fronts: whoever comes late to accept must
 * not block. */
static bool
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

int
wd_http_listen(struct wd_http *http, int fd, struct wd_tls *tls, unsigned bit,
    struct wd_diag *d)
{
	struct wd_listener *l;

	if (http->n_listeners == WD_N(http->listeners))
		return wd_fault(d, WD_F_MEMORY, "too many listeners");
	if (!set_nonblocking(fd))
		return wd_fault_errno(d, "the listening socket is not usable");
	l = wd_alloc(sizeof(*l));
	if (l == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a listener");
	*l = (struct wd_listener){ http, NULL, tls, bit };
	l->ev = evconnlistener_new(wd_loop_base(http->loop), on_accept, l,
	    LEV_OPT_CLOSE_ON_EXEC, 0, fd); /* 0: it listens already */
	if (l->ev == NULL) {
		listener_free(l);
		return wd_fault(d, WD_F_SYSTEM, "cannot accept");
	}
	evconnlistener_set_error_cb(l->ev, on_accept_error);
	http->listeners[http->n_listeners++] = l;
	return 0;
}

struct wd_request *
wd_http_find(struct wd_http *http, struct wd_request_ref ref)
{
	struct wd_conn *c = ref.place < http->config.max_connections
	    ? http->conns[ref.place]
	    : NULL;

	if (c == NULL || c->serial != ref.serial || c->state != WD_CONN_HANDLED)
		return NULL;
	return &c->rq;
}

unsigned
wd_http_connections(const struct wd_http *http)
{
	return http->n_conns;
}

void
wd_http_drain(struct wd_http *http)
{
	http->draining = true;
	accept_now(http, false);
	for (unsigned i = 0; i < http->config.max_connections; i++)
		if (http->conns[i] != NULL)
			wd_conn_drain(http->conns[i]);
	if (http->n_conns == 0)
		http->config.drained(http->config.ctx);
}
