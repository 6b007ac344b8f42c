/*
 * When a round is to be had with an RSA key, and that key. To look for its
 * primes takes long enough for a program to notice, so it is done between two
 * rounds, and programs are served meanwhile.
 */
#include "bin/agent/agent.h"

#include "base/clock.h"
#include "sys/log.h"

enum { SERVE_EVERY_MS = 1 };

static bool
is_wanted(const struct agent_key *k)
{
	return k->conf->wrapped == WD_WRAPPED_ONLY ||
	    (k->conf->wrapped == WD_WRAPPED_AUTO && k->is_wrapped);
}

/* One attestation serves all keys, so that one is enough. */
static bool
needs_rsa(const struct agent *a)
{
	for (size_t i = 0; i < a->n_keys; i++)
		if (is_wanted(&a->keys[i]))
			return true;
	return false;
}

static enum wd_pkey_alg
alg_of(const struct agent *a)
{
	switch (a->setup->conf.wrap_key_bits) {
	case 2048:
		return WD_PKEY_RSA2048;
	case 4096:
		return WD_PKEY_RSA4096;
	default:
		return WD_PKEY_RSA3072;
	}
}

/* ---- making one */

struct search {
	struct agent *agent;
	int64_t served; /* by CLOCK_MONOTONIC */
};

/* What is the loop's own waits until the loop is back. */
static void
serve(void *ctx)
{
	struct pollfd own[WD_SERVE_OWN];
	struct search *s = ctx;
	int64_t now = wd_time_mono_ms();

	if (now < s->served + SERVE_EVERY_MS)
		return;
	s->served = now;
	for (size_t i = 0; i < WD_N(own); i++)
		own[i] = (struct pollfd){ -1, 0, 0 };
	/* A fault comes again where the loop waits. */
	(void)!wd_serve_wait(s->agent->serve, own, WD_N(own), 0, NULL);
}

static int
make(struct agent *a, struct wd_pkey **ret)
{
	struct search s = { a, 0 };

	return wd_pkey_generate_rsa(alg_of(a), serve, &s, ret);
}

void
agent_wrapping_tick(struct agent *a)
{
	struct agent_round *r = &a->round;

	if (!needs_rsa(a)) {
		wd_pkey_freep(&r->ahead);
		return;
	}
	if (r->step == AGENT_IDLE && r->ahead == NULL &&
	    make(a, &r->ahead) != 0)
		wd_log(WD_LOG_WARNING, "no_key_ahead", NULL);
}

int
agent_wrapping_own(struct agent *a)
{
	struct agent_round *r = &a->round;

	if (!needs_rsa(a))
		return wd_pkey_generate(WD_PKEY_P256, &r->own);
	if (r->ahead != NULL && wd_pkey_alg(r->ahead) == alg_of(a)) {
		r->own = WD_TAKE(r->ahead);
		return 0;
	}
	return make(a, &r->own);
}

/* ---- what the server is asked, and says */

bool
agent_wrapping_asks(const struct agent_key *k)
{
	return k->conf->wrapped == WD_WRAPPED_AUTO ||
	    k->conf->wrapped == WD_WRAPPED_ONLY;
}

bool
agent_wrapping_again(struct agent *a, struct agent_key *k, int result)
{
	bool had_rsa =
	    a->round.own != NULL && wd_pkey_is_rsa(wd_pkey_alg(a->round.own));

	if (result != WD_R_MAY_NOT_LEAVE || had_rsa ||
	    k->conf->wrapped != WD_WRAPPED_AUTO)
		return false;
	k->is_wrapped = true;
	k->due = 0;
	return true;
}

bool
agent_wrapping_waits(const struct agent *a)
{
	for (size_t i = 0; i < a->n_keys; i++)
		if (a->keys[i].is_wrapped && a->keys[i].due == 0)
			return true;
	return false;
}
