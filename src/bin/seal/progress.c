/*
 * Shares come one at a time, from operators who may not know of one another.
 * The number of a share is no secret, its value is.
 */
#include "bin/seal/progress.h"

#include "base/reason.h"
#include "crypto/rand.h"
#include "seal/seal.h"
#include "seal/shamir.h"

void
seal_progress_reset(struct seal_progress *p)
{
	p->shares = wd_secret_free(p->shares);
	*p = (struct seal_progress){ 0 };
}

static int
begin(struct seal_progress *p, unsigned threshold, int64_t now)
{
	struct seal_progress fresh = { .until = now + PROGRESS_MS };
	int r;

	if ((r = wd_rand_id(&fresh.nonce)) != 0)
		return r;
	fresh.shares = wd_secret_new((size_t)threshold * WD_SHARE_LEN);
	if (fresh.shares == NULL)
		return WD_F_MEMORY;
	*p = fresh;
	return 0;
}

static bool
is_there(const struct seal_progress *p, uint8_t x)
{
	struct wd_span all = wd_secret_borrow(p->shares);

	for (unsigned i = 0; i < p->n; i++)
		if (all.p[(i + 1) * WD_SHARE_LEN - 1] == x)
			return true;
	return false;
}

int
seal_progress_add(struct seal_progress *p, struct wd_span share,
    unsigned threshold, int64_t now)
{
	size_t at = (size_t)p->n * WD_SHARE_LEN;
	int r;

	if (share.len != WD_SHARE_LEN)
		return WD_F_BUG;
	if (wd_id_is_none(&p->nonce) && (r = begin(p, threshold, now)) != 0)
		return r;
	if (is_there(p, share.p[WD_SHARE_LEN - 1]))
		return WD_R_EXISTS;
	if (at + share.len > wd_secret_len(p->shares))
		return WD_F_BUG;
	wd_copy(wd_secret_bytes(p->shares) + at, share);
	p->n++;
	return 0;
}

int
seal_progress_join(const struct seal_progress *p, struct wd_secret **ret)
{
	struct wd_span all = wd_secret_borrow(p->shares);
	int r = wd_shamir_join(
	    wd_span(all.p, (size_t)p->n * WD_SHARE_LEN), WD_SHARE_LEN, ret);

	return r > 0 ? WD_F_BUG : r; /* each was looked at when it came */
}

bool
seal_progress_is_late(const struct seal_progress *p, int64_t now)
{
	return !wd_id_is_none(&p->nonce) && now >= p->until;
}
