/*
 * What any front may ask: challenges, attestation, releases, health.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "broker/challenge.h"
#include "broker/release.h"
#include "broker/session.h"
#include "broker/watch.h"
#include "sys/log.h"

int
keeper_gate(struct keeper *k, struct wd_diag *d)
{
	if (k->draining)
		return wd_reject(
		    d, WD_R_UNAVAILABLE, "this part is being replaced");
	if (k->broker == NULL)
		return wd_reject(d, (enum wd_reason)k->why_no_broker, "%s",
		    wd_reason_row(k->why_no_broker)->sentence);
	if (!k->log_writable)
		return wd_reject(
		    d, WD_R_AUDIT_UNAVAILABLE, "the log cannot be written");
	if (!keeper_log_has_room(k))
		return wd_reject(
		    d, WD_R_OVERLOADED, "too much waits for the log");
	return 0;
}

/* In the admin cell a change may stand in an open transaction, and what is not
 * durable yet must not decide anything. */
static bool
is_changing(const struct keeper *k)
{
	return k->broker != NULL && k->broker->changing;
}

int
keeper_public_gate(struct keeper *k, struct wd_diag *d)
{
	if (is_changing(k))
		return wd_reject(
		    d, WD_R_UNAVAILABLE, "a change is being made; try again");
	return keeper_gate(k, d);
}

static void
on_challenge(struct keeper *k, const struct wd_frame *f)
{
	uint8_t challenge[WD_CHALLENGE_LEN];
	struct wd_msg_challenge answer = { WD_SPAN(challenge) };
	int64_t now = wd_time_now();
	struct wd_msg_challenge_ask ask;
	struct wd_diag d = { 0 };
	int r = keeper_public_gate(k, &d);

	if (wd_msg_read(f->body, &wd_msg_challenge_ask_type, &ask) != 0)
		r = wd_reject(&d, WD_R_MALFORMED, "not a challenge request");
	/* What the store says is asked when the challenge comes back. */
	if (r == 0 && (r = wd_broker_clock(k->broker, now, &d)) == 0)
		r = wd_challenge_make(
		    k->broker, (enum wd_door)ask.door, now, challenge);
	if (r == WD_R_SEALED)
		(void)wd_reject(&d, WD_R_SEALED, "the server is sealed");
	keeper_reply(k, WD_CALL_CHALLENGE, f->request, r, &d, &answer);
}

/* ---- attestation */

static int
begin_attest(struct keeper *k, const struct wd_frame *f, struct wd_diag *d)
{
	struct wd_msg_attest_ask ask;
	struct op *op;
	int r;

	if (wd_msg_read(f->body, &wd_msg_attest_ask_type, &ask) != 0)
		return wd_reject(d, WD_R_MALFORMED, "not an attestation");
	if ((r = keeper_public_gate(k, d)) != 0 ||
	    (r = wd_session_may_attest(k->broker, &ask, wd_time_now(), d)) != 0)
		return r;
	op = keeper_op_new(k, f, WD_CALL_ATTEST);
	if (op == NULL)
		return wd_reject(
		    d, WD_R_OVERLOADED, "too many requests are waiting");
	if (!keeper_op_keep(op, f->body))
		r = wd_fault(d, WD_F_MEMORY, "no memory");
	else if (keeper_ask_verify(k, op, &ask) != 0)
		r = wd_reject(d, WD_R_UNAVAILABLE, "verify is away");
	if (r != 0)
		keeper_op_free(k, op);
	return r;
}

static void
on_attest(struct keeper *k, const struct wd_frame *f)
{
	struct wd_diag d = { 0 };
	int r = begin_attest(k, f, &d);

	if (r != 0)
		keeper_refuse(k, WD_CALL_ATTEST, f->request, r, d.detail);
}

int
keeper_waiting_gate(const struct keeper *k, struct wd_diag *d)
{
	if (k->waiting.n + k->round.n < KEEPER_WAITING)
		return 0;
	return wd_reject(d, WD_R_OVERLOADED, "too many answers are waiting");
}

/* The signatures and the row are made now, stored at the end of the round. */
static int
prepare(struct keeper *k, struct op *op, const struct wd_msg_claims *claims,
    struct wd_diag *d)
{
	struct wd_msg_attest_ask ask;
	struct wd_opening *o;
	int r;

	if ((r = keeper_public_gate(k, d)) != 0 ||
	    (r = keeper_waiting_gate(k, d)) != 0)
		return r;
	if (wd_msg_read(
		wd_bytes_span(op->body), &wd_msg_attest_ask_type, &ask) != 0)
		return WD_F_BUG;
	o = wd_opening_new(k->broker, &ask, wd_time_now());
	if (o == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	wd_opening_prepare(o, claims->flat);
	k->round.op[k->round.n] = op;
	k->round.opening[k->round.n++] = o;
	return 0;
}

void
keeper_judged(struct keeper *k, struct op *op, int result,
    struct wd_span detail, const struct wd_msg_claims *claims)
{
	struct wd_diag d = { 0 };

	if (result != 0) {
		(void)wd_span_to_text(detail, d.detail, 200); /* or "" */
	} else {
		result = prepare(k, op, claims, &d);
	}
	if (result != 0)
		keeper_op_refuse(k, op, result, d.detail);
}

/* What is not durable was not decided: a token could be shown to others, and a
 * release asked for, of an attestation that the log does not know. */
static void
answer_opening(struct keeper *k, struct op *op, struct wd_opening *o)
{
	struct wd_diag d = { 0 };
	int r = wd_opening_answer(o, &op->out);

	if (r == 0 && op->out.entry == NULL) {
		keeper_op_answer(k, op);
		return;
	}
	if (r == 0)
		r = keeper_hold(k, op, &op->out, &d);
	if (r != 0)
		keeper_op_refuse(k, op, r, d.detail);
}

/* In the admin's cell a transaction of the other file may be open; this one is
 * the sessions' own. */
static bool
store_round(struct keeper *k)
{
	if (wd_store_sessions_begin(k->broker->store) != 0)
		return false;
	for (size_t i = 0; i < k->round.n; i++)
		wd_opening_store(k->round.opening[i]);
	return wd_store_sessions_end(k->broker->store) == 0;
}

void
keeper_round_end(struct keeper *k)
{
	struct round *round = &k->round;

	if (round->n == 0)
		return;
	if (!store_round(k)) {
		wd_log(WD_LOG_ERROR, "sessions_not_stored", "why",
		    wd_store_why(k->broker->store), NULL);
		for (size_t i = 0; i < round->n; i++)
			wd_opening_fail(round->opening[i]);
	}
	for (size_t i = 0; i < round->n; i++) {
		answer_opening(k, round->op[i], round->opening[i]);
		wd_opening_freep(&round->opening[i]);
	}
	round->n = 0;
}

/* ---- release */

int
keeper_hold_answer(struct keeper *k, const struct wd_frame *f,
    enum wd_call call, struct wd_outcome *out,
    const struct wd_store_lease *lease, struct wd_diag *d)
{
	struct op *op = keeper_op_new(k, f, call);
	int r;

	if (op == NULL)
		return wd_reject(
		    d, WD_R_OVERLOADED, "too many requests are waiting");
	if ((r = keeper_hold(k, op, out, d)) != 0) {
		keeper_op_free(k, op);
		return r;
	}
	op->out.result = out->result;
	op->out.reply = WD_TAKE(out->reply);
	if (op->out.result == 0 && lease != NULL)
		op->lease = *lease;
	return 0;
}

/* FETCH->wanted: a backend was asked. What cannot be asked for is decided at
 * once, so that it is logged as any other refusal. */
static int
release_or_fetch(struct keeper *k, const struct wd_frame *f,
    const struct wd_msg_resource_ask *ask, struct wd_fetch *fetch,
    struct wd_outcome *out, struct wd_store_lease *lease)
{
	struct wd_diag why = { 0 };
	int64_t now = wd_time_now();
	int r;

	while ((r = wd_release_with(k->broker, ask, now, fetch, out, lease)) ==
		0 &&
	    fetch->wanted) {
		wd_diag_clear(&why);
		r = keeper_fetch(k, f, fetch, &why);
		if (r == 0)
			return 0;
		fetch->answered = true;
		fetch->result = r;
		fetch->why = wd_span_text(why.detail);
	}
	return r;
}

static int
begin_release(struct keeper *k, const struct wd_frame *f,
    struct wd_outcome *out, struct wd_diag *d)
{
	struct wd_store_lease lease = { 0 };
	WD_AUTO(wd_fetch_done) struct wd_fetch fetch = { 0 };
	struct wd_msg_resource_ask ask;
	int r;

	if (wd_msg_read(f->body, &wd_msg_resource_ask_type, &ask) != 0)
		return wd_reject(d, WD_R_MALFORMED, "not a resource request");
	if ((r = keeper_public_gate(k, d)) != 0 ||
	    (r = keeper_waiting_gate(k, d)) != 0)
		return r;
	r = release_or_fetch(k, f, &ask, &fetch, out, &lease);
	if (r == 0 && fetch.wanted)
		return 0; /* it waits */
	if (r != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if (out->entry != NULL)
		return keeper_hold_answer(
		    k, f, WD_CALL_RESOURCE, out, &lease, d);
	keeper_answer(k, WD_CALL_RESOURCE, f->request, out);
	return 0;
}

static void
on_resource(struct keeper *k, const struct wd_frame *f)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	struct wd_diag d = { 0 };
	int r = begin_release(k, f, &out, &d);

	if (r != 0)
		keeper_refuse(k, WD_CALL_RESOURCE, f->request, r, d.detail);
}

/* ---- what was revoked */

/* The log is not needed for it: nothing is decided. */
static int
watch_gate(struct keeper *k, struct wd_diag *d)
{
	if (k->draining || is_changing(k))
		return wd_reject(d, WD_R_UNAVAILABLE, "try again");
	if (k->broker == NULL)
		return wd_reject(d, (enum wd_reason)k->why_no_broker, "%s",
		    wd_reason_row(k->why_no_broker)->sentence);
	return 0;
}

static void
on_revoked(struct keeper *k, const struct wd_frame *f)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	struct wd_msg_revoked_ask ask;
	struct wd_diag d = { 0 };
	int r = watch_gate(k, &d);

	if (r == 0 && wd_msg_read(f->body, &wd_msg_revoked_ask_type, &ask) != 0)
		r = wd_reject(&d, WD_R_MALFORMED, "not such a question");
	if (r == 0 && wd_watch(k->broker, &ask, wd_time_now(), &out) != 0)
		r = wd_fault(&d, WD_F_MEMORY, "no memory");
	if (r == 0)
		keeper_answer(k, WD_CALL_REVOKED, f->request, &out);
	else
		keeper_refuse(k, WD_CALL_REVOKED, f->request, r, d.detail);
}

static void
on_revoked_last(struct keeper *k, const struct wd_frame *f)
{
	struct wd_msg_revoked_last answer = { 0 };
	struct wd_diag d = { 0 };
	int r = watch_gate(k, &d);

	if (r == 0)
		r = wd_broker_look(k->broker, wd_time_now(), &d);
	if (r == 0)
		answer.number = k->broker->revocations;
	keeper_reply(k, WD_CALL_REVOKED_LAST, f->request, r, &d, &answer);
}

/* ---- health and counts */

static void
on_health(struct keeper *k, const struct wd_frame *f)
{
	struct wd_uses uses = keeper_ring_uses(k);
	struct wd_msg_health answer = {
		.initialized = k->broker != NULL ||
		    k->why_no_broker != WD_R_NOT_INITIALIZED,
		.sealed = k->broker == NULL || !k->broker->open,
		.log_writable = k->log_writable,
		.verify_ready = k->verify_ready,
		.seal_probe_good = k->seal_state.probe_good,
		.seal_probe_failing = k->seal_state.probe_failing,
		.keyring_terms = k->seal_state.terms,
		.keyring_term = uses.term,
		.keyring_made = uses.made,
		.keyring_uses = uses.n,
		.keyring_rows_left = keeper_ring_rows_left(k),
		.keyring_limit =
		    k->broker == NULL ? 0 : k->broker->keyring_limit,
	};

	keeper_reply(k, WD_CALL_HEALTH, f->request, 0, NULL, &answer);
}

/* A count that is lost with scribe away is lost; nothing else depends on it. */
static void
on_count(struct keeper *k, const struct wd_frame *f)
{
	struct wd_msg_log_count m;
	uint32_t number;

	if (wd_msg_read(f->body, &wd_msg_log_count_type, &m) != 0) {
		wd_role_bad_peer(k->role, &k->front, "malformed count");
		return;
	}
	if (k->scribe.chan != NULL &&
	    wd_peer_send(&k->scribe, WD_CALL_LOG_COUNT, &m, -1, &number) != 0)
		wd_log(WD_LOG_WARNING, "count_lost", NULL);
}

static const struct {
	enum wd_call call;
	void (*run)(struct keeper *, const struct wd_frame *);
} handlers[] = {
	{ WD_CALL_CHALLENGE, on_challenge },
	{ WD_CALL_ATTEST, on_attest },
	{ WD_CALL_RESOURCE, on_resource },
	{ WD_CALL_USE, keeper_use },
	{ WD_CALL_REVOKED, on_revoked },
	{ WD_CALL_REVOKED_LAST, on_revoked_last },
	{ WD_CALL_TPM_ENROL, keeper_enrol },
	{ WD_CALL_TPM_ENROLMENT, keeper_enrolment },
	{ WD_CALL_HEALTH, on_health },
	{ WD_CALL_COUNT, on_count },
};

void
keeper_call(
    struct keeper *k, const struct wd_frame *f, const struct wd_call_row *row)
{
	for (size_t i = 0; i < WD_N(handlers); i++) {
		if (handlers[i].call != row->id)
			continue;
		handlers[i].run(k, f);
		return;
	}
	keeper_admin_call(k, f, row);
}
