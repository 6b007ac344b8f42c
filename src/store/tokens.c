/*
 * Admin tokens: who may do what until when, found by the digest of the token's
 * text. The text itself is nowhere.
 */
#include "store/sql.h"

int
wd_store_token_add(struct wd_store *s, const struct wd_store_token *t)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_TOKEN_ADD);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "tokens");
	wd_sql_put_id(&q, &t->id);
	wd_sql_put_blob(&q, WD_SPAN(t->sha256));
	wd_sql_put_text(&q, t->user);
	wd_sql_put_text(&q, t->rules);
	wd_sql_put_int(&q, t->created);
	wd_sql_put_int(&q, t->expires);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

static int
read_token(
    struct wd_sql *q, void (*mac)(struct wd_sql *q), struct wd_store_token *ret)
{
	struct wd_store_token t = { 0 };
	struct wd_row_mac m;
	int r;

	wd_sql_guard(q, &m, "tokens");
	wd_sql_get_id(q, &t.id);
	wd_sql_get_fixed(q, t.sha256, sizeof(t.sha256));
	wd_sql_get_text(q, t.user, sizeof(t.user));
	wd_sql_get_text(q, t.rules, sizeof(t.rules));
	t.created = wd_sql_get_int(q);
	t.expires = wd_sql_get_int(q);
	mac(q);
	if ((r = wd_sql_end(q)) == 0)
		*ret = t;
	return r;
}

int
wd_store_token_get(
    struct wd_store *s, const uint8_t sha256[32], struct wd_store_token *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_TOKEN_GET);
	int r;

	wd_sql_put_blob(&q, wd_span(sha256, 32));
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_token(&q, wd_sql_get_mac, ret);
}

int
wd_store_token_delete(struct wd_store *s, const struct wd_id *id)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_TOKEN_DELETE);

	wd_sql_put_id(&q, id);
	return wd_sql_run(&q);
}

int
wd_store_token_list(struct wd_store *s, struct wd_store_token *rows,
    size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_TOKEN_LIST);
	size_t n = 0;
	int r;

	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_token(&q, wd_sql_see_mac, &rows[n++])) != 0)
			return r;
	if (r != WD_R_NOT_FOUND)
		return r;
	*ret_n = n;
	return 0;
}
