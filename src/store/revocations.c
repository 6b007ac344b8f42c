/*
 * Revocations: what an operator took back, and when.
 */
#include "store/sql.h"

struct row {
	const char *kind, *what;
	int64_t since;
	uint64_t number;
};

static int
put(struct wd_store *s, const struct row *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKE);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "revocations");
	wd_sql_put_text(&q, x->kind);
	wd_sql_put_text(&q, x->what);
	wd_sql_put_int(&q, x->since);
	wd_sql_put_int(&q, (int64_t)x->number);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

static int
read_row(struct wd_sql *q, struct wd_store_revocation *ret, int64_t *ret_since)
{
	struct wd_row_mac m;

	wd_sql_guard(q, &m, "revocations");
	wd_sql_get_text(q, ret->kind, sizeof(ret->kind));
	wd_sql_get_text(q, ret->what, sizeof(ret->what));
	*ret_since = wd_sql_get_int(q);
	ret->number = (uint64_t)wd_sql_get_int(q);
	wd_sql_get_mac(q);
	return wd_sql_end(q);
}

/* WD_R_NOT_FOUND. */
static int
find(struct wd_store *s, const char *kind, const char *what, int64_t *ret_since)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKED);
	struct wd_store_revocation x;
	int r;

	wd_sql_put_text(&q, kind);
	wd_sql_put_text(&q, what);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_row(&q, &x, ret_since);
}

int
wd_store_revoked_last(struct wd_store *s, uint64_t *ret)
{
	return wd_sql_count(s, WD_SQL_REVOKED_LAST, ret);
}

static int
revoke(struct wd_store *s, const void *arg)
{
	struct row x = *(const struct row *)arg;
	int64_t since = x.since;
	int r = find(s, x.kind, x.what, &since);

	if (r != 0 && r != WD_R_NOT_FOUND)
		return r;
	if ((r = wd_store_revoked_last(s, &x.number)) != 0)
		return r;
	if (x.number >= INT64_MAX)
		return WD_F_STORE; /* no number of ours */
	x.number++;
	x.since = since > x.since ? since : x.since;
	return put(s, &x);
}

int
wd_store_revoke(
    struct wd_store *s, const char *kind, const char *what, int64_t since)
{
	const struct row x = { kind, what, since, 0 };

	return wd_sql_atomically(s, WD_DB_STORE, revoke, &x);
}

int
wd_store_revoked_after(struct wd_store *s, uint64_t after, size_t n_max,
    int (*visit)(void *ctx, const struct wd_store_revocation *x), void *ctx)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REVOKED_AFTER);
	struct wd_store_revocation x;
	int64_t since;
	int r;

	wd_sql_put_int(&q, after > INT64_MAX ? INT64_MAX : (int64_t)after);
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_row(&q, &x, &since)) != 0 ||
		    (r = visit(ctx, &x)) != 0)
			return r;
	return r == WD_R_NOT_FOUND ? 0 : r;
}

int
wd_store_revoked(
    struct wd_store *s, const char *kind, const char *what, int64_t made)
{
	int64_t since;
	int r = find(s, kind, what, &since);

	if (r == WD_R_NOT_FOUND)
		return 0;
	if (r != 0)
		return r;
	return since >= made ? WD_R_REVOKED_BY_OPERATOR : 0;
}
