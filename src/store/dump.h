/*
 * The rows of store.db on their way into a backup, and back into a new file.
 * A backup holds rows, not the pages of a database: whoever restores one gives
 * the database library nothing but values to be bound, whatever is in it.
 *
 * A dump is records, each a u32 length and that many bytes, little endian:
 *
 *   'H' u16 version, u16 format of the store       the first
 *   'T' u8 columns, u8 length, name                a table, in schema order
 *   'R' values                                     a row of it
 *   'E' u64 rows                                   the last
 *
 * A value is u8 0 (NULL), 1 and 8 bytes (integer), 2 (text) or 3 (blob) with a
 * u32 length and bytes.
 */
#pragma once

#include "base/wr.h"
#include "store/store.h"

enum {
	WD_DUMP_RECORD = 1 << 20, /* most bytes of a record */
	WD_DUMP_TABLES = 32,
};

/* ---- reading the store */

struct wd_dump;

/* A connection of its own, for reading, into a store that is there; opens all
 * that it will need, so that a sandbox may close afterwards. As
 * wd_store_open(). */
int wd_dump_open(const char *state_dir, struct wd_dump **ret, struct wd_diag *d)
    WD_MUST_USE;
struct wd_dump *wd_dump_close(struct wd_dump *x);
void wd_dump_closep(struct wd_dump **x);

/*
 * From here to wd_dump_end() what is read is one state of the database: this
 * one. Others go on writing meanwhile, but the log of changes cannot be folded:
 * bound the time. A dump that was begun before ends.
 */
int wd_dump_begin(struct wd_dump *x, struct wd_diag *d) WD_MUST_USE;
void wd_dump_end(struct wd_dump *x);

/* Appends whole records until MOST bytes are reached or passed; WR takes MOST
 * and a record more. *RET_MORE: there are others. 0 or a fault. */
int wd_dump_next(struct wd_dump *x, size_t most, struct wd_wr *wr,
    bool *ret_more, struct wd_diag *d) WD_MUST_USE;

/* ---- making a store of it */

struct wd_load;

/* A new store.db in STATE_DIR, empty. WD_R_EXISTS. */
int wd_load_open(const char *state_dir, struct wd_load **ret, struct wd_diag *d)
    WD_MUST_USE;

/* What was not finished is removed. */
struct wd_load *wd_load_close(struct wd_load *l);
void wd_load_closep(struct wd_load **l);

/* The next record, without its length. WD_R_MALFORMED; WD_R_VERSION for another
 * version or format. */
int wd_load_record(struct wd_load *l, struct wd_span record, struct wd_diag *d)
    WD_MUST_USE;

struct wd_load_result {
	struct wd_id store_id;
	uint64_t rows;
};

/*
 * All records were there: looks whether the database is whole and every
 * reference in it holds, has it on the disk, and makes a new sessions.db, which
 * voids challenges, sessions and leases. WD_R_MALFORMED.
 */
int wd_load_finish(struct wd_load *l, struct wd_load_result *ret,
    struct wd_diag *d) WD_MUST_USE;
