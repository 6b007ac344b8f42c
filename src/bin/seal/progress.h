/*
 * An attempt at unsealing with shares: those given so far. Kept in secret
 * memory of this process alone, and not for longer than PROGRESS_MS.
 */
#pragma once

#include "base/id.h"
#include "base/secret.h"

enum { PROGRESS_MS = 10 * 60 * 1000 };

struct seal_progress {
	struct wd_id nonce;       /* names the attempt; none: no attempt */
	struct wd_secret *shares; /* room for as many as there are to be */
	unsigned n;
	int64_t until; /* of the caller's clock, in milliseconds */
};

/* Forgets the attempt. */
void seal_progress_reset(struct seal_progress *p);

/*
 * Adds SHARE, of WD_SHARE_LEN bytes, to an attempt that needs THRESHOLD of
 * them; the first one starts it at NOW. WD_R_EXISTS: that share was given
 * already, or another one of its number; or a fault.
 */
int seal_progress_add(struct seal_progress *p, struct wd_span share,
    unsigned threshold, int64_t now) WD_MUST_USE;

/* The secret of the shares given, whether it is the right one or not. */
int seal_progress_join(const struct seal_progress *p, struct wd_secret **ret)
    WD_MUST_USE;

/* An attempt that was begun is over by now. */
bool seal_progress_is_late(const struct seal_progress *p, int64_t now);
