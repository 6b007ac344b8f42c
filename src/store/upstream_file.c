/*
 * The life of upstream.db. It names what is still to be given back, so that it
 * is kept as carefully as store.db: one that is damaged or of another store is
 * refused, never replaced. Only where there is none, or one whose making was
 * cut short, is one made.
 */
#include "store/file.h"

static int
fill(sqlite3 *db, const struct wd_id *store_id, struct wd_diag *d)
{
	int r = wd_db_meta_put(db, "store", store_id, d);

	return r != 0 ? r : wd_db_exec(db, "COMMIT", d);
}

static int
make(const char *dir, const struct wd_id *store_id, struct wd_diag *d)
{
	WD_AUTO(wd_db_closep) sqlite3 *db = NULL;
	int r = wd_db_make(dir, WD_DB_UPSTREAM, &db, d);

	if (r != 0)
		return r;
	if ((r = fill(db, store_id, d)) != 0) {
		wd_db_closep(&db);
		wd_db_remove(dir, WD_DB_UPSTREAM);
	}
	return r;
}

static int
connect_or_make(const char *dir, const struct wd_id *store_id, sqlite3 **ret,
    struct wd_diag *d)
{
	struct wd_diag first = { 0 };
	int r = wd_db_connect(dir, WD_DB_UPSTREAM, ret, &first);

	if (r == WD_R_TAMPERED && wd_db_is_empty(dir, WD_DB_UPSTREAM)) {
		wd_db_remove(dir, WD_DB_UPSTREAM);
		r = WD_R_NOT_INITIALIZED;
	}
	if (r != WD_R_NOT_INITIALIZED) {
		if (r != 0 && d != NULL)
			*d = first;
		return r;
	}
	r = make(dir, store_id, d);
	return r != 0 ? r : wd_db_connect(dir, WD_DB_UPSTREAM, ret, d);
}

int
wd_upstream_connect(const char *dir, const struct wd_id *store_id,
    sqlite3 **ret, struct wd_diag *d)
{
	WD_AUTO(wd_db_unlockp) int lock = -1;
	WD_AUTO(wd_db_closep) sqlite3 *db = NULL;
	struct wd_id own = { { 0 } };
	int r;

	if ((r = wd_db_lock_folder(dir, &lock, d)) != 0 ||
	    (r = connect_or_make(dir, store_id, &db, d)) != 0)
		return r;
	r = wd_db_meta_get(db, "store", &own, d);
	if (r < 0)
		return r;
	if (r > 0 || !wd_span_equal(wd_id_span(&own), wd_id_span(store_id)))
		return wd_reject(
		    d, WD_R_TAMPERED, "upstream.db belongs to another store");
	*ret = WD_TAKE(db);
	return 0;
}
