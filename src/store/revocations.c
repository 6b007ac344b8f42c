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
wd_store_revoked_last(struct wd_store *s, uint64_t *ret)
{
	return wd_sql_count(s, WD_SQL_REVOKED_LAST, ret);
}

static int
read_row(struct wd_sql *q, struct wd_store_revocation *ret)
{
	wd_sql_get_text(q, ret->kind, sizeof(ret->kind));
	wd_sql_get_text(q, ret->what, sizeof(ret->what));
	ret->number = (uint64_t)wd_sql_get_int(q);
	return wd_sql_end(q);
}

int
wd_store_revoked_after(struct wd_store *s, uint64_t after, size_t n_max,
    int (*visit)(void *ctx, const struct wd_store_revocation *x), void *ctx)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKED_AFTER);
	struct wd_store_revocation x;
	int r;

	wd_sql_put_int(&q, after > INT64_MAX ? INT64_MAX : (int64_t)after);
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_row(&q, &x)) != 0 || (r = visit(ctx, &x)) != 0)
			return r;
	return r == WD_R_NOT_FOUND ? 0 : r;
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
