/*
 * Reading the store for a backup, row by row, in one state of it.
 */
#include "store/dump.h"

#include "base/alloc.h"
#include "store/dump_in.h"
#include "store/file.h"

struct wd_dump {
	sqlite3 *db;
	sqlite3_stmt *st; /* of the table that is under way; or NULL */
	struct wd_tables tables;
	size_t next; /* table */
	uint64_t rows;
	bool begun, headed, ended;
};

/* ---- life */

void
wd_dump_end(struct wd_dump *x)
{
	if (x == NULL)
		return;
	wd_db_finalizep(&x->st);
	if (x->begun && !sqlite3_get_autocommit(x->db))
		/* There is nothing to be kept. */
		(void)sqlite3_exec(x->db, "ROLLBACK", NULL, NULL, NULL);
	x->begun = false;
}

struct wd_dump *
wd_dump_close(struct wd_dump *x)
{
	if (x == NULL)
		return NULL;
	wd_dump_end(x);
	wd_db_closep(&x->db);
	return wd_free(x);
}

void
wd_dump_closep(struct wd_dump **x)
{
	*x = wd_dump_close(*x);
}

int
wd_dump_open(const char *state_dir, struct wd_dump **ret, struct wd_diag *d)
{
	WD_AUTO(wd_dump_closep) struct wd_dump *x = wd_alloc(sizeof(*x));
	int r;

	if (x == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = wd_db_connect(state_dir, WD_DB_STORE, &x->db, d)) != 0 ||
	    (r = wd_db_exec(x->db, "PRAGMA query_only=ON", d)) != 0 ||
	    (r = wd_dump_begin(x, d)) != 0) /* opens the files */
		return r;
	wd_dump_end(x);
	wd_db_started(x->db);
	*ret = WD_TAKE(x);
	return 0;
}

int
wd_dump_begin(struct wd_dump *x, struct wd_diag *d)
{
	int r;

	wd_dump_end(x);
	x->next = 0;
	x->rows = 0;
	x->headed = x->ended = false;
	if ((r = wd_db_exec(x->db, "BEGIN", d)) != 0)
		return r;
	x->begun = true;
	/* The first statement that reads is what takes the state. */
	if ((r = wd_tables_read(x->db, &x->tables, d)) != 0)
		wd_dump_end(x);
	return r;
}

/* ---- records */

static size_t
record_begin(struct wd_wr *wr, char kind)
{
	size_t at = wr->len;

	wd_wr_le32(wr, 0);
	wd_wr_u8(wr, (uint8_t)kind);
	return at;
}

/* 0, or a fault: no record may be larger than who loads it takes. */
static int
record_end(struct wd_wr *wr, size_t at, struct wd_diag *d)
{
	if (wr->bad)
		return wd_fault(d, WD_F_MEMORY, "no memory for a record");
	if (wr->len - at - 4 > WD_DUMP_RECORD)
		return wd_fault(
		    d, WD_F_STORE, "a row is too large for a backup");
	wd_wr_patch_le32(wr, at, (uint32_t)(wr->len - at - 4));
	return 0;
}

static int
put_head(struct wd_wr *wr, struct wd_diag *d)
{
	size_t at = record_begin(wr, WD_DUMP_HEAD);

	wd_wr_le16(wr, WD_DUMP_VERSION);
	wd_wr_le16(wr, WD_FORMAT);
	return record_end(wr, at, d);
}

static int
put_end(struct wd_dump *x, struct wd_wr *wr, struct wd_diag *d)
{
	size_t at = record_begin(wr, WD_DUMP_END);

	wd_wr_le64(wr, x->rows);
	x->ended = true;
	return record_end(wr, at, d);
}

/* Opens the next table and says so. */
static int
put_table(struct wd_dump *x, struct wd_wr *wr, struct wd_diag *d)
{
	const char *name = x->tables.name[x->next++];
	struct wd_span text = wd_span_text(name);
	size_t at = record_begin(wr, WD_DUMP_TABLE);
	int r = wd_table_prepare(x->db, WD_TABLE_SELECT, name, &x->st, d);

	if (r != 0)
		return r;
	wd_wr_u8(wr, (uint8_t)sqlite3_column_count(x->st));
	wd_wr_u8(wr, (uint8_t)text.len);
	wd_wr_bytes(wr, text);
	return record_end(wr, at, d);
}

static void
put_bytes(struct wd_wr *wr, enum wd_dump_value kind, const void *p, int len)
{
	wd_wr_u8(wr, (uint8_t)kind);
	wd_wr_le32(wr, (uint32_t)len);
	wd_wr_bytes(wr, wd_span(p, (size_t)len));
}

static void
put_value(struct wd_wr *wr, sqlite3_stmt *st, int i)
{
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_NULL:
		wd_wr_u8(wr, WD_DUMP_NULL);
		return;
	case SQLITE_INTEGER:
		wd_wr_u8(wr, WD_DUMP_INTEGER);
		wd_wr_le64(wr, (uint64_t)sqlite3_column_int64(st, i));
		return;
	case SQLITE_TEXT:
		put_bytes(wr, WD_DUMP_TEXT, sqlite3_column_text(st, i),
		    sqlite3_column_bytes(st, i));
		return;
	case SQLITE_BLOB:
		put_bytes(wr, WD_DUMP_BLOB, sqlite3_column_blob(st, i),
		    sqlite3_column_bytes(st, i));
		return;
	default: /* no table has such a column */
		wd_wr_fail(wr);
	}
}

/* The next row; at the end of the table there is no statement any more. */
static int
put_row(struct wd_dump *x, struct wd_wr *wr, struct wd_diag *d)
{
	int code = sqlite3_step(x->st);
	size_t at;

	if (code == SQLITE_DONE) {
		wd_db_finalizep(&x->st);
		return 0;
	}
	if (code != SQLITE_ROW)
		return wd_fault(d, WD_F_STORE, "%s", sqlite3_errmsg(x->db));
	at = record_begin(wr, WD_DUMP_ROW);
	for (int i = 0; i < sqlite3_column_count(x->st); i++)
		put_value(wr, x->st, i);
	x->rows++;
	return record_end(wr, at, d);
}

static int
put_next(struct wd_dump *x, struct wd_wr *wr, struct wd_diag *d)
{
	if (!x->headed) {
		x->headed = true;
		return put_head(wr, d);
	}
	if (x->st != NULL)
		return put_row(x, wr, d);
	if (x->next < x->tables.n)
		return put_table(x, wr, d);
	return put_end(x, wr, d);
}

int
wd_dump_next(struct wd_dump *x, size_t most, struct wd_wr *wr, bool *ret_more,
    struct wd_diag *d)
{
	size_t start = wr->len;
	int r = 0;

	if (!x->begun)
		return wd_fault(d, WD_F_BUG, "no dump was begun");
	while (r == 0 && !x->ended && wr->len - start < most)
		r = put_next(x, wr, d);
	*ret_more = !x->ended;
	return r;
}
