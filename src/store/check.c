/*
 * Every row that has a MAC, one after the other. Tables that grow with the
 * number of keys are read a page at a time.
 */
#include "store/sql.h"

static const struct {
	const char *name;
	enum wd_sql_name rows;
	unsigned loose; /* columns that are not under the MAC, as bits */
	bool paged;
} tables[] = {
	{ "policies", WD_SQL_CHECK_POLICIES, 1u << 3, false },
	{ "keys", WD_SQL_CHECK_KEYS, 0, true },
	{ "versions", WD_SQL_CHECK_VERSIONS, 1u << 2, true },
	{ "paths", WD_SQL_CHECK_PATHS, 0, false },
	{ "tokens", WD_SQL_CHECK_TOKENS, 0, false },
	{ "tpms", WD_SQL_CHECK_TPMS, 0, false },
	{ "reference_sets", WD_SQL_CHECK_REFERENCES, 1u << 5, false },
	{ "docs", WD_SQL_CHECK_DOCS, 0, false },
	{ "revocations", WD_SQL_CHECK_REVOCATIONS, 0, false },
};

/* Where the next page begins: both paged tables have an id first. */
static void
remember(struct wd_sql *q, struct wd_row_check *c)
{
	wd_sql_peek_id(q, 0, &c->after);
	c->version = wd_sql_peek_int(q, 1);
}

static int
check_row(struct wd_sql *q, const struct wd_row_check *c,
    const struct wd_row_seen *seen)
{
	struct wd_row_mac m;
	size_t n = wd_sql_columns(q) - 1;
	char text[WD_TAMPERED_TEXT];

	wd_sql_guard(q, &m, tables[c->table].name);
	for (size_t i = 0; i < n; i++) {
		if ((tables[c->table].loose & 1u << i) != 0)
			wd_sql_loose(q);
		wd_sql_get_any(q);
	}
	wd_sql_get_mac(q);
	if (!wd_store_tampered(q->s, text))
		return wd_sql_end(q);
	q->result = 0; /* it is told, and the next is looked at */
	seen->bad(seen->ctx, text);
	return 0;
}

static int
check_page(struct wd_store *s, struct wd_row_check *c, size_t n_max,
    const struct wd_row_seen *seen, size_t *ret_n)
{
	WD_AUTO(wd_sql_done)
	struct wd_sql q = wd_sql(s, tables[c->table].rows);
	size_t n = 0;
	int r;

	if (tables[c->table].paged) {
		wd_sql_put_text(&q, c->after.s);
		wd_sql_put_int(&q, c->version);
		wd_sql_put_int(&q, (int64_t)n_max);
	}
	while ((r = wd_sql_row(&q)) == 0) {
		if (tables[c->table].paged)
			remember(&q, c);
		if ((r = check_row(&q, c, seen)) != 0)
			return r;
		n++;
	}
	if (r != WD_R_NOT_FOUND)
		return r;
	c->rows += n;
	*ret_n = n;
	return 0;
}

int
wd_store_check_rows(struct wd_store *s, struct wd_row_check *c, size_t n_max,
    const struct wd_row_seen *seen, bool *ret_more)
{
	size_t n = 0;
	int r;

	if (s->guard.mac == NULL)
		return WD_R_SEALED;
	if (c->table < WD_N(tables)) {
		if ((r = check_page(s, c, n_max, seen, &n)) != 0)
			return r;
		if (!tables[c->table].paged || n < n_max) {
			c->table++;
			c->after = (struct wd_id){ 0 };
			c->version = 0;
		}
	}
	*ret_more = c->table < WD_N(tables);
	return 0;
}
