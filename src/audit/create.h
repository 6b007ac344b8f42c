/*
 * A new log: its checkpoint key and its first entry. The folder is the caller's
 * (a descriptor, borrowed); as root everything is given to its owner.
 */
#pragma once

#include "audit/entry.h"
#include "audit/note_key.h"
#include "base/diag.h"

#define WD_CHECKPOINT_KEY_FILE "checkpoint.key" /* private, 0600 */
#define WD_CHECKPOINT_PUB_FILE "checkpoint.pub" /* for those who verify */

/*
 * Makes the key of the log `<server name>/log` in the folder DIR: both files.
 * RET_PUBLIC gets the text of the public one, to be printed and kept elsewhere.
 * WD_R_EXISTS, WD_R_RANGE (the name).
 */
int wd_checkpoint_key_make(int dir, struct wd_span server_name,
    char ret_public[WD_NOTE_KEY_TEXT], struct wd_diag *d) WD_MUST_USE;

/* WD_R_NOT_FOUND, WD_R_MALFORMED. */
int wd_checkpoint_key_load(int dir, struct wd_note_key *ret, struct wd_diag *d)
    WD_MUST_USE;

/* The key as above, and a journal with FIRST (the event init) in it, durable.
 * Nothing is left behind on failure. WD_R_EXISTS also when there is a journal.
 */
int wd_log_create(int dir, struct wd_span server_name,
    const struct wd_entry *first, char ret_public[WD_NOTE_KEY_TEXT],
    struct wd_diag *d) WD_MUST_USE;

/*
 * Adds one entry, durable, to a log that no scribe has open: for a command that
 * works while no server runs. Whether the log is the one of its checkpoint is
 * scribe's to find at its next start. WD_R_NOT_FOUND, and what
 * wd_journal_open() and wd_journal_commit() reject.
 */
int wd_log_append(int dir, const struct wd_entry *e, struct wd_diag *d)
    WD_MUST_USE;

/* Takes back what wd_log_create() made; for a caller whose later step failed.
 * Never to be called on a log that has been used. */
void wd_log_discard(int dir);
