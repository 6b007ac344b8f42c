/*
 * Collateral, one document a row. Whether it may replace another is judged
 * before it comes here.
 */
#include "store/sql.h"

void
wd_store_doc_done(struct wd_store_doc *x)
{
	x->doc = wd_bytes_free(x->doc);
}

static void
put_place(struct wd_sql *q, const struct wd_store_doc *x)
{
	wd_sql_put_int(q, x->role);
	wd_sql_put_int(q, x->tee);
	wd_sql_put_int(q, x->update_class);
	wd_sql_put_int(q, x->software);
	wd_sql_put_blob(q, WD_SPAN(x->scope));
}

int
wd_store_doc_put(struct wd_store *s, const struct wd_store_doc *x)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_DOC_PUT);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "docs");
	put_place(&q, x);
	wd_sql_put_int(&q, x->issued);
	wd_sql_put_int(&q, x->next_update);
	wd_sql_put_int(&q, x->evaluation_number);
	wd_sql_put_bytes(&q, x->doc);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

/* Without its bytes the MAC cannot be checked: such a row is listed, no more.
 */
static int
read_doc(struct wd_sql *q, bool whole, struct wd_store_doc *ret)
{
	WD_AUTO(wd_store_doc_done) struct wd_store_doc x = { 0 };
	struct wd_row_mac m;
	int r;

	if (whole)
		wd_sql_guard(q, &m, "docs");
	x.role = wd_sql_get_u8(q);
	x.tee = wd_sql_get_u8(q);
	x.update_class = wd_sql_get_u8(q);
	x.software = wd_sql_get_u8(q);
	wd_sql_get_fixed(q, x.scope, sizeof(x.scope));
	x.issued = wd_sql_get_int(q);
	x.next_update = wd_sql_get_int(q);
	x.evaluation_number = wd_sql_get_u32(q);
	wd_sql_get_bytes(q, &x.doc);
	wd_sql_get_mac(q);
	x.size = wd_sql_get_u32(q);
	if ((r = wd_sql_end(q)) != 0)
		return r;
	*ret = x;
	x.doc = NULL;
	return 0;
}

int
wd_store_doc_get(
    struct wd_store *s, const struct wd_store_doc *x, struct wd_store_doc *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_DOC_GET);
	int r;

	put_place(&q, x);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_doc(&q, true, ret);
}

static int
visit_row(struct wd_sql *q, bool whole,
    int (*visit)(void *ctx, const struct wd_store_doc *x), void *ctx)
{
	WD_AUTO(wd_store_doc_done) struct wd_store_doc x = { 0 };
	int r = read_doc(q, whole, &x);

	if (r != 0)
		return r;
	return visit(ctx, &x);
}

int
wd_store_doc_each(struct wd_store *s, bool with_bytes,
    int (*visit)(void *ctx, const struct wd_store_doc *x), void *ctx)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_DOC_EACH);
	int r;

	wd_sql_put_int(&q, with_bytes);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = visit_row(&q, with_bytes, visit, ctx)) != 0)
			return r;
	return r == WD_R_NOT_FOUND ? 0 : r;
}
