/*
 * What the keeper of the admin's cell does for the keyring by itself, between
 * two admin calls: it sees to it that a term is counted from its start, and has
 * the keyring rotated before its newest term has encrypted too often or has
 * become too old. What is under older terms is encrypted anew, and terms under
 * which nothing is left are dropped. It holds up nobody: each step is short,
 * and seal is asked, not waited for.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "broker/count.h"
#include "sys/log.h"

#include <stdio.h>

enum {
	LOOK_MS = 1000,
	AGAIN_MS = 60000, /* after what was not possible */
	PACE_MS = 40,     /* between some rows and the next */
	SECONDS_A_DAY = 86400,
};

void
keeper_ring_start(struct keeper *k)
{
	if (k->config->keyring_uses > 0)
		k->broker->keyring_limit = k->config->keyring_uses;
	k->broker->keyring_seconds =
	    (int64_t)k->config->keyring_days * SECONDS_A_DAY;
}

/* ---- rotation */

static void
note_why(struct keeper *k, struct wd_span why)
{
	struct keeper_ring *g = &k->ring;

	if (wd_span_is(why, g->why_not))
		return; /* said already */
	if (!wd_span_to_text(why, g->why_not, sizeof(g->why_not)) ||
	    g->why_not[0] == '\0')
		g->why_not[0] = '?';
	wd_log(
	    WD_LOG_WARNING, "keyring_not_rotated", "detail", g->why_not, NULL);
}

static void
note_failure(struct keeper *k, struct wd_span why, int64_t again_ms)
{
	k->ring.asked = 0;
	k->ring.not_before = wd_time_mono_ms() + again_ms;
	note_why(k, why);
}

static void
rotate(struct keeper *k, const char *why, int64_t now_ms)
{
	struct keeper_ring *g = &k->ring;
	uint8_t none[1] = { 0 };

	g->why = why;
	if (!k->log_writable) /* seen without asking anybody */
		note_failure(
		    k, WD_SPAN_LIT("the log cannot be written"), LOOK_MS);
	else if (k->seal.chan == NULL ||
	    wd_peer_send(&k->seal, WD_CALL_SEAL_ROTATE, none, -1, &g->asked) !=
		0)
		note_failure(k, WD_SPAN_LIT("the seal is away"), AGAIN_MS);
	else
		g->deadline = now_ms + KEEPER_SEAL_MS;
}

/* Nobody asked for it, so nobody waits for the entry. */
static void
log_rotated(struct keeper *k)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	struct wd_entry e = { .event = WD_EV_KEYRING_ROTATE,
		.time = wd_time_now(),
		.detail = k->ring.why };
	uint64_t seq;

	if (wd_outcome_log(&out, &e) != 0 || !keeper_record(k, &out, &seq))
		wd_log(WD_LOG_ERROR, "rotation_not_logged", NULL);
}

void
keeper_ring_rotated(
    struct keeper *k, uint32_t request, int result, struct wd_span detail)
{
	struct keeper_ring *g = &k->ring;
	bool own = g->asked != 0 && g->asked == request && !g->dropping;

	/* Whatever the store says of older terms: this one is new. */
	if (result == 0 && k->broker != NULL)
		g->fresh = wd_keyring_newest(&k->broker->ring);
	if (result == 0)
		g->next = g->older_at = 0;
	if (!own)
		return;
	if (result != 0) {
		note_failure(k, detail, AGAIN_MS);
		return;
	}
	g->asked = 0;
	g->why_not[0] = '\0';
	log_rotated(k);
}

void
keeper_ring_seal_gone(struct keeper *k)
{
	struct wd_span why = WD_SPAN_LIT("the seal went away");
	struct keeper_ring *g = &k->ring;

	if (g->asked != 0 && g->dropping)
		keeper_ring_dropped(k, g->asked, WD_R_UNAVAILABLE, why);
	else if (g->asked != 0)
		note_failure(k, why, AGAIN_MS);
}

/* It will answer, or go away: what it does late has its entry, too. */
static void
note_late(struct keeper *k)
{
	k->ring.deadline = INT64_MAX;
	if (!k->ring.dropping)
		note_why(k, WD_SPAN_LIT("the seal did not answer in time"));
}

/* ---- older terms */

static void
log_dropped(struct keeper *k)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	char detail[80];
	struct wd_entry e = { .event = WD_EV_KEYRING_DROP,
		.time = wd_time_now(),
		.detail = detail };
	uint64_t seq;

	(void)snprintf(detail, sizeof(detail),
	    "nothing is stored under terms before %u any more",
	    (unsigned)k->ring.oldest); /* fits */
	if (wd_outcome_log(&out, &e) != 0 || !keeper_record(k, &out, &seq))
		wd_log(WD_LOG_ERROR, "drop_not_logged", NULL);
}

void
keeper_ring_dropped(
    struct keeper *k, uint32_t request, int result, struct wd_span detail)
{
	struct keeper_ring *g = &k->ring;
	char text[160];

	if (g->asked == 0 || g->asked != request || !g->dropping)
		return;
	g->asked = 0;
	g->dropping = false;
	if (result == 0) {
		log_dropped(k);
		return;
	}
	(void)wd_span_to_text(detail, text, sizeof(text)); /* or none */
	wd_log(WD_LOG_WARNING, "terms_not_dropped", "detail", text, NULL);
	g->older_at = wd_time_mono_ms() + AGAIN_MS;
}

/* Nothing under the oldest terms: they go. */
static int
drop(struct keeper *k, int64_t now_ms, struct wd_diag *d)
{
	struct keeper_ring *g = &k->ring;
	struct wd_msg_seal_drop m = { 0 };
	int r = wd_rewrap_oldest(k->broker, &m.oldest, d);

	if (r != 0 || m.oldest == wd_keyring_oldest(&k->broker->ring))
		return r;
	if (!k->log_writable || k->seal.chan == NULL ||
	    wd_peer_send(&k->seal, WD_CALL_SEAL_DROP, &m, -1, &g->asked) != 0)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "the seal is away, or the log cannot be written");
	g->dropping = true;
	g->oldest = m.oldest;
	g->deadline = now_ms + KEEPER_SEAL_MS;
	return 0;
}

/* Some rows, or the end of a pass. */
static void
clear_older(struct keeper *k, int64_t now_ms)
{
	struct keeper_ring *g = &k->ring;
	struct wd_diag d = { 0 };
	int r = wd_rewrap_some(k->broker, &g->rewrap, wd_time_now(), &d);

	g->paused[0] = '\0';
	if (r == 0) {
		g->next = now_ms + PACE_MS;
		return;
	}
	g->older_at = now_ms + LOOK_MS;
	if (r == WD_R_NOT_FOUND) {
		r = drop(k, now_ms, &d);
		if (g->rewrap.bad > 0)
			g->older_at = now_ms + AGAIN_MS;
	}
	if (r > 0)
		(void)wd_span_to_text(wd_span_text(d.detail), g->paused,
		    sizeof(g->paused)); /* or none */
	if (r < 0) {
		wd_log_result("older_terms_not_cleared", r, &d);
		g->older_at = now_ms + AGAIN_MS;
	}
}

/* ---- steps */

static bool
is_wanted(const struct keeper *k)
{
	return k->config->cell >= WD_ADMIN_CELL_2 && !k->draining &&
	    k->broker != NULL && k->broker->open && k->turn == NULL &&
	    (k->scribe.chan == NULL || k->log_known);
}

static bool
has_older(const struct keeper *k)
{
	const struct wd_keyring *r = &k->broker->ring;

	return wd_keyring_oldest(r) < wd_keyring_newest(r);
}

/* How the newest term is counted; one that has not begun begins. */
static int
look(struct keeper *k, struct wd_diag *d)
{
	struct keeper_ring *g = &k->ring;
	uint32_t newest = wd_keyring_newest(&k->broker->ring);
	int64_t now = wd_time_now();
	enum wd_count what;
	int r = wd_count_look(k->broker, now, &g->uses, &what, d);

	if (r != 0 || what == WD_COUNT_KNOWN ||
	    (what == WD_COUNT_LOST && g->fresh != newest))
		return r;
	g->uses = (struct wd_uses){ newest, now, 0 };
	return wd_count_begin(k->broker, now, d);
}

static void
step(struct keeper *k, int64_t now_ms)
{
	struct keeper_ring *g = &k->ring;
	struct wd_diag d = { 0 };
	const char *why;
	int r = look(k, &d);

	if (r != 0) {
		g->uses.term = 0;
		wd_log_result("keyring_not_looked_at", r, &d);
		return;
	}
	why = wd_count_due(k->broker, &g->uses, wd_time_now());
	if (why == NULL)
		g->why_not[0] = '\0';
	if (g->asked != 0)
		return;
	if (why != NULL && now_ms >= g->not_before)
		rotate(k, why, now_ms);
	else if (has_older(k) && now_ms >= g->older_at)
		clear_older(k, now_ms);
}

void
keeper_ring_step(struct keeper *k)
{
	struct keeper_ring *g = &k->ring;
	int64_t now_ms = wd_time_mono_ms();

	if (g->asked != 0 && now_ms >= g->deadline)
		note_late(k);
	if (!is_wanted(k) || now_ms < g->next)
		return;
	g->next = now_ms + LOOK_MS;
	step(k, now_ms);
}

/* ---- for status and metrics */

struct wd_uses
keeper_ring_uses(const struct keeper *k)
{
	if (k->broker == NULL || !k->broker->open ||
	    k->config->cell < WD_ADMIN_CELL_2)
		return (struct wd_uses){ 0 };
	return k->ring.uses;
}

uint64_t
keeper_ring_rows_left(const struct keeper *k)
{
	return keeper_ring_uses(k).term == 0 ? 0 : k->ring.rewrap.left;
}

int64_t
keeper_ring_due(const struct keeper *k)
{
	return is_wanted(k) ? k->ring.next : INT64_MAX;
}

/* A pause that an operator can end. */
static bool
warns_of_older(const struct keeper *k, char ret[KEEPER_RING_WORDS])
{
	const struct keeper_ring *g = &k->ring;

	if (!has_older(k) || (g->paused[0] == '\0' && g->rewrap.bad == 0))
		return false;
	if (g->rewrap.bad > 0)
		(void)snprintf(ret, KEEPER_RING_WORDS,
		    "%llu stored secrets do not open, so older terms of the "
		    "keyring stay: write them again, or delete them",
		    (unsigned long long)g->rewrap.bad); /* fits */
	else
		(void)snprintf(ret, KEEPER_RING_WORDS,
		    "what is stored under older terms of the keyring is not "
		    "encrypted anew for now: %s",
		    g->paused); /* fits */
	return true;
}

bool
keeper_ring_warns(const struct keeper *k, char ret[KEEPER_RING_WORDS])
{
	struct wd_uses u = keeper_ring_uses(k);

	if (u.term == 0)
		return false;
	if (k->ring.why_not[0] == '\0')
		return warns_of_older(k, ret);
	(void)snprintf(ret, KEEPER_RING_WORDS, "%s: %s",
	    u.n >= k->broker->keyring_limit
		? "nothing more is encrypted, since the keyring's term is used "
		  "up and cannot be rotated"
		: "the keyring is due for rotation and cannot be rotated",
	    k->ring.why_not); /* fits */
	return true;
}
