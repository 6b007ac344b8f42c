/*
 * The receiving side of a channel: bytes into the buffer, frames out of it. A
 * descriptor belongs to the frame that starts within the bytes it came with.
 * Must never hand out a frame whose head was not checked whole.
 */
#include "sys/chan_impl.h"

#include "base/rd.h"
#include "base/reason.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FLAGS_KNOWN = WD_FRAME_REPLY | WD_FRAME_WITH_FD,
	READ_MIN = 4096,      /* less is not worth a system call */
	READ_BUSY = 64 << 10, /* what a busy channel asks for */
	BUF_MAX = WD_FRAME_MAX + READ_BUSY,
};

/* One descriptor a message is what our senders do; the kernel drops more than
 * fit here and says so. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(2 * sizeof(int))];
};

static int
broken(struct wd_chan *c)
{
	c->broken = true;
	return WD_F_PEER;
}

static bool
keep_fd(struct wd_chan *c, int fd, size_t n)
{
	if (c->n_in_fds == WD_CHAN_FDS) {
		(void)close(fd); /* refused; nothing was written to it */
		return false;
	}
	c->in_fds[c->n_in_fds++] =
	    (struct wd_chan_fd){ fd, c->received - n, c->received };
	return true;
}

/* Files the descriptors of one message of N bytes. */
static bool
keep_fds(struct wd_chan *c, struct msghdr *m, size_t n)
{
	bool good = (m->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL;
	     h = CMSG_NXTHDR(m, h)) {
		struct wd_rd rd;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		rd = wd_rd(wd_span(CMSG_DATA(h), h->cmsg_len - CMSG_LEN(0)));
		while (wd_rd_more(&rd)) {
			int fd;

			wd_rd_copy(&rd, &fd, sizeof(fd));
			good = keep_fd(c, fd, n) && good;
		}
	}
	return good;
}

/* One read: bytes got, 0 when nothing is there, WD_F_PEER at the end. */
static ssize_t
receive(struct wd_chan *c, size_t room)
{
	union control control;
	struct iovec iov = { wd_chan_buf_end(&c->in), room };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	ssize_t n;

	do
		n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0) {
		c->ended = true;
		return WD_F_PEER;
	}
	c->busy = (size_t)n == room;
	c->in.end += (size_t)n;
	c->received += (size_t)n;
	if (!keep_fds(c, &m, (size_t)n))
		c->broken = true;
	return n;
}

void
wd_chan_forget(struct wd_chan *c)
{
	wd_chan_buf_drop(&c->in, c->parsed);
	c->parsed = 0;
}

int
wd_chan_fill(struct wd_chan *c)
{
	size_t want = c->busy ? READ_BUSY : READ_MIN;
	size_t len, room;
	ssize_t n;

	wd_chan_forget(c);
	len = wd_chan_buf_span(&c->in).len;
	if (c->broken || c->ended)
		return WD_F_PEER;
	if (len > BUF_MAX - READ_MIN)
		return 0; /* whole frames that nobody took yet */
	want = want < BUF_MAX - len ? want : BUF_MAX - len;
	if (!wd_chan_buf_room(&c->in, want, BUF_MAX, &room))
		return WD_F_MEMORY;
	n = receive(c, room);
	return n < 0 ? (int)n : 0;
}

/* The descriptor of the frame at FROM to TO of the stream, or -1. */
static bool
claim_fd(struct wd_chan *c, bool wanted, uint64_t from, uint64_t to, int *ret)
{
	const struct wd_chan_fd *first = c->in_fds;
	bool there = c->n_in_fds > 0;

	if (!wanted) {
		*ret = -1;
		return !there || first->to > to;
	}
	if (!there || from < first->from || from >= first->to)
		return false;
	*ret = first->fd;
	wd_chan_fd_shift(c->in_fds, &c->n_in_fds);
	return true;
}

int
wd_chan_next(struct wd_chan *c, struct wd_frame *ret)
{
	struct wd_span left = wd_chan_buf_span(&c->in);
	struct wd_frame f = { .fd = -1 };
	struct wd_rd rd;
	uint32_t len;
	uint64_t from;

	if (c->broken)
		return WD_F_PEER;
	if (left.len - c->parsed < WD_FRAME_HEAD)
		return 0;
	left = wd_span(left.p + c->parsed, left.len - c->parsed);
	rd = wd_rd(left);
	len = wd_rd_le32(&rd);
	f.call = wd_rd_le16(&rd);
	f.flags = wd_rd_le16(&rd);
	f.request = wd_rd_le32(&rd);
	if (len > WD_FRAME_MAX || (f.flags & ~FLAGS_KNOWN) != 0)
		return broken(c);
	f.body = wd_rd_bytes(&rd, len);
	if (wd_rd_ok(&rd) != 0)
		return 0;
	from = c->received - left.len;
	if (!claim_fd(c, (f.flags & WD_FRAME_WITH_FD) != 0, from,
		from + WD_FRAME_HEAD + len, &f.fd))
		return broken(c);
	c->parsed += WD_FRAME_HEAD + len;
	*ret = f;
	return 1;
}
