/*
 * The agent's loop: local programs, the link, the starter, signals and time,
 * one after the other. Nothing in it waits but wd_serve_wait().
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "sys/log.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	/* A wait counts no time that the machine sleeps; leases do. */
	WAKE_MS = 5000,
	/* After this, programs are told what there is rather than to wait. */
	PATIENCE_MS = 5000,
};

enum { AT_SIGNALS, AT_STARTER, AT_LINK, OWN_FDS };

/* ---- a new configuration */

static bool
is_other_server(const struct agent_setup *old, const struct agent_setup *fresh)
{
	const struct agent_conf *a = &old->conf;
	const struct agent_conf *b = &fresh->conf;

	return a->port != b->port ||
	    a->deadline_seconds != b->deadline_seconds ||
	    !wd_span_equal(WD_SPAN(a->host), WD_SPAN(b->host)) ||
	    !wd_span_equal(wd_bytes_span(old->ca), wd_bytes_span(fresh->ca)) ||
	    !wd_span_equal(WD_SPAN(a->release_key), WD_SPAN(b->release_key));
}

/* Everything that may fail comes before anything changes. */
static int
apply(struct agent *a, struct agent_setup **fresh, struct wd_diag *d)
{
	WD_AUTO(agent_attester_freep) struct agent_attester *attester = NULL;
	const struct agent_conf *conf = &(*fresh)->conf;
	const struct agent_conf_key *fixed =
	    agent_conf_needs_restart(&a->setup->conf, conf);
	bool other_evidence =
	    !agent_attester_fits(a->attester, &a->setup->conf, conf);
	int r;

	if (fixed != NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "%s in section [%s] can only change by a new start",
		    fixed->name, fixed->section);
	if (other_evidence &&
	    (r = agent_attester_open(conf, &attester, d)) != 0)
		return r;
	if (other_evidence) {
		agent_attester_freep(&a->attester);
		a->attester = WD_TAKE(attester);
		a->enrol = (struct agent_enrol){ 0 }; /* of another key */
	}
	if (a->round.step != AGENT_IDLE || is_other_server(a->setup, *fresh))
		agent_link_drop(a, NULL);
	if (is_other_server(a->setup, *fresh))
		a->watch = (struct agent_watch){ 0 };
	if (other_evidence || is_other_server(a->setup, *fresh))
		agent_keys_hurry(a);
	struct agent_setup *old = a->setup;

	a->setup = WD_TAKE(*fresh);
	agent_keys_sync(a);
	(void)agent_setup_free(old); /* always NULL */
	a->round.not_before = 0;
	return 0;
}

static void
ask_for_setup(struct agent *a)
{
	if (a->reload != 0)
		return; /* one is on its way */
	if (wd_peer_send(
		&a->starter, WD_CALL_AGENT_CONF, NULL, -1, &a->reload) != 0 ||
	    wd_chan_flush(a->starter.chan) != 0)
		a->reload = 0; /* the loop hears that the starter is gone */
}

static int
take_setup(struct agent *a, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	WD_AUTO(agent_setup_freep) struct agent_setup *fresh = NULL;
	struct wd_msg_agent_conf m;
	struct wd_span detail = { NULL, 0 };
	int result;
	int r = wd_reply_read(f->body, row, &result, &detail, &m);

	if (r != 0)
		return wd_fault(d, WD_F_PEER, "malformed configuration");
	if (result != 0)
		return wd_reject(d,
		    result > 0 ? (enum wd_reason)result : WD_R_UNAVAILABLE,
		    "%.*s", (int)(detail.len < 200 ? detail.len : 200),
		    (const char *)detail.p);
	r = agent_setup_take(&m, &fresh, d);
	return r != 0 ? r : apply(a, &fresh, d);
}

static void
on_setup(
    struct agent *a, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_diag d = { 0 };
	int r = take_setup(a, f, row, &d);

	a->reload = 0;
	if (r == 0)
		wd_log(WD_LOG_INFO, "reloaded", NULL);
	else
		wd_log(WD_LOG_ERROR, "reload_refused", "reason",
		    wd_reason_name(r), "detail", d.detail, NULL);
}

/* ---- the starter */

static int
take_start(struct agent *a, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	struct wd_span detail;
	int result;

	if (wd_reply_read(f->body, row, &result, &detail, NULL) != 0)
		return wd_fault(d, WD_F_PEER, "malformed answer");
	agent_link_started(a, f->request, result);
	return 0;
}

static int
take_frame(struct agent *a, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	if (row->id == WD_CALL_LINK_START)
		return take_start(a, f, row, d);
	if (row->id == WD_CALL_ATTACH)
		agent_link_attach(a, f->fd);
	else if (row->id == WD_CALL_AGENT_CONF && f->request == a->reload)
		on_setup(a, f, row);
	else
		return wd_fault(d, WD_F_PEER, "the starter said %s", row->name);
	return 0;
}

static int
hear_starter(struct agent *a, struct wd_diag *d)
{
	const struct wd_call_row *row;
	struct wd_frame f;
	int n;

	if (wd_chan_fill(a->starter.chan) != 0)
		return wd_fault(d, WD_F_PEER, "the starter has ended");
	while ((n = wd_peer_next(&a->starter, &f, &row, d)) > 0)
		if ((n = take_frame(a, &f, row, d)) != 0)
			return n;
	return n;
}

/* ---- signals */

/* True: it is time to stop. */
static bool
take_signal(struct agent *a, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP)
		return true;
	ask_for_setup(a);
	return false;
}

/* ---- time */

static void
tick(struct agent *a)
{
	int64_t now = wd_time_mono_ms();

	agent_keys_expire(a, wd_time_boot_ms());
	if (!wd_hold_is_ready(a->hold) && now - a->started >= PATIENCE_MS)
		wd_hold_set_ready(a->hold, true);
	agent_link_tick(a, now);
	agent_wrapping_tick(a);
	agent_round_tick(a, wd_time_mono_ms());
	agent_releases_tick(a, now);
	agent_watch_tick(a, now);
	agent_use_tick(a, now);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int
time_left(const struct agent *a)
{
	const struct agent_link *l = &a->link;
	int64_t now = wd_time_mono_ms();
	int64_t next =
	    least(now + WAKE_MS, least(l->deadline, agent_use_next(a)));
	int64_t end = agent_keys_next_end(a);

	if (l->more)
		return 0;
	next = least(next, agent_releases_next(a));
	if (end != INT64_MAX)
		next = least(next, now + end - wd_time_boot_ms());
	if (!wd_hold_is_ready(a->hold))
		next = least(next, a->started + PATIENCE_MS);
	if (l->state == AGENT_LINK_NONE)
		next = least(next, l->not_before);
	if (l->state == AGENT_LINK_READY)
		next = least(
		    next, least(agent_round_next(a), agent_watch_next(a)));
	return next > now ? (int)(next - now) : 0;
}

/* ---- the loop */

static void
fill(const struct agent *a, int signals, struct pollfd fds[OWN_FDS])
{
	const struct wd_chan *link = a->link.peer.chan;

	fds[AT_SIGNALS] = (struct pollfd){ signals, POLLIN, 0 };
	fds[AT_STARTER] =
	    (struct pollfd){ wd_chan_fd(a->starter.chan), POLLIN, 0 };
	fds[AT_LINK] = (struct pollfd){ -1, POLLIN, 0 };
	if (link != NULL)
		fds[AT_LINK].fd = wd_chan_fd(link);
	if (link != NULL && wd_chan_waiting(link) > 0)
		fds[AT_LINK].events |= POLLOUT;
}

static void
serve_link(struct agent *a, short events)
{
	if (a->link.peer.chan == NULL)
		return; /* given up in the meantime */
	if ((events & POLLOUT) != 0 && wd_chan_flush(a->link.peer.chan) != 0)
		agent_link_drop(a, "has ended");
	else if ((events & ~POLLOUT) != 0)
		agent_link_hear(a);
}

int
agent_loop(struct agent *a, int signals, struct wd_diag *d)
{
	struct pollfd fds[OWN_FDS];
	int r;

	for (;;) {
		tick(a);
		fill(a, signals, fds);
		r = wd_serve_wait(a->serve, fds, OWN_FDS, time_left(a), d);
		if (r != 0)
			return r;
		if (fds[AT_SIGNALS].revents != 0 && take_signal(a, signals))
			return 0;
		if (fds[AT_LINK].revents != 0)
			serve_link(a, fds[AT_LINK].revents);
		else if (a->link.more)
			agent_link_go_on(a);
		if (fds[AT_STARTER].revents != 0 &&
		    (r = hear_starter(a, d)) != 0)
			return r;
	}
}
