/*
 * What the kernel says of the other end: of the connection when it was made,
 * and of every message again. Nothing a program says of itself is believed.
 */
#include "bin/agent/serve_impl.h"

#include "sys/file.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SO_PEERGROUPS
#error "SO_PEERGROUPS is needed (Linux 4.13)"
#endif

/* The primary group first; of a user in too many groups it alone. */
static void
read_groups(int fd, gid_t primary, struct wd_hold_user *user)
{
	gid_t more[WD_HOLD_GROUPS_MAX - 1];
	socklen_t len = sizeof(more);

	user->gids[0] = primary;
	user->n_gids = 1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, more, &len) != 0)
		return;
	for (size_t i = 0; i < len / sizeof(more[0]); i++)
		user->gids[user->n_gids++] = more[i];
}

bool
wd_serve_identify(int fd, struct wd_serve_conn *ret)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 ||
	    len != sizeof(cred))
		return false;
	ret->made_by = (struct wd_serve_sender){ cred.pid, cred.uid, cred.gid };
	ret->user.uid = cred.uid;
	read_groups(fd, cred.gid, &ret->user);
	return true;
}

/* The credentials that ride on every message. */
static bool
read_sender(struct msghdr *msg, struct wd_serve_sender *ret)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct ucred cred;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_CREDENTIALS ||
	    c->cmsg_len != CMSG_LEN(sizeof(cred)))
		return false;
	wd_copy(&cred, wd_span(CMSG_DATA(c), sizeof(cred)));
	*ret = (struct wd_serve_sender){ cred.pid, cred.uid, cred.gid };
	return true;
}

/* Descriptors that come along find no room and are closed by the kernel. */
ssize_t
wd_serve_receive(
    int fd, uint8_t *buf, size_t size, struct wd_serve_sender *ret_sender)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control = { 0 };
	struct iovec iov = { buf, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : -2;
	if (n == 0)
		return 0;
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
	    !read_sender(&msg, ret_sender))
		return -2;
	return n;
}
