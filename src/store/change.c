/*
 * Transactions. A change is whole or not there: a process that dies in the
 * middle leaves what was before.
 */
#include "store/sql.h"

/* How a change starts and ends, alone or inside another. */
struct frame {
	enum wd_sql_name begin, keep, undo;
	bool inner;
};

static const struct frame alone[WD_DB_COUNT] = {
	[WD_DB_STORE] = { WD_SQL_STORE_BEGIN, WD_SQL_STORE_COMMIT,
	    WD_SQL_STORE_ROLLBACK, false },
	[WD_DB_SESSIONS] = { WD_SQL_SESSIONS_BEGIN, WD_SQL_SESSIONS_COMMIT,
	    WD_SQL_SESSIONS_ROLLBACK, false },
	[WD_DB_UPSTREAM] = { WD_SQL_UPSTREAM_BEGIN, WD_SQL_UPSTREAM_COMMIT,
	    WD_SQL_UPSTREAM_ROLLBACK, false },
};

static const struct frame inside = { WD_SQL_STORE_INNER,
	WD_SQL_STORE_INNER_KEEP, WD_SQL_STORE_INNER_UNDO, true };

/* Some errors have rolled back already; then there is nothing to undo. */
static void
undo(struct wd_store *s, enum wd_db db, const struct frame *f)
{
	int r;

	if (sqlite3_get_autocommit(s->db[db]))
		return;
	r = wd_sql_just(s, f->undo);
	if (r == 0 && f->inner)
		r = wd_sql_just(s, f->keep);
	(void)r; /* the caller learns why the change had failed */
}

int
wd_sql_atomically(struct wd_store *s, enum wd_db db,
    int (*body)(struct wd_store *s, const void *arg), const void *arg)
{
	bool nested = db == WD_DB_STORE && s->in_transaction;
	const struct frame *f = nested ? &inside : &alone[db];
	int r;

	if ((r = wd_sql_just(s, f->begin)) != 0)
		return r;
	if ((r = body(s, arg)) == 0)
		r = wd_sql_just(s, f->keep);
	if (r != 0)
		undo(s, db, f);
	return r;
}

int
wd_store_begin(struct wd_store *s)
{
	int r;

	if (s->in_transaction)
		return WD_F_BUG;
	if ((r = wd_sql_just(s, WD_SQL_STORE_BEGIN)) != 0)
		return r;
	s->in_transaction = true;
	return 0;
}

int
wd_store_commit(struct wd_store *s)
{
	int r;

	if (!s->in_transaction)
		return WD_F_BUG;
	r = wd_sql_just(s, WD_SQL_STORE_COMMIT);
	if (r != 0) {
		s->counted = false;
		undo(s, WD_DB_STORE, &alone[WD_DB_STORE]);
	}
	s->in_transaction = false;
	return r;
}

void
wd_store_rollback(struct wd_store *s)
{
	if (!s->in_transaction)
		return;
	s->counted = false; /* keys may have been added or deleted */
	undo(s, WD_DB_STORE, &alone[WD_DB_STORE]);
	s->in_transaction = false;
}

int
wd_store_read_begin(struct wd_store *s)
{
	s->reading = true;
	return 0;
}

/* Each file at its first statement: most requests need only one of them, and
 * some none. Leases of backends are no part of the state: rows are added to
 * them while it is read. */
int
wd_sql_begin_reading(struct wd_store *s, enum wd_db db)
{
	int r;

	if (!s->reading || s->read[db] || db == WD_DB_UPSTREAM)
		return 0;
	s->read[db] = true; /* before: the next line comes here again */
	r = wd_sql_just(
	    s, db == WD_DB_STORE ? WD_SQL_STORE_READ : WD_SQL_SESSIONS_READ);
	s->read[db] = r == 0;
	return r;
}

/* There is nothing to be kept, so nothing that could fail to be. */
void
wd_store_read_end(struct wd_store *s)
{
	s->reading = false;
	s->version_seen = false;
	for (int i = 0; i < WD_DB_COUNT; i++) {
		if (s->read[i])
			undo(s, (enum wd_db)i, &alone[i]);
		s->read[i] = false;
	}
}

int
wd_store_upstream_begin(struct wd_store *s)
{
	return wd_sql_just(s, WD_SQL_UPSTREAM_BEGIN);
}

int
wd_store_upstream_commit(struct wd_store *s)
{
	int r = wd_sql_just(s, WD_SQL_UPSTREAM_COMMIT);

	if (r != 0)
		wd_store_upstream_rollback(s);
	return r;
}

void
wd_store_upstream_rollback(struct wd_store *s)
{
	undo(s, WD_DB_UPSTREAM, &alone[WD_DB_UPSTREAM]);
}

int
wd_store_sessions_begin(struct wd_store *s)
{
	return wd_sql_just(s, WD_SQL_SESSIONS_BEGIN);
}

int
wd_store_sessions_end(struct wd_store *s)
{
	int r = wd_sql_just(s, WD_SQL_SESSIONS_COMMIT);

	if (r != 0)
		undo(s, WD_DB_SESSIONS, &alone[WD_DB_SESSIONS]);
	return r;
}
