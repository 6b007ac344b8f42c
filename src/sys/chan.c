/*
 * Life of a channel, and the two calls that wait.
 */
#include "sys/chan_impl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/reason.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static bool
is_stream_socket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_STREAM;
}

static bool
prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return is_stream_socket(fd) && flags >= 0 &&
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

int
wd_chan_open(int fd, struct wd_chan **ret)
{
	WD_AUTO(wd_chan_closep) struct wd_chan *c = wd_alloc(sizeof(*c));

	if (c == NULL) {
		(void)close(fd); /* it was ours to take */
		return WD_F_MEMORY;
	}
	c->fd = fd;
	if (!prepare(fd))
		return WD_F_SYSTEM;
	*ret = WD_TAKE(c);
	return 0;
}

static void
close_fds(struct wd_chan_fd *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(list[i].fd); /* copies on their way */
}

struct wd_chan *
wd_chan_close(struct wd_chan *c)
{
	if (c == NULL)
		return NULL;
	(void)close(c->fd); /* a socket has nothing left to fail */
	close_fds(c->in_fds, c->n_in_fds);
	close_fds(c->out_fds, c->n_out_fds);
	wd_chan_buf_done(&c->in);
	wd_chan_buf_done(&c->out);
	return wd_free(c);
}

void
wd_chan_closep(struct wd_chan **c)
{
	*c = wd_chan_close(*c);
}

int
wd_chan_fd(const struct wd_chan *c)
{
	return c->fd;
}

/* Waits for EVENTS until the moment DEADLINE of the monotonic clock. */
static int
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = deadline - wd_time_mono_ms();
	int n;

	if (left <= 0)
		return WD_F_TIMEOUT;
	n = poll(&p, 1, (int)left);
	return n < 0 && errno != EINTR ? WD_F_SYSTEM : 0;
}

int
wd_chan_drain(struct wd_chan *c, int timeout_ms)
{
	int64_t deadline = wd_time_mono_ms() + timeout_ms;
	int r = wd_chan_flush(c);

	while (r == 0 && wd_chan_waiting(c) > 0) {
		r = wait_for(c->fd, POLLOUT, deadline);
		if (r == 0)
			r = wd_chan_flush(c);
	}
	return r;
}

int
wd_chan_wait(struct wd_chan *c, int timeout_ms, struct wd_frame *ret)
{
	int64_t deadline = wd_time_mono_ms() + timeout_ms;
	int r = wd_chan_next(c, ret);

	while (r == 0) {
		r = wait_for(c->fd, POLLIN, deadline);
		if (r == 0)
			r = wd_chan_fill(c);
		if (r == 0)
			r = wd_chan_next(c, ret);
	}
	return r > 0 ? 0 : r;
}
