/*
 * Seals that several operators open, one share a call. There is one attempt at
 * a time, named by its nonce, so that whoever has seen it can say which one a
 * share is for. A share that was changed is only found when all are together:
 * then every one has to be given again.
 */
#include "bin/seal/seal.h"

#include "base/clock.h"
#include "base/reason.h"
#include "sys/log.h"

void
seal_share_forget(struct seal *s, const char *why)
{
	if (wd_id_is_none(&s->progress.nonce))
		return;
	wd_log(WD_LOG_WARNING, "shares_forgotten", "nonce", s->progress.nonce.s,
	    "why", why, NULL);
	seal_progress_reset(&s->progress);
	seal_tell_state(s);
}

int
seal_share_check(struct seal *s)
{
	int64_t now = wd_time_mono_ms();

	if (seal_progress_is_late(&s->progress, now))
		seal_share_forget(s, "the other shares did not come in time");
	if (wd_id_is_none(&s->progress.nonce))
		return -1;
	return (int)(s->progress.until - now); /* at most PROGRESS_MS */
}

static bool
is_for_another(const struct seal *s, const struct wd_msg_unseal *m)
{
	return m->nonce.len > 0 &&
	    !wd_span_equal(m->nonce, wd_id_span(&s->progress.nonce));
}

/* One share more; what it says is wrong with it. */
static int
add(struct seal *s, struct wd_span text, unsigned threshold, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL;
	int r = wd_share_read(text, &share);

	if (r > 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "not a share: %d bytes as base64 or hex", WD_SHARE_LEN);
	if (r == 0)
		r = seal_progress_add(&s->progress, wd_secret_borrow(share),
		    threshold, wd_time_mono_ms());
	if (r == WD_R_EXISTS)
		return wd_reject(d, WD_R_EXISTS,
		    "this share, or another of its number, was given already");
	return r;
}

int
seal_share_take(struct seal *s, const struct wd_msg_unseal *m,
    struct wd_secret **ret_secret, struct wd_diag *d)
{
	unsigned threshold = m->break_glass ? s->box.break_glass.threshold
					    : s->box.split.threshold;
	int r;

	if (is_for_another(s, m))
		return wd_reject(d, WD_R_CONFLICT,
		    "meant for an attempt that is not under way (any more)");
	if (m->reset) {
		seal_progress_reset(&s->progress);
		return 0;
	}
	if ((r = add(s, m->share, threshold, d)) != 0)
		return r;
	if (s->progress.n < threshold)
		return 0;
	return seal_progress_join(&s->progress, ret_secret);
}
