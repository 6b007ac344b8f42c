/*
 * Looking at a store without using it: is it whole, and what are its dates?
 */
#include "store/health.h"

#include "base/num.h"
#include "store/file.h"

#include <string.h>

static int
prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct wd_diag *d)
{
	if (sqlite3_prepare_v2(db, sql, -1, ret, NULL) == SQLITE_OK)
		return 0;
	return wd_fault(d, WD_F_STORE, "%s", sqlite3_errmsg(db));
}

/* Neither pragma may have anything to say. */
static int
check_whole(sqlite3 *db, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *refs = NULL;
	const char *said = NULL;
	int r;

	if ((r = prepare(db, "PRAGMA integrity_check(1)", &st, d)) != 0 ||
	    (r = prepare(db, "PRAGMA foreign_key_check", &refs, d)) != 0)
		return r;
	if (sqlite3_step(st) == SQLITE_ROW)
		said = (const char *)sqlite3_column_text(st, 0);
	if (said == NULL || strcmp(said, "ok") != 0)
		return wd_reject(d, WD_R_TAMPERED,
		    "store.db is damaged: %.160s",
		    said == NULL ? sqlite3_errmsg(db) : said);
	if (sqlite3_step(refs) != SQLITE_DONE)
		return wd_reject(d, WD_R_TAMPERED,
		    "store.db is damaged: a reference leads nowhere");
	return 0;
}

static int
read_latest(sqlite3 *db, int64_t *ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	uint64_t latest = 0;
	int r = prepare(
	    db, "SELECT value FROM meta WHERE name = 'latest_time'", &st, d);

	if (r != 0)
		return r;
	/* None yet, or none that could be read, is no time. */
	if (sqlite3_step(st) == SQLITE_ROW)
		(void)wd_num_parse(wd_span(sqlite3_column_blob(st, 0),
				       (size_t)sqlite3_column_bytes(st, 0)),
		    INT64_MAX, &latest);
	*ret = (int64_t)latest;
	return 0;
}

static int
read_wrapped(sqlite3 *db, uint64_t *ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	int r = prepare(db,
	    "SELECT (SELECT count(*) FROM versions WHERE hsm = 1)"
	    " + (SELECT count(*) FROM secrets WHERE hsm = 1)",
	    &st, d);

	if (r == 0 && sqlite3_step(st) == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(st, 0);
	return r;
}

static int
read_docs(sqlite3 *db, const struct wd_store_look *look, struct wd_diag *d)
{
	WD_AUTO(wd_db_finalizep) sqlite3_stmt *st = NULL;
	int r = prepare(db, "SELECT role, tee, next_update FROM docs", &st, d);

	while (r == 0 && sqlite3_step(st) == SQLITE_ROW)
		look->doc(look->ctx, (uint8_t)sqlite3_column_int(st, 0),
		    (uint8_t)sqlite3_column_int(st, 1),
		    sqlite3_column_int64(st, 2));
	return r;
}

int
wd_store_look_at(const char *state_dir, const struct wd_store_look *look,
    struct wd_store_seen *ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_closep) sqlite3 *db = NULL;
	int r;

	if ((r = wd_db_connect(state_dir, WD_DB_STORE, &db, d)) != 0 ||
	    (r = wd_db_exec(db, "PRAGMA query_only=ON", d)) != 0 ||
	    (r = check_whole(db, d)) != 0 ||
	    (r = read_latest(db, &ret->latest, d)) != 0 ||
	    (r = read_wrapped(db, &ret->wrapped, d)) != 0)
		return r;
	return read_docs(db, look, d);
}
