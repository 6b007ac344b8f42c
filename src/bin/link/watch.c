/*
 * The wait for word of what was revoked, beside everything else: a connection
 * of its own, which shows the session that the other one has opened.
 */
#include "bin/link/link.h"

#include "proto/coco_client.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	WAIT_MS = 65000, /* the server answers after 50 seconds at the latest */
	ANSWER_MAX = 64 << 10,
};

#define TARGET "/kbs/v0/warder/leases"

int
link_watch_open(
    struct link *l, const struct wd_client_options *options, struct wd_diag *d)
{
	struct wd_client_options own = *options;
	struct wd_client *fresh = NULL;
	int r;

	own.deadline_ms = WAIT_MS;
	own.max_body = ANSWER_MAX;
	r = wd_client_new(&own, &fresh, d);
	if (r != 0)
		return r;
	wd_client_freep(&l->watch);
	l->watch = fresh;
	return 0;
}

static int
reply(struct link *l, uint32_t number, int result, const struct wd_diag *d,
    const struct wd_client_answer *a)
{
	uint8_t digests[32 * WD_REVOKED_MAX];
	struct wd_msg_link_watch m = { 0 };
	struct wd_diag own = { 0 };

	if (result == 0 && a->status != 200) {
		result =
		    wd_coco_error_read(a->status, wd_bytes_span(a->body), &own);
		d = &own;
	} else if (result == 0) {
		result = wd_coco_revoked_read(
		    wd_bytes_span(a->body), digests, &m, &own);
		d = &own;
	}
	return wd_peer_reply(
	    &l->agent, WD_CALL_LINK_WATCH, number, result, d->detail, &m);
}

int
link_take_watch(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	return reply(l, lane->request, result, d, a);
}

/* Where things stand is told at once, over the connection of the session. */
static int
look(struct link *l, const struct wd_frame *f)
{
	struct link_lane *lane = link_lane_take(&l->main, 1, f);
	struct wd_client_ask question = { .path = TARGET };

	return lane == NULL ? WD_F_PEER : link_lane_begin(l, lane, &question);
}

static int
begin_wait(struct link *l, uint64_t after, struct wd_diag *d)
{
	char target[sizeof(TARGET) + 32];
	const struct wd_client_ask question = { .path = target };
	int r;

	if (l->n_sessions == 0)
		return wd_reject(
		    d, WD_R_NO_CREDENTIAL, "there is no session yet");
	/* The client that makes sessions may be in the middle of the next. */
	if ((r = wd_client_follow(l->watch, l->session)) != 0)
		return wd_fault(d, (enum wd_faults)r, "no memory");
	(void)snprintf(
	    target, sizeof(target), TARGET "?after=%" PRIu64, after); /* fits */
	return wd_client_begin(l->watch, &question, d);
}

/* The wait is over. */
static int
end(struct link *l, int result, const struct wd_diag *d,
    const struct wd_client_answer *a)
{
	uint32_t number = l->watched;

	l->watched = 0;
	return reply(l, number, result, d, a);
}

int
link_watch(struct link *l, const struct wd_frame *f,
    const struct wd_msg_link_watch_ask *m)
{
	const struct wd_client_answer none = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (l->main.client == NULL || l->watched != 0)
		return WD_F_PEER;
	if (!m->has_after)
		return look(l, f);
	l->watched = f->request;
	r = begin_wait(l, m->after, &d);
	return r != 0 ? end(l, r, &d, &none) : 0;
}

int
link_watch_step(struct link *l)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	struct wd_diag d = { 0 };
	bool done;
	int r;

	if (l->watch == NULL || !wd_client_is_waiting(l->watch))
		return 0;
	r = wd_client_step(l->watch, &done, &a, &d);
	return done ? end(l, r, &d, &a) : 0;
}
