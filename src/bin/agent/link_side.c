/*
 * The agent's side of its link: one at a time, started when there is none, set
 * up before anything is asked, one call at a time but for waits, releases and
 * signatures, each with a deadline. What
 * breaks the table of calls or keeps silent is given up, and the starter ends
 * it when it starts the next.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "sys/log.h"

#include <arpa/inet.h>
#include <unistd.h>

enum {
	START_MS = 10000,
	RESOLVE_MS = 30000, /* what a resolver may add to a request */
	SLACK_MS = 2000,
	SECOND = 1000,
};

/* ---- giving up */

void
agent_link_drop(struct agent *a, const char *why)
{
	struct agent_link *l = &a->link;
	struct wd_diag d = { 0 };

	wd_peer_done(&l->peer);
	agent_watch_lost(a);
	agent_use_lost(a);
	agent_releases_lost(&a->round);
	l->state = AGENT_LINK_NONE;
	l->request = 0;
	l->more = false;
	l->deadline = INT64_MAX;
	l->not_before = 0;
	if (why != NULL) {
		l->failures++;
		l->not_before = wd_time_mono_ms() + agent_backoff(l->failures);
		wd_log(WD_LOG_WARNING, "link_lost", "why", why, NULL);
	}
	if (a->round.step == AGENT_IDLE)
		return;
	(void)wd_fault(
	    &d, WD_F_PEER, "%s", why != NULL ? why : "another link is wanted");
	agent_round_fail(a, WD_F_PEER, &d);
}

/* ---- asking */

/* The server's own deadline is the link's to keep; this is for the link. */
int64_t
agent_link_patience(const struct agent *a)
{
	const struct agent_conf *c = &a->setup->conf;
	struct in6_addr room;
	bool is_address = inet_pton(AF_INET, c->host, &room) == 1 ||
	    inet_pton(AF_INET6, c->host, &room) == 1;

	return (int64_t)c->deadline_seconds * SECOND + SLACK_MS +
	    (is_address ? 0 : RESOLVE_MS);
}

bool
agent_link_ask(struct agent *a, enum wd_call call, const void *msg)
{
	struct agent_link *l = &a->link;

	if (wd_peer_send(&l->peer, call, msg, -1, &l->request) != 0 ||
	    wd_chan_flush(l->peer.chan) != 0) {
		agent_link_drop(a, "does not take a request");
		return false;
	}
	l->call = call;
	l->deadline = wd_time_mono_ms() + agent_link_patience(a);
	return true;
}

static void
start(struct agent *a, int64_t now)
{
	struct agent_link *l = &a->link;

	if (wd_peer_send(
		&a->starter, WD_CALL_LINK_START, NULL, -1, &l->start) != 0 ||
	    wd_chan_flush(a->starter.chan) != 0)
		return; /* the loop hears that the starter is gone */
	l->state = AGENT_LINK_STARTING;
	l->deadline = now + START_MS;
}

void
agent_link_attach(struct agent *a, int fd)
{
	struct agent_link *l = &a->link;
	const struct agent_conf *c = &a->setup->conf;
	const struct wd_msg_link_setup m = {
		.host = wd_span_text(c->host),
		.port = c->port,
		.ca = wd_bytes_span(a->setup->ca),
		.deadline_ms = c->deadline_seconds * SECOND,
	};

	if (l->state != AGENT_LINK_STARTING) {
		(void)close(fd); /* one that came too late */
		return;
	}
	if (wd_peer_open(&l->peer, WD_PROC_AGENT, WD_PROC_LINK, 0, fd) != 0) {
		agent_link_drop(a, "cannot be talked to");
		return;
	}
	l->state = AGENT_LINK_SETTING_UP;
	(void)agent_link_ask(a, WD_CALL_LINK_SETUP,
	    &m); /* a lost link is started again by the next tick */
}

void
agent_link_started(struct agent *a, uint32_t request, int result)
{
	struct agent_link *l = &a->link;

	if (request != l->start)
		return; /* we have given that one up */
	l->start = 0;
	if (result != 0)
		agent_link_drop(a, "cannot be started");
}

void
agent_link_tick(struct agent *a, int64_t now)
{
	struct agent_link *l = &a->link;

	if (l->state == AGENT_LINK_NONE && now >= l->not_before)
		start(a, now);
	else if (now >= l->deadline)
		agent_link_drop(a,
		    l->state == AGENT_LINK_STARTING ? "does not start"
						    : "does not answer");
}

/* ---- hearing */

/* Room for any reply of a link. */
union reply {
	struct wd_msg_challenge challenge;
	struct wd_msg_tpm_credential credential;
	struct wd_msg_tpm_enrolment enrolment;
	struct wd_msg_link_release release;
	struct wd_msg_link_watch watch;
	struct wd_msg_link_signed sign;
};

static void
set_up(struct agent *a, int result, struct wd_span detail)
{
	struct wd_diag d = { 0 };

	if (result == 0) {
		a->link.state = AGENT_LINK_READY;
		wd_log(WD_LOG_DEBUG, "link_set_up", NULL);
		return;
	}
	(void)wd_fault(&d, WD_F_PEER, "%.*s",
	    detail.len < 160 ? (int)detail.len : 160, (const char *)detail.p);
	wd_log_result("link_refused_its_setup", WD_F_PEER, &d);
	agent_link_drop(a, "cannot be set up");
}

static bool
is_waited_for(const struct agent *a, const struct wd_frame *f,
    const struct wd_call_row *row)
{
	return a->watch.request != 0 && f->request == a->watch.request &&
	    row->id == WD_CALL_LINK_WATCH && (f->flags & WD_FRAME_REPLY) != 0;
}

/* One of several that are waited for. */
static bool
take_lane(
    struct agent *a, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct wd_span detail = { NULL, 0 };
	union reply m;
	int result;

	if ((f->flags & WD_FRAME_REPLY) == 0 ||
	    wd_reply_read(f->body, row, &result, &detail, &m) != 0)
		return false;
	return row->id == WD_CALL_LINK_SIGN
	    ? agent_use_answer(a, f->request, result, detail, &m.sign)
	    : agent_releases_answer(a, f->request, result, detail, &m.release);
}

/* False: it broke the rules. */
static bool
take_answer(
    struct agent *a, const struct wd_frame *f, const struct wd_call_row *row)
{
	struct agent_link *l = &a->link;
	struct wd_span detail = { NULL, 0 };
	union reply m;
	int result;

	if (row->id == WD_CALL_LINK_SIGN || row->id == WD_CALL_LINK_RELEASE)
		return take_lane(a, f, row);
	if (is_waited_for(a, f, row)) {
		if (wd_reply_read(f->body, row, &result, &detail, &m) != 0)
			return false;
		agent_watch_answer(a, result, &m.watch);
		return true;
	}
	if ((f->flags & WD_FRAME_REPLY) == 0 || l->request == 0 ||
	    f->request != l->request || row->id != l->call ||
	    wd_reply_read(f->body, row, &result, &detail, &m) != 0)
		return false;
	l->request = 0;
	l->deadline = INT64_MAX;
	if (l->state == AGENT_LINK_SETTING_UP)
		set_up(a, result, detail);
	else
		agent_round_answer(a, l->call, result, detail, &m);
	return true;
}

void
agent_link_go_on(struct agent *a)
{
	struct agent_link *l = &a->link;
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n = wd_peer_next(&l->peer, &f, &row, &d);

	l->more = n > 0; /* an answer may give the link up */
	if (n < 0 || (n > 0 && !take_answer(a, &f, row)))
		agent_link_drop(a, "broke the rules");
}

void
agent_link_hear(struct agent *a)
{
	if (wd_chan_fill(a->link.peer.chan) != 0)
		agent_link_drop(a, "has ended");
	else
		agent_link_go_on(a);
}
