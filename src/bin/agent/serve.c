/*
 * Connections of local programs: accepted under caps, answered packet by
 * packet. A program that does not take its answers is disconnected.
 */
#include "bin/agent/serve_impl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPTS = 16, /* connections taken a turn */
	PAUSE = 1000, /* milliseconds, when descriptors have run out */
};

/* Options must be what HELLO can say. */
static bool
options_fit(const struct wd_serve_options *o)
{
	return wd_span_text(o->label).len <= WD_HOLDER_TOKEN_LABEL_MAX &&
	    wd_span_text(o->serial).len == WD_HOLDER_SERIAL_LEN;
}

/* Connections inherit it from the listener, so that no message of theirs comes
 * without credentials. */
static bool
set_up_listener(int fd)
{
	int on = 1;

	return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0;
}

static bool
set_up_wait(struct wd_serve *s)
{
	for (size_t i = 0; i < WD_SERVE_CONNS; i++)
		s->conns[i].fd = -1;
	s->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	return s->wait_fd >= 0 &&
	    wd_serve_add(s, s->listen_fd, WD_SERVE_AT_LISTENER);
}

int
wd_serve_new(struct wd_hold *hold, int listen_fd,
    const struct wd_serve_options *options, struct wd_serve **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = listen_fd;
	WD_AUTO(wd_serve_freep) struct wd_serve *s = NULL;

	if (!options_fit(options))
		return wd_fault(
		    d, WD_F_BUG, "the token's label or serial is too long");
	if (!set_up_listener(fd))
		return wd_fault_errno(d, "cannot set up the local socket");
	s = wd_alloc(sizeof(*s));
	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory to serve");
	s->listen_fd = s->wait_fd = -1;
	s->conns = wd_alloc_array(WD_SERVE_CONNS, sizeof(*s->conns));
	s->out = wd_secret_new(WD_HOLDER_MAX);
	if (s->conns == NULL || s->out == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory to serve");
	s->hold = hold;
	s->options = *options;
	s->listen_fd = fd;
	fd = -1;
	if (!set_up_wait(s))
		return wd_fault_errno(d, "cannot wait for local programs");
	*ret = WD_TAKE(s);
	return 0;
}

struct wd_serve *
wd_serve_free(struct wd_serve *s)
{
	if (s == NULL)
		return NULL;
	for (size_t i = 0; s->wait_fd >= 0 && i < WD_SERVE_CONNS; i++)
		wd_fd_closep(&s->conns[i].fd);
	wd_fd_closep(&s->listen_fd);
	wd_fd_closep(&s->wait_fd);
	s->conns = wd_free(s->conns);
	s->out = wd_secret_free(s->out);
	return wd_free(s);
}

void
wd_serve_freep(struct wd_serve **s)
{
	*s = wd_serve_free(*s);
}

/* ---- who may connect */

struct crowd {
	size_t of_user, strangers;
};

static struct crowd
count_crowd(const struct wd_serve *s, uint32_t uid)
{
	struct crowd crowd = { 0, 0 };

	for (size_t i = 0; i < WD_SERVE_CONNS; i++) {
		if (s->conns[i].fd < 0)
			continue;
		crowd.of_user += s->conns[i].user.uid == uid;
		crowd.strangers += s->conns[i].stranger;
	}
	return crowd;
}

/* Users without rights cannot take the places of those who have some. */
static bool
has_place(const struct wd_serve *s, const struct wd_serve_conn *c)
{
	struct crowd crowd = count_crowd(s, c->user.uid);

	if (s->n_conns == WD_SERVE_CONNS)
		return false;
	if (c->stranger)
		return crowd.of_user < WD_SERVE_STRANGER &&
		    crowd.strangers < WD_SERVE_STRANGERS;
	return crowd.of_user < WD_SERVE_CONNS_USER;
}

/* Gives the connection a place and waits for what it asks. */
static bool
settle(struct wd_serve *s, const struct wd_serve_conn *c)
{
	size_t i = 0;

	while (s->conns[i].fd >= 0)
		i++; /* has_place() has seen a free one */
	if (!wd_serve_add(s, c->fd, WD_SERVE_AT_CONNS + i))
		return false;
	s->conns[i] = *c;
	s->n_conns++;
	return true;
}

/* False when nobody waits, or when there is no descriptor to be had: the
 * listener would stay readable, and the loop would spin. */
static bool
accept_one(struct wd_serve *s)
{
	WD_AUTO(wd_fd_closep)
	int fd =
	    accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct wd_serve_conn c = { 0 };

	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			s->no_accept = wd_time_mono_ms() + PAUSE;
		return false;
	}
	if (!wd_serve_identify(fd, &c))
		return true;
	c.stranger = !wd_hold_knows(s->hold, &c.user);
	c.fd = fd;
	if (!has_place(s, &c) || !settle(s, &c)) {
		s->counts.turned_away++;
		return true;
	}
	fd = -1;
	return true;
}

void
wd_serve_accept(struct wd_serve *s)
{
	for (int i = 0; i < ACCEPTS; i++)
		if (!accept_one(s))
			break;
}

/* ---- one packet */

bool
wd_serve_send(int fd, const struct wd_wr *wr)
{
	return send(fd, wr->p, wr->len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)wr->len;
}

/* False when the connection is over. */
static bool
serve_one(struct wd_serve *s, struct wd_serve_conn *c)
{
	struct wd_wr wr =
	    wd_wr_fixed(wd_secret_bytes(s->out), wd_secret_len(s->out));
	struct wd_serve_sender sender = { 0 };
	ssize_t n = wd_serve_receive(c->fd, s->in, sizeof(s->in), &sender);
	bool fine;

	if (n == -1)
		return true;
	fine = n > 0 &&
	    wd_serve_answer(s, c, &sender, wd_span(s->in, (size_t)n), &wr) &&
	    (c->away != 0 || wd_serve_send(c->fd, &wr));
	wd_wipe(wr.p, wr.len); /* it may have been a secret */
	return fine;
}

void
wd_serve_drop(struct wd_serve *s, struct wd_serve_conn *c)
{
	uint64_t away = c->away;

	wd_fd_closep(&c->fd);
	c->away = 0;
	s->n_conns--;
	if (away != 0)
		s->options.gone(s->options.ctx, away);
}

void
wd_serve_hear(struct wd_serve *s, struct wd_serve_conn *c)
{
	if (c->away != 0 || !serve_one(s, c))
		wd_serve_drop(s, c);
}

struct wd_serve_counts
wd_serve_counts(const struct wd_serve *s)
{
	struct wd_serve_counts counts = s->counts;

	counts.connections = s->n_conns;
	counts.away = wd_serve_count_away(s, NULL);
	return counts;
}
