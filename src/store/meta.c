/*
 * Small named values, and the question whether anything has changed.
 */
#include "store/sql.h"

int
wd_sql_others(struct wd_store *s, uint64_t *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_STORE_CHANGED);
	uint64_t version;
	int r;

	if ((r = wd_sql_row(&q)) != 0)
		return r;
	version = wd_sql_get_u32(&q);
	if ((r = wd_sql_end(&q)) != 0)
		return r;
	*ret = version;
	return 0;
}

static int
look(struct wd_store *s, uint64_t *ret_version)
{
	uint64_t others;
	int r = wd_sql_others(s, &others);

	if (r != 0)
		return r;
	*ret_version =
	    others + (uint64_t)sqlite3_total_changes64(s->db[WD_DB_STORE]);
	return 0;
}

/* One state of the database has one version. */
int
wd_store_changed(struct wd_store *s, uint64_t *ret_version)
{
	int r = s->version_seen ? 0 : look(s, &s->version);

	if (r != 0)
		return r;
	s->version_seen = s->reading;
	*ret_version = s->version;
	return 0;
}

int
wd_meta_get(struct wd_store *s, const char *name, struct wd_bytes **ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_META_GET);
	struct wd_bytes *value = NULL;
	int r;

	wd_sql_put_text(&q, name);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	wd_sql_get_bytes(&q, &value);
	if ((r = wd_sql_end(&q)) != 0)
		return r;
	*ret = value;
	return 0;
}

int
wd_meta_put(struct wd_store *s, const char *name, struct wd_span value)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_META_PUT);

	wd_sql_put_text(&q, name);
	wd_sql_put_blob(&q, value);
	return wd_sql_run(&q);
}
