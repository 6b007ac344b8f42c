/*
 * Reading and writing at a place in a file, whole, with interruptions and short
 * counts dealt with once. A full disk is told apart from a broken one: the
 * first is a state of the log, the second ends the role.
 */
#pragma once

#include "base/diag.h"

/* Reads up to LEN bytes; *RET_GOT is less only at the end of the file. */
int wd_io_read_at(int fd, void *dst, size_t len, uint64_t at, size_t *ret_got,
    struct wd_diag *d) WD_MUST_USE;

/* 0, WD_R_AUDIT_UNAVAILABLE when there is no room, or a fault. */
int wd_io_write_at(int fd, struct wd_span bytes, uint64_t at, struct wd_diag *d)
    WD_MUST_USE;

/* Puts a file with these bytes in the place of NAME (at most 60 characters),
 * whole or not at all. SYNCED: the bytes are on the disk before they have the
 * name; the name itself may be lost in a crash. As above. */
int wd_io_replace(int dir, const char *name, struct wd_span bytes, bool synced,
    struct wd_diag *d) WD_MUST_USE;

/* What errno says about WHAT that just failed, as above. */
int wd_io_failed(struct wd_diag *d, const char *what) WD_MUST_USE;
