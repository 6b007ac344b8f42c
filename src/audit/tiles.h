/*
 * Making tiles, entry bundles and checkpoints of a log from its journal. All of
 * it can be made again at any time; what may never happen is that a checkpoint
 * is signed that does not continue the one before.
 */
#pragma once

#include "audit/checkpoint.h"
#include "audit/segment.h"

struct wd_tiles;

/*
 * Looks what is there in the log folder DIR; DIR and KEY are borrowed. With
 * AFRESH tiles are not relied on and made again from the first entry.
 * WD_R_TAMPERED when there is a checkpoint that KEY has not signed.
 */
int wd_tiles_open(int dir, const struct wd_note_key *key, bool afresh,
    struct wd_tiles **ret, struct wd_diag *d) WD_MUST_USE;
struct wd_tiles *wd_tiles_close(struct wd_tiles *t);
void wd_tiles_closep(struct wd_tiles **t);

/* Index of the entry that is wanted next. */
uint64_t wd_tiles_next(const struct wd_tiles *t);

/* Entries under the checkpoint that is out; 0 when there is none. The journal
 * holds at least these, or it was cut. */
uint64_t wd_tiles_signed(const struct wd_tiles *t);

/* Takes the next entry. WD_R_TAMPERED when the entries up to here are not those
 * of the checkpoint that is out; with tiles that were relied on, the fault may
 * be theirs. */
int wd_tiles_add(struct wd_tiles *t, const struct wd_record *record,
    struct wd_diag *d) WD_MUST_USE;

/* Puts out the tiles and the checkpoint of all entries taken so far, if they
 * are more than are out. */
int wd_tiles_publish(struct wd_tiles *t, struct wd_diag *d) WD_MUST_USE;
