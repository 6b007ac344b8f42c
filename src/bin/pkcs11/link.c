/*
 * Calls to the holder. Blocking sockets with the kernel's own time-outs, so
 * that a call is one send and one receive.
 */
#include "bin/pkcs11/link.h"

#include "base/clock.h"
#include "base/reason.h"
#include "bin/pkcs11/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	REQUEST_OFFSET = 4, /* in the head of a packet */
	ATTEMPTS = 3,      /* one that is dead, one of another user, one more */
	BACKLOG_PAUSE = 5, /* milliseconds */
	PATIENT_PAUSE = 50,
	HASTE = 2000,
	SLACK = 20, /* a time-out this much too long is not set again */
};

static void
pause_ms(long ms)
{
	const struct timespec t = { 0, ms * 1000000 };

	(void)nanosleep(&t, NULL); /* shorter is fine */
}

/* ---- one connection */

/* The descriptor still is what was opened here. */
static bool
is_ours(const struct wd_link *l)
{
	struct stat st;

	return l->open && fstat(l->fd, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino;
}

static void
link_close(struct wd_link *l)
{
	if (is_ours(l))
		(void)close(l->fd); /* a socket: nothing is lost */
	l->open = false;
}

/* Programs put what they like into 0, 1 and 2. */
static int
out_of_the_way(int fd)
{
	int high;

	if (fd < 0 || fd > 2)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	(void)close(fd); /* its copy is used */
	return high;
}

static int
connect_by(int fd, const char *path, int64_t deadline)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (!wd_span_to_text(
		wd_span_text(path), addr.sun_path, sizeof(addr.sun_path)))
		return WD_F_PEER;
	while (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		if (errno != EAGAIN && errno != EINTR)
			return WD_F_PEER;
		if (wd_time_mono_ms() >= deadline)
			return WD_F_TIMEOUT;
		pause_ms(BACKLOG_PAUSE);
	}
	return 0;
}

/* It does not block while it connects, and blocks with a time-out after. */
static int
link_open(struct wd_link *l, const char *path, int64_t deadline)
{
	int fd = out_of_the_way(
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	struct stat st;
	int r;

	if (fd < 0)
		return WD_F_SYSTEM;
	r = connect_by(fd, path, deadline);
	if (r == 0 && (fcntl(fd, F_SETFL, 0) != 0 || fstat(fd, &st) != 0))
		r = WD_F_SYSTEM;
	if (r != 0) {
		(void)close(fd); /* nothing was sent */
		return r;
	}
	l->fd = fd;
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->timeout = 0;
	l->open = true;
	return 0;
}

static int
set_timeout(struct wd_link *l, int64_t ms)
{
	const struct timeval t = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	if (l->timeout == ms)
		return 0;
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) != 0 ||
	    setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) != 0)
		return WD_F_SYSTEM;
	l->timeout = (int)ms;
	return 0;
}

/* What an error of send or receive means; 1: try again. */
static int
after_error(int64_t deadline)
{
	if (errno == EINTR && wd_time_mono_ms() < deadline)
		return 1;
	return errno == EINTR || errno == EAGAIN ? WD_F_TIMEOUT : WD_F_PEER;
}

static int
send_packet(
    const struct wd_link *l, const struct wd_wr *packet, int64_t deadline)
{
	int r = 1;

	while (r == 1) {
		ssize_t n = send(l->fd, packet->p, packet->len, MSG_NOSIGNAL);

		if (n >= 0)
			return (size_t)n == packet->len ? 0 : WD_F_PEER;
		r = after_error(deadline);
	}
	return r;
}

static int
receive_packet(const struct wd_link *l, struct wd_ask *ask, size_t *ret_len,
    int64_t deadline)
{
	int r = 1;

	while (r == 1) {
		ssize_t n =
		    recv(l->fd, ask->answer, ask->answer_size, MSG_TRUNC);

		if (n >= 0) {
			*ret_len = (size_t)n;
			return n == 0 || (size_t)n > ask->answer_size
			    ? WD_F_PEER
			    : 0;
		}
		r = after_error(deadline);
	}
	return r;
}

static int
read_answer(struct wd_ask *ask, size_t len, const struct wd_holder_head *asked)
{
	struct wd_holder_head head;

	if (wd_holder_open(wd_span(ask->answer, len), &head, &ask->body) != 0 ||
	    wd_holder_status(&ask->body, &ask->status) != 0)
		return WD_F_PEER;
	if (!head.reply || head.op != asked->op ||
	    head.request != asked->request)
		return WD_F_PEER;
	ask->epoch = head.epoch;
	return 0;
}

static int
exchange(struct wd_link *l, struct wd_ask *ask, int64_t deadline)
{
	struct wd_holder_head asked;
	struct wd_span body;
	size_t len;
	int r;

	wd_wr_patch_le32(&ask->packet, REQUEST_OFFSET, ++l->request);
	if (wd_holder_open(wd_wr_span(&ask->packet), &asked, &body) != 0)
		return WD_F_BUG;
	if ((r = send_packet(l, &ask->packet, deadline)) != 0 ||
	    (r = receive_packet(l, ask, &len, deadline)) != 0)
		return r;
	return read_answer(ask, len, &asked);
}

/* ---- the pool */

void
wd_links_after_fork(struct wd_link links[WD_LINKS])
{
	for (size_t i = 0; i < WD_LINKS; i++) {
		link_close(&links[i]);
		links[i].busy = false;
	}
}

void
wd_links_close(struct wd_link links[WD_LINKS])
{
	for (size_t i = 0; i < WD_LINKS; i++)
		if (!links[i].busy)
			link_close(&links[i]);
}

/* One that no thread uses, an open one first; NULL when all are busy. */
static struct wd_link *
free_link(struct wd_p11 *p)
{
	struct wd_link *found = NULL;

	for (size_t i = 0; i < WD_LINKS; i++) {
		struct wd_link *l = &p->links[i];

		if (!l->busy && (found == NULL || (l->open && !found->open)))
			found = l;
	}
	return found;
}

/* What one call needs while the lock is not held. */
struct call {
	struct wd_link *link;
	int64_t budget, deadline; /* milliseconds, and when they are over */
	char path[WD_P11_PATH];
};

static int
take_link(struct call *c)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();
	int64_t now = wd_time_mono_ms();

	if (p == NULL)
		return WD_F_PEER;
	c->budget = now < p->haste ? WD_LINK_DEADLINE_HASTY : WD_LINK_DEADLINE;
	c->deadline = now + c->budget;
	while ((c->link = free_link(p)) == NULL)
		if (!wd_p11_wait(c->deadline))
			return WD_F_TIMEOUT;
	if (!p->initialized)
		return WD_F_PEER;
	c->link->busy = true;
	wd_copy(c->path, WD_SPAN(p->path));
	return 0;
}

static void
give_link(const struct call *c, int r)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter_any();

	if (!p->initialized)
		link_close(c->link);
	c->link->busy = false;
	if (r == WD_F_TIMEOUT)
		p->haste = wd_time_mono_ms() + HASTE;
	if (r == 0)
		p->haste = 0;
	wd_p11_wake();
}

/* Leaves L open only after a good answer: what comes late must not be taken
 * for the answer to the next question. */
static int
attempt(const struct call *c, struct wd_ask *ask, bool *ret_again)
{
	struct wd_link *l = c->link;
	int64_t left = c->deadline - wd_time_mono_ms();
	bool old = is_ours(l);
	int r;

	*ret_again = false;
	if (left <= 0)
		return WD_F_TIMEOUT;
	if (left > c->budget - SLACK)
		left = c->budget;
	if (!old)
		l->open = false;
	if (!old && (r = link_open(l, c->path, c->deadline)) != 0)
		return r;
	if ((r = set_timeout(l, left)) != 0 ||
	    (r = exchange(l, ask, c->deadline)) != 0) {
		link_close(l);
		*ret_again = old && r == WD_F_PEER;
		return r;
	}
	if (ask->status != WD_HOLDER_RECONNECT)
		return 0;
	link_close(l);
	*ret_again = true;
	return WD_F_PEER;
}

void
wd_ask_start(struct wd_ask *ask, enum wd_holder_op op)
{
	const struct wd_holder_head head = { .version = WD_HOLDER_VERSION,
		.op = op };

	wd_holder_start(&ask->packet, &head);
}

int
wd_ask(struct wd_ask *ask)
{
	struct call c = { 0 };
	bool again = true;
	int r = take_link(&c);

	if (r != 0)
		return r;
	for (int i = 0; again && i < ATTEMPTS; i++)
		r = attempt(&c, ask, &again);
	give_link(&c, r);
	return r;
}

static bool
is_patient(void)
{
	WD_AUTO(wd_p11_leavep) struct wd_p11 *p = wd_p11_enter();

	return p != NULL && wd_time_mono_ms() < p->patience;
}

int
wd_ask_patiently(struct wd_ask *ask)
{
	for (;;) {
		int r = wd_ask(ask);
		bool worth = r == WD_F_PEER ||
		    (r == 0 && ask->status == WD_HOLDER_NOT_READY);

		if (!worth || !is_patient())
			return r;
		pause_ms(PATIENT_PAUSE);
	}
}
