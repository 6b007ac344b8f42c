/*
 * Keys that stay in the server: signatures that local programs wait for, each
 * asked for under the session of the last attestation. Nothing here waits: a
 * request lies in a table, bounded by what bin/agent/serve.h lets in, until the
 * link has answered or its time is over. What a link answers is given to nobody
 * before it was verified (remote_sign.h says what that is good for).
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "sys/log.h"

enum {
	IN_FLIGHT = 8, /* the link has a connection for each */
	OF_A_KEY = 6,  /* the others are for those that are not slow */
	/* The PKCS#11 module gives up after 1.5 s, and the program with it. */
	PATIENCE_MS = 1200,
	RENEW_PART = 10, /* of a session, which is renewed before its end */
};

/* ---- the table */

static void
clear(struct agent_use *u)
{
	wd_bytes_freep(&u->message);
	*u = (struct agent_use){ 0 };
}

static void
answer(struct agent *a, struct agent_use *u, enum wd_holder_status status,
    struct wd_span sig)
{
	uint64_t ticket = u->ticket;

	u->ticket = 0;
	wd_serve_finish(a->serve, ticket, status, sig);
}

/* To whoever waits for it; U stays while the link is at it. */
static void
give_up(struct agent *a, struct agent_use *u, enum wd_holder_status status)
{
	if (u->ticket != 0)
		answer(a, u, status, wd_span(NULL, 0));
	if (u->state != AGENT_USE_ASKED)
		clear(u);
}

static struct agent_use *
find_free(struct agent *a)
{
	for (size_t i = 0; i < AGENT_USES; i++)
		if (a->uses.at[i].state == AGENT_USE_FREE)
			return &a->uses.at[i];
	return NULL;
}

static size_t
count_asked(const struct agent *a, const struct wd_id *id)
{
	size_t n = 0;

	for (size_t i = 0; i < AGENT_USES; i++)
		n += a->uses.at[i].state == AGENT_USE_ASKED &&
		    wd_span_equal(
			wd_id_span(&a->uses.at[i].id), wd_id_span(id));
	return n;
}

/* Of the key for which least is asked the one that waits for longest: a key
 * that its backend is slow with must not hold up the others. */
static struct agent_use *
find_next(struct agent *a)
{
	struct agent_use *found = NULL;
	size_t least = OF_A_KEY;

	for (size_t i = 0; i < AGENT_USES; i++) {
		struct agent_use *u = &a->uses.at[i];
		size_t n;

		if (u->state != AGENT_USE_QUEUED)
			continue;
		n = count_asked(a, &u->id);
		if (n > least || n == OF_A_KEY ||
		    (n == least && found != NULL && u->ticket > found->ticket))
			continue;
		least = n;
		found = u;
	}
	return found;
}

/* ---- from programs */

/* There is no session, and the last try to have one was in vain. */
static bool
is_hopeless(const struct agent *a)
{
	return !a->uses.session && a->round.failures > 0;
}

enum wd_holder_status
agent_use_sign(void *agent, uint64_t ticket, const struct wd_holder_sign *ask)
{
	struct agent *a = agent;
	struct agent_use *u = find_free(a);
	struct wd_hold_public public;
	enum wd_holder_status status;

	if (u == NULL)
		return WD_HOLDER_RATE_LIMITED;
	if (!wd_hold_public(a->hold, &ask->id, ask->generation, &public))
		return WD_HOLDER_FAULT;
	status = wd_remote_sign_of(public.kind, ask, &u->sign);
	if (status != WD_HOLDER_OK)
		return status;
	if (is_hopeless(a))
		return WD_HOLDER_SERVER;
	if (!u->sign.hashed && (u->message = wd_bytes_copy(ask->data)) == NULL)
		return WD_HOLDER_FAULT;
	u->state = AGENT_USE_QUEUED;
	u->ticket = ticket;
	u->id = ask->id;
	u->version = ask->generation;
	u->deadline = wd_time_mono_ms() + PATIENCE_MS;
	return WD_HOLDER_OK;
}

void
agent_use_gone(void *agent, uint64_t ticket)
{
	struct agent *a = agent;

	for (size_t i = 0; i < AGENT_USES; i++) {
		struct agent_use *u = &a->uses.at[i];

		if (u->state == AGENT_USE_FREE || u->ticket != ticket)
			continue;
		u->ticket = 0;
		if (u->state == AGENT_USE_QUEUED)
			clear(u);
		return;
	}
}

/* ---- to the link */

static struct wd_span
input_of(const struct agent_use *u)
{
	return u->sign.hashed ? wd_span(u->sign.digest, u->sign.len)
			      : wd_bytes_span(u->message);
}

/* False: the link is lost. */
static bool
ask(struct agent *a, struct agent_use *u, int64_t now)
{
	const struct wd_msg_link_sign_ask m = {
		.id = u->id,
		.version = u->version,
		.sig = (uint8_t)u->sign.sig,
		.hashed = u->sign.hashed,
		.input = input_of(u),
		.deadline_ms = (uint32_t)(u->deadline - now),
	};

	if (wd_peer_send(
		&a->link.peer, WD_CALL_LINK_SIGN, &m, -1, &u->request) != 0 ||
	    wd_chan_flush(a->link.peer.chan) != 0) {
		agent_link_drop(a, "does not take a request");
		return false;
	}
	u->state = AGENT_USE_ASKED;
	u->session = a->uses.n_sessions;
	u->link_end = now + agent_link_patience(a);
	a->uses.in_flight++;
	return true;
}

static void
expire(struct agent *a, int64_t now)
{
	for (size_t i = 0; i < AGENT_USES; i++) {
		struct agent_use *u = &a->uses.at[i];

		if (u->state != AGENT_USE_FREE && u->ticket != 0 &&
		    now >= u->deadline)
			give_up(a, u, WD_HOLDER_SERVER);
		if (u->state == AGENT_USE_ASKED && now >= u->link_end)
			agent_link_drop(a, "does not answer a signature");
	}
}

static bool
may_ask(const struct agent *a)
{
	return a->uses.session && a->link.state == AGENT_LINK_READY &&
	    a->uses.in_flight < IN_FLIGHT;
}

void
agent_use_tick(struct agent *a, int64_t now)
{
	struct agent_use *u;

	expire(a, now);
	while (may_ask(a) && (u = find_next(a)) != NULL)
		if (!ask(a, u, now))
			return;
}

int64_t
agent_use_next(const struct agent *a)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < AGENT_USES; i++) {
		const struct agent_use *u = &a->uses.at[i];
		int64_t end = u->ticket != 0 ? u->deadline : u->link_end;

		if (u->state != AGENT_USE_FREE && end < next)
			next = end;
	}
	return next;
}

/* ---- from the link */

static enum wd_holder_status
status_of(int result)
{
	int http = result > 0 ? wd_reason_row(result)->status : 0;

	if (result < 0 || http >= 500)
		return WD_HOLDER_SERVER;
	return http == 429 ? WD_HOLDER_RATE_LIMITED : WD_HOLDER_REFUSED;
}

/* The first of several in a row: programs ask as often as they like. */
static void
log_failure(struct agent *a, const struct agent_use *u, int result,
    struct wd_span detail)
{
	char text[160];

	if (a->uses.failing)
		return;
	a->uses.failing = true;
	detail.len = detail.len < sizeof(text) ? detail.len : sizeof(text) - 1;
	if (!wd_span_to_text(detail, text, sizeof(text)))
		text[0] = '\0';
	wd_log(WD_LOG_WARNING, "sign_failed", "key", u->id.s, "reason",
	    wd_reason_name(result), "detail", text, NULL);
}

/* The key may have ended meanwhile. */
static void
take(struct agent *a, struct agent_use *u, struct wd_span sig)
{
	struct wd_hold_public public;
	int r;

	if (!wd_hold_public(a->hold, &u->id, u->version, &public)) {
		give_up(a, u, WD_HOLDER_KEY_ENDED);
		return;
	}
	r = wd_remote_sign_verify(
	    public.key, &u->sign, wd_bytes_span(u->message), sig);
	if (r == 0) {
		a->uses.failing = false;
		answer(a, u, WD_HOLDER_OK, sig);
		clear(u);
		return;
	}
	wd_log(WD_LOG_ERROR, "signature_refused", "key", u->id.s, "reason",
	    wd_reason_name(r), "detail",
	    "it is not by the key over what was asked", NULL);
	give_up(a, u, WD_HOLDER_SERVER);
}

static bool
is_about_session(int result)
{
	return result == WD_R_NO_CREDENTIAL ||
	    result == WD_R_CREDENTIAL_INVALID;
}

/* In another session: once. */
static void
ask_again(struct agent *a, struct agent_use *u)
{
	if (u->again || u->ticket == 0)
		give_up(a, u, WD_HOLDER_SERVER);
	else
		u->again = true;
}

static void
lose_session(struct agent *a, struct agent_use *u)
{
	if (u->session == a->uses.n_sessions)
		a->uses.session = false;
	ask_again(a, u);
}

static struct agent_use *
find_request(struct agent *a, uint32_t request)
{
	for (size_t i = 0; i < AGENT_USES; i++)
		if (a->uses.at[i].state == AGENT_USE_ASKED &&
		    a->uses.at[i].request == request)
			return &a->uses.at[i];
	return NULL;
}

bool
agent_use_answer(struct agent *a, uint32_t request, int result,
    struct wd_span detail, const struct wd_msg_link_signed *m)
{
	struct agent_use *u = find_request(a, request);

	if (u == NULL)
		return false;
	a->uses.in_flight--;
	u->state = AGENT_USE_QUEUED;
	if (u->ticket == 0) {
		clear(u); /* nobody waits any more */
	} else if (result == 0) {
		take(a, u, m->signature);
	} else if (is_about_session(result)) {
		lose_session(a, u);
	} else {
		log_failure(a, u, result, detail);
		give_up(a, u, status_of(result));
	}
	return true;
}

/* ---- sessions */

static bool
has_remote(const struct agent *a)
{
	for (size_t i = 0; i < a->n_keys; i++)
		if (a->keys[i].held &&
		    a->keys[i].conf->mode == AGENT_MODE_REMOTE)
			return true;
	return false;
}

int64_t
agent_use_due(const struct agent *a)
{
	int64_t end = a->watch.session_end, since = a->uses.attested;

	if (!has_remote(a))
		return INT64_MAX;
	if (!a->uses.session)
		return since;
	return end == INT64_MAX || end < since
	    ? end
	    : end - (end - since) / RENEW_PART;
}

void
agent_use_attested(struct agent *a)
{
	a->uses.session = true;
	a->uses.n_sessions++;
	a->uses.attested = wd_time_mono_ms();
}

void
agent_use_lost(struct agent *a)
{
	a->uses.session = false;
	a->uses.in_flight = 0;
	for (size_t i = 0; i < AGENT_USES; i++) {
		struct agent_use *u = &a->uses.at[i];

		if (u->state != AGENT_USE_ASKED)
			continue;
		u->state = AGENT_USE_QUEUED;
		ask_again(a, u);
	}
}
