/*
 * The journal: append-only segments, preallocated and zero-written so that a
 * commit is one write and one fdatasync. The format is in segment.h. After a
 * crash the end is where the records end; a write that was cut short there was
 * never acknowledged and is left behind. Reading is reader.h's.
 */
#pragma once

#include "base/diag.h"

struct wd_journal;

enum {
	WD_JOURNAL_SEGMENT = 16 << 20,
	WD_JOURNAL_RESERVE = 64 << 20, /* kept back on the disk */
	WD_JOURNAL_BATCH = 256,        /* most entries of one commit */
};

/* For tests, which have no time for the usual sizes. */
struct wd_journal_sizes {
	uint64_t segment; /* bytes of one; at least 20 KiB */
	unsigned reserve; /* segments kept back */
};

/*
 * Opens the journal in the log folder DIR (a descriptor, borrowed) for writing,
 * or makes it. The last batch, of which only an earlier process knew whether
 * it was synced, is written once more into a new segment. SIZES NULL: the usual
 * ones. As root everything made is given to the owner of DIR.
 *
 * WD_R_TAMPERED when entries that had been made durable are damaged or gone;
 * WD_R_IN_USE when another process writes it; WD_R_AUDIT_UNAVAILABLE when the
 * disk is full.
 */
int wd_journal_open(int dir, const struct wd_journal_sizes *sizes,
    struct wd_journal **ret, struct wd_diag *d) WD_MUST_USE;
struct wd_journal *wd_journal_close(struct wd_journal *j);
void wd_journal_closep(struct wd_journal **j);

/* Durable entries. */
uint64_t wd_journal_size(const struct wd_journal *j);

/* Bytes of an unfinished write that opening found behind the last entry. */
uint64_t wd_journal_torn(const struct wd_journal *j);

/* Entries of the batch under way. */
unsigned wd_journal_pending(const struct wd_journal *j);

/* Adds an entry to the batch under way. WD_R_RANGE: it is empty or too long;
 * WD_R_TOO_LARGE: the batch is full and has to be committed first. */
int wd_journal_add(struct wd_journal *j, struct wd_span entry) WD_MUST_USE;

/*
 * Writes the batch and syncs once. After anything but 0 the journal is dead:
 * what has reached the disk is unknown, nothing more is written to this file,
 * and the process must end. WD_R_AUDIT_UNAVAILABLE when the disk is full,
 * WD_R_TAMPERED when the file was cut or removed meanwhile.
 */
int wd_journal_commit(struct wd_journal *j, struct wd_diag *d) WD_MUST_USE;

/* There are fewer prepared segments than there should be. */
bool wd_journal_wants_work(const struct wd_journal *j);

/* The reserve is not whole. */
bool wd_journal_is_short(const struct wd_journal *j);

/* Does a slice of that work, a few milliseconds, for idle time.
 * WD_R_AUDIT_UNAVAILABLE when the disk has no room for it; may be tried
 * again, as after a fault. */
int wd_journal_prepare(struct wd_journal *j, struct wd_diag *d) WD_MUST_USE;
