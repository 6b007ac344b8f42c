/*
 * Waiting, for local programs and for what is the caller's. The kernel keeps
 * the list, so that a request costs the same with one program connected as with
 * five hundred, and nothing is looked at between two requests but the clock.
 */
#include "bin/agent/serve_impl.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>

enum { EVENTS = 64 }; /* taken at a time */

static struct epoll_event
event_of(uint32_t events, size_t at)
{
	return (struct epoll_event){ events, { .u32 = (uint32_t)at } };
}

bool
wd_serve_add(struct wd_serve *s, int fd, size_t at)
{
	struct epoll_event e = event_of(EPOLLIN, at);

	return epoll_ctl(s->wait_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

bool
wd_serve_listen_to(struct wd_serve *s, const struct wd_serve_conn *c, bool on)
{
	/* That the other end is gone is heard in any case. */
	struct epoll_event e = event_of(
	    on ? EPOLLIN : 0, WD_SERVE_AT_CONNS + (size_t)(c - s->conns));

	return epoll_ctl(s->wait_fd, EPOLL_CTL_MOD, c->fd, &e) == 0;
}

/* What was closed is not known any more, whoever has its number now. */
static bool
set_own(struct wd_serve *s, const struct pollfd *p, size_t at)
{
	struct epoll_event e = event_of((uint32_t)p->events, at);

	if (p->fd < 0 || epoll_ctl(s->wait_fd, EPOLL_CTL_MOD, p->fd, &e) == 0)
		return true;
	return errno == ENOENT &&
	    epoll_ctl(s->wait_fd, EPOLL_CTL_ADD, p->fd, &e) == 0;
}

static bool
set_all_own(struct wd_serve *s, struct pollfd *own, size_t n)
{
	assert(n <= WD_SERVE_OWN);
	for (size_t i = 0; i < n; i++) {
		own[i].revents = 0;
		if (!set_own(s, &own[i], i))
			return false;
	}
	return true;
}

static bool
listen_for(const struct wd_serve *s, uint32_t events)
{
	struct epoll_event e = event_of(events, WD_SERVE_AT_LISTENER);

	return epoll_ctl(s->wait_fd, EPOLL_CTL_MOD, s->listen_fd, &e) == 0;
}

static void
accept_some(struct wd_serve *s)
{
	wd_serve_accept(s);
	if (s->no_accept != 0 && !listen_for(s, 0))
		s->no_accept = 0; /* it goes on, and tries at once */
}

/* Milliseconds until END, or until programs are to be accepted again. */
static int
time_left(struct wd_serve *s, int64_t end)
{
	int64_t now = wd_time_mono_ms();

	if (s->no_accept != 0 && now >= s->no_accept && listen_for(s, EPOLLIN))
		s->no_accept = 0;
	if (s->no_accept != 0 && s->no_accept < end)
		end = s->no_accept;
	return end > now ? (int)(end - now) : 0;
}

/* True when it is the caller's. */
static bool
take_event(struct wd_serve *s, const struct epoll_event *e, struct pollfd *own)
{
	size_t at = e->data.u32;

	if (at < WD_SERVE_OWN) {
		own[at].revents = (short)e->events;
		return true;
	}
	if (at == WD_SERVE_AT_LISTENER)
		accept_some(s);
	else
		wd_serve_hear(s, &s->conns[at - WD_SERVE_AT_CONNS]);
	return false;
}

int
wd_serve_wait(struct wd_serve *s, struct pollfd *own, size_t n, int timeout_ms,
    struct wd_diag *d)
{
	int64_t end = wd_time_mono_ms() + timeout_ms;
	struct epoll_event events[EVENTS];
	bool over = false;

	if (!set_all_own(s, own, n))
		return wd_fault_errno(d, "cannot wait for a descriptor");
	s->woken = false;
	while (!over) {
		int left = time_left(s, end);
		int ready = epoll_wait(s->wait_fd, events, EVENTS, left);

		if (ready < 0 && errno != EINTR)
			return wd_fault_errno(d, "cannot wait");
		for (int i = 0; i < ready; i++)
			over |= take_event(s, &events[i], own);
		over |= s->woken || left == 0;
	}
	return 0;
}
