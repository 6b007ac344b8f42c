/*
 * Claims by a table. Nothing here knows what a claim means.
 */
#include "verify/arm/cwt.h"

#include "codec/cbor.h"

static struct wd_span
take_text(struct wd_rd *rd, const struct wd_cwt_row *row)
{
	struct wd_span s = wd_cbor_text(rd, row->min, row->max);

	if (!wd_span_is_printable(s))
		wd_rd_fail(rd);
	return s;
}

static struct wd_span
take_digest(struct wd_rd *rd)
{
	struct wd_span s = wd_cbor_bytes(rd, 32, 64);

	if (s.len != 32 && s.len != 48 && s.len != 64)
		wd_rd_fail(rd);
	return s;
}

static void
take_value(
    struct wd_rd *rd, const struct wd_cwt_row *row, struct wd_cwt_value *v)
{
	if (v->is)
		wd_rd_fail(rd); /* it comes twice */
	v->is = true;
	switch (row->type) {
	case WD_CWT_UINT:
		v->number =
		    wd_cbor_int(rd, (int64_t)row->min, (int64_t)row->max);
		break;
	case WD_CWT_INT:
		v->number = wd_cbor_int(rd, INT32_MIN, INT32_MAX);
		break;
	case WD_CWT_BYTES:
		v->bytes = wd_cbor_bytes(rd, row->min, row->max);
		break;
	case WD_CWT_TEXT:
		v->bytes = take_text(rd, row);
		break;
	case WD_CWT_DIGEST:
		v->bytes = take_digest(rd);
		break;
	case WD_CWT_ANY:
		v->bytes = wd_cbor_whole(rd);
		break;
	}
}

static size_t
find(const struct wd_cwt_row *rows, size_t n, int64_t key)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].key == key)
			return i;
	return n;
}

/* The row of the key that comes next; N when it is in none. */
static size_t
take_key(struct wd_rd *rd, const struct wd_cwt_row *rows, size_t n)
{
	enum wd_cbor_type type = wd_cbor_peek(rd);

	if (type == WD_CBOR_UINT || type == WD_CBOR_NEGATIVE)
		return find(rows, n, wd_cbor_int(rd, INT64_MIN, INT64_MAX));
	(void)wd_cbor_text(rd, 0, 256); /* the cursor tells */
	return n;
}

/* The row whose value is wrong or missing; N when none is. */
static size_t
take_rows(struct wd_rd *rd, const struct wd_cwt_row *rows, size_t n,
    struct wd_cwt_value *ret)
{
	size_t pairs = wd_cbor_map(rd, WD_CWT_PAIRS);

	for (size_t i = 0; i < pairs && !rd->bad; i++) {
		size_t row = take_key(rd, rows, n);

		if (row == n)
			(void)wd_cbor_whole(rd); /* the cursor tells */
		else
			take_value(rd, &rows[row], &ret[row]);
		if (rd->bad)
			return row;
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i].needed && !ret[i].is)
			return i;
	return n;
}

void
wd_cwt_take(struct wd_rd *rd, const struct wd_cwt_row *rows, size_t n,
    struct wd_cwt_value *ret)
{
	if (take_rows(rd, rows, n, ret) != n)
		wd_rd_fail(rd);
}

int
wd_cwt_read(struct wd_span payload, const char *what,
    const struct wd_cwt_row *rows, size_t n, struct wd_cwt_value *ret,
    struct wd_diag *d)
{
	struct wd_cwt_value values[WD_CWT_ROWS] = { 0 };
	struct wd_rd rd = wd_rd(payload);
	size_t wrong;

	if (n > WD_N(values))
		return wd_fault(d, WD_F_BUG, "%s: too many rows", what);
	wrong = take_rows(&rd, rows, n, values);
	if (wrong != n)
		return wd_reject(d, WD_R_MALFORMED,
		    "%s: the claim %s is missing, twice there or not as it "
		    "must be",
		    what, rows[wrong].name);
	if (wd_rd_end(&rd) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "%s: not a map of claims", what);
	for (size_t i = 0; i < n; i++)
		ret[i] = values[i];
	return 0;
}
