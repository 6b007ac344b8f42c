/*
 * Reading the journal in order, over all its segments, also while it is being
 * written: what is not there yet may be asked for again.
 */
#pragma once

#include "audit/segment.h"

struct wd_reader;

/* Opens the journal in the log folder DIR (borrowed) at entry FROM.
 * WD_R_NOT_FOUND when there is no journal or it starts later; WD_R_TAMPERED. */
int wd_reader_open(int dir, uint64_t from, struct wd_reader **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_reader *wd_reader_close(struct wd_reader *r);
void wd_reader_closep(struct wd_reader **r);

/* Index of the entry that comes next. */
uint64_t wd_reader_index(const struct wd_reader *r);

/* The next entry, valid until the next call; empty when there is none yet.
 * WD_R_TAMPERED when entries are damaged or missing. */
int wd_reader_next(
    struct wd_reader *r, struct wd_record *ret, struct wd_diag *d) WD_MUST_USE;

/* At the end: judges what lies after the last entry, as wd_segment_tail(). */
int wd_reader_tail(struct wd_reader *r, uint64_t *ret_torn, struct wd_diag *d)
    WD_MUST_USE;
