/*
 * Sealing and unsealing as every keeper sees it. Whoever asked gets the answer
 * when every other keeper has acknowledged or is gone: after `warder seal` no
 * process holds a key, after `warder unseal` all of them serve.
 *
 * A keeper that does not wipe in time is reported, and the supervisor ends it;
 * its end counts as wiped. One that is too busy to take the keyring finds it
 * later, in its own time.
 */
#include "bin/seal/seal.h"

#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

enum {
	ACKNOWLEDGE_MS = 2000, /* keepers make RSA keys for as long as that */
	END_MS = 3000,         /* for the supervisor to end those reported */
};

struct wd_msg_seal_state
seal_state(const struct seal *s)
{
	const struct wd_seal_row *row = s->box.row;

	return (struct wd_msg_seal_state){
		.initialized = s->box.initialized,
		.sealed = s->box.keyring == NULL,
		.kind = wd_span_text(row == NULL ? NULL : row->name),
		.shares = s->box.split.shares,
		.threshold = s->box.split.threshold,
		.progress = s->progress.n,
		.nonce = wd_id_span(&s->progress.nonce),
		.break_glass_shares = s->box.break_glass.shares,
		.break_glass_threshold = s->box.break_glass.threshold,
		.terms = s->box.keyring == NULL ? 0 : s->box.terms,
		.term = s->box.keyring == NULL ? 0 : s->box.term,
		.probe_good = s->probe_good,
		.probe_failing = s->probe_failing,
		.wrap_failing = s->wrap_failing,
		.wait_ms = seal_delay_left(&s->delay, wd_time_mono_ms()),
		.keyring = wd_secret_borrow(s->box.keyring),
	};
}

/* ---- answering */

static struct seal_keeper *
keeper_of(struct seal *s, uint64_t serial)
{
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (s->keepers[i].serial == serial)
			return &s->keepers[i];
	return NULL;
}

static void
answer(struct seal *s, struct seal_keeper *k, enum wd_call call,
    uint32_t request, int result, const char *detail)
{
	struct wd_msg_seal_state state = seal_state(s);

	if (wd_peer_reply(
		&k->base.peer, call, request, result, detail, &state) != 0)
		seal_keeper_condemn(s, k, "does not take answers");
}

static void
finish(struct seal *s, int result, const char *detail)
{
	enum wd_call call = s->doing == SEAL_OPENING ? WD_CALL_SEAL_UNSEAL
	    : s->doing == SEAL_ROTATING              ? WD_CALL_SEAL_ROTATE
	    : s->doing == SEAL_DROPPING              ? WD_CALL_SEAL_DROP
						     : WD_CALL_SEAL_SEAL;

	s->doing = SEAL_NOTHING;
	for (size_t i = 0; i < s->n_askers; i++) {
		struct seal_keeper *k = keeper_of(s, s->askers[i].keeper);

		if (k != NULL && !k->base.condemned)
			answer(
			    s, k, call, s->askers[i].request, result, detail);
	}
	s->n_askers = 0;
}

void
seal_change_join(struct seal *s, struct seal_keeper *k, uint32_t request)
{
	if (s->n_askers == SEAL_ASKERS) {
		answer(s, k, WD_CALL_SEAL_SEAL, request, WD_R_OVERLOADED,
		    "too many wait for the same already");
		return;
	}
	s->askers[s->n_askers].keeper = k->serial;
	s->askers[s->n_askers++].request = request;
}

/* ---- telling */

static void
tell(struct seal *s, struct seal_keeper *k, enum wd_call call, const void *msg)
{
	int r = wd_peer_send(&k->base.peer, call, msg, -1, &k->owed);

	k->owes = true;
	if (r != 0)
		seal_keeper_condemn(s, k, "does not take what it is told");
}

/*
 * A keyring goes to those that have asked before and have none by now; whoever
 * has not will get it as the answer. To wipe is told to all: one that served
 * before this process was started again may hold keys without having asked.
 */
static bool
is_told(const struct seal *s, const struct seal_keeper *k, uint64_t asker)
{
	if (k->base.peer.chan == NULL)
		return false;
	return s->doing == SEAL_CLOSING ||
	    (k->greeted && !k->base.condemned && k->serial != asker);
}

static void
tell_all(struct seal *s, uint64_t asker)
{
	struct wd_msg_seal_state state = seal_state(s);
	enum wd_call call =
	    s->doing == SEAL_CLOSING ? WD_CALL_WIPE : WD_CALL_KEYRING;

	for (size_t i = 0; i < WD_KEEPERS; i++) {
		struct seal_keeper *k = &s->keepers[i];

		k->owes = false;
		if (!is_told(s, k, asker))
			continue;
		if (k->base.condemned)
			k->owes = true; /* until its end */
		else
			tell(s, k, call, &state);
	}
}

static void
tell_greeted(struct seal *s, const struct wd_msg_seal_state *state)
{
	for (size_t i = 0; i < WD_KEEPERS; i++) {
		struct seal_keeper *k = &s->keepers[i];
		uint32_t number;

		if (k->base.peer.chan == NULL || k->base.condemned ||
		    !k->greeted)
			continue;
		if (wd_peer_send(&k->base.peer, WD_CALL_KEYRING, state, -1,
			&number) != 0)
			seal_keeper_condemn(
			    s, k, "does not take what it is told");
	}
}

void
seal_tell_state(struct seal *s)
{
	struct wd_msg_seal_state state = seal_state(s);

	tell_greeted(s, &state);
}

void
seal_tell_news(struct seal *s)
{
	struct wd_msg_seal_state state = seal_state(s);

	state.keyring = wd_span(NULL, 0);
	tell_greeted(s, &state);
}

void
seal_wipe(struct seal *s, struct seal_keeper *k)
{
	struct wd_msg_seal_state state = seal_state(s);

	tell(s, k, WD_CALL_WIPE, &state);
}

void
seal_change(struct seal *s, enum seal_doing what, struct seal_keeper *k,
    uint32_t request)
{
	/* Another term was written, or some were dropped: that has happened. */
	if (s->doing == SEAL_OPENING)
		finish(s, WD_R_SEALED, "the server was sealed meanwhile");
	else if (s->doing != SEAL_NOTHING)
		finish(s, 0, NULL);
	s->doing = what;
	s->insisted = false;
	s->deadline = wd_time_mono_ms() + ACKNOWLEDGE_MS;
	seal_change_join(s, k, request);
	tell_all(s, k->serial);
}

/* ---- the end of a change */

static bool
somebody_owes(const struct seal *s)
{
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (s->keepers[i].base.peer.chan != NULL && s->keepers[i].owes)
			return true;
	return false;
}

static void
insist(struct seal *s)
{
	s->insisted = true;
	s->deadline += END_MS;
	for (size_t i = 0; i < WD_KEEPERS; i++)
		if (s->keepers[i].base.peer.chan != NULL && s->keepers[i].owes)
			seal_keeper_condemn(s, &s->keepers[i],
			    "has not wiped its keys in time");
}

void
seal_change_check(struct seal *s)
{
	if (s->doing == SEAL_NOTHING)
		return;
	if (!somebody_owes(s)) {
		finish(s, 0, NULL);
		return;
	}
	if (wd_time_mono_ms() < s->deadline)
		return;
	if (s->doing != SEAL_CLOSING) {
		wd_log(WD_LOG_WARNING, "keeper_is_slow", NULL);
		finish(s, 0, NULL);
	} else if (!s->insisted) {
		insist(s);
	} else {
		wd_log(WD_LOG_ERROR, "keeper_not_ended", NULL);
		finish(s, WD_F_TIMEOUT,
		    "a keeper has neither wiped its keys nor ended");
	}
}

int
seal_change_due(const struct seal *s)
{
	int64_t left = s->deadline - wd_time_mono_ms();

	if (s->doing == SEAL_NOTHING)
		return -1;
	return left > 0 ? (int)left : 0;
}
