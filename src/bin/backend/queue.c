/*
 * Calls in the order in which they came. One whose time is over is refused
 * without asking the server: nobody waits for it any more.
 */
#include "bin/backend/backend.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/reason.h"
#include "crypto/rand.h"
#include "sys/log.h"

enum { UNREAD_MAX = 1 << 20 };

/* ---- taking */

int
backend_take(struct backend *b, struct backend_keeper *k,
    const struct wd_frame *f, const struct wd_call_row *row, struct wd_diag *d)
{
	struct waiting *w = &b->queue[(b->first + b->n) % BACKEND_QUEUE];

	if (wd_chan_waiting(k->base.peer.chan) > UNREAD_MAX)
		return wd_fault(d, WD_F_PEER, "does not read its answers");
	if (b->n == BACKEND_QUEUE)
		return wd_peer_reply(&k->base.peer, row->id, f->request,
		    WD_R_UNAVAILABLE, "too much waits for the backend", NULL);
	*w = (struct waiting){ .keeper = (size_t)(k - b->keepers),
		.serial = k->serial,
		.call = (uint16_t)row->id,
		.request = f->request,
		.body = wd_secret_copy(f->body) };
	if (w->body == NULL)
		return wd_peer_reply(&k->base.peer, row->id, f->request,
		    WD_F_MEMORY, "no memory", NULL);
	b->n++;
	return 0;
}

/* ---- serving */

/* The keeper that asked, unless it has gone meanwhile. */
static struct backend_keeper *
asker(struct backend *b, const struct waiting *w)
{
	struct backend_keeper *k = &b->keepers[w->keeper];

	return k->serial == w->serial && wd_keeper_listens(&k->base) ? k : NULL;
}

static bool
is_failure(int result)
{
	return result < 0 || result == WD_R_UNAVAILABLE ||
	    result == WD_R_BACKEND_ANSWER;
}

/* Asks the server; what it says is counted. */
static void
ask(struct backend *b, enum wd_call call, const void *msg, int64_t deadline,
    struct answer *a)
{
	uint32_t chance = 0;
	int64_t now;
	int result;

	backend_ask(b, call, msg, deadline, a);
	now = wd_time_mono_ms();
	result = call == WD_CALL_BACKEND_CHECK ? (int)a->msg.state.reason
					       : a->result;
	if (call != WD_CALL_BACKEND_CHECK) {
		b->calls++;
		b->failures += is_failure(result);
	}
	/* Without chance all processes return together, which is no harm. */
	(void)!wd_rand(&chance, sizeof(chance));
	breaker_note(&b->breaker, result == WD_R_UNAVAILABLE && now >= deadline,
	    now, chance);
	if (result < 0)
		wd_log_result("backend_fault", result, &a->why);
}

/* Why the server is not asked; NULL: it is. */
static const char *
why_not(const struct backend *b, int64_t deadline, int64_t now)
{
	if (b->x == NULL)
		return b->why.detail;
	if (breaker_pause(&b->breaker, now) > 0)
		return "the backend did not answer in time; it is left alone "
		       "for a moment";
	return deadline <= now ? "the backend is busy" : NULL;
}

static void
serve(struct backend *b, enum wd_call call, const void *msg, struct answer *a)
{
	int64_t now = wd_time_mono_ms(), latest = now + b->timeout_ms;
	int64_t deadline = backend_deadline(call, msg);
	const char *why;

	if (deadline > latest)
		deadline = latest;
	why = why_not(b, deadline, now);
	if (why == NULL) {
		ask(b, call, msg, deadline, a);
		return;
	}
	if (call == WD_CALL_BACKEND_CHECK)
		backend_state(b, WD_R_UNAVAILABLE, why, a);
	else
		a->result = wd_reject(&a->why, WD_R_UNAVAILABLE, "%.190s", why);
}

static void
answer(struct backend *b, const struct waiting *w, struct backend_keeper *k)
{
	const struct wd_call_row *row = wd_call_row(w->call);
	WD_AUTO(wd_freep) void *msg = wd_alloc(row->request->size + 1);
	WD_AUTO(backend_answer_done) struct answer a = { 0 };
	int r;

	if (msg == NULL)
		return; /* its deadline answers */
	if (wd_msg_read(wd_secret_borrow(w->body), row->request, msg) != 0) {
		wd_keeper_condemn(b->role, &k->base, "malformed request");
		return;
	}
	serve(b, row->id, msg, &a);
	r = wd_peer_reply(
	    &k->base.peer, row->id, w->request, a.result, a.why.detail, &a.msg);
	if (r != 0)
		r = wd_peer_reply(&k->base.peer, row->id, w->request,
		    WD_R_BACKEND_ANSWER, "the backend's answer is too long",
		    NULL);
	if (r != 0)
		wd_keeper_condemn(b->role, &k->base, "does not take answers");
}

bool
backend_serve_one(struct backend *b)
{
	struct waiting *w = &b->queue[b->first];
	struct backend_keeper *k;

	if (b->n == 0)
		return false;
	k = asker(b, w);
	if (k != NULL)
		answer(b, w, k);
	w->body = wd_secret_free(w->body);
	b->first = (b->first + 1) % BACKEND_QUEUE;
	b->n--;
	return true;
}
