/*
 * Keepers from their attachment to their end, for scribe and seal.
 */
#include "bin/common/keepers.h"

#include "sys/log.h"

#include <poll.h>
#include <unistd.h>

bool
wd_keeper_attach(struct wd_keeper *k, enum wd_proc self, uint16_t cell, int fd)
{
	int r;

	if (k == NULL) {
		wd_log(WD_LOG_ERROR, "too_many_keepers", NULL);
		(void)close(fd); /* it sees the end and starts again */
		return false;
	}
	r = wd_peer_open(&k->peer, self, WD_PROC_KEEPER, cell, fd);
	if (r != 0)
		wd_log_result("keeper_not_attached", r, NULL);
	return r == 0;
}

bool
wd_keeper_listens(const struct wd_keeper *k)
{
	return k->peer.chan != NULL && !k->condemned;
}

short
wd_keeper_events(const struct wd_keeper *k)
{
	if (k->condemned)
		return 0;
	return wd_chan_waiting(k->peer.chan) > 0 ? POLLIN | POLLOUT : POLLIN;
}

void
wd_keeper_condemn(struct wd_role *role, struct wd_keeper *k, const char *why)
{
	if (k->condemned)
		return;
	k->condemned = true;
	wd_role_bad_peer(role, &k->peer, why);
}

static int
serve_all(
    struct wd_keeper *k, wd_keeper_frame *serve, void *ctx, struct wd_diag *d)
{
	const struct wd_call_row *row;
	struct wd_frame f;
	int n;

	while ((n = wd_peer_next(&k->peer, &f, &row, d)) > 0) {
		int r = serve(ctx, k, &f, row, d);

		if (r != 0)
			return r;
	}
	return n;
}

bool
wd_keeper_ready(struct wd_role *role, struct wd_keeper *k,
    wd_keeper_frame *serve, void *ctx)
{
	struct wd_diag d = { 0 };
	bool gone = k->condemned; /* then only its end wakes us */
	int r = 0;

	if (!gone) {
		gone = wd_chan_fill(k->peer.chan) != 0;
		r = serve_all(k, serve, ctx, &d);
		if (gone)
			wd_log(WD_LOG_INFO, "keeper_gone", NULL);
	}
	if (gone)
		wd_peer_done(&k->peer);
	else
		wd_chan_forget(k->peer.chan);
	if (!gone && r != 0)
		wd_keeper_condemn(role, k, d.detail);
	return !gone;
}
