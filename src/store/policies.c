/*
 * Policies, and the paths they are bound to.
 */
#include "store/sql.h"

#include "base/wr.h"

enum { PREFIXES_MAX = 16 << 20 };

void
wd_store_policy_done(struct wd_store_policy *p)
{
	p->flat = wd_bytes_free(p->flat);
}

int
wd_store_policy_put(struct wd_store *s, const struct wd_store_policy *p)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_POLICY_PUT);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "policies");
	wd_sql_put_id(&q, &p->id);
	wd_sql_put_blob(&q, WD_SPAN(p->version));
	wd_sql_put_bytes(&q, p->flat);
	wd_sql_loose(&q); /* stays what it was */
	wd_sql_put_int(&q, p->created);
	wd_sql_put_int(&q, p->updated);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

static int
read_policy(struct wd_sql *q, struct wd_store_policy *ret)
{
	WD_AUTO(wd_store_policy_done) struct wd_store_policy p = { 0 };
	struct wd_row_mac m;
	int r;

	wd_sql_guard(q, &m, "policies");
	wd_sql_get_id(q, &p.id);
	wd_sql_get_fixed(q, p.version, sizeof(p.version));
	wd_sql_get_bytes(q, &p.flat);
	wd_sql_loose(q);
	p.created = wd_sql_get_int(q);
	p.updated = wd_sql_get_int(q);
	wd_sql_get_mac(q);
	if ((r = wd_sql_end(q)) != 0)
		return r;
	*ret = p;
	p = (struct wd_store_policy){ 0 };
	return 0;
}

int
wd_store_policy_get(
    struct wd_store *s, const struct wd_id *id, struct wd_store_policy *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_POLICY_GET);
	int r;

	wd_sql_put_id(&q, id);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_policy(&q, ret);
}

int
wd_store_policy_delete(struct wd_store *s, const struct wd_id *id)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_POLICY_DELETE);

	wd_sql_put_id(&q, id);
	return wd_sql_run(&q);
}

int
wd_store_policy_list(struct wd_store *s, const struct wd_id *after,
    struct wd_id *ids, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_POLICY_LIST);
	size_t n = 0;
	int r;

	wd_sql_put_text(&q, after == NULL ? "" : after->s);
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		wd_sql_get_id(&q, &ids[n++]);
	if (r != WD_R_NOT_FOUND)
		return r;
	*ret_n = n;
	return 0;
}

int
wd_store_policy_count(struct wd_store *s, uint64_t *ret)
{
	return wd_sql_count(s, WD_SQL_POLICY_COUNT, ret);
}

static int
unbind(struct wd_store *s, const char *prefix)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_PATH_UNBIND);

	wd_sql_put_text(&q, prefix);
	return wd_sql_run(&q);
}

static int
bind_to(struct wd_store *s, const char *prefix, const struct wd_id *policy)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_PATH_BIND);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "paths");
	wd_sql_put_text(&q, prefix);
	wd_sql_put_id(&q, policy);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

int
wd_store_bind(
    struct wd_store *s, const char *prefix, const struct wd_id *policy)
{
	if (policy == NULL || wd_id_is_none(policy))
		return unbind(s, prefix);
	return bind_to(s, prefix, policy);
}

static int
read_path(struct wd_sql *q, char prefix[WD_PATH_MAX + 1], struct wd_id *ret)
{
	struct wd_row_mac m;

	wd_sql_guard(q, &m, "paths");
	wd_sql_get_text(q, prefix, WD_PATH_MAX + 1);
	wd_sql_get_id(q, ret);
	wd_sql_get_mac(q);
	return wd_sql_end(q);
}

static int
bound_exactly(struct wd_store *s, const char *prefix, struct wd_id *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_PATH_GET);
	char found[WD_PATH_MAX + 1];
	struct wd_id id;
	int r;

	wd_sql_put_text(&q, prefix);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	if ((r = read_path(&q, found, &id)) == 0)
		*ret = id;
	return r;
}

/* Drops the last segment. False when it was the only one. */
static bool
shorten(char *path)
{
	size_t i = wd_span_text(path).len;

	while (i > 0 && path[i] != '/')
		i--;
	path[i] = '\0';
	return i > 0;
}

int
wd_store_bound(struct wd_store *s, const char *path, struct wd_id *ret_policy)
{
	char prefix[WD_PATH_MAX + 1];
	int r = WD_R_NOT_FOUND;

	/* What is too long was never bound. */
	if (!wd_span_to_text(wd_span_text(path), prefix, sizeof(prefix)))
		return WD_R_NOT_FOUND;
	do
		r = bound_exactly(s, prefix, ret_policy);
	while (r == WD_R_NOT_FOUND && shorten(prefix));
	return r;
}

int
wd_store_prefixes(
    struct wd_store *s, const struct wd_id *policy, struct wd_bytes **ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_PATH_LIST);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(PREFIXES_MAX);
	char prefix[WD_PATH_MAX + 1];
	struct wd_id id;
	int r;

	wd_sql_put_id(&q, policy);
	while ((r = wd_sql_row(&q)) == 0) {
		if ((r = read_path(&q, prefix, &id)) != 0)
			return r;
		wd_wr_text(&wr, prefix);
		wd_wr_u8(&wr, 0);
	}
	if (r != WD_R_NOT_FOUND)
		return r;
	return wd_wr_take(&wr, ret) == 0 ? 0 : WD_F_MEMORY;
}
