/*
 * A round: a challenge, evidence bound to it and to a new key, then the
 * releases of what is due (releases.c), all in one session. The key is made for
 * the round and gone with it, so that nobody can open what was released before.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "proto/binding.h"
#include "sys/log.h"

#include <stdio.h>

enum {
	SECOND = 1000,
	SESSION_MS = SECOND, /* between sessions that do not last */
};

/* ---- the end of a round */

static void
clear(struct agent_round *r)
{
	r->step = AGENT_IDLE;
	wd_pkey_freep(&r->own);
	wd_bytes_freep(&r->challenge);
	agent_releases_leave(r);
}

void
agent_round_fail(struct agent *a, int result, const struct wd_diag *d)
{
	struct agent_round *r = &a->round;
	char seconds[24];
	int64_t wait;

	clear(r);
	r->failures++;
	r->result = result;
	(void)snprintf(r->why, sizeof(r->why), "%s: %.150s",
	    wd_reason_name(result), d->detail); /* cut is fine */
	wait = agent_backoff(r->failures);
	r->not_before = wd_time_mono_ms() + wait;
	(void)snprintf(seconds, sizeof(seconds), "%lld.%03lld",
	    (long long)(wait / SECOND), (long long)(wait % SECOND));
	wd_log(WD_LOG_WARNING, "round_failed", "reason", wd_reason_name(result),
	    "detail", d->detail, "again_in", seconds, NULL);
}

void
agent_round_done(struct agent *a)
{
	struct agent_round *r = &a->round;

	clear(r);
	r->n++;
	r->failures = 0;
	r->result = 0;
	r->not_before = 0;
	a->link.failures = 0;
	if (!agent_wrapping_waits(a))
		wd_hold_set_ready(a->hold, true);
}

/* ---- evidence */

/* What an attestation is made of; its message views it. */
struct evidence {
	struct wd_bytes *n_or_x, *e_or_y; /* of the key */
	struct wd_bytes *bundle;
};

static void
evidence_done(struct evidence *e)
{
	wd_bytes_freep(&e->n_or_x);
	wd_bytes_freep(&e->e_or_y);
	wd_bytes_freep(&e->bundle);
}

static int
bind(const struct agent *a, const struct evidence *e,
    uint8_t ret[AGENT_REPORT_DATA])
{
	struct wd_bound bound = {
		.door = WD_DOOR_COCO,
		.tee = agent_attester_row(a->attester)->tee,
		.challenge = wd_bytes_span(a->round.challenge),
	};
	struct wd_span one = wd_bytes_span(e->n_or_x);
	struct wd_span two = wd_bytes_span(e->e_or_y);
	size_t len;

	if (wd_pkey_is_rsa(wd_pkey_alg(a->round.own)))
		bound.key = (struct wd_jwk){
			.alg = WD_JWE_RSA_OAEP_256, .n = one, .e = two
		};
	else
		bound.key = (struct wd_jwk){ .curve = WD_PKEY_P256,
			.alg = WD_JWE_ECDH_ES_A256KW,
			.x = one,
			.y = two };
	return wd_binding(&bound, ret, &len);
}

static void
say_key(const struct agent *a, const struct evidence *e,
    struct wd_msg_link_attest_ask *ret)
{
	if (wd_pkey_is_rsa(wd_pkey_alg(a->round.own))) {
		ret->key_n = wd_bytes_span(e->n_or_x);
		ret->key_e = wd_bytes_span(e->e_or_y);
		return;
	}
	wd_copy(ret->key_x.b, wd_bytes_span(e->n_or_x));
	wd_copy(ret->key_y.b, wd_bytes_span(e->e_or_y));
}

/* RET views E. */
static int
make_evidence(struct agent *a, struct wd_msg_link_attest_ask *ret,
    struct evidence *e, struct wd_diag *d)
{
	struct agent_round *r = &a->round;
	uint8_t report_data[AGENT_REPORT_DATA] = { 0 };
	int result;

	if (agent_wrapping_own(a) != 0 ||
	    wd_pkey_public_parts(r->own, &e->n_or_x, &e->e_or_y) != 0 ||
	    bind(a, e, report_data) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot make a key");
	result = agent_attester_quote(a->attester, report_data, &e->bundle, d);
	if (result != 0)
		return result;
	ret->tee = (uint8_t)agent_attester_row(a->attester)->tee;
	ret->challenge = wd_bytes_span(r->challenge);
	say_key(a, e, ret);
	ret->evidence = wd_bytes_span(e->bundle);
	return 0;
}

static void
on_challenge(struct agent *a, const struct wd_msg_challenge *m)
{
	WD_AUTO(evidence_done) struct evidence e = { 0 };
	struct wd_msg_link_attest_ask ask = { 0 };
	struct wd_diag d = { 0 };
	int result;

	a->round.challenge = wd_bytes_copy(m->challenge);
	result = a->round.challenge == NULL
	    ? wd_fault(&d, WD_F_MEMORY, "no memory")
	    : make_evidence(a, &ask, &e, &d);
	if (result != 0) {
		agent_round_fail(a, result, &d);
		return;
	}
	a->round.step = AGENT_ATTEST;
	(void)agent_link_ask(
	    a, WD_CALL_LINK_ATTEST, &ask); /* a lost link has ended the round */
}

/* The first round takes the number of the last revocation before anything is
 * released, so that none in between is missed. */
static void
on_attested(struct agent *a)
{
	const struct wd_msg_link_watch_ask m = { .has_after = false };

	a->round.last_attested = wd_time_now();
	wd_log(WD_LOG_DEBUG, "attested", NULL);
	agent_watch_attested(a);
	agent_use_attested(a);
	if (a->watch.has_after) {
		agent_releases_begin(a);
		return;
	}
	a->round.step = AGENT_MARK;
	(void)agent_link_ask(
	    a, WD_CALL_LINK_WATCH, &m); /* a lost link has ended the round */
}

/* ---- from the link */

void
agent_refused(struct wd_diag *d, int result, struct wd_span detail)
{
	int n = detail.len < 160 ? (int)detail.len : 160;

	if (result > 0)
		(void)wd_reject(d, (enum wd_reason)result, "%.*s", n,
		    (const char *)detail.p);
	else
		(void)wd_fault(d, (enum wd_faults)result, "%.*s", n,
		    (const char *)detail.p);
}

void
agent_round_answer(struct agent *a, enum wd_call call, int result,
    struct wd_span detail, const void *msg)
{
	struct wd_diag d = { 0 };

	if (result != 0)
		agent_refused(&d, result, detail);
	if (call == WD_CALL_LINK_ENROL || call == WD_CALL_LINK_ENROLMENT) {
		agent_enrol_answer(a, call, result, &d, msg);
		return;
	}
	if (call == WD_CALL_LINK_WATCH) {
		agent_watch_mark(a, result, msg);
		agent_releases_begin(a);
		return;
	}
	if (call == WD_CALL_LINK_ATTEST && result == WD_R_REVOKED_BY_OPERATOR)
		agent_keys_revoke_all(a);
	if (result == WD_R_AK_NOT_TRUSTED)
		agent_enrol_again(a, call == WD_CALL_LINK_ATTEST);
	if (result != 0)
		agent_round_fail(a, result, &d);
	else if (call == WD_CALL_LINK_CHALLENGE)
		on_challenge(a, msg);
	else
		on_attested(a);
}

/* ---- when */

void
agent_rotate(void *agent)
{
	struct agent *a = agent;

	agent_keys_hurry(a);
	a->round.not_before = 0;
	if (a->enrol.result != 0)
		a->enrol.due = 0;
}

/* Whatever a server says of those that it gives, evidence is not made without
 * end. */
static int64_t
session_due(const struct agent *a)
{
	int64_t watch = agent_watch_due(a), use = agent_use_due(a);
	int64_t when = watch < use ? watch : use;
	int64_t soonest = a->uses.attested + SESSION_MS;

	return when > soonest ? when : soonest;
}

int64_t
agent_round_next(const struct agent *a)
{
	int64_t due = agent_keys_next_due(a);
	int64_t when = session_due(a);

	if (a->round.step != AGENT_IDLE)
		return INT64_MAX;
	if (due != INT64_MAX) {
		due += wd_time_mono_ms() - wd_time_boot_ms();
		when = due < when ? due : when;
	}
	if (when == INT64_MAX)
		return INT64_MAX;
	return when > a->round.not_before ? when : a->round.not_before;
}

void
agent_round_challenge(struct agent *a)
{
	const struct wd_msg_link_challenge_ask m = {
		.tee = (uint8_t)agent_attester_row(a->attester)->tee
	};

	a->round.step = AGENT_CHALLENGE;
	(void)agent_link_ask(a, WD_CALL_LINK_CHALLENGE,
	    &m); /* a lost link has ended the round */
}

void
agent_round_tick(struct agent *a, int64_t now)
{
	if (a->link.state != AGENT_LINK_READY || agent_round_next(a) > now)
		return;
	if (!agent_enrol_begin(a))
		agent_round_challenge(a);
}
