/*
 * Making a store of a dump. The tables are our own; a dump only says which rows
 * are in them, and every row has to meet what the schema demands. It is
 * committed piece by piece, so that it takes no second room on the disk: a
 * store that is not finished is nothing, and is removed.
 */
#include "store/dump.h"

#include "base/alloc.h"
#include "base/rd.h"
#include "store/dump_in.h"
#include "store/file.h"

#include <assert.h>
#include <string.h>

enum { PIECE = 4 << 20, PATH_ROOM = 1024 };

struct wd_load {
	char dir[PATH_ROOM];
	sqlite3 *db;
	sqlite3_stmt *st; /* puts in a row of the table under way; or NULL */
	struct wd_tables tables;
	size_t next;  /* table */
	size_t piece; /* bytes since the last commit */
	uint64_t rows;
	bool headed, ended, finished;
};

/* ---- life */

struct wd_load *
wd_load_close(struct wd_load *l)
{
	if (l == NULL)
		return NULL;
	wd_db_finalizep(&l->st);
	if (l->db != NULL && !l->finished) {
		wd_db_closep(&l->db);
		wd_store_remove(l->dir);
	}
	wd_db_closep(&l->db);
	return wd_free(l);
}

void
wd_load_closep(struct wd_load **l)
{
	*l = wd_load_close(*l);
}

int
wd_load_open(const char *state_dir, struct wd_load **ret, struct wd_diag *d)
{
	WD_AUTO(wd_load_closep) struct wd_load *l = wd_alloc(sizeof(*l));
	int r;

	if (l == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if (!wd_span_to_text(wd_span_text(state_dir), l->dir, sizeof(l->dir)))
		return wd_fault(d, WD_F_SYSTEM, "the path is too long");
	if ((r = wd_db_make(l->dir, WD_DB_STORE, &l->db, d)) != 0 ||
	    (r = wd_tables_read(l->db, &l->tables, d)) != 0)
		return r;
	*ret = WD_TAKE(l);
	return 0;
}

/* ---- records */

static int
malformed(struct wd_diag *d, const char *what)
{
	return wd_reject(d, WD_R_MALFORMED, "the rows of the store: %s", what);
}

static int
on_head(struct wd_load *l, struct wd_rd *rd, struct wd_diag *d)
{
	uint16_t version = wd_rd_le16(rd), format = wd_rd_le16(rd);

	if (l->headed || wd_rd_ok(rd) != 0)
		return malformed(d, "no head, or two");
	if (version != WD_DUMP_VERSION)
		return wd_reject(d, WD_R_VERSION,
		    "the rows have version %u, this program reads version %d",
		    (unsigned)version, WD_DUMP_VERSION);
	if (format != WD_FORMAT)
		return wd_reject(d, WD_R_VERSION,
		    "the backup is of a store of format %u, this program has "
		    "format %d: restore it with the version that made it",
		    (unsigned)format, WD_FORMAT);
	l->headed = true;
	return 0;
}

static int
on_table(struct wd_load *l, struct wd_rd *rd, struct wd_diag *d)
{
	uint8_t columns = wd_rd_u8(rd);
	struct wd_span name = wd_rd_bytes(rd, wd_rd_u8(rd));
	int r;

	wd_db_finalizep(&l->st);
	if (l->next == l->tables.n ||
	    !wd_span_is(name, l->tables.name[l->next]))
		return malformed(d, "a table that does not belong there");
	r = wd_table_prepare(
	    l->db, WD_TABLE_INSERT, l->tables.name[l->next++], &l->st, d);
	if (r != 0)
		return r;
	if (sqlite3_bind_parameter_count(l->st) != columns)
		return malformed(d, "a table with other columns");
	return 0;
}

/* The bytes stay where they are until the row was put in. */
static int
bind_bytes(sqlite3_stmt *st, int i, struct wd_rd *rd, enum wd_dump_value kind)
{
	struct wd_span s = wd_rd_bytes(rd, wd_rd_le32(rd));
	const void *p = s.len == 0 ? "" : (const void *)s.p;

	return kind == WD_DUMP_TEXT
	    ? sqlite3_bind_text(st, i, p, (int)s.len, SQLITE_STATIC)
	    : sqlite3_bind_blob(st, i, p, (int)s.len, SQLITE_STATIC);
}

static int
bind_value(sqlite3_stmt *st, int i, struct wd_rd *rd)
{
	uint8_t kind = wd_rd_u8(rd);

	switch (kind) {
	case WD_DUMP_NULL:
		return sqlite3_bind_null(st, i);
	case WD_DUMP_INTEGER:
		return sqlite3_bind_int64(st, i, (int64_t)wd_rd_le64(rd));
	case WD_DUMP_TEXT:
	case WD_DUMP_BLOB:
		return bind_bytes(st, i, rd, (enum wd_dump_value)kind);
	default:
		wd_rd_fail(rd);
		return SQLITE_OK;
	}
}

static int
put_row(struct wd_load *l, struct wd_diag *d)
{
	int code = sqlite3_step(l->st);

	/* A reset repeats the error of the step. */
	(void)sqlite3_reset(l->st);
	(void)sqlite3_clear_bindings(l->st);
	if (code == SQLITE_DONE)
		return 0;
	if ((code & 0xff) == SQLITE_CONSTRAINT)
		return malformed(d, sqlite3_errmsg(l->db));
	return wd_fault(d, WD_F_STORE, "store.db: %s", sqlite3_errmsg(l->db));
}

/* What was put in goes to the disk, a piece at a time. */
static int
commit_piece(struct wd_load *l, size_t more, struct wd_diag *d)
{
	int r;

	l->piece += more;
	if (l->piece < PIECE)
		return 0;
	l->piece = 0;
	r = wd_db_exec(l->db, "COMMIT", d);
	return r != 0 ? r : wd_db_exec(l->db, "BEGIN IMMEDIATE", d);
}

static int
on_row(struct wd_load *l, struct wd_rd *rd, struct wd_diag *d)
{
	size_t len = rd->left;
	int n, r;

	if (l->st == NULL)
		return malformed(d, "a row outside of a table");
	n = sqlite3_bind_parameter_count(l->st);
	for (int i = 1; i <= n; i++)
		if (bind_value(l->st, i, rd) != SQLITE_OK)
			return wd_fault(
			    d, WD_F_STORE, "%s", sqlite3_errmsg(l->db));
	if (wd_rd_end(rd) != 0)
		return malformed(d, "a row that is none of its table");
	if ((r = put_row(l, d)) != 0)
		return r;
	l->rows++;
	return commit_piece(l, len, d);
}

static int
on_end(struct wd_load *l, struct wd_rd *rd, struct wd_diag *d)
{
	uint64_t rows = wd_rd_le64(rd);

	wd_db_finalizep(&l->st);
	if (l->next != l->tables.n || rows != l->rows)
		return malformed(d, "rows or tables are missing");
	l->ended = true;
	return 0;
}

static const struct {
	uint8_t kind;
	int (*take)(struct wd_load *l, struct wd_rd *rd, struct wd_diag *d);
} kinds[] = {
	{ WD_DUMP_HEAD, on_head },
	{ WD_DUMP_TABLE, on_table },
	{ WD_DUMP_ROW, on_row },
	{ WD_DUMP_END, on_end },
};

int
wd_load_record(struct wd_load *l, struct wd_span record, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(record);
	uint8_t kind = wd_rd_u8(&rd);
	int r;

	if (l->ended || record.len > WD_DUMP_RECORD ||
	    (!l->headed && kind != WD_DUMP_HEAD))
		return malformed(d, "a record out of place");
	for (size_t i = 0; i < WD_N(kinds); i++) {
		if (kinds[i].kind != kind)
			continue;
		if ((r = kinds[i].take(l, &rd, d)) != 0)
			return r;
		return wd_rd_end(&rd) == 0
		    ? 0
		    : malformed(d, "a record that is too long or too short");
	}
	return malformed(d, "a record of no kind");
}

/* ---- the end */

/* Neither of the two pragmas may have anything to say. */
static int
check_whole(struct wd_load *l, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *refs = NULL;
	const char *said;

	if (sqlite3_prepare_v2(l->db, "PRAGMA integrity_check(1)", -1, &st,
		NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW ||
	    sqlite3_prepare_v2(l->db, "PRAGMA foreign_key_check", -1, &refs,
		NULL) != SQLITE_OK)
		return wd_fault(d, WD_F_STORE, "%s", sqlite3_errmsg(l->db));
	said = (const char *)sqlite3_column_text(st, 0);
	if (said == NULL || strcmp(said, "ok") != 0)
		return malformed(d, said == NULL ? "" : said);
	if (sqlite3_step(refs) != SQLITE_DONE)
		return malformed(d, "a reference that leads nowhere");
	return 0;
}

int
wd_load_finish(struct wd_load *l, struct wd_load_result *ret, struct wd_diag *d)
{
	struct wd_load_result x = { .rows = l->rows };
	int r;

	if (!l->ended)
		return malformed(d, "they end too early");
	if ((r = wd_db_exec(l->db, "COMMIT", d)) != 0 ||
	    (r = check_whole(l, d)) != 0)
		return r;
	r = wd_db_meta_get(l->db, "store", &x.store_id, d);
	if (r != 0)
		return r > 0 ? malformed(d, "there is no store id") : r;
	if ((r = wd_db_exec(l->db, "PRAGMA wal_checkpoint(TRUNCATE)", d)) !=
		0 ||
	    (r = wd_sessions_make(l->dir, &x.store_id, d)) != 0)
		return r;
	l->finished = true;
	*ret = x;
	return 0;
}
