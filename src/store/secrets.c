/*
 * Opaque secrets by path. A deleted one leaves its path and version behind, so
 * that no version of a path ever comes twice with other bytes.
 */
#include "store/sql.h"

void
wd_store_secret_done(struct wd_store_secret *x)
{
	x->wrapped = wd_bytes_free(x->wrapped);
}

int
wd_store_secret_next(
    struct wd_store *s, const char *path, uint32_t *ret_version)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_SECRET_NEXT);
	uint32_t version = 1;
	int r;

	wd_sql_put_text(&q, path);
	r = wd_sql_row(&q);
	if (r == 0)
		version = wd_sql_get_u32(&q);
	else if (r != WD_R_NOT_FOUND)
		return r;
	if ((r = wd_sql_end(&q)) == 0)
		*ret_version = version;
	return r;
}

int
wd_store_secret_put(struct wd_store *s, const struct wd_store_secret *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_SECRET_PUT);

	wd_sql_put_text(&q, x->path);
	wd_sql_put_int(&q, x->version);
	wd_sql_put_bytes(&q, x->wrapped);
	wd_sql_put_int(&q, x->updated);
	wd_sql_put_int(&q, x->hsm);
	return wd_sql_run(&q);
}

static int
read_secret(struct wd_sql *q, struct wd_store_secret *ret)
{
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };
	int r;

	wd_sql_get_text(q, x.path, sizeof(x.path));
	x.version = wd_sql_get_u32(q);
	wd_sql_get_bytes(q, &x.wrapped);
	x.updated = wd_sql_get_int(q);
	x.hsm = wd_sql_get_int(q) != 0;
	if ((r = wd_sql_end(q)) != 0)
		return r;
	*ret = x;
	x.wrapped = NULL;
	return 0;
}

int
wd_store_secret_get(
    struct wd_store *s, const char *path, struct wd_store_secret *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_SECRET_GET);
	int r;

	wd_sql_put_text(&q, path);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_secret(&q, ret);
}

int
wd_store_secret_delete(struct wd_store *s, const char *path)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_SECRET_DELETE);

	wd_sql_put_text(&q, path);
	return wd_sql_run(&q);
}

int
wd_store_secret_list(struct wd_store *s, const char *prefix, const char *after,
    struct wd_store_secret *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_SECRET_LIST);
	size_t n = 0;
	int r;

	wd_sql_put_text(&q, prefix);
	wd_sql_put_text(&q, after);
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_secret(&q, &rows[n++])) != 0)
			return r;
	if (r != WD_R_NOT_FOUND)
		return r;
	*ret_n = n;
	return 0;
}
