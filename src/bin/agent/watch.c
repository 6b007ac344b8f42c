/*
 * The wait for word of what was revoked. It goes through the link like all else
 * but does not hold anything up, and nothing depends on it: a wait that is lost
 * costs no key before its lease ends. What is heard may come from a hostile
 * link; the worst it can do with it is to end keys, which it can by silence.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "sys/log.h"

enum {
	SECOND = 1000,
	CALL_MS = 75 * SECOND, /* the link gives up ten seconds before */
	PAUSE_MS = 100,
	MARGIN_MS = 2 * SECOND, /* of the session's end */
	AT_ONCE_MS = SECOND,    /* an answer so early should say something */
};

/* ---- when */

static bool
is_wanted(const struct agent *a)
{
	return a->watch.has_after && a->watch.request == 0 &&
	    a->round.step == AGENT_IDLE && a->link.state == AGENT_LINK_READY &&
	    agent_keys_any(a);
}

int64_t
agent_watch_due(const struct agent *a)
{
	const struct agent_watch *w = &a->watch;

	if (!w->has_after || !agent_keys_any(a))
		return INT64_MAX;
	return w->session_end > w->not_before ? w->session_end : w->not_before;
}

int64_t
agent_watch_next(const struct agent *a)
{
	if (a->watch.request != 0)
		return a->watch.deadline;
	if (!is_wanted(a) || a->watch.session_end <= wd_time_mono_ms())
		return INT64_MAX;
	return a->watch.not_before;
}

void
agent_watch_tick(struct agent *a, int64_t now)
{
	struct agent_watch *w = &a->watch;
	const struct wd_msg_link_watch_ask m = { true, w->after };

	if (w->request != 0 && now >= w->deadline) {
		agent_link_drop(a, "does not answer a wait");
		return;
	}
	if (!is_wanted(a) || now >= w->session_end || now < w->not_before)
		return;
	if (wd_peer_send(
		&a->link.peer, WD_CALL_LINK_WATCH, &m, -1, &w->request) != 0 ||
	    wd_chan_flush(a->link.peer.chan) != 0) {
		agent_link_drop(a, "does not take a request");
		return;
	}
	w->asked = now;
	w->deadline = now + CALL_MS;
	w->round = a->round.n;
}

/* ---- what is heard */

static void
failed(struct agent_watch *w)
{
	w->failures++;
	w->not_before = wd_time_mono_ms() + agent_backoff(w->failures);
}

static void
take(struct agent *a, const struct wd_msg_link_watch *m)
{
	struct agent_watch *w = &a->watch;

	w->has_after = true;
	w->after = m->after;
	w->session_end =
	    wd_time_mono_ms() + (int64_t)m->seconds * SECOND - MARGIN_MS;
	if (m->all)
		agent_keys_revoke_all(a);
	else
		agent_keys_revoked(a, m->digests);
}

/* An answer that comes at once should say something. */
static void
heard(struct agent *a, bool is_old, const struct wd_msg_link_watch *m)
{
	struct agent_watch *w = &a->watch;
	int64_t now = wd_time_mono_ms(), end = w->session_end;
	bool early = now - w->asked < AT_ONCE_MS;
	bool news = m->after != w->after || m->all;

	take(a, m);
	if (is_old)
		w->session_end = end;
	if (early && !news) {
		failed(w);
		return;
	}
	w->failures = 0;
	w->not_before = now + PAUSE_MS;
}

static bool
is_about_session(int result)
{
	return result == WD_R_NO_CREDENTIAL ||
	    result == WD_R_CREDENTIAL_INVALID;
}

void
agent_watch_answer(
    struct agent *a, int result, const struct wd_msg_link_watch *msg)
{
	struct agent_watch *w = &a->watch;
	bool is_old = w->round != a->round.n; /* there is another session */

	w->request = 0;
	if (result == 0) {
		heard(a, is_old, msg);
		return;
	}
	if (is_about_session(result) && !is_old)
		w->session_end = 0;
	failed(w);
	wd_log(WD_LOG_DEBUG, "wait_failed", "reason", wd_reason_name(result),
	    NULL);
}

/* A server that does not know the question is one without waits. */
void
agent_watch_mark(
    struct agent *a, int result, const struct wd_msg_link_watch *msg)
{
	if (result == 0)
		take(a, msg);
	else
		wd_log(WD_LOG_DEBUG, "no_wait", "reason",
		    wd_reason_name(result), NULL);
}

/* How long the session lasts is heard with the first answer. */
void
agent_watch_attested(struct agent *a)
{
	a->watch.session_end = INT64_MAX;
}

void
agent_watch_lost(struct agent *a)
{
	if (a->watch.request != 0)
		failed(&a->watch);
	a->watch.request = 0;
	/* The session was the link's. */
	a->watch.session_end = 0;
}
