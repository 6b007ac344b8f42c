/*
 * Sets of reference values by name, and which policies name them. A set that a
 * policy names cannot go, and no policy can name one that is not there: the
 * references between the tables see to both.
 */
#include "store/sql.h"

void
wd_store_reference_done(struct wd_store_reference *x)
{
	x->flat = wd_bytes_free(x->flat);
}

static int
put(struct wd_store *s, enum wd_sql_name how,
    const struct wd_store_reference *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, how);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "reference_sets");
	wd_sql_put_text(&q, x->name);
	wd_sql_put_blob(&q, WD_SPAN(x->version));
	wd_sql_put_text(&q, x->description);
	wd_sql_put_int(&q, x->expires);
	wd_sql_put_bytes(&q, x->flat);
	wd_sql_loose(&q); /* stays what it was */
	wd_sql_put_int(&q, x->created);
	wd_sql_put_int(&q, x->updated);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

int
wd_store_reference_add(struct wd_store *s, const struct wd_store_reference *x)
{
	return put(s, WD_SQL_REFERENCE_ADD, x);
}

int
wd_store_reference_replace(
    struct wd_store *s, const struct wd_store_reference *x)
{
	return put(s, WD_SQL_REFERENCE_REPLACE, x);
}

/* Without its values the MAC cannot be checked: of such a row nothing is
 * decided by. */
static int
read_set(struct wd_sql *q, bool whole, struct wd_store_reference *ret)
{
	WD_AUTO(wd_store_reference_done) struct wd_store_reference x = { 0 };
	struct wd_row_mac m;
	int r;

	if (whole)
		wd_sql_guard(q, &m, "reference_sets");
	wd_sql_get_text(q, x.name, sizeof(x.name));
	wd_sql_get_fixed(q, x.version, sizeof(x.version));
	wd_sql_get_text(q, x.description, sizeof(x.description));
	x.expires = wd_sql_get_int(q);
	wd_sql_get_bytes(q, &x.flat);
	wd_sql_loose(q);
	x.created = wd_sql_get_int(q);
	x.updated = wd_sql_get_int(q);
	wd_sql_get_mac(q);
	x.policies = wd_sql_get_u32(q);
	if ((r = wd_sql_end(q)) != 0)
		return r;
	*ret = x;
	x.flat = NULL;
	return 0;
}

int
wd_store_reference_get(
    struct wd_store *s, const char *name, struct wd_store_reference *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REFERENCE_GET);
	int r;

	wd_sql_put_text(&q, name);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_set(&q, true, ret);
}

int
wd_store_reference_delete(struct wd_store *s, const char *name)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_REFERENCE_DELETE);

	wd_sql_put_text(&q, name);
	return wd_sql_run(&q);
}

int
wd_store_reference_list(struct wd_store *s, const char *after,
    struct wd_store_reference *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_REFERENCE_LIST);
	size_t n = 0;
	int r;

	wd_sql_put_text(&q, after);
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_set(&q, false, &rows[n++])) != 0)
			return r;
	if (r != WD_R_NOT_FOUND)
		return r;
	*ret_n = n;
	return 0;
}

int
wd_store_reference_policies(struct wd_store *s, const char *name,
    struct wd_id *ids, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_REFERENCE_POLICIES);
	size_t n = 0;
	int r;

	wd_sql_put_text(&q, name);
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		wd_sql_get_id(&q, &ids[n++]);
	if (r != WD_R_NOT_FOUND)
		return r;
	*ret_n = n;
	return wd_sql_end(&q);
}

int
wd_store_policy_names_none(struct wd_store *s, const struct wd_id *policy)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, WD_SQL_POLICY_NAMES_NONE);

	wd_sql_put_id(&q, policy);
	return wd_sql_run(&q);
}

int
wd_store_policy_names(
    struct wd_store *s, const struct wd_id *policy, const char *name)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_POLICY_NAMES);

	wd_sql_put_id(&q, policy);
	wd_sql_put_text(&q, name);
	return wd_sql_run(&q);
}
