/*
 * Whatever is wrapped, in all tables that have such rows, by the term of the
 * keyring that it is under: the first four bytes of it. An index over those
 * finds them without a look at any other row.
 */
#include "store/sql.h"

#include "base/wr.h"

enum { TERM = 4 };

static const struct {
	enum wd_sql_name count, next, replace, set_hsm;
} tables[WD_WRAPPED_TABLES] = {
	[WD_WRAPPED_VERSIONS] = { WD_SQL_VERSION_TERM_COUNT,
	    WD_SQL_VERSION_OF_TERM, WD_SQL_VERSION_REWRAP,
	    WD_SQL_VERSION_SET_HSM },
	[WD_WRAPPED_SECRETS] = { WD_SQL_SECRET_TERM_COUNT,
	    WD_SQL_SECRET_OF_TERM, WD_SQL_SECRET_REWRAP,
	    WD_SQL_SECRET_SET_HSM },
};

void
wd_store_wrapped_done(struct wd_store_wrapped *x)
{
	x->bytes = wd_bytes_free(x->bytes);
}

static struct wd_span
prefix(uint32_t term, uint8_t room[TERM])
{
	struct wd_wr wr = wd_wr_fixed(room, TERM);

	wd_wr_le32(&wr, term);
	return wd_wr_span(&wr);
}

static int
count_in(struct wd_store *s, enum wd_wrapped_table table, uint32_t term,
    uint32_t most, uint64_t *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, tables[table].count);
	uint8_t room[TERM];
	int64_t n;
	int r;

	wd_sql_put_blob(&q, prefix(term, room));
	wd_sql_put_int(&q, most);
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	n = wd_sql_get_int(&q);
	if ((r = wd_sql_end(&q)) == 0)
		*ret = (uint64_t)n;
	return r;
}

int
wd_store_wrapped_count(
    struct wd_store *s, uint32_t term, uint32_t most, uint64_t *ret)
{
	uint64_t sum = 0, n = 0;
	int r;

	for (int i = 0; i < WD_WRAPPED_TABLES; i++) {
		r = count_in(s, (enum wd_wrapped_table)i, term, most, &n);
		if (r != 0)
			return r;
		sum += n;
	}
	*ret = sum;
	return 0;
}

static int
read_row(struct wd_sql *q, struct wd_store_wrapped *ret)
{
	WD_AUTO(wd_store_wrapped_done) struct wd_store_wrapped x = { 0 };
	int r;

	wd_sql_get_text(q, x.row, sizeof(x.row));
	x.version = wd_sql_get_u32(q);
	wd_sql_get_text(q, x.backend, sizeof(x.backend));
	wd_sql_get_bytes(q, &x.bytes);
	x.hsm = wd_sql_get_int(q) != 0;
	if ((r = wd_sql_end(q)) != 0)
		return r;
	*ret = x;
	x.bytes = NULL;
	return 0;
}

/* Rows are read until there are enough, or enough bytes. */
int
wd_store_wrapped_list(struct wd_store *s, enum wd_wrapped_table table,
    uint32_t term, const struct wd_store_wrapped *after,
    struct wd_store_wrapped *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, tables[table].next);
	size_t n = 0, bytes = 0;
	uint8_t room[TERM];
	int r = 0;

	wd_sql_put_blob(&q, prefix(term, room));
	wd_sql_put_text(&q, after->row);
	wd_sql_put_int(&q, after->version);
	wd_sql_put_int(&q, (int64_t)n_max);
	while (bytes < WD_WRAPPED_BYTES && (r = wd_sql_row(&q)) == 0) {
		if ((r = read_row(&q, &rows[n])) != 0)
			break;
		bytes += rows[n++].bytes->len;
	}
	if (r == 0 || r == WD_R_NOT_FOUND) {
		*ret_n = n;
		return 0;
	}
	while (n > 0)
		wd_store_wrapped_done(&rows[--n]);
	return r;
}

int
wd_store_wrapped_replace(struct wd_store *s, enum wd_wrapped_table table,
    const struct wd_store_wrapped *x, struct wd_span fresh)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, tables[table].replace);

	wd_sql_put_text(&q, x->row);
	wd_sql_put_int(&q, x->version);
	wd_sql_put_bytes(&q, x->bytes);
	wd_sql_put_blob(&q, fresh);
	return wd_sql_run(&q);
}

int
wd_store_wrapped_set_hsm(struct wd_store *s, enum wd_wrapped_table table,
    const struct wd_store_wrapped *x, struct wd_span fresh, bool hsm)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, tables[table].set_hsm);

	wd_sql_put_text(&q, x->row);
	wd_sql_put_int(&q, x->version);
	wd_sql_put_bytes(&q, x->bytes);
	wd_sql_put_blob(&q, fresh);
	wd_sql_put_int(&q, hsm);
	return wd_sql_run(&q);
}

int
wd_store_hsm_count(struct wd_store *s, uint64_t *ret)
{
	return wd_sql_count(s, WD_SQL_HSM_COUNT, ret);
}
