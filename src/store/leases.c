/*
 * Leases: an index of the log. A row is written once and never changed.
 */
#include "store/sql.h"

static int
add_one(struct wd_store *s, const struct wd_store_lease *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_LEASE_ADD);

	wd_sql_put_id(&q, &x->id);
	wd_sql_put_id(&q, &x->session);
	wd_sql_put_text(&q, x->what);
	wd_sql_put_int(&q, x->made);
	wd_sql_put_int(&q, x->expires);
	return wd_sql_run(&q);
}

struct batch {
	const struct wd_store_lease *rows;
	size_t n;
	const uint16_t *cell; /* NULL: no mark is set */
	uint64_t mark;
};

static int
add_all(struct wd_store *s, const void *arg)
{
	const struct batch *b = arg;
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n; i++)
		r = add_one(s, &b->rows[i]);
	if (r == 0 && b->cell != NULL)
		r = wd_lease_mark_put(s, *b->cell, b->mark);
	return r;
}

int
wd_store_lease_add(
    struct wd_store *s, const struct wd_store_lease *rows, size_t n)
{
	struct batch b = { rows, n, NULL, 0 };

	return wd_sql_atomically(s, WD_DB_SESSIONS, add_all, &b);
}

int
wd_store_lease_index(struct wd_store *s, const struct wd_store_lease *rows,
    size_t n, uint16_t cell, uint64_t mark)
{
	struct batch b = { rows, n, &cell, mark };

	return wd_sql_atomically(s, WD_DB_SESSIONS, add_all, &b);
}

static int
read_lease(struct wd_sql *q, struct wd_store_lease *ret)
{
	struct wd_store_lease x = { 0 };
	int r;

	wd_sql_get_id(q, &x.id);
	wd_sql_get_id(q, &x.session);
	wd_sql_get_text(q, x.what, sizeof(x.what));
	x.made = wd_sql_get_int(q);
	x.expires = wd_sql_get_int(q);
	if ((r = wd_sql_end(q)) == 0)
		*ret = x;
	return r;
}

int
wd_store_lease_list(struct wd_store *s, const struct wd_id *after, int64_t now,
    struct wd_store_lease *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_LEASE_LIST);
	size_t n = 0;
	int r;

	wd_sql_put_text(&q, after == NULL ? "" : after->s);
	wd_sql_put_int(&q, now);
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_lease(&q, &rows[n++])) != 0)
			return r;
	if (r != WD_R_NOT_FOUND)
		return r;
	*ret_n = n;
	return 0;
}

int
wd_store_lease_expire(struct wd_store *s, int64_t before, size_t n_max)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_LEASE_EXPIRE);

	wd_sql_put_int(&q, before);
	wd_sql_put_int(&q, (int64_t)n_max);
	return wd_sql_run(&q);
}
