/*
 * Checkpoints (C2SP tlog-checkpoint): size and root of the tree as a signed
 * note. Whoever keeps one can later tell that no entry before it was changed,
 * removed or added.
 */
#pragma once

#include "audit/note_key.h"
#include "base/diag.h"

#define WD_CHECKPOINT_FILE "checkpoint"

enum { WD_CHECKPOINT_MAX = 16384 };

struct wd_checkpoint {
	uint64_t size;
	uint8_t root[32];
};

/* Appends the note of the log that KEY is named after, signed by KEY. 0 or a
 * fault. */
int wd_checkpoint_write(struct wd_wr *wr, const struct wd_checkpoint *c,
    const struct wd_note_key *key) WD_MUST_USE;

/*
 * Reads a note once its signature by KEY is found good; signatures of others
 * (witnesses) may stand beside it. WD_R_MISMATCH: not signed by this key, or
 * signed and changed, or of another log; WD_R_MALFORMED.
 */
int wd_checkpoint_read(struct wd_span note, const struct wd_note_key *key,
    struct wd_checkpoint *ret, struct wd_diag *d) WD_MUST_USE;
