/*
 * Start and loop of the keeper.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "broker/backup.h"
#include "broker/unwrapped.h"
#include "crypto/init.h"
#include "sys/log.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
	ARENA = 8 << 20,
	EXPIRE_ROWS = 500,     /* of sessions and leases, a tick */
	EXPIRE_AGAIN_MS = 100, /* while there were some */
	/* Seal may be at work for an HSM, and scribe wait for a disk. Whoever
	 * asks us has more patience than that. */
	INFORMED_MS = 5000,
};

/* ---- peers */

static void
front_gone(struct keeper *k)
{
	k->front_number++; /* what it asked is answered to nobody */
}

struct link {
	struct wd_peer *peer;
	enum wd_proc other;
	void (*gone)(struct keeper *k);
};

enum { LINKS = 4 };

static void
links(struct keeper *k, struct link l[LINKS])
{
	l[0] = (struct link){ &k->front, k->front.other, front_gone };
	l[1] = (struct link){ &k->verify, WD_PROC_VERIFY, keeper_verify_gone };
	l[2] = (struct link){ &k->scribe, WD_PROC_SCRIBE, keeper_scribe_gone };
	l[3] = (struct link){ &k->seal, WD_PROC_SEAL, keeper_seal_gone };
}

static void
detach(struct keeper *k, const struct link *l)
{
	if (l->peer->chan == NULL)
		return;
	wd_log(WD_LOG_WARNING, "peer_gone", "peer",
	    wd_proc_name(l->peer->other), NULL);
	wd_peer_done(l->peer);
	l->gone(k);
}

static bool
said(struct keeper *k, const struct link *l, const struct wd_frame *f,
    const struct wd_call_row *row)
{
	if (l->peer == &k->front) {
		keeper_call(k, f, row);
		return true;
	}
	if (l->peer == &k->verify) {
		keeper_verify_said(k, f, row);
		return true;
	}
	return l->peer == &k->scribe ? keeper_scribe_said(k, f, row)
				     : keeper_seal_said(k, f, row);
}

bool
keeper_read_begin(struct keeper *k)
{
	return !k->config->admin && k->broker != NULL &&
	    wd_store_read_begin(k->broker->store) == 0;
}

/* All that has arrived from one peer. */
static void
drain(struct keeper *k, const struct link *l)
{
	int gone = wd_chan_fill(l->peer->chan);
	bool reading = l->peer == &k->front && keeper_read_begin(k);
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n;

	while ((n = wd_peer_next(l->peer, &f, &row, &d)) > 0)
		if (!said(k, l, &f, row)) {
			n = wd_fault(
			    &d, WD_F_PEER, "%s out of place", row->name);
			break;
		}
	if (reading)
		wd_store_read_end(k->broker->store);
	keeper_round_end(k);
	if (n < 0 && gone == 0)
		wd_role_bad_peer(k->role, l->peer, d.detail);
	if (n < 0 || gone != 0)
		detach(k, l);
	else if (l->peer->chan != NULL)
		wd_chan_forget(l->peer->chan);
}

static void
attached(void *ctx, enum wd_proc other, uint16_t cell, int fd)
{
	struct keeper *k = ctx;
	struct link l[LINKS];
	size_t at = other == WD_PROC_VERIFY ? 1
	    : other == WD_PROC_SCRIBE       ? 2
	    : other == WD_PROC_SEAL         ? 3
					    : 0;
	int r;

	if (other == WD_PROC_BACKEND) {
		keeper_backend_attached(k, cell, fd);
		return;
	}
	links(k, l);
	detach(k, &l[at]);
	r = wd_peer_open(l[at].peer, WD_PROC_KEEPER, other, cell, fd);
	if (r != 0) {
		wd_log_result("peer_not_attached", r, NULL);
		return;
	}
	if (at == 1)
		keeper_snapshot(k);
	if (at == 3)
		keeper_seal_attached(k);
}

static void
on_drain(void *ctx)
{
	struct keeper *k = ctx;

	k->draining = true;
}

static const struct wd_role_ops role_ops = { .attached = attached,
	.drain = on_drain };

/* ---- time */

/* Rows come as fast as clients ask; they must be able to go as fast. */
static void
note_expired(struct keeper *k, int r)
{
	if (r == 0)
		k->next_tick = wd_time_mono_ms() + EXPIRE_AGAIN_MS;
}

static void
house_keeping(struct keeper *k)
{
	int64_t now = wd_time_now();
	int r;

	if (k->broker == NULL)
		return;
	/* Failures show in the next request; tidying up can wait. */
	r = wd_store_session_expire(k->broker->store, now, EXPIRE_ROWS);
	if (r < 0)
		wd_log(WD_LOG_ERROR, "sessions_not_expired", "why",
		    wd_store_why(k->broker->store), NULL);
	note_expired(k, r);
	if (!k->config->admin || k->turn != NULL)
		return;
	wd_backup_tick(k->broker, wd_time_mono_ms());
	r = wd_store_lease_expire(k->broker->store, now, EXPIRE_ROWS);
	note_expired(k, r);
	if (r < 0 || wd_broker_note_time(k->broker, now) != 0)
		wd_log(WD_LOG_ERROR, "store_not_tidied", "why",
		    wd_store_why(k->broker->store), NULL);
}

/* What was there at NOW was heard: what has come while we worked on that makes
 * nobody late. */
static void
tick(struct keeper *k, int64_t now)
{
	if (now < k->next_tick)
		return;
	k->next_tick = now + KEEPER_TICK_MS;
	keeper_verify_late(k, now);
	keeper_scribe_late(k, now);
	keeper_admin_late(k, now);
	keeper_backend_late(k, now);
	keeper_hsm_late(k, now);
	if (k->broker != NULL)
		wd_unwrapped_tick(k->broker);
	keeper_backends_look(k, now);
	keeper_index_tick(k, now);
	keeper_upstream_tick(k, now);
	house_keeping(k);
	keeper_rows_step(k);
}

static int
until_tick(const struct keeper *k)
{
	int64_t ring = keeper_ring_due(k);
	int64_t due = ring < k->next_tick ? ring : k->next_tick;
	int64_t left = due - wd_time_mono_ms();

	return left <= 0            ? 0
	    : left < KEEPER_TICK_MS ? (int)left
				    : KEEPER_TICK_MS;
}

/* ---- the loop */

static void
flush(struct keeper *k, struct link l[LINKS])
{
	for (size_t i = 0; i < LINKS; i++)
		if (l[i].peer->chan != NULL &&
		    wd_chan_flush(l[i].peer->chan) != 0)
			detach(k, &l[i]);
	for (size_t i = 0; i < keeper_backend_peers(k); i++) {
		struct wd_peer *p = keeper_backend_peer(k, i);

		if (p != NULL && wd_chan_flush(p->chan) != 0)
			keeper_backend_detach(k, p);
	}
}

/* Whether requests may be read: a keeper that has just started would refuse
 * them for a seal that is open and a log that can be written. */
static bool
is_informed(struct keeper *k)
{
	k->informed = k->informed ||
	    ((k->seal.chan == NULL || k->seal_known) &&
		(k->scribe.chan == NULL || k->log_known)) ||
	    wd_time_mono_ms() >= k->informed_by;
	return k->informed;
}

static struct pollfd
listen_to(const struct wd_chan *c)
{
	return (struct pollfd){ wd_chan_fd(c),
		(short)(POLLIN | (wd_chan_waiting(c) > 0 ? POLLOUT : 0)), 0 };
}

/* Who is waited for: the supervisor, the links, then backends. */
struct watched {
	struct pollfd fds[1 + LINKS + KEEPER_BACKEND_PEERS];
	struct wd_peer *backend[KEEPER_BACKEND_PEERS];
	nfds_t n;
};

static void
list(struct keeper *k, const struct link l[LINKS], struct watched *w)
{
	w->fds[0] = (struct pollfd){ wd_role_control_fd(k->role), POLLIN, 0 };
	w->n = 1 + LINKS;
	for (size_t i = 0; i < LINKS; i++) {
		struct wd_chan *c = l[i].peer->chan;

		w->fds[1 + i] = (struct pollfd){ -1, 0, 0 };
		if (c != NULL && (i != 0 || is_informed(k)))
			w->fds[1 + i] = listen_to(c);
	}
	for (size_t i = 0; i < keeper_backend_peers(k); i++) {
		struct wd_peer *p = keeper_backend_peer(k, i);

		if (p == NULL)
			continue;
		w->backend[w->n - 1 - LINKS] = p;
		w->fds[w->n++] = listen_to(p->chan);
	}
}

/* Replies before requests: they free what requests need. */
static void
hear(struct keeper *k, struct link l[LINKS], const struct watched *w)
{
	for (size_t i = 1 + LINKS; i < w->n; i++) {
		struct wd_peer *p = w->backend[i - 1 - LINKS];

		if ((w->fds[i].revents & ~POLLOUT) != 0 && p->chan != NULL)
			keeper_backend_ready(k, p);
	}
	for (size_t i = LINKS; i-- > 0;)
		if ((w->fds[1 + i].revents & ~POLLOUT) != 0 &&
		    l[i].peer->chan != NULL)
			drain(k, &l[i]);
}

/* Nothing of anybody is left that a replaced keeper would have to finish. */
static bool
is_finished(const struct keeper *k)
{
	return k->draining &&
	    (k->front.chan == NULL || k->free.n == KEEPER_OPS);
}

static int
loop(struct keeper *k, struct wd_diag *d)
{
	static struct watched w; /* large */
	struct link l[LINKS];

	links(k, l);
	while (!is_finished(k)) {
		int64_t now;

		keeper_admin_next(k);
		flush(k, l);
		list(k, l, &w);
		if (poll(w.fds, w.n, until_tick(k)) < 0) {
			if (errno != EINTR)
				return wd_fault_errno(d, "cannot wait");
			continue;
		}
		now = wd_time_mono_ms();
		hear(k, l, &w);
		keeper_rows_look(k);
		if (w.fds[0].revents != 0)
			wd_role_control(k->role);
		tick(k, now);
	}
	keeper_index_leave(k);
	return 0;
}

/* ---- start */

/* A store that is missing or cannot be read does not stop the process: it
 * answers why, and the log says more. */
static int
open_broker(struct keeper *k, struct wd_diag *d)
{
	static char dir[257], name[254];
	struct wd_store *store = NULL;
	int r;

	if (!wd_span_to_text(k->config->state_dir, dir, sizeof(dir)) ||
	    !wd_span_to_text(k->config->server_name, name, sizeof(name)))
		return wd_fault(d, WD_F_PEER, "a configuration that is none");
	r = wd_store_open(dir, &store, d);
	if (r == 0)
		r = wd_broker_new(
		    store, name, k->config->session_seconds, &k->broker, d);
	if (r == 0) {
		k->broker->entries_per_platform =
		    k->config->entries_per_platform;
		k->broker->entries_per_session = k->config->entries_per_session;
		k->broker->enrolment_seconds = k->config->tpm_enrolment_seconds;
		k->broker->unwrapped_seconds =
		    k->config->seal_wrap_cache_seconds;
		keeper_ring_start(k);
		return k->config->admin ? wd_backup_enable(k->broker, dir, d)
					: 0;
	}
	wd_log_result("store_not_opened", r, d);
	wd_diag_clear(d);
	k->why_no_broker = r > 0 ? r : WD_R_UNAVAILABLE;
	return 0;
}

static int
run(struct keeper *k, struct wd_diag *d)
{
	int r = wd_role_start(WD_PROC_KEEPER, ARENA, &k->role, d);

	if (r != 0 || (r = wd_crypto_init(d)) != 0)
		return r;
	k->config = wd_role_config(k->role);
	k->front.other = k->config->admin ? WD_PROC_ADMIN_FRONT : WD_PROC_FRONT;
	keeper_ops_start(k);
	if ((r = keeper_backends_start(k, d)) != 0 ||
	    (r = keeper_unwrap_start(k, d)) != 0 ||
	    (r = open_broker(k, d)) != 0)
		return r;
	r = wd_role_ready(k->role, WD_SANDBOX_KEEPER, &role_ops, k, d);
	k->informed_by = wd_time_mono_ms() + INFORMED_MS;
	return r != 0 ? r : loop(k, d);
}

int
main(void)
{
	static struct keeper k;
	struct wd_diag d = { 0 };
	int r = run(&k, &d);

	if (r != 0)
		wd_log_result("keeper_failed", r, &d);
	_exit(r == 0 ? 0 : 1); /* a sandboxed role runs no destructors */
}
