/*
 * The tables as the schema has them, for dumps: a table that is added there is
 * in every backup from then on, and needs nothing here.
 */
#include "store/dump_in.h"

#include "base/wr.h"
#include "store/file.h"

static int
failed(sqlite3 *db, struct wd_diag *d)
{
	return wd_fault(d, WD_F_STORE, "%s", sqlite3_errmsg(db));
}

/* A name that may stand in a statement as it is. */
static bool
is_plain(struct wd_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((name.p[i] < 'a' || name.p[i] > 'z') && name.p[i] != '_')
			return false;
	return name.len > 0;
}

static int
take_name(sqlite3_stmt *st, struct wd_tables *t, struct wd_diag *d)
{
	struct wd_span name = wd_span(
	    sqlite3_column_text(st, 0), (size_t)sqlite3_column_bytes(st, 0));

	if (t->n == WD_DUMP_TABLES || !is_plain(name) ||
	    !wd_span_to_text(name, t->name[t->n], WD_TABLE_NAME + 1))
		return wd_fault(d, WD_F_BUG, "a table that no dump can hold");
	t->n++;
	return 0;
}

int
wd_tables_read(sqlite3 *db, struct wd_tables *ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	struct wd_tables t = { 0 };
	int code, r;

	if (sqlite3_prepare_v2(db,
		"SELECT name FROM sqlite_schema WHERE type = 'table'"
		" AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
		-1, &st, NULL) != SQLITE_OK)
		return failed(db, d);
	while ((code = sqlite3_step(st)) == SQLITE_ROW)
		if ((r = take_name(st, &t, d)) != 0)
			return r;
	if (code != SQLITE_DONE)
		return failed(db, d);
	*ret = t;
	return 0;
}

static int
prepare(sqlite3 *db, const struct wd_wr *text, sqlite3_stmt **ret,
    struct wd_diag *d)
{
	if (wd_wr_end(text) != 0)
		return wd_fault(d, WD_F_BUG, "a statement that is too long");
	if (sqlite3_prepare_v2(db, (const char *)text->p, (int)text->len, ret,
		NULL) != SQLITE_OK)
		return failed(db, d);
	return 0;
}

static int
select_all(sqlite3 *db, const char *name, sqlite3_stmt **ret, struct wd_diag *d)
{
	char text[WD_TABLE_NAME + 32];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	wd_wr_text(&wr, "SELECT * FROM ");
	wd_wr_text(&wr, name);
	return prepare(db, &wr, ret, d);
}

static int
insert_one(sqlite3 *db, const char *name, int columns, sqlite3_stmt **ret,
    struct wd_diag *d)
{
	char text[512];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	wd_wr_text(&wr, "INSERT INTO ");
	wd_wr_text(&wr, name);
	wd_wr_text(&wr, " VALUES(");
	for (int i = 0; i < columns; i++)
		wd_wr_text(&wr, i == 0 ? "?" : ",?");
	wd_wr_text(&wr, ")");
	return prepare(db, &wr, ret, d);
}

int
wd_table_prepare(sqlite3 *db, enum wd_table_use use, const char *name,
    sqlite3_stmt **ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *all = NULL;
	int r = select_all(db, name, &all, d);

	if (r == 0 && use == WD_TABLE_INSERT)
		return insert_one(db, name, sqlite3_column_count(all), ret, d);
	if (r == 0)
		*ret = WD_TAKE(all);
	return r;
}
