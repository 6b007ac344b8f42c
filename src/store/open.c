/*
 * Making and opening the store as a whole.
 */
#include "store/file.h"

#include "base/alloc.h"

#include <stdio.h>

static int
commit_store(sqlite3 *db, const struct wd_id *store_id, struct wd_diag *d)
{
	int r = wd_db_meta_put(db, "store", store_id, d);

	if (r != 0)
		return r;
	return wd_db_exec(db, "COMMIT", d);
}

int
wd_store_create(
    const char *state_dir, const struct wd_id *store_id, struct wd_diag *d)
{
	WD_AUTO(wd_db_closep) sqlite3 *db = NULL;
	int r;

	if ((r = wd_db_make(state_dir, WD_DB_STORE, &db, d)) != 0)
		return r;
	if ((r = commit_store(db, store_id, d)) != 0 ||
	    (r = wd_sessions_make(state_dir, store_id, d)) != 0) {
		wd_db_closep(&db);
		wd_db_remove(state_dir, WD_DB_STORE);
	}
	return r;
}

void
wd_store_remove(const char *state_dir)
{
	wd_db_remove(state_dir, WD_DB_STORE);
	wd_db_remove(state_dir, WD_DB_SESSIONS);
	wd_db_remove(state_dir, WD_DB_UPSTREAM);
}

static int
prepare_all(struct wd_store *s, struct wd_diag *d)
{
	for (int i = 0; i < WD_SQL_COUNT; i++) {
		const struct wd_sql_row *row =
		    wd_sql_table((enum wd_sql_name)i);

		if (sqlite3_prepare_v3(s->db[row->db], row->text, -1,
			SQLITE_PREPARE_PERSISTENT, &s->st[i],
			NULL) != SQLITE_OK)
			return wd_fault(d, wd_sql_fault(s, row->db),
			    "\"%.60s\": %s", row->text,
			    sqlite3_errmsg(s->db[row->db]));
	}
	return 0;
}

/*
 * The first change by a process makes SQLite open the log of changes, its index
 * in shared memory, the folder (to sync it) and the source of randomness. All
 * of that happens here, so that a sandbox may close afterwards.
 */
static int
warm_up(struct wd_store *s, struct wd_diag *d)
{
	int r;

	if ((r = wd_sql_just(s, WD_SQL_STORE_TOUCH)) != 0 ||
	    (r = wd_sql_just(s, WD_SQL_SESSIONS_TOUCH)) != 0 ||
	    (r = wd_sql_just(s, WD_SQL_UPSTREAM_TOUCH)) != 0)
		return wd_fault(d, WD_F_STORE, "%s", s->why);
	return 0;
}

int
wd_store_open(const char *state_dir, struct wd_store **ret, struct wd_diag *d)
{
	WD_AUTO(wd_store_closep) struct wd_store *s = wd_alloc(sizeof(*s));
	int r;

	if (s == NULL)
		return WD_F_MEMORY;
	if ((r = wd_db_connect(
		 state_dir, WD_DB_STORE, &s->db[WD_DB_STORE], d)) != 0 ||
	    (r = wd_db_meta_get(s->db[WD_DB_STORE], "store", &s->id, d)) != 0)
		return r == WD_R_NOT_FOUND
		    ? wd_reject(d, WD_R_TAMPERED, "store.db has no store id")
		    : r;
	if ((r = wd_sessions_connect(state_dir, &s->id, &s->db[WD_DB_SESSIONS],
		 &s->sessions_id, d)) != 0 ||
	    (r = wd_upstream_connect(
		 state_dir, &s->id, &s->db[WD_DB_UPSTREAM], d)) != 0 ||
	    (r = prepare_all(s, d)) != 0 || (r = warm_up(s, d)) != 0)
		return r;
	for (int i = 0; i < WD_DB_COUNT; i++)
		wd_db_started(s->db[i]);
	*ret = WD_TAKE(s);
	return 0;
}

int
wd_store_check_tables(struct wd_store *s)
{
	struct wd_diag d = { 0 };
	int r = wd_db_check_tables(s->db[WD_DB_STORE], WD_DB_STORE, &d);

	if (r > 0)
		return wd_store_is_foreign(s, d.detail);
	if (r < 0)
		(void)snprintf(s->why, sizeof(s->why), "%.150s", d.detail);
	return r;
}

struct wd_store *
wd_store_close(struct wd_store *s)
{
	if (s == NULL)
		return NULL;
	wd_store_rollback(s);
	for (int i = 0; i < WD_SQL_COUNT; i++)
		/* Repeats the error of the last step, which was seen. */
		(void)sqlite3_finalize(s->st[i]);
	for (int i = 0; i < WD_DB_COUNT; i++)
		wd_db_closep(&s->db[i]);
	return wd_free(s);
}

void
wd_store_closep(struct wd_store **s)
{
	*s = wd_store_close(*s);
}

struct wd_id
wd_store_id(const struct wd_store *s)
{
	return s->id;
}

struct wd_id
wd_store_sessions_id(const struct wd_store *s)
{
	return s->sessions_id;
}

const char *
wd_store_why(const struct wd_store *s)
{
	return s->why;
}
