/*
 * Backends as a keeper knows them: names, what they can, and a channel to each
 * of their processes. What they answer was made from bytes of a server and is
 * looked at as such.
 */
#include "bin/keeper/keeper.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

#include <string.h>
#include <unistd.h>

static int
read_entry(struct keeper *k, const struct wd_msg_backend_entry *m)
{
	struct keeper_backend *b = &k->backends[k->n_backends];

	if (k->n_backends == WD_N(k->backends) ||
	    !wd_span_to_text(m->name, b->name, sizeof(b->name)) ||
	    !wd_span_to_text(
		m->kind_name, b->kind_name, sizeof(b->kind_name)) ||
	    m->processes > KEEPER_BACKEND_PROCS)
		return WD_F_PEER;
	b->kind = (enum wd_backend_kind)m->kind;
	b->can = m->can;
	b->kinds = m->kinds;
	b->timeout_ms = m->timeout_ms;
	k->n_backends++;
	return 0;
}

int
keeper_backends_start(struct keeper *k, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(k->config->backends);

	while (wd_rd_more(&rd)) {
		struct wd_msg_backend_entry m;

		if (wd_list_next(&rd, &wd_msg_backend_entry_type, &m) != 0 ||
		    read_entry(k, &m) != 0)
			return wd_fault(d, WD_F_PEER, "no list of backends");
	}
	return 0;
}

static struct keeper_backend_proc *
proc_of(struct keeper *k, const struct wd_peer *p)
{
	return &k->backends[wd_backend_of_place(p->cell)]
		    .procs[wd_backend_nth_of_place(p->cell)];
}

void
keeper_backend_attached(struct keeper *k, uint16_t place, int fd)
{
	unsigned at = wd_backend_of_place(place);
	struct wd_peer *p;
	int r;

	if (at >= k->n_backends ||
	    wd_backend_nth_of_place(place) >= KEEPER_BACKEND_PROCS) {
		(void)close(fd); /* none of ours */
		return;
	}
	p = &k->backends[at].procs[wd_backend_nth_of_place(place)].peer;
	keeper_backend_detach(k, p);
	r = wd_peer_open(p, WD_PROC_KEEPER, WD_PROC_BACKEND, place, fd);
	k->backends[at].next_check = 0; /* it can answer now */
	if (r != 0)
		wd_log_result("peer_not_attached", r, NULL);
}

struct wd_peer *
keeper_backend_peer(struct keeper *k, size_t n)
{
	struct wd_peer *p = &k->backends[n / KEEPER_BACKEND_PROCS]
				 .procs[n % KEEPER_BACKEND_PROCS]
				 .peer;

	return p->chan == NULL ? NULL : p;
}

struct keeper_backend *
keeper_backend_named(struct keeper *k, const char *name)
{
	for (size_t i = 0; i < k->n_backends; i++)
		if (strcmp(k->backends[i].name, name) == 0)
			return &k->backends[i];
	return NULL;
}

/* ---- asking */

uint64_t
keeper_backend_deadline(const struct keeper_backend *b)
{
	return (uint64_t)wd_time_mono_ms() + b->timeout_ms;
}

/* The process that has least to do; NULL: none is there, or all are full. */
static struct keeper_backend_proc *
least_busy(struct keeper_backend *b)
{
	struct keeper_backend_proc *best = NULL;

	for (size_t i = 0; i < KEEPER_BACKEND_PROCS; i++) {
		struct keeper_backend_proc *p = &b->procs[i];

		if (p->peer.chan != NULL && p->n_asked < KEEPER_ASKED &&
		    (best == NULL || p->n_asked < best->n_asked))
			best = p;
	}
	return best;
}

static struct keeper_asked *
find_asked(struct keeper_backend_proc *p, uint32_t number)
{
	for (size_t i = 0; i < KEEPER_ASKED; i++)
		if (p->asked[i].number == number)
			return &p->asked[i];
	return NULL;
}

size_t
keeper_backend_room(const struct keeper_backend *b)
{
	size_t n = 0;

	for (size_t i = 0; i < KEEPER_BACKEND_PROCS; i++)
		n += b->procs[i].peer.chan != NULL ? KEEPER_ASKED : 0;
	return n < KEEPER_BACKEND_ASKED ? n : KEEPER_BACKEND_ASKED;
}

static int
too_much(const struct keeper_backend *b, struct wd_diag *d)
{
	return wd_reject(
	    d, WD_R_OVERLOADED, "too much waits for the backend %s", b->name);
}

static int
send(struct keeper_backend *b, struct keeper_backend_proc *p, enum wd_call call,
    const void *msg, struct op *op, struct wd_diag *d)
{
	int64_t deadline = wd_time_mono_ms() + b->timeout_ms;
	struct keeper_asked *asked;
	uint32_t number;

	if (p == NULL || (asked = find_asked(p, 0)) == NULL)
		return keeper_backend_room(b) == 0
		    ? wd_reject(d, WD_R_UNAVAILABLE,
			  "the process of the backend %s is away", b->name)
		    : too_much(b, d);
	if (wd_peer_send(&p->peer, call, msg, -1, &number) != 0)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "the backend %s cannot be asked", b->name);
	*asked = (struct keeper_asked){ .number = number,
		.call = (uint16_t)call,
		.op = op,
		.deadline = deadline };
	p->n_asked++;
	b->n_asked++;
	if (op != NULL)
		op->deadline = deadline + KEEPER_BACKEND_GRACE_MS;
	return 0;
}

const struct wd_id *
keeper_asks_for(const struct op *op)
{
	return op->call == WD_CALL_USE ? &op->use.fetch.session
				       : &op->fetch.session;
}

static size_t
asked_by(const struct keeper_backend *b, const struct wd_id *session)
{
	size_t n = 0;

	for (size_t i = 0; i < KEEPER_BACKEND_PROCS; i++)
		for (size_t j = 0; j < KEEPER_ASKED; j++) {
			const struct op *op = b->procs[i].asked[j].op;

			n += op != NULL &&
			    wd_span_equal(wd_id_span(keeper_asks_for(op)),
				wd_id_span(session));
		}
	return n;
}

/* Who has half of the room leaves the last quarter to others: one client that
 * asks without end would have a slow backend to itself. */
static bool
has_its_share(const struct keeper_backend *b, const struct op *op)
{
	size_t room = keeper_backend_room(b);

	if (op == NULL || wd_id_is_none(keeper_asks_for(op)) || room == 0 ||
	    b->n_asked < room - room / 4)
		return false;
	return asked_by(b, keeper_asks_for(op)) >= room / 2;
}

int
keeper_backend_ask(struct keeper *k, struct keeper_backend *b,
    enum wd_call call, const void *msg, struct op *op, struct wd_diag *d)
{
	(void)k;
	if (b->n_asked >= KEEPER_BACKEND_ASKED || has_its_share(b, op))
		return too_much(b, d);
	return send(b, least_busy(b), call, msg, op, d);
}

int
keeper_backend_ask_proc(struct keeper *k, struct keeper_backend *b,
    struct keeper_backend_proc *p, enum wd_call call, const void *msg,
    struct wd_diag *d)
{
	(void)k;
	return send(b, p, call, msg, NULL, d);
}

/* ---- answers */

/* What a backend may say of a call; anything else is no word of a backend. */
static int
believed(int result)
{
	static const int known[] = { 0, WD_R_NOT_FOUND, WD_R_UNSUPPORTED,
		WD_R_EXISTS, WD_R_CONFLICT, WD_R_MISMATCH, WD_R_MAY_NOT_LEAVE,
		WD_R_UNAVAILABLE, WD_R_BACKEND_ANSWER };

	/* It is us whom the backend refuses; to our own caller this reason
	 * would say that his token or his evidence does not do. */
	if (result == WD_R_PERMISSION)
		return WD_R_UNAVAILABLE;
	for (size_t i = 0; i < WD_N(known); i++)
		if (known[i] == result)
			return result;
	return result < 0 ? WD_R_UNAVAILABLE : WD_R_BACKEND_ANSWER;
}

void
keeper_give(struct keeper *k, struct op *op, enum wd_call call, int result,
    struct wd_span why, const void *msg)
{
	if (op == NULL)
		return;
	if (op->state == OP_BACKEND && op->call == WD_CALL_USE)
		keeper_used(k, op, call, result, why, msg);
	else if (op->state == OP_BACKEND)
		keeper_fetched(k, op, call, result, why, msg);
	else if (op->state == OP_ENDING)
		keeper_upstream_answer(k, op, result, why);
	else if (op == k->turn && k->step == ADMIN_BACKEND)
		keeper_admin_backend(k, call, result, why, msg);
}

static const char *
answered(struct keeper *k, struct keeper_backend_proc *p,
    const struct wd_frame *f, const struct wd_call_row *row)
{
	WD_AUTO(wd_freep) void *msg = wd_alloc(row->reply->size + 1);
	struct keeper_asked *asked = find_asked(p, f->request);
	struct keeper_backend *b =
	    &k->backends[wd_backend_of_place(p->peer.cell)];
	struct wd_span why = { 0 };
	struct op *op;
	int result;

	if ((f->flags & WD_FRAME_REPLY) == 0 || f->request == 0 ||
	    asked == NULL || asked->call != row->id)
		return "says what it was not asked";
	if (msg == NULL)
		return "no memory for its answer";
	if (wd_reply_read(f->body, row, &result, &why, msg) != 0)
		return "malformed answer";
	op = asked->op;
	*asked = (struct keeper_asked){ 0 };
	p->n_asked--;
	b->n_asked--;
	if (op == NULL && row->id == WD_CALL_BACKEND_MAKE && result == 0)
		keeper_remote_unwanted(k, b, msg);
	if (op == NULL && row->id == WD_CALL_BACKEND_FETCH && result == 0)
		keeper_fetch_unwanted(k, b, msg);
	if (row->id == WD_CALL_BACKEND_CHECK)
		keeper_backend_checked(k, b, p, believed(result), why, msg);
	keeper_give(k, op, row->id, believed(result), why, msg);
	return NULL;
}

void
keeper_backend_detach(struct keeper *k, struct wd_peer *peer)
{
	struct keeper_backend_proc *p;
	struct keeper_backend *b;

	if (peer->chan == NULL)
		return;
	p = proc_of(k, peer);
	b = &k->backends[wd_backend_of_place(peer->cell)];
	wd_log(WD_LOG_WARNING, "peer_gone", "peer", wd_proc_name(peer->other),
	    "backend", b->name, NULL);
	wd_peer_done(peer);
	b->n_asked -= p->n_asked;
	p->n_asked = 0;
	p->known = false;
	for (size_t i = 0; i < KEEPER_ASKED; i++) {
		struct op *op = p->asked[i].op;

		p->asked[i] = (struct keeper_asked){ 0 };
		keeper_give(k, op, 0, WD_R_UNAVAILABLE,
		    WD_SPAN_LIT("the process of the backend went away"), NULL);
	}
}

void
keeper_backend_ready(struct keeper *k, struct wd_peer *p)
{
	bool gone = wd_chan_fill(p->chan) != 0;
	const char *wrong = NULL;
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame f;
	int n = 0;

	while (wrong == NULL && (n = wd_peer_next(p, &f, &row, &d)) > 0)
		wrong = answered(k, proc_of(k, p), &f, row);
	if (n < 0)
		wrong = d.detail;
	if (wrong != NULL && !gone)
		wd_role_bad_peer(k->role, p, wrong);
	if (wrong != NULL || gone)
		keeper_backend_detach(k, p);
	else
		wd_chan_forget(p->chan);
}

/* ---- time */

/* Who waits too long is answered; what was asked may still come. */
static void
proc_late(struct keeper *k, struct keeper_backend_proc *p, int64_t now)
{
	bool hung = false;

	for (size_t i = 0; i < KEEPER_ASKED; i++) {
		struct keeper_asked *a = &p->asked[i];
		struct op *op = a->op;

		if (a->number == 0)
			continue;
		hung |= now >= a->deadline + KEEPER_BACKEND_HUNG_MS;
		if (op == NULL || now < op->deadline)
			continue;
		a->op = NULL;
		keeper_give(k, op, 0, WD_R_UNAVAILABLE,
		    WD_SPAN_LIT("the backend did not answer in time"), NULL);
	}
	if (!hung)
		return;
	wd_role_bad_peer(k->role, &p->peer, "does not answer");
	keeper_backend_detach(k, &p->peer);
}

void
keeper_backend_late(struct keeper *k, int64_t now_ms)
{
	for (size_t i = 0; i < k->n_backends; i++)
		for (size_t j = 0; j < KEEPER_BACKEND_PROCS; j++)
			if (k->backends[i].procs[j].peer.chan != NULL)
				proc_late(k, &k->backends[i].procs[j], now_ms);
}
