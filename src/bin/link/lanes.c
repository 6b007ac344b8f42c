/*
 * Requests that go on beside one another, so that nothing that the server is
 * slow with holds up anything else: each has a connection of its own, which is
 * kept for the next one.
 */
#include "bin/link/link.h"

#include "base/wr.h"
#include "crypto/wrapped.h"
#include "proto/coco_client.h"

#include <stdio.h>

enum {
	BODY_MAX = 48 << 10,   /* 32 KiB in base64url */
	ANSWER_MAX = 16 << 10, /* to a signature */
	PATH_MAX_LEN = 512,
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
	r = open_lane(&l->main, &own, d);
	for (size_t i = 0; r == 0 && i < LINK_RELEASES; i++)
		r = open_lane(&l->releases[i], &own, d);
	own.max_body = ANSWER_MAX;
	for (size_t i = 0; r == 0 && i < LINK_SIGNS; i++)
		r = open_lane(&l->signs[i], &own, d);
	return r;
}

int
link_lanes_attested(struct link *l)
{
	l->n_sessions++;
	return wd_client_follow(l->session, l->main.client);
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

struct link_lane *
link_lane_take(struct link_lane *lanes, size_t n, const struct wd_frame *f)
{
	struct link_lane *lane = idle_lane(lanes, n);

	if (lane == NULL)
		return NULL;
	wd_wr_done(&lane->body);
	lane->body = wd_wr_growing(BODY_MAX);
	lane->call = (enum wd_call)f->call;
	lane->request = f->request;
	return lane;
}

static int
begin(struct link_lane *lane, struct wd_client_ask *question, struct wd_diag *d)
{
	if (wd_wr_end(&lane->body) != 0)
		return wd_fault(d, WD_F_BUG, "the request does not fit");
	question->body = wd_wr_span(&lane->body);
	return wd_client_begin(lane->client, question, d);
}

int
link_lane_begin(
    struct link *l, struct link_lane *lane, struct wd_client_ask *question)
{
	struct wd_diag d = { 0 };
	int r = begin(lane, question, &d);

	return r == 0 ? 0
		      : link_reply(l, lane->call, lane->request, r, &d, NULL);
}

/* The session is shown that there was when it was asked. */
static int
begin_in_session(struct link *l, struct link_lane *lane,
    struct wd_client_ask *question, struct wd_diag *d)
{
	if (l->n_sessions == 0)
		return wd_reject(
		    d, WD_R_NO_CREDENTIAL, "there is no session yet");
	if (lane->session != l->n_sessions &&
	    wd_client_follow(lane->client, l->session) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	lane->session = l->n_sessions;
	return begin(lane, question, d);
}

int
link_sign(struct link *l, const struct wd_frame *f,
    const struct wd_msg_link_sign_ask *m)
{
	struct link_lane *lane = link_lane_take(l->signs, LINK_SIGNS, f);
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
	wd_coco_sign_write(&lane->body, m);
	r = begin_in_session(l, lane, &question, &d);
	return r == 0 ? 0
		      : link_reply(l, lane->call, lane->request, r, &d, NULL);
}

/* A path goes into the request's line as it is. */
static bool
is_path(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '?' ||
		    s.p[i] == '#' || s.p[i] == '%')
			return false;
	return s.len > 0 && s.len <= PATH_MAX_LEN;
}

enum { FIELDS = 2 };

/* What else a request for a release says. */
struct fields {
	char replaced[2 * WD_ID_LEN + 1];
	struct wd_client_field at[FIELDS];
	size_t n;
};

/* Which lease the new one replaces, when there is one; and how it may come. */
static void
fill_fields(const struct wd_msg_link_release_ask *m, struct fields *f)
{
	struct wd_wr wr = wd_wr_fixed(f->replaced, sizeof(f->replaced));

	f->n = 0;
	if (!wd_id_is_none(&m->replaces)) {
		wd_coco_replaces_write(&wr, &m->replaces, &m->replaces_session);
		f->at[f->n++] = (struct wd_client_field){ "Warder-Replaces: ",
			wd_wr_span(&wr) };
	}
	if (m->wrapped)
		f->at[f->n++] = (struct wd_client_field){ "Warder-Wrap: ",
			WD_SPAN_LIT(WD_WRAP_ASKED) };
}

int
link_release(struct link *l, const struct wd_frame *f,
    const struct wd_msg_link_release_ask *m)
{
	struct link_lane *lane = link_lane_take(l->releases, LINK_RELEASES, f);
	char target[PATH_MAX_LEN + 32];
	struct fields fields;
	struct wd_client_ask question = {
		.path = target, .accept = LINK_NATIVE, .fields = fields.at
	};
	struct wd_diag d = { 0 };
	int r;

	if (lane == NULL)
		return WD_F_PEER;
	(void)snprintf(target, sizeof(target), "/kbs/v0/resource/%.*s",
	    (int)(m->path.len < PATH_MAX_LEN ? m->path.len : PATH_MAX_LEN),
	    (const char *)m->path.p); /* fits */
	fill_fields(m, &fields);
	question.n_fields = fields.n;
	r = is_path(m->path)
	    ? begin_in_session(l, lane, &question, &d)
	    : wd_reject(&d, WD_R_RANGE, "no path of a resource");
	return r == 0 ? 0
		      : link_reply(l, lane->call, lane->request, r, &d, NULL);
}

/* ---- answers */

static struct link_lane *
lane_at(struct link *l, size_t i)
{
	if (i < LINK_SIGNS)
		return &l->signs[i];
	i -= LINK_SIGNS;
	return i < LINK_RELEASES ? &l->releases[i] : &l->main;
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
	return link_take(l, lane, &a, r, &d);
}

int
link_lanes_step(struct link *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < LINK_LANES; i++)
		r = step(l, lane_at(l, i));
	return r;
}

size_t
link_lanes_wait(struct link *l, struct pollfd *fds, int *ms)
{
	size_t n = 0;

	for (size_t i = 0; i < LINK_LANES; i++) {
		struct wd_client *c = lane_at(l, i)->client;
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
