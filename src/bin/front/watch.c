/*
 * GET /kbs/v0/warder/leases: a client waits here to hear what was revoked. The
 * keeper is asked once for each when it comes; after that only whether there is
 * anything new at all, four times a second for everybody together, and once
 * more for each when there is. Who waits has a place of a bounded number, and
 * so has each source; who finds none has lost nothing but the early word.
 */
#include "bin/front/front.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "proto/coco.h"

enum {
	LOOK_MS = 250,
	WAIT_MS = 50000,
	GRACE_MS = 5000, /* for the answer itself */
	PER_SOURCE = 4,  /* parts of the connections that one may have */
	ASKED_MAX = 64,  /* at the keeper at once */
};

struct front_poll {
	struct front *f; /* NULL: free */
	struct wd_request_ref ref;
	uint8_t source[8];
	bool local;
	bool asked; /* the keeper has the question */
	bool has_after;
	uint64_t after;
	int64_t expires; /* of the session, CLOCK_REALTIME */
	int64_t until;   /* CLOCK_MONOTONIC */
};

static void
poll_free(void *own)
{
	struct front_poll *p = own;
	struct front *f = p->f;

	f->watch.asked -= p->asked;
	f->watch.n--;
	*p = (struct front_poll){ 0 };
}

/* ---- answers */

static void
answer(struct front *f, struct wd_request *rq, const struct front_poll *p,
    const struct wd_msg_revoked *m)
{
	struct wd_wr body = wd_wr_growing(FRONT_ANSWER);
	int64_t left = p->expires - wd_time_now();

	wd_coco_revoked_write(&body, m, left > 0 ? (uint32_t)left : 0);
	front_answer_json(f, rq, 200, &body);
}

static void
answer_nothing(
    struct front *f, struct wd_request *rq, const struct front_poll *p)
{
	const struct wd_msg_revoked m = { .after = p->after };

	answer(f, rq, p, &m);
}

/* ---- the keeper */

static void
on_told(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_revoked *m = msg;
	struct front_poll *p = rq->own;

	p->asked = false;
	f->watch.asked--;
	p->expires = m->expires;
	if (!p->has_after || m->all || m->after != p->after || f->leaving)
		answer(f, rq, p, m);
}

/* May answer RQ, and then P is free. */
static void
ask_for(struct front *f, struct wd_request *rq, struct front_poll *p)
{
	struct wd_msg_revoked_ask m = { .door = WD_DOOR_COCO,
		.has_after = p->has_after,
		.after = p->after };

	if (!front_coco_credential(f, rq, &m.cookie, &m.token))
		return;
	p->asked = true;
	f->watch.asked++;
	front_ask(f, rq, WD_CALL_REVOKED, &m, on_told);
}

static void
on_last(struct front *f, struct wd_request *none, const void *msg)
{
	const struct wd_msg_revoked_last *m = msg;

	(void)none;
	f->watch.looking = false;
	for (unsigned i = 0; m != NULL && i < f->watch.max; i++) {
		struct front_poll *p = &f->watch.polls[i];
		struct wd_request *rq;

		if (p->f == NULL || p->asked || p->after == m->number ||
		    f->watch.asked >= ASKED_MAX)
			continue;
		rq = wd_http_find(f->http, p->ref);
		if (rq != NULL)
			ask_for(f, rq, p);
	}
}

/* ---- by the clock */

static void
end_waits(struct front *f, int64_t now)
{
	for (unsigned i = 0; i < f->watch.max; i++) {
		struct front_poll *p = &f->watch.polls[i];
		struct wd_request *rq;

		if (p->f == NULL || p->asked || now < p->until)
			continue;
		rq = wd_http_find(f->http, p->ref);
		if (rq != NULL)
			answer_nothing(f, rq, p);
	}
}

static void
on_tick(void *ctx)
{
	struct front *f = ctx;

	end_waits(f, wd_time_mono_ms());
	if (f->watch.n == 0)
		return; /* the next that comes starts it again */
	if (!f->watch.looking)
		f->watch.looking =
		    front_ask_own(f, WD_CALL_REVOKED_LAST, on_last);
	wd_event_after(f->watch.tick, LOOK_MS);
}

void
front_watch_end(struct front *f)
{
	end_waits(f, INT64_MAX);
}

int
front_watch_open(struct front *f, struct wd_diag *d)
{
	f->watch.max = f->config->max_connections / 2;
	f->watch.polls =
	    wd_alloc_array(f->watch.max + 1, sizeof(*f->watch.polls));
	if (f->watch.polls == NULL ||
	    wd_loop_timer(f->loop, on_tick, f, &f->watch.tick) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for who waits");
	return 0;
}

/* ---- who comes */

/* A place for RQ; NULL when there is none for it. */
static struct front_poll *
take_place(struct front *f, const struct wd_request *rq)
{
	unsigned most = f->config->max_per_source / PER_SOURCE + 1, same = 0;
	struct front_poll *place = NULL;

	for (unsigned i = 0; i < f->watch.max; i++) {
		struct front_poll *p = &f->watch.polls[i];

		if (p->f == NULL)
			place = place == NULL ? p : place;
		else if (!p->local &&
		    wd_span_equal(WD_SPAN(p->source), WD_SPAN(rq->source.key)))
			same++;
	}
	return !rq->source.local && same >= most ? NULL : place;
}

static int
read_after(
    struct wd_request *rq, bool *ret_has, uint64_t *ret, struct wd_diag *d)
{
	char text[24];
	struct wd_param params[] = { { "after", text, sizeof(text), false } };
	int r = wd_query_read(rq->head.query, params, WD_N(params), d);

	if (r != 0)
		return r;
	*ret_has = params[0].given;
	if (params[0].given &&
	    !wd_num_parse(wd_span_text(text), INT64_MAX, ret))
		return wd_reject(d, WD_R_MALFORMED, "`after` is not a number");
	return 0;
}

static void
begin_poll(struct front *f, struct wd_request *rq, struct front_poll *p)
{
	p->f = f;
	p->ref = wd_request_ref(rq);
	p->local = rq->source.local;
	wd_copy(p->source, WD_SPAN(rq->source.key));
	p->until = wd_time_mono_ms() + WAIT_MS;
	rq->own = p;
	rq->own_free = poll_free;
	wd_request_extend(rq, WAIT_MS + GRACE_MS);
	if (f->watch.n++ == 0)
		wd_event_after(f->watch.tick, LOOK_MS);
	ask_for(f, rq, p);
}

void
front_coco_leases(void *ctx, struct wd_request *rq)
{
	struct front *f = ctx;
	struct front_poll *p = take_place(f, rq);
	struct wd_diag d = { 0 };
	bool has_after = false;
	uint64_t after = 0;
	int r = read_after(rq, &has_after, &after, &d);

	if (r == 0 && p == NULL)
		r = wd_reject(&d, WD_R_RATE_LIMITED,
		    "too many wait already; try again later");
	if (r != 0) {
		front_refuse(f, rq, r, &d);
		return;
	}
	p->has_after = has_after;
	p->after = after;
	begin_poll(f, rq, p);
}
