/*
 * Calls of the agent, each of them one request to the server. What the server
 * says is taken apart and handed on in flat fields; nothing is decided here,
 * since the agent believes nothing but signatures.
 */
#include "bin/link/link.h"

#include "base/wr.h"
#include "proto/coco_client.h"
#include "proto/coco_tpm.h"
#include "sys/log.h"

#include <stdio.h>

enum {
	ANSWER_MAX = 512 << 10, /* a release of 256 KiB, in base64 */
	BODY_MAX = 256 << 10,
};

/* Asks and takes 200 for an answer; anything else is the server's refusal. */
static int
ask(struct link *l, const struct wd_client_ask *question,
    struct wd_client_answer *ret, struct wd_diag *d)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	int r;

	if (l->client == NULL)
		return wd_fault(d, WD_F_PEER, "asked before it was set up");
	r = wd_client_send(l->client, question, &a, d);
	if (r != 0)
		return r;
	if (a.status != 200)
		return wd_coco_error_read(a.status, wd_bytes_span(a.body), d);
	*ret = a;
	a.body = NULL;
	return 0;
}

static int
post(struct link *l, const char *path, const struct wd_wr *body,
    struct wd_client_answer *ret, struct wd_diag *d)
{
	struct wd_client_ask question = { .path = path, .post = true };
	int r = wd_wr_end(body);

	if (r != 0)
		return wd_fault(d, WD_F_BUG, "the request does not fit");
	question.body = wd_wr_span(body);
	return ask(l, &question, ret, d);
}

int
link_reply(struct link *l, enum wd_call call, uint32_t number, int result,
    const struct wd_diag *d, const void *msg)
{
	return wd_peer_reply(&l->agent, call, number, result, d->detail, msg);
}

static int
reply(struct link *l, const struct wd_frame *f, int result,
    const struct wd_diag *d, const void *msg)
{
	return link_reply(l, (enum wd_call)f->call, f->request, result, d, msg);
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
	struct wd_client *fresh = NULL;
	struct wd_diag d = { 0 };
	int r = wd_client_new(&options, &fresh, &d);

	if (r == 0 &&
	    ((r = link_watch_open(l, &options, &d)) != 0 ||
		(r = link_lanes_open(l, &options, &d)) != 0))
		wd_client_freep(&fresh);
	if (r == 0) {
		wd_client_freep(&l->client);
		l->client = fresh;
		wd_client_resolve(l->client);
	}
	return reply(l, f, r, &d, NULL);
}

static int
on_challenge(struct link *l, const struct wd_frame *f, const void *msg)
{
	const struct wd_msg_link_challenge_ask *m = msg;
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr body = wd_wr_growing(1024);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *challenge = NULL;
	struct wd_msg_challenge answer;
	struct wd_diag d = { 0 };
	int r;

	/* A new session: nothing of the last one may be mixed in. */
	if (l->client != NULL) {
		wd_client_forget(l->client);
		wd_client_resolve(l->client);
	}
	wd_coco_request_write(&body, (enum wd_tee)m->tee);
	r = post(l, "/kbs/v0/auth", &body, &a, &d);
	if (r == 0)
		r = wd_coco_challenge_read(
		    wd_bytes_span(a.body), &challenge, &d);
	answer.challenge = wd_bytes_span(challenge);
	return reply(l, f, r, &d, &answer);
}

static int
on_attest(struct link *l, const struct wd_frame *f, const void *msg)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr body = wd_wr_growing(BODY_MAX);
	struct wd_diag d = { 0 };
	int r;

	wd_coco_attestation_write(&body, msg);
	r = post(l, "/kbs/v0/attest", &body, &a, &d);
	if (r == 0 && link_lanes_attested(l) != 0)
		r = wd_fault(&d, WD_F_MEMORY, "no memory for a session");
	return reply(l, f, r, &d, NULL);
}

/* It may be the first for long: names are looked up anew, and it needs no
 * session. */
static int
on_enrol(struct link *l, const struct wd_frame *f, const void *msg)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr body = wd_wr_growing(BODY_MAX);
	struct wd_msg_tpm_credential answer = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (l->client != NULL) {
		wd_client_forget(l->client);
		wd_client_resolve(l->client);
	}
	wd_coco_enrol_write(&body, msg);
	r = post(l, "/kbs/v0/warder/tpm/enrol", &body, &a, &d);
	if (r == 0)
		r = wd_coco_credential_read(
		    wd_bytes_span(a.body), &t, &answer, &d);
	return reply(l, f, r, &d, &answer);
}

static int
on_enrolment(struct link *l, const struct wd_frame *f, const void *msg)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr body = wd_wr_growing(4096);
	struct wd_msg_tpm_enrolment answer = { 0 };
	struct wd_diag d = { 0 };
	int r;

	wd_coco_enrolment_write(&body, msg);
	r = post(l, "/kbs/v0/warder/tpm/enrolment", &body, &a, &d);
	if (r == 0)
		r = wd_coco_enrolled_read(
		    wd_bytes_span(a.body), &t, &answer, &d);
	return reply(l, f, r, &d, &answer);
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
