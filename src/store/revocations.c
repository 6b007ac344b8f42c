/*
 * Revocations: what an operator took back, and when.
 */
#include "store/sql.h"

int
wd_store_revoke(
    struct wd_store *s, const char *kind, const char *what, int64_t since)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKE);

	wd_sql_put_text(&q, kind);
	wd_sql_put_text(&q, what);
	wd_sql_put_int(&q, since);
	return wd_sql_run(&q);
}

int
wd_store_revoked_any(struct wd_store *s, bool *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKED_ANY);
	int64_t any;
	int r = wd_sql_row(&q);

	if (r != 0)
		return r;
	any = wd_sql_get_int(&q);
	if ((r = wd_sql_end(&q)) != 0)
		return r;
	*ret = any != 0;
	return 0;
}

int
wd_store_revoked(
    struct wd_store *s, const char *kind, const char *what, int64_t made)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKED);
	int64_t since;
	int r;

	wd_sql_put_text(&q, kind);
	wd_sql_put_text(&q, what);
	r = wd_sql_row(&q);
	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r != 0)
		return r;
	since = wd_sql_get_int(&q);
	if ((r = wd_sql_end(&q)) != 0)
		return r;
	return since >= made ? WD_R_REVOKED_BY_OPERATOR : 0;
}
