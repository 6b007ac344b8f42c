/*
 * Joining processes: a socketpair for each two that may speak to one another,
 * one end to either. Whoever starts again gets new ones, and so does the other
 * side. A role that loads foreign code before it listens is joined when it is
 * ready: who may ask it counts the time until it answers, and start_ms has
 * counted its start.
 */
#include "bin/warderd/supervisor.h"

#include <sys/socket.h>

#include "proto/calls.h"
#include "sys/file.h"
#include "sys/log.h"

/* Room for what a full queue of requests holds, so that senders seldom keep
 * bytes back. The kernel gives what it allows. */
enum { BUFFER = 1 << 20 };

static int
hand_over(struct sup_proc *to, const struct sup_proc *other, int fd)
{
	struct wd_msg_attach m = { (uint8_t)other->proc, other->cell,
		sup_serves_admin(&other->setup->conf, other->cell) };
	int size = BUFFER;

	/* Less is no failure. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return sup_tell(to, WD_CALL_ATTACH, &m, fd);
}

static void
join(struct sup *s, struct sup_proc *a, struct sup_proc *b)
{
	WD_AUTO(wd_fd_closep) int one = -1;
	WD_AUTO(wd_fd_closep) int two = -1;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
		wd_log(WD_LOG_ERROR, "no_socketpair", NULL);
		sup_proc_kill(s, a, "cannot be joined with others");
		return;
	}
	one = fds[0];
	two = fds[1];
	if (hand_over(a, b, one) != 0)
		sup_proc_kill(s, a, "does not take a peer");
	if (hand_over(b, a, two) != 0)
		sup_proc_kill(s, b, "does not take a peer");
}

static bool
lives(const struct sup_proc *p)
{
	return p->state == SUP_STARTING || p->state == SUP_READY;
}

bool
sup_is_apart(const struct sup_proc *p)
{
	return p->state == SUP_STARTING && p->role->joined_when_ready;
}

static bool
may_join(const struct sup_proc *a, const struct sup_proc *b)
{
	bool within_cell;

	if (a == b || !lives(b) || sup_is_apart(b))
		return false;
	if (!sup_is_linked(a->proc, b->proc, &within_cell))
		return false;
	/* Places in a list mean something in one configuration only. */
	if ((a->proc == WD_PROC_BACKEND || b->proc == WD_PROC_BACKEND) &&
	    a->setup != b->setup)
		return false;
	return !within_cell || a->cell == b->cell;
}

void
sup_link(struct sup *s, struct sup_proc *p)
{
	if (sup_is_apart(p))
		return;
	/* It may be killed on the way. */
	for (size_t i = 0; i < SUP_PROCS; i++)
		if (lives(p) && may_join(p, &s->procs[i]))
			join(s, p, &s->procs[i]);
}
