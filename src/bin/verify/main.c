/*
 * The loop of warder-verify: waits, answers all that has arrived, writes the
 * answers out together.
 */
#include "bin/verify/verify.h"

#include "codec/json.h"
#include "crypto/init.h"
#include "sys/log.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* A keeper that does not read its answers is not read from either. */
enum { UNREAD_MAX = 1 << 20 };

/* ---- the keeper */

static void
attached(void *ctx, enum wd_proc peer, uint16_t cell, int fd)
{
	struct verify *v = ctx;
	int r;

	if (peer != WD_PROC_KEEPER) {
		(void)close(fd); /* no other role is verify's to talk to */
		return;
	}
	wd_peer_done(&v->keeper); /* the new one took the place of the old */
	r = wd_peer_open(&v->keeper, WD_PROC_VERIFY, peer, cell, fd);
	if (r != 0)
		wd_log_result("keeper_not_attached", r, NULL);
}

/* The requests of a keeper that leaves are still answered. */
static void
drain(void *ctx)
{
	struct verify *v = ctx;

	v->leaving = true;
}

static const struct wd_role_ops ops = { .attached = attached, .drain = drain };

static int
answer_all(struct verify *v, struct wd_diag *d)
{
	const struct wd_call_row *row;
	struct wd_frame f;
	int n;

	while ((n = wd_peer_next(&v->keeper, &f, &row, d)) > 0) {
		int r = verify_call(v, &f, row, d);

		if (r != 0)
			return r;
	}
	return n;
}

/* What came before the end of the stream is looked at, so that a peer that
 * breaks the rules and closes is reported all the same. */
static void
serve_keeper(struct verify *v)
{
	struct wd_diag d = { 0 };
	bool gone = wd_chan_fill(v->keeper.chan) != 0;
	int r = answer_all(v, &d);

	if (r == WD_F_PEER)
		wd_role_bad_peer(v->role, &v->keeper, d.detail);
	else if (r != 0)
		wd_log_result("keeper_not_answered", r, &d);
	if (gone || r != 0 || wd_chan_flush(v->keeper.chan) != 0)
		wd_peer_done(&v->keeper);
}

/* ---- the loop */

static short
events_of(const struct verify *v)
{
	size_t waiting = wd_chan_waiting(v->keeper.chan);

	if (waiting > UNREAD_MAX)
		return POLLOUT;
	return waiting > 0 ? POLLIN | POLLOUT : POLLIN;
}

static int
loop(struct verify *v, struct wd_diag *d)
{
	while (!v->leaving || v->keeper.chan != NULL) {
		struct pollfd fds[2] = {
			{ wd_role_control_fd(v->role), POLLIN, 0 },
			{ -1, 0, 0 },
		};

		if (v->keeper.chan != NULL) {
			fds[1].fd = wd_chan_fd(v->keeper.chan);
			fds[1].events = events_of(v);
		}
		if (poll(fds, WD_N(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return wd_fault_errno(d, "cannot wait");
		}
		if (fds[1].revents != 0)
			serve_keeper(v);
		if (fds[0].revents != 0)
			wd_role_control(v->role);
	}
	return 0;
}

/* ---- start */

static int
run(struct verify *v, struct wd_diag *d)
{
	int r = wd_role_start(WD_PROC_VERIFY, 0, &v->role, d);

	if (r != 0 || (r = wd_crypto_init(d)) != 0)
		return r;
	if (wd_json_init() != 0)
		return wd_fault(
		    d, WD_F_SYSTEM, "cannot start the JSON library");
	if ((r = verify_open(v, wd_role_config(v->role), d)) != 0)
		return r;
	r = wd_role_ready(v->role, WD_SANDBOX_VERIFY, &ops, v, d);
	return r != 0 ? r : loop(v, d);
}

int
main(void)
{
	static struct verify v;
	struct wd_diag d = { 0 };
	int r = run(&v, &d);

	if (r != 0) {
		wd_log_result("verify_failed", r, &d);
		return 1;
	}
	_exit(0); /* a sandboxed role runs no destructors of libraries */
}
