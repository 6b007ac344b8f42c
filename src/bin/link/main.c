/*
 * The program that stands between the agent and the network: HTTP, TLS and JSON
 * are read here, in a process that holds no key. Started by the agent; knows
 * one server, the one it is set up for.
 */
#include "bin/common/role.h"
#include "bin/link/link.h"

#include "codec/json.h"
#include "crypto/init.h"
#include "sys/log.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
	SETUP_MS = 10000,
	FIXED_FDS = 3, /* control, the agent, the wait */
	FDS = FIXED_FDS + LINK_LANES,
};

/* Without the destructors of libraries: the sandbox may not let them run. */
static void
leave(int status)
{
	_exit(status);
}

static void
leave_with(const char *event, int result, const struct wd_diag *d)
{
	wd_log_result(event, result, d);
	leave(1);
}

/*
 * The agent, before the sandbox closes: what the server is called is said now,
 * so that the system's resolver has loaded what it needs once it was used.
 */
static void
attached(void *ctx, enum wd_proc peer, uint16_t cell, int fd)
{
	struct link *l = ctx;
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int r;

	if (peer != WD_PROC_AGENT || l->agent.chan != NULL) {
		(void)close(fd); /* nobody a link talks to */
		return;
	}
	r = wd_peer_open(&l->agent, WD_PROC_LINK, peer, cell, fd);
	if (r == 0)
		r = wd_peer_wait(&l->agent, SETUP_MS, &f, &row, &d);
	if (r == 0)
		r = link_answer(l, &f, row, &d);
	if (r == 0)
		r = wd_chan_flush(l->agent.chan);
	if (r != 0)
		leave_with("link_not_set_up", r, &d);
}

static const struct wd_role_ops ops = { .attached = attached };

/* All requests that have come. */
static void
serve(struct link *l)
{
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n;

	if (wd_chan_fill(l->agent.chan) != 0)
		leave(0); /* the agent is gone, and so are we */
	while ((n = wd_peer_next(&l->agent, &f, &row, &d)) > 0) {
		n = link_answer(l, &f, row, &d);
		if (n != 0)
			break;
	}
	if (n != 0)
		leave_with("agent_not_understood", n, &d);
}

/* The request that waits, if there is one: how long until its next step. */
static int
add_watch(struct link *l, struct pollfd *fd)
{
	int ms = -1;

	*fd = (struct pollfd){ -1, 0, 0 };
	if (l->watch != NULL && wd_client_is_waiting(l->watch))
		wd_client_waits_for(l->watch, &fd->fd, &fd->events, &ms);
	return ms;
}

static void
loop(struct wd_role *role, struct link *l)
{
	for (;;) {
		struct pollfd fds[FDS] = {
			{ wd_role_control_fd(role), POLLIN, 0 },
			{ wd_chan_fd(l->agent.chan), POLLIN, 0 },
		};
		size_t n = FIXED_FDS;
		int ms;

		if (link_watch_step(l) != 0 || link_lanes_step(l) != 0 ||
		    wd_chan_flush(l->agent.chan) != 0)
			leave(0);
		ms = add_watch(l, &fds[2]);
		n += link_lanes_wait(l, &fds[n], &ms);
		if (wd_chan_waiting(l->agent.chan) > 0)
			fds[1].events |= POLLOUT;
		if (poll(fds, n, ms) < 0 && errno != EINTR)
			leave(1);
		if (fds[0].revents != 0)
			wd_role_control(role);
		if ((fds[1].revents & ~POLLOUT) != 0)
			serve(l);
	}
}

static int
run(struct link *l, struct wd_diag *d)
{
	struct wd_role *role = NULL;
	int r = wd_role_start(WD_PROC_LINK, 0, &role, d);

	if (r == 0)
		r = wd_crypto_init(d);
	if (r == 0 && wd_json_init() != 0)
		r = wd_fault(d, WD_F_SYSTEM, "no random numbers");
	if (r == 0)
		r = wd_role_ready(role, WD_SANDBOX_LINK, &ops, l, d);
	if (r != 0)
		return r;
	if (l->agent.chan == NULL)
		return wd_fault(d, WD_F_PEER, "no agent to work for");
	loop(role, l);
	return 0;
}

int
main(void)
{
	static struct link l;
	struct wd_diag d = { 0 };
	int r = run(&l, &d);

	if (r != 0)
		wd_log_result("link_failed", r, &d);
	return r == 0 ? 0 : 1;
}
