/*
 * The sending side of a channel. A descriptor is handed to the kernel together
 * with the first byte of its frame, so that the receiver has it when the frame
 * is whole.
 */
#include "sys/chan_impl.h"

#include "base/reason.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

size_t
wd_chan_waiting(const struct wd_chan *c)
{
	return c->out.end - c->out.start;
}

static int
queue_fd(struct wd_chan *c, int fd)
{
	int copy;

	if (c->n_out_fds == WD_CHAN_FDS)
		return WD_F_MEMORY;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return WD_F_SYSTEM;
	c->out_fds[c->n_out_fds++] =
	    (struct wd_chan_fd){ copy, c->sent + wd_chan_waiting(c), 0 };
	return 0;
}

int
wd_chan_begin(struct wd_chan *c, size_t most, struct wd_wr *ret_body)
{
	size_t room;

	if (most > WD_FRAME_MAX)
		return WD_F_BUG;
	if (!wd_chan_buf_room(
		&c->out, WD_FRAME_HEAD + most, WD_CHAN_WAITING_MAX, &room))
		return WD_F_MEMORY;
	*ret_body = wd_wr_fixed(wd_chan_buf_end(&c->out) + WD_FRAME_HEAD, most);
	return 0;
}

static void
write_head(
    uint8_t *at, size_t len, uint16_t call, uint16_t flags, uint32_t request)
{
	struct wd_wr wr = wd_wr_fixed(at, WD_FRAME_HEAD);

	wd_wr_le32(&wr, (uint32_t)len);
	wd_wr_le16(&wr, call);
	wd_wr_le16(&wr, flags);
	wd_wr_le32(&wr, request);
}

int
wd_chan_end(struct wd_chan *c, uint16_t call, uint16_t flags, uint32_t request,
    const struct wd_wr *body, int fd)
{
	int r = wd_wr_end(body) != 0 ? WD_F_BUG : 0;

	if (r == 0 && fd >= 0)
		r = queue_fd(c, fd);
	if (r != 0) {
		wd_wipe(body->p, body->cap);
		return r;
	}
	flags &= (uint16_t)~WD_FRAME_WITH_FD;
	flags |= fd < 0 ? 0 : WD_FRAME_WITH_FD;
	write_head(wd_chan_buf_end(&c->out), body->len, call, flags, request);
	c->out.end += WD_FRAME_HEAD + body->len;
	return 0;
}

int
wd_chan_send(struct wd_chan *c, uint16_t call, uint16_t flags, uint32_t request,
    struct wd_span body, int fd)
{
	struct wd_wr wr;
	int r = wd_chan_begin(c, body.len, &wr);

	if (r != 0)
		return r;
	wd_wr_bytes(&wr, body);
	return wd_chan_end(c, call, flags, request, &wr, fd);
}

static void
attach_fd(struct msghdr *m, union control *control, int fd)
{
	m->msg_control = control->room;
	m->msg_controllen = CMSG_SPACE(sizeof(int));
	control->head.cmsg_level = SOL_SOCKET;
	control->head.cmsg_type = SCM_RIGHTS;
	control->head.cmsg_len = CMSG_LEN(sizeof(int));
	wd_copy(CMSG_DATA(&control->head), wd_span(&fd, sizeof(fd)));
}

/* What one system call may send: up to the next frame with a descriptor. */
static ssize_t
send_part(struct wd_chan *c, bool *ret_with_fd)
{
	struct wd_span s = wd_chan_buf_span(&c->out);
	union control control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)s.p, s.len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	bool with_fd = c->n_out_fds > 0 && c->out_fds[0].from == c->sent;
	size_t next = with_fd ? 1 : 0;

	if (with_fd)
		attach_fd(&m, &control, c->out_fds[0].fd);
	if (next < c->n_out_fds)
		iov.iov_len = (size_t)(c->out_fds[next].from - c->sent);
	*ret_with_fd = with_fd;
	return sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
sent(struct wd_chan *c, size_t n, bool with_fd)
{
	if (with_fd) {
		(void)close(c->out_fds[0].fd); /* a copy; nothing to lose */
		wd_chan_fd_shift(c->out_fds, &c->n_out_fds);
	}
	c->sent += n;
	wd_chan_buf_drop(&c->out, n);
}

int
wd_chan_flush(struct wd_chan *c)
{
	while (wd_chan_waiting(c) > 0) {
		bool with_fd;
		ssize_t n = send_part(c, &with_fd);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return errno == EPIPE || errno == ECONNRESET
			    ? WD_F_PEER
			    : WD_F_SYSTEM;
		sent(c, (size_t)n, with_fd);
	}
	return 0;
}
