/*
 * Leases of backends. A row lives from before its secret is released until the
 * backend has taken the lease back, or that lease is over by itself.
 */
#include "store/sql.h"

void
wd_store_upstream_done(struct wd_store_upstream *x)
{
	x->ties = wd_bytes_free(x->ties);
	x->reference = wd_bytes_free(x->reference);
	x->secret = wd_bytes_free(x->secret);
}

static int64_t
number_of(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

int
wd_store_upstream_add(struct wd_store *s, const struct wd_store_upstream *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_UPSTREAM_ADD);

	wd_sql_put_id(&q, &x->id);
	wd_sql_put_id(&q, &x->lease);
	wd_sql_put_id(&q, &x->session);
	wd_sql_put_id(&q, &x->key);
	wd_sql_put_text(&q, x->what);
	wd_sql_put_text(&q, x->backend);
	wd_sql_put_bytes(&q, x->ties);
	wd_sql_put_bytes(&q, x->reference);
	wd_sql_put_bytes(&q, x->secret);
	wd_sql_put_int(&q, x->made);
	wd_sql_put_int(&q, x->expires);
	wd_sql_put_int(&q, x->ends);
	wd_sql_put_int(&q, number_of(x->seen));
	return wd_sql_run(&q);
}

int
wd_store_upstream_renew(struct wd_store *s, const struct wd_store_upstream *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_UPSTREAM_RENEW);

	wd_sql_put_id(&q, &x->id);
	wd_sql_put_id(&q, &x->lease);
	wd_sql_put_id(&q, &x->session);
	wd_sql_put_bytes(&q, x->ties);
	wd_sql_put_int(&q, x->expires);
	wd_sql_put_int(&q, x->ends);
	wd_sql_put_int(&q, number_of(x->seen));
	return wd_sql_run(&q);
}

/* ---- reading */

static void
read_times(struct wd_sql *q, struct wd_store_upstream *x)
{
	x->made = wd_sql_get_int(q);
	x->expires = wd_sql_get_int(q);
	x->ends = wd_sql_get_int(q);
	x->seen = (uint64_t)wd_sql_get_int(q);
	x->ending = wd_sql_get_u8(q) != 0;
	x->due = wd_sql_get_int(q);
	x->failures = wd_sql_get_u32(q);
}

static int
read_row(struct wd_sql *q, struct wd_store_upstream *ret)
{
	WD_AUTO(wd_store_upstream_done) struct wd_store_upstream x = { 0 };
	int r;

	wd_sql_get_id(q, &x.id);
	wd_sql_get_id(q, &x.lease);
	wd_sql_get_id(q, &x.previous);
	wd_sql_get_id(q, &x.session);
	wd_sql_get_id(q, &x.key);
	wd_sql_get_text(q, x.what, sizeof(x.what));
	wd_sql_get_text(q, x.backend, sizeof(x.backend));
	wd_sql_get_bytes(q, &x.ties);
	wd_sql_get_bytes(q, &x.reference);
	wd_sql_get_bytes(q, &x.secret);
	read_times(q, &x);
	if ((r = wd_sql_end(q)) != 0)
		return r;
	*ret = x;
	x = (struct wd_store_upstream){ 0 };
	return 0;
}

int
wd_store_upstream_by_lease(struct wd_store *s, const struct wd_id *lease,
    struct wd_store_upstream *ret)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_UPSTREAM_BY_LEASE);
	int r;

	wd_sql_put_id(&q, lease);
	r = wd_sql_row(&q);
	return r != 0 ? r : read_row(&q, ret);
}

/* All rows of a statement that has its values. */
static int
read_rows(struct wd_sql *q, struct wd_store_upstream *rows, size_t *ret_n)
{
	size_t n = 0;
	int r;

	while ((r = wd_sql_row(q)) == 0 && (r = read_row(q, &rows[n])) == 0)
		n++;
	if (r == WD_R_NOT_FOUND) {
		*ret_n = n;
		return 0;
	}
	while (n > 0)
		wd_store_upstream_done(&rows[--n]);
	return r;
}

/* Up to N_MAX rows of a statement that takes one number. */
static int
read_by(struct wd_store *s, enum wd_sql_name which, int64_t number,
    struct wd_store_upstream *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, which);

	wd_sql_put_int(&q, number);
	wd_sql_put_int(&q, (int64_t)n_max);
	return read_rows(&q, rows, ret_n);
}

int
wd_store_upstream_unseen(struct wd_store *s, uint64_t number,
    struct wd_store_upstream *rows, size_t n_max, size_t *ret_n)
{
	return read_by(
	    s, WD_SQL_UPSTREAM_UNSEEN, number_of(number), rows, n_max, ret_n);
}

int
wd_store_upstream_over(struct wd_store *s, int64_t before,
    struct wd_store_upstream *rows, size_t n_max, size_t *ret_n)
{
	return read_by(s, WD_SQL_UPSTREAM_OVER, before, rows, n_max, ret_n);
}

int
wd_store_upstream_due(struct wd_store *s, const char *backend, int64_t now,
    struct wd_store_upstream *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_UPSTREAM_DUE);

	wd_sql_put_text(&q, backend);
	wd_sql_put_int(&q, now);
	wd_sql_put_int(&q, (int64_t)n_max);
	return read_rows(&q, rows, ret_n);
}

int
wd_store_upstream_list(struct wd_store *s, const struct wd_id *after,
    int64_t now, struct wd_store_upstream *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_UPSTREAM_LIST);

	wd_sql_put_text(&q, after == NULL ? "" : after->s);
	wd_sql_put_int(&q, now);
	wd_sql_put_int(&q, (int64_t)n_max);
	return read_rows(&q, rows, ret_n);
}

int
wd_store_upstream_count(
    struct wd_store *s, const char *backend, struct wd_upstream_count *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_UPSTREAM_COUNT);
	struct wd_upstream_count n;
	int r;

	wd_sql_put_text(&q, backend);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	n.live = (uint64_t)wd_sql_get_int(&q);
	n.ending = (uint64_t)wd_sql_get_int(&q);
	n.failing = (uint64_t)wd_sql_get_int(&q);
	if ((r = wd_sql_end(&q)) == 0)
		*ret = n;
	return r;
}

/* ---- changes of one row, or of several alike */

static int
set(struct wd_store *s, enum wd_sql_name which, const char *of, int64_t value)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, which);

	wd_sql_put_text(&q, of);
	wd_sql_put_int(&q, value);
	return wd_sql_run(&q);
}

int
wd_store_upstream_end(struct wd_store *s, const struct wd_id *id, int64_t due)
{
	return set(s, WD_SQL_UPSTREAM_END, id->s, due);
}

int
wd_store_upstream_seen(
    struct wd_store *s, const struct wd_id *id, uint64_t number)
{
	return set(s, WD_SQL_UPSTREAM_SEEN, id->s, number_of(number));
}

int
wd_store_upstream_failed(
    struct wd_store *s, const struct wd_id *id, int64_t due)
{
	return set(s, WD_SQL_UPSTREAM_FAILED, id->s, due);
}

int
wd_store_upstream_hurry(struct wd_store *s, const char *backend, int64_t now)
{
	return set(s, WD_SQL_UPSTREAM_HURRY, backend, now);
}

int
wd_store_upstream_expire(struct wd_store *s, int64_t now, size_t n_max)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_UPSTREAM_EXPIRE);

	wd_sql_put_int(&q, now);
	wd_sql_put_int(&q, (int64_t)n_max);
	return wd_sql_run(&q);
}

int
wd_store_upstream_delete(struct wd_store *s, const struct wd_id *id)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_UPSTREAM_DELETE);

	wd_sql_put_id(&q, id);
	return wd_sql_run(&q);
}
