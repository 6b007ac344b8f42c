/*
 * Endorsement keys of TPMs that an operator vouches for, by the digest of the
 * key. Whether a TPM has such a key is for it to show at each enrolment.
 */
#include "store/sql.h"

int
wd_store_tpm_add(struct wd_store *s, const struct wd_store_tpm *t)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_TPM_ADD);
	struct wd_row_mac m;

	wd_sql_guard(&q, &m, "tpms");
	wd_sql_put_blob(&q, WD_SPAN(t->ek));
	wd_sql_put_text(&q, t->label);
	wd_sql_put_int(&q, t->created);
	wd_sql_put_mac(&q);
	return wd_sql_run(&q);
}

static int
read_tpm(
    struct wd_sql *q, void (*mac)(struct wd_sql *q), struct wd_store_tpm *ret)
{
	struct wd_store_tpm t = { 0 };
	struct wd_row_mac m;
	int r;

	wd_sql_guard(q, &m, "tpms");
	wd_sql_get_fixed(q, t.ek, sizeof(t.ek));
	wd_sql_get_text(q, t.label, sizeof(t.label));
	t.created = wd_sql_get_int(q);
	mac(q);
	if ((r = wd_sql_end(q)) == 0)
		*ret = t;
	return r;
}

int
wd_store_tpm_get(
    struct wd_store *s, const uint8_t ek[32], struct wd_store_tpm *ret)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_TPM_GET);
	int r;

	wd_sql_put_blob(&q, wd_span(ek, 32));
	if ((r = wd_sql_row(&q)) != 0)
		return r;
	return read_tpm(&q, wd_sql_get_mac, ret);
}

int
wd_store_tpm_delete(struct wd_store *s, const uint8_t ek[32])
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_TPM_DELETE);

	wd_sql_put_blob(&q, wd_span(ek, 32));
	return wd_sql_run(&q);
}

int
wd_store_tpm_list(struct wd_store *s, const uint8_t *after,
    struct wd_store_tpm *rows, size_t n_max, size_t *ret_n)
{
	WD_AUTO(wd_sql_done) struct wd_sql q = wd_sql(s, WD_SQL_TPM_LIST);
	size_t n = 0;
	int r;

	wd_sql_put_blob(&q, wd_span(after, after == NULL ? 0 : 32));
	wd_sql_put_int(&q, (int64_t)n_max);
	while ((r = wd_sql_row(&q)) == 0)
		if ((r = read_tpm(&q, wd_sql_see_mac, &rows[n++])) != 0)
			return r;
	if (r != WD_R_NOT_FOUND)
		return r;
	*ret_n = n;
	return 0;
}
