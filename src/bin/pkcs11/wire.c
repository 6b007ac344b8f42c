/*
 * Connections and the packets on them. Blocking sockets with the kernel's own
 * time-outs, so that a call is one send and one receive.
 */
#include "bin/pkcs11/wire.h"

#include "base/clock.h"
#include "base/reason.h"

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
	BACKLOG_PAUSE = 5,  /* milliseconds */
};

void
wd_pause_ms(long ms)
{
	const struct timespec t = { 0, ms * 1000000 };

	(void)nanosleep(&t, NULL); /* shorter is fine */
}

bool
wd_wire_is_ours(const struct wd_link *l)
{
	struct stat st;

	return l->open && fstat(l->fd, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino;
}

void
wd_wire_close(struct wd_link *l)
{
	if (wd_wire_is_ours(l))
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
		wd_pause_ms(BACKLOG_PAUSE);
	}
	return 0;
}

/* It does not block while it connects, and blocks with a time-out after. */
int
wd_wire_open(struct wd_link *l, const char *path, int64_t deadline)
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

int
wd_wire_set_timeout(struct wd_link *l, int64_t ms)
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

int
wd_wire_exchange(struct wd_link *l, struct wd_ask *ask, int64_t deadline)
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
