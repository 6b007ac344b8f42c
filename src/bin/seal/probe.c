/*
 * Trials of the seal's device. An HSM that is unplugged, a key that was
 * deleted, a register that an update has changed: all show only when the seal
 * is opened, which may be months later, so it is opened now and then for no
 * other reason. What is tried is the seal itself, as a start would do it.
 */
#include "bin/seal/seal.h"

#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

enum { FAILING_MS = 60000, SOON_MS = 1000 };

static int64_t
period(const struct seal *s)
{
	return (int64_t)wd_role_config(s->role)->seal_probe_seconds * 1000;
}

void
seal_probe_soon(struct seal *s)
{
	s->probe_due = wd_time_mono_ms() + SOON_MS;
}

void
seal_probe_note(struct seal *s, int result)
{
	int64_t now = wd_time_now();
	int64_t wait = period(s);
	bool was_failing = s->probe_failing != 0;

	if (result == 0) {
		s->probe_good = now;
		s->probe_failing = s->wrap_failing = 0;
	} else if (!was_failing) {
		s->probe_failing = now;
	}
	if (result != 0 && wait > FAILING_MS)
		wait = FAILING_MS;
	s->probe_due = wd_time_mono_ms() + wait;
	/* A PIN that is refused is not tried until it is locked. */
	if (result == WD_R_PERMISSION)
		s->probe_due = INT64_MAX;
}

static bool
is_wanted(const struct seal *s)
{
	return s->box.row != NULL && s->box.row->device &&
	    s->box.keyring != NULL && s->doing == SEAL_NOTHING && period(s) > 0;
}

/* Its process has ended, and another one comes: nothing to tell of, unless it
 * is away at the next trial too. */
static bool
missed(struct seal *s, int r)
{
	bool twice = s->probe_missed;

	s->probe_missed = r != 0 && s->device_away;
	if (!s->probe_missed || twice)
		return false;
	seal_probe_soon(s);
	return true;
}

static void
probe(struct seal *s)
{
	bool was_failing = s->probe_failing != 0;
	struct wd_diag d = { 0 };
	int r = seal_box_probe(&s->box, &d);

	if (missed(s, r))
		return;
	seal_probe_note(s, r);
	if (r != 0)
		wd_log_result("seal_probe_failed", r, &d);
	if (r == 0 && was_failing)
		wd_log(WD_LOG_INFO, "seal_probe_good", NULL);
	seal_tell_news(s);
}

int
seal_probe_check(struct seal *s)
{
	int64_t now = wd_time_mono_ms();

	if (!is_wanted(s) || s->probe_due == INT64_MAX)
		return -1;
	if (now >= s->probe_due) {
		probe(s);
		now = wd_time_mono_ms();
	}
	if (s->probe_due == INT64_MAX)
		return -1;
	return s->probe_due > now ? (int)(s->probe_due - now) : 0;
}
