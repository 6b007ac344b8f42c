/*
 * The releases of a round: several are asked for at a time, so that many keys
 * come soon and one that is slow holds up no other. All are of the round's own
 * session, challenge and key; what is answered after the round is not looked
 * at.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "sys/log.h"

enum {
	RENEW_FROM = 400,    /* thousandths of a lease */
	SLOW_MS = 1000,      /* what takes longer comes last */
	SLOW_AT_ONCE = 4,    /* of such, so that others find a place */
	FOR_SLOW_MS = 60000, /* a session does not last for ever */
};

/* ---- which */

/* Also those whose time to renew has begun: one attestation serves them all. */
static void
choose(struct agent *a, int64_t now)
{
	for (size_t i = 0; i < a->n_keys; i++) {
		const struct agent_key *k = &a->keys[i];
		int64_t early = k->since + (int64_t)k->seconds * RENEW_FROM;

		a->round.wanted[i] = k->due <= now ||
		    (k->held && k->failures == 0 && early <= now);
	}
}

static bool
is_asked(const struct agent_round *r, size_t key)
{
	for (size_t i = 0; i < AGENT_RELEASES; i++)
		if (r->asking[i].state == AGENT_ASKING &&
		    r->asking[i].key == key)
			return true;
	return false;
}

/* What has become due since, so that a renewal need not wait for what is slow.
 * What has failed waits for the next round, for this one is to end; and what is
 * to come wrapped for one with a key for that. */
static void
choose_more(struct agent *a, int64_t now)
{
	struct agent_round *r = &a->round;
	bool has_rsa = wd_pkey_is_rsa(wd_pkey_alg(r->own));

	if (now - r->began >= FOR_SLOW_MS)
		return;
	for (size_t i = 0; i < a->n_keys; i++)
		if (a->keys[i].due <= now && a->keys[i].failures == 0 &&
		    !is_asked(r, i) && (!a->keys[i].is_wrapped || has_rsa))
			r->wanted[i] = true;
}

/* What was slow comes last; before that, what is held for the shortest time
 * comes first, and what is not held at all behind it. */
static bool
comes_before(const struct agent_key *a, const struct agent_key *b)
{
	int64_t end_a = a->held ? a->deadline : INT64_MAX;
	int64_t end_b = b->held ? b->deadline : INT64_MAX;

	return a->slow != b->slow ? b->slow : end_a < end_b;
}

static bool
may_be_slow(const struct agent *a, int64_t now)
{
	const struct agent_round *r = &a->round;
	size_t n = 0;

	for (size_t i = 0; i < AGENT_RELEASES; i++)
		n += r->asking[i].state == AGENT_ASKING &&
		    a->keys[r->asking[i].key].slow;
	return n < SLOW_AT_ONCE && now - r->began < FOR_SLOW_MS;
}

/* False: none, or only such as are to wait. */
static bool
choose_next(const struct agent *a, int64_t now, size_t *ret)
{
	const struct agent_round *r = &a->round;
	bool found = false;

	for (size_t i = 0; i < a->n_keys; i++)
		if (r->wanted[i] &&
		    (!found || comes_before(&a->keys[i], &a->keys[*ret]))) {
			found = true;
			*ret = i;
		}
	return found && (!a->keys[*ret].slow || may_be_slow(a, now));
}

/* ---- asking */

static struct agent_asking *
find_state(struct agent_round *r, enum agent_asking_state state)
{
	for (size_t i = 0; i < AGENT_RELEASES; i++)
		if (r->asking[i].state == state)
			return &r->asking[i];
	return NULL;
}

/* False: the link is lost, and the round with it. */
static bool
ask(struct agent *a, struct agent_asking *x, size_t key, int64_t now)
{
	const struct agent_key *k = &a->keys[key];
	struct wd_peer *link = &a->link.peer;
	struct wd_msg_link_release_ask m = {
		.path = wd_span_text(k->conf->path),
		.replaces = k->lease,
		.replaces_session = k->session,
		.wrapped = agent_wrapping_asks(k),
	};

	a->round.wanted[key] = false;
	if (wd_peer_send(link, WD_CALL_LINK_RELEASE, &m, -1, &x->request) !=
		0 ||
	    wd_chan_flush(link->chan) != 0) {
		agent_link_drop(a, "does not take a request");
		return false;
	}
	x->state = AGENT_ASKING;
	x->key = key;
	x->asked = now;
	x->deadline = wd_time_mono_ms() + agent_link_patience(a);
	return true;
}

/* All that was asked for, and none came: that is no round. */
static void
end(struct agent *a)
{
	const struct agent_round *r = &a->round;
	struct wd_diag d = { 0 };

	if (r->heard || r->late == 0) {
		agent_round_done(a);
		return;
	}
	(void)wd_fault(&d, WD_F_PEER, "no release came");
	agent_round_fail(a, WD_F_PEER, &d);
}

/* Asks for as many as there are places; the round is over when there is nothing
 * to wait for. */
static void
fill(struct agent *a)
{
	struct agent_round *r = &a->round;
	int64_t now = wd_time_boot_ms();
	struct agent_asking *x;
	size_t key = 0;

	choose_more(a, now);
	while ((x = find_state(r, AGENT_ASKING_FREE)) != NULL &&
	    choose_next(a, now, &key))
		if (!ask(a, x, key, now))
			return;
	if (x != NULL && find_state(r, AGENT_ASKING) == NULL)
		end(a);
}

void
agent_releases_begin(struct agent *a)
{
	struct agent_round *r = &a->round;

	r->step = AGENT_RELEASE;
	r->began = wd_time_boot_ms();
	r->late = 0;
	r->heard = false;
	choose(a, r->began);
	fill(a);
}

/* ---- answers */

/* The link was heard without an error; that says nothing of the release. */
static int
open_release(struct agent *a, const struct agent_asking *x,
    const struct wd_msg_link_release *m, struct wd_diag *d)
{
	WD_AUTO(wd_release_done) struct wd_release release = { 0 };
	const struct agent_round *r = &a->round;
	struct agent_key *k = &a->keys[x->key];
	const struct wd_release_want want = {
		.own = r->own,
		.wrapped = (enum wd_release_wrapped)k->conf->wrapped,
		.pinned = WD_SPAN(a->setup->conf.release_key),
		.challenge = wd_bytes_span(r->challenge),
		.path = wd_span_text(k->conf->path),
	};
	int result = wd_release_open(&want, m, &release, d);

	if (result == 0)
		result = agent_key_take(a, k, &release, x->asked, d);
	return result;
}

/*
 * The session, not the key, is what is wrong. An answer that does not come, or
 * not in time, may be the matter of its key, as it is of one that was slow
 * before; when none comes it is the server's.
 */
static bool
ends_round(struct agent_round *r, int result, bool was_slow)
{
	if (result != WD_F_TIMEOUT && result != WD_F_PEER) {
		r->late = 0;
		r->heard = true;
		return result < 0 || result == WD_R_NO_CREDENTIAL ||
		    result == WD_R_CREDENTIAL_INVALID;
	}
	r->late += !was_slow;
	return r->late >= (r->heard ? AGENT_RELEASES : 2);
}

static void
not_released(struct agent *a, struct agent_key *k, bool from_server, int result,
    const struct wd_diag *d)
{
	if (from_server && agent_wrapping_again(a, k, result)) {
		wd_log(WD_LOG_INFO, "key_leaves_wrapped", "key", k->conf->name,
		    NULL);
		return;
	}
	agent_key_failed(k, result, d, wd_time_boot_ms());
	wd_log(WD_LOG_WARNING, from_server ? "key_refused" : "release_refused",
	    "key", k->conf->name, "reason", wd_reason_name(result), "detail",
	    d->detail, NULL);
	if (result == WD_R_REVOKED_BY_OPERATOR)
		agent_key_revoke(a, k);
}

static void
on_release(struct agent *a, const struct agent_asking *x, int result,
    struct wd_diag *d, const struct wd_msg_link_release *m)
{
	struct agent_key *k = &a->keys[x->key];
	bool from_server = result != 0, was_slow = k->slow;

	k->slow = wd_time_boot_ms() - x->asked >= SLOW_MS;
	if (result == WD_R_AK_NOT_TRUSTED)
		agent_enrol_again(a, false);
	if (ends_round(&a->round, result, was_slow)) {
		agent_round_fail(a, result, d);
		return;
	}
	if (result == 0)
		result = open_release(a, x, m, d);
	if (result != 0)
		not_released(a, k, from_server, result, d);
	fill(a);
}

bool
agent_releases_answer(struct agent *a, uint32_t request, int result,
    struct wd_span detail, const struct wd_msg_link_release *m)
{
	struct agent_round *r = &a->round;

	for (size_t i = 0; i < AGENT_RELEASES; i++) {
		struct agent_asking x = r->asking[i];
		struct wd_diag d = { 0 };

		if (x.state == AGENT_ASKING_FREE || x.request != request)
			continue;
		r->asking[i].state = AGENT_ASKING_FREE;
		if (result != 0)
			agent_refused(&d, result, detail);
		if (x.state == AGENT_ASKING)
			on_release(a, &x, result, &d, m);
		else if (r->step == AGENT_RELEASE)
			fill(a); /* another round's waits for the place */
		return true;
	}
	return false;
}

/* ---- time */

void
agent_releases_tick(struct agent *a, int64_t now)
{
	struct agent_round *r = &a->round;

	for (size_t i = 0; i < AGENT_RELEASES; i++)
		if (r->asking[i].state != AGENT_ASKING_FREE &&
		    now >= r->asking[i].deadline) {
			agent_link_drop(a, "does not answer");
			return;
		}
	if (r->step == AGENT_RELEASE)
		fill(a);
}

int64_t
agent_releases_next(const struct agent *a)
{
	const struct agent_round *r = &a->round;
	int64_t boot = wd_time_boot_ms(), mono = wd_time_mono_ms();
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < AGENT_RELEASES; i++)
		if (r->asking[i].state != AGENT_ASKING_FREE &&
		    r->asking[i].deadline < next)
			next = r->asking[i].deadline;
	for (size_t i = 0; r->step == AGENT_RELEASE && i < a->n_keys; i++) {
		int64_t due = a->keys[i].due;

		if (due > boot && a->keys[i].failures == 0 &&
		    due < INT64_MAX - mono && due - boot + mono < next)
			next = due - boot + mono;
	}
	return next;
}

/* The link may still be in the middle of the next attestation when it comes to
 * answer. */
void
agent_releases_leave(struct agent_round *r)
{
	for (size_t i = 0; i < AGENT_RELEASES; i++) {
		struct agent_asking *x = &r->asking[i];

		if (x->state != AGENT_ASKING)
			continue;
		x->state = AGENT_ASKING_LEFT;
		x->deadline += x->deadline - wd_time_mono_ms();
	}
}

void
agent_releases_lost(struct agent_round *r)
{
	for (size_t i = 0; i < AGENT_RELEASES; i++)
		r->asking[i].state = AGENT_ASKING_FREE;
}
