/*
 * Inside src/store only: the open store, its prepared statements, and a cursor
 * over one of them. Values are bound and columns are read in their order; like
 * the byte cursor both are sticky, so the caller looks once, at wd_sql_run(),
 * wd_sql_row() or wd_sql_end().
 *
 *   WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_KEY_GET);
 *   wd_sql_put_id(&q, id);
 *   if ((r = wd_sql_row(&q)) != 0)
 *           return r;
 *   wd_sql_get_id(&q, &key.id);
 *   ...
 *   if ((r = wd_sql_end(&q)) != 0)
 *           return r;
 *
 * wd_sql_done() must run: a statement left open keeps a read transaction, and
 * with it the log of changes, from ending.
 */
#pragma once

#include "store/store.h"

#include <sqlite3.h>

enum wd_db { WD_DB_STORE, WD_DB_SESSIONS, WD_DB_UPSTREAM, WD_DB_COUNT };

enum wd_sql_name {
#define WD_SQL(NAME, db, none, unique, foreign, text) WD_SQL_##NAME,
#include "store/statements.def"
#undef WD_SQL
	WD_SQL_COUNT
};

struct wd_sql_row {
	enum wd_db db;
	int none, unique, foreign; /* see statements.def */
	const char *text;
};

const struct wd_sql_row *wd_sql_table(enum wd_sql_name which);

struct wd_store {
	sqlite3 *db[WD_DB_COUNT];
	sqlite3_stmt *st[WD_SQL_COUNT];
	struct wd_id id, sessions_id;
	bool in_transaction;    /* of wd_store_begin */
	bool reading;           /* between wd_store_read_begin and its end */
	bool read[WD_DB_COUNT]; /* since then: a transaction is open */
	bool version_seen; /* since then; it cannot change before the end */
	uint64_t version;
	struct wd_guard guard;
	bool foreign; /* the statement under way has met a wrong MAC */
	char tampered[WD_TAMPERED_TEXT]; /* the last row that was */
	bool counted; /* n_keys holds, unless others wrote since COUNTED_AT */
	uint64_t n_keys, counted_at;
	char why[160];
};

enum { WD_ROW_VALUES = 16, WD_ROW_HEAD = 9 };

/* The values of a row that its MAC is over; they view what is bound or read. */
struct wd_row_mac {
	const char *table;
	size_t n;
	struct wd_span part[2 * WD_ROW_VALUES];
	uint8_t head[WD_ROW_VALUES][WD_ROW_HEAD];
};

struct wd_sql {
	struct wd_store *s;
	const struct wd_sql_row *row;
	sqlite3_stmt *st;
	int bound, column;
	int result;             /* first fault, or rejection */
	struct wd_row_mac *mac; /* of what is put or got; NULL: none */
	bool loose;             /* the next value is not under it */
	uint8_t row_mac[WD_ROW_MAC];
};

struct wd_sql wd_sql(struct wd_store *s, enum wd_sql_name which);
void wd_sql_done(struct wd_sql *q);

/* What is bound must live until wd_sql_done(). */
void wd_sql_put_int(struct wd_sql *q, int64_t v);
void wd_sql_put_id(struct wd_sql *q, const struct wd_id *id); /* none: NULL */
void wd_sql_put_text(struct wd_sql *q, const char *text);
void wd_sql_put_blob(struct wd_sql *q, struct wd_span s); /* p NULL: NULL */
void wd_sql_put_bytes(struct wd_sql *q, const struct wd_bytes *b);

/*
 * The MAC of a row of TABLE is over the values that are put, or got, from here
 * to wd_sql_put_mac() or wd_sql_get_mac(), which take the column after them: in
 * the order of the table, all that decide; one that does not is passed by with
 * wd_sql_loose() before it. Without a guard nothing can be written
 * (WD_R_SEALED), and what is read is not checked. M must live until the MAC.
 */
void wd_sql_guard(struct wd_sql *q, struct wd_row_mac *m, const char *table);
void wd_sql_loose(struct wd_sql *q);
void wd_sql_put_mac(struct wd_sql *q);
void wd_sql_get_mac(struct wd_sql *q); /* wrong: a fault */
/* For rows that are listed, and decide nothing: a wrong one is noted only, so
 * that the list shows what there is to be removed. */
void wd_sql_see_mac(struct wd_sql *q);

/* The MAC of what is no row, which starts with WHAT. WD_R_SEALED, or a fault. */
int wd_store_mac(struct wd_store *s, const char *what, struct wd_span bytes,
    uint8_t ret[WD_ROW_MAC]) WD_MUST_USE;
/* Notes for wd_store_why() and wd_store_tampered() that somebody else wrote;
 * returns WD_F_STORE. */
int wd_store_is_foreign(struct wd_store *s, const char *what);

/* For the cursor: a value that comes or goes. */
void wd_sql_note_int(struct wd_sql *q, int64_t v);
void wd_sql_note_text(struct wd_sql *q, struct wd_span s);
void wd_sql_note_blob(struct wd_sql *q, struct wd_span s); /* p NULL: NULL */
void wd_sql_note_null(struct wd_sql *q);

/* Runs a change to its end. 0, the row's rejections, or a fault. */
int wd_sql_run(struct wd_sql *q) WD_MUST_USE;

/* The next row: 0; none: what the table says; or a fault. */
int wd_sql_row(struct wd_sql *q) WD_MUST_USE;

/*
 * Columns of the row. What does not have the expected type or size is a fault:
 * it was not written by this code.
 */
int64_t wd_sql_get_int(struct wd_sql *q);
uint8_t wd_sql_get_u8(struct wd_sql *q);
uint32_t wd_sql_get_u32(struct wd_sql *q);
void wd_sql_get_id(struct wd_sql *q, struct wd_id *ret); /* NULL: none */
void wd_sql_get_text(struct wd_sql *q, char *dst, size_t size);
void wd_sql_get_fixed(struct wd_sql *q, uint8_t *dst, size_t len);
void wd_sql_get_bytes(struct wd_sql *q, struct wd_bytes **ret); /* NULL: NULL */

/* Whatever it holds, for its row's MAC alone. */
void wd_sql_get_any(struct wd_sql *q);
/* How many there are; and a look at one without getting it. */
size_t wd_sql_columns(const struct wd_sql *q);
int64_t wd_sql_peek_int(const struct wd_sql *q, int column);
void wd_sql_peek_id(const struct wd_sql *q, int column, struct wd_id *ret);

/* 0, or the fault of an earlier put or get. */
int wd_sql_end(const struct wd_sql *q) WD_MUST_USE;

/* A statement without values. */
int wd_sql_just(struct wd_store *s, enum wd_sql_name which) WD_MUST_USE;

/* The one number that a statement without values gives. */
int wd_sql_count(struct wd_store *s, enum wd_sql_name which, uint64_t *ret)
    WD_MUST_USE;

/* Another number whenever another connection has changed store.db. */
int wd_sql_others(struct wd_store *s, uint64_t *ret) WD_MUST_USE;

/*
 * Runs BODY as one change: all of it or nothing. Inside a transaction of
 * wd_store_begin() only BODY's own part is undone when it fails.
 */
int wd_sql_atomically(struct wd_store *s, enum wd_db db,
    int (*body)(struct wd_store *s, const void *arg), const void *arg)
    WD_MUST_USE;

/* Between wd_store_read_begin() and its end, before the first statement on DB:
 * begins the transaction. */
int wd_sql_begin_reading(struct wd_store *s, enum wd_db db) WD_MUST_USE;

/* Notes the library's words on what went wrong in DB; returns WD_F_STORE, or
 * WD_F_MEMORY. */
int wd_sql_fault(struct wd_store *s, enum wd_db db);

/* Sets the mark of the index of leases, unless it is higher already. */
int wd_lease_mark_put(struct wd_store *s, uint16_t cell, uint64_t mark)
    WD_MUST_USE;
