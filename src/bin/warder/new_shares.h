/*
 * Shares made here, for operators, before a server is told of them: whoever
 * runs the verb has them in hand before any older ones stop to open.
 */
#pragma once

#include "base/diag.h"
#include "base/secret.h"
#include "seal/seal.h"

struct cli_new_shares {
	struct wd_seal_split split;
	const char *dir;       /* one file each in there; NULL: printed */
	const char *name;      /* of one, "share" */
	struct wd_secret *key; /* what they give together */
	struct wd_secret *all; /* WD_SHARE_LEN bytes each */
	unsigned written;      /* files */
	bool made_dir;
};
void cli_new_shares_done(struct cli_new_shares *x);

/* By SPLIT. WD_R_RANGE, or a fault. */
int cli_new_shares_make(struct cli_new_shares *x, struct wd_diag *d)
    WD_MUST_USE;

/* Has them in files, on the disk, or printed. What there is already is never
 * written over: WD_R_EXISTS. */
int cli_new_shares_hand_out(struct cli_new_shares *x, struct wd_diag *d)
    WD_MUST_USE;

/* They open nothing: their files go, or it is said of those printed. */
void cli_new_shares_take_back(struct cli_new_shares *x);
