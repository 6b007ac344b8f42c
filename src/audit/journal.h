/*
 * The journal: append-only segments, preallocated and zero-written so that a
 * commit is one write and one fdatasync. Records are self-framing: u32 length,
 * u64 index, 32-byte leaf hash (RFC 6962), the entry, padding to 8. After a
 * crash the end is where the frames end; a torn record at the end was never
 * acknowledged and is cut off.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"

struct wd_journal;

enum { WD_JOURNAL_SEGMENT = 16 << 20, WD_JOURNAL_RESERVE = 64 << 20 };

/* Opens the newest segment in the folder DIR (a descriptor, borrowed) or makes
 * the first, walks it, and knows the next index. WD_R_TAMPERED when frames or
 * leaf hashes before the end do not fit. */
int wd_journal_open(int dir, struct wd_journal **ret, struct wd_diag *d)
    WD_MUST_USE;
struct wd_journal *wd_journal_close(struct wd_journal *j);
void wd_journal_closep(struct wd_journal **j);

uint64_t wd_journal_size(
    const struct wd_journal *j); /* entries, durable ones */

/* Adds an entry to the batch under way (at most 256; WD_R_TOO_LARGE). */
int wd_journal_add(struct wd_journal *j, struct wd_span entry) WD_MUST_USE;

/* Writes the batch and syncs once. On a fault the journal is dead: nothing more
 * is written to this file, and the process must end. */
int wd_journal_commit(struct wd_journal *j, struct wd_diag *d) WD_MUST_USE;

/* Prepares the next segment when the present one is over half full; for idle
 * time. Keeps WD_JOURNAL_RESERVE bytes of the disk back: WD_R_AUDIT_UNAVAILABLE
 * when there is less. */
int wd_journal_prepare(struct wd_journal *j, struct wd_diag *d) WD_MUST_USE;

/* Entries in order from index FROM; VISIT's other-than-0 stops and is returned.
 */
int wd_journal_read(int dir, uint64_t from,
    int (*visit)(void *ctx, uint64_t index, const uint8_t leaf[32],
	struct wd_span entry),
    void *ctx, struct wd_diag *d) WD_MUST_USE;
