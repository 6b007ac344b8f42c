/*
 * Calls of the agent, each of them one request to the server, which is begun
 * here and goes on in lanes.c.
 */
#include "bin/link/link.h"

#include "proto/coco_client.h"
#include "proto/coco_tpm.h"
#include "sys/log.h"

enum { ANSWER_MAX = 512 << 10 }; /* a release of 256 KiB, in base64 */

int
link_reply(struct link *l, enum wd_call call, uint32_t number, int result,
    const struct wd_diag *d, const void *msg)
{
	return wd_peer_reply(&l->agent, call, number, result, d->detail, msg);
}

/* ---- the calls */

static int
on_setup(struct link *l, const struct wd_frame *f, const void *msg)
{
	const struct wd_msg_link_setup *m = msg;
	struct wd_client_options options = {
		.host = m->host,
		.port = m->port,
		.roots = m->ca,
		.max_body = ANSWER_MAX,
		.deadline_ms = m->deadline_ms,
		.cookies = true, /* the session is one */
	};
	struct wd_diag d = { 0 };
	int r = link_lanes_open(l, &options, &d);

	if (r == 0)
		r = link_watch_open(l, &options, &d);
	if (r == 0)
		wd_client_resolve(l->main.client);
	return link_reply(l, WD_CALL_LINK_SETUP, f->request, r, &d, NULL);
}

/* Why there is no place for it: it comes too early, or it is one too many. */
static int
not_now(struct link *l, const struct wd_frame *f)
{
	struct wd_diag d = { 0 };
	int r = wd_fault(&d, WD_F_PEER, "asked before it was set up");

	if (l->main.client != NULL)
		return WD_F_PEER;
	return link_reply(l, (enum wd_call)f->call, f->request, r, &d, NULL);
}

static int
post(struct link *l, struct link_lane *lane, const char *path)
{
	struct wd_client_ask question = { .path = path, .post = true };

	return link_lane_begin(l, lane, &question);
}

/* Nothing of the last session may be mixed in; and it may be the first request
 * for long: names are looked up anew. */
static void
start_anew(struct link *l)
{
	wd_client_forget(l->main.client);
	wd_client_resolve(l->main.client);
}

static int
on_challenge(struct link *l, const struct wd_frame *f, const void *msg)
{
	const struct wd_msg_link_challenge_ask *m = msg;
	struct link_lane *lane = link_lane_take(&l->main, 1, f);

	if (lane == NULL)
		return not_now(l, f);
	start_anew(l);
	wd_coco_request_write(&lane->body, (enum wd_tee)m->tee);
	return post(l, lane, "/kbs/v0/auth");
}

static int
on_attest(struct link *l, const struct wd_frame *f, const void *msg)
{
	struct link_lane *lane = link_lane_take(&l->main, 1, f);

	if (lane == NULL)
		return not_now(l, f);
	wd_coco_attestation_write(&lane->body, msg);
	return post(l, lane, "/kbs/v0/attest");
}

/* It needs no session. */
static int
on_enrol(struct link *l, const struct wd_frame *f, const void *msg)
{
	struct link_lane *lane = link_lane_take(&l->main, 1, f);

	if (lane == NULL)
		return not_now(l, f);
	start_anew(l);
	wd_coco_enrol_write(&lane->body, msg);
	return post(l, lane, "/kbs/v0/warder/tpm/enrol");
}

static int
on_enrolment(struct link *l, const struct wd_frame *f, const void *msg)
{
	struct link_lane *lane = link_lane_take(&l->main, 1, f);

	if (lane == NULL)
		return not_now(l, f);
	wd_coco_enrolment_write(&lane->body, msg);
	return post(l, lane, "/kbs/v0/warder/tpm/enrolment");
}

static int
on_release(struct link *l, const struct wd_frame *f, const void *msg)
{
	return link_release(l, f, msg);
}

static int
on_watch(struct link *l, const struct wd_frame *f, const void *msg)
{
	return link_watch(l, f, msg);
}

static int
on_sign(struct link *l, const struct wd_frame *f, const void *msg)
{
	return link_sign(l, f, msg);
}

static const struct {
	enum wd_call call;
	int (*run)(struct link *l, const struct wd_frame *f, const void *msg);
} calls[] = {
	{ WD_CALL_LINK_SETUP, on_setup },
	{ WD_CALL_LINK_CHALLENGE, on_challenge },
	{ WD_CALL_LINK_ATTEST, on_attest },
	{ WD_CALL_LINK_ENROL, on_enrol },
	{ WD_CALL_LINK_ENROLMENT, on_enrolment },
	{ WD_CALL_LINK_RELEASE, on_release },
	{ WD_CALL_LINK_WATCH, on_watch },
	{ WD_CALL_LINK_SIGN, on_sign },
};

/* Room for any of their requests. */
union request {
	struct wd_msg_link_setup setup;
	struct wd_msg_link_challenge_ask challenge;
	struct wd_msg_link_attest_ask attest;
	struct wd_msg_link_enrol_ask enrol;
	struct wd_msg_link_enrolment_ask enrolment;
	struct wd_msg_link_release_ask release;
	struct wd_msg_link_watch_ask watch;
	struct wd_msg_link_sign_ask sign;
};

int
link_answer(struct link *l, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d)
{
	union request m;

	for (size_t i = 0; i < WD_N(calls); i++) {
		if (calls[i].call != row->id ||
		    (f->flags & WD_FRAME_REPLY) != 0)
			continue;
		if (wd_msg_read(f->body, row->request, &m) != 0)
			return wd_fault(
			    d, WD_F_PEER, "%s: malformed request", row->name);
		return calls[i].run(l, f, &m);
	}
	return wd_fault(d, WD_F_PEER, "%s is not for a link", row->name);
}
