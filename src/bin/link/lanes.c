/*
 * Requests of a session that go on beside one another and beside everything
 * else: each has a connection of its own, which is kept for the next one.
 */
#include "bin/link/link.h"

#include "base/wr.h"
#include "proto/coco_client.h"

#include <stdio.h>

enum {
	BODY_MAX = 48 << 10, /* 32 KiB in base64url */
	ANSWER_MAX = 16 << 10,
};

/* ---- life */

static int
open_lane(struct link_lane *lane, const struct wd_client_options *options,
    struct wd_diag *d)
{
	struct wd_client *fresh = NULL;
	int r = wd_client_new(options, &fresh, d);

	if (r != 0)
		return r;
	wd_client_freep(&lane->client);
	lane->client = fresh;
	lane->session = 0;
	return 0;
}

int
link_lanes_open(
    struct link *l, const struct wd_client_options *options, struct wd_diag *d)
{
	struct wd_client_options own = *options;
	struct wd_client *fresh = NULL;
	int r = wd_client_new(&own, &fresh, d);

	if (r != 0)
		return r;
	wd_client_freep(&l->session);
	l->session = fresh;
	own.max_body = ANSWER_MAX;
	for (size_t i = 0; r == 0 && i < LINK_SIGNS; i++)
		r = open_lane(&l->signs[i], &own, d);
	return r;
}

int
link_lanes_attested(struct link *l)
{
	l->n_sessions++;
	return wd_client_follow(l->session, l->client);
}

/* ---- asking */

static struct link_lane *
idle_lane(struct link_lane *lanes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lanes[i].client != NULL &&
		    !wd_client_is_waiting(lanes[i].client))
			return &lanes[i];
	return NULL;
}

static int
begin(struct link *l, struct link_lane *lane, struct wd_client_ask *question,
    struct wd_diag *d)
{
	if (wd_wr_end(&lane->body) != 0)
		return wd_fault(d, WD_F_BUG, "the request does not fit");
	if (lane->session != l->n_sessions &&
	    wd_client_follow(lane->client, l->session) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	lane->session = l->n_sessions;
	question->body = wd_wr_span(&lane->body);
	return wd_client_begin(lane->client, question, d);
}

/* More than there are lanes is nothing an agent asks for. */
int
link_sign(struct link *l, const struct wd_frame *f,
    const struct wd_msg_link_sign_ask *m)
{
	struct link_lane *lane = idle_lane(l->signs, LINK_SIGNS);
	char target[WD_ID_LEN + 32];
	struct wd_client_ask question = {
		.path = target, .post = true, .deadline_ms = m->deadline_ms
	};
	struct wd_diag d = { 0 };
	int r;

	if (lane == NULL)
		return WD_F_PEER;
	(void)snprintf(target, sizeof(target), "/kbs/v0/warder/keys/%s/sign",
	    m->id.s); /* fits */
	wd_wr_done(&lane->body);
	lane->body = wd_wr_growing(BODY_MAX);
	wd_coco_sign_write(&lane->body, m);
	lane->call = WD_CALL_LINK_SIGN;
	lane->request = f->request;
	r = begin(l, lane, &question, &d);
	return r == 0 ? 0
		      : link_reply(l, lane->call, lane->request, r, &d, NULL);
}

/* ---- answers */

/* An answer that is none is no refusal of the server's. */
static int
read_signature(struct wd_span body, struct wd_bytes **ret, struct wd_diag *d)
{
	int r = wd_coco_signed_read(body, ret, d);

	if (r <= 0)
		return r;
	wd_diag_clear(d);
	return wd_fault(d, WD_F_PEER, "the answer is no signature");
}

static int
take_signature(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *signature = NULL;
	struct wd_msg_link_signed m;

	if (result == 0)
		result = read_signature(wd_bytes_span(a->body), &signature, d);
	m.signature = wd_bytes_span(signature);
	return link_reply(l, lane->call, lane->request, result, d, &m);
}

static int
step(struct link *l, struct link_lane *lane)
{
	WD_AUTO(wd_client_answer_done) struct wd_client_answer a = { 0 };
	struct wd_diag d = { 0 };
	bool done;
	int r;

	if (lane->client == NULL || !wd_client_is_waiting(lane->client))
		return 0;
	r = wd_client_step(lane->client, &done, &a, &d);
	if (!done)
		return 0;
	wd_wr_done(&lane->body);
	if (r == 0 && a.status != 200)
		r = wd_coco_error_read(a.status, wd_bytes_span(a.body), &d);
	return take_signature(l, lane, &a, r, &d);
}

int
link_lanes_step(struct link *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < LINK_SIGNS; i++)
		r = step(l, &l->signs[i]);
	return r;
}

size_t
link_lanes_wait(struct link *l, struct pollfd *fds, int *ms)
{
	size_t n = 0;

	for (size_t i = 0; i < LINK_SIGNS; i++) {
		struct wd_client *c = l->signs[i].client;
		int own;

		if (c == NULL || !wd_client_is_waiting(c))
			continue;
		wd_client_waits_for(c, &fds[n].fd, &fds[n].events, &own);
		fds[n++].revents = 0;
		if (own >= 0 && (*ms < 0 || own < *ms))
			*ms = own;
	}
	return n;
}
