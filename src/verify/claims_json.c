/*
 * Claims as sorted members of an object.
 */
#include "verify/claims_json.h"

#include <assert.h>
#include <stdlib.h>

enum { MEMBERS_MAX = 255 + WD_CLAIM_EXTRA_MAX };

struct member {
	struct wd_span name;
	const struct wd_claim_row *row; /* NULL: an extra text */
	struct wd_span value;
};

static int
by_name(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;

	return wd_span_compare(x->name, y->name);
}

static void
write_list(struct wd_jtext *j, struct wd_span list)
{
	size_t start = 0;

	wd_jtext_array(j);
	for (size_t i = 0; i < list.len; i++) {
		if (list.p[i] != 0)
			continue;
		wd_jtext_string(j, wd_span(list.p + start, i - start));
		start = i + 1;
	}
	wd_jtext_end(j);
}

/* Numbers of claims were checked to be 8 bytes when the block was made. */
void
wd_claim_write_value(
    struct wd_jtext *j, const struct wd_claim_row *row, struct wd_span value)
{
	struct wd_rd rd = wd_rd(value);

	switch (row->type) {
	case WD_CLAIM_UINT:
		wd_jtext_uint(j, wd_rd_le64(&rd));
		break;
	case WD_CLAIM_TIME:
		wd_jtext_time(j, (int64_t)wd_rd_le64(&rd));
		break;
	case WD_CLAIM_BOOL:
		wd_jtext_bool(j, wd_rd_u8(&rd) == 1);
		break;
	case WD_CLAIM_TEXT:
		wd_jtext_string(j, value);
		break;
	case WD_CLAIM_LIST:
		write_list(j, value);
		break;
	case WD_CLAIM_BYTES:
		wd_jtext_hex(j, value);
		break;
	}
}

void
wd_claims_write_object(struct wd_jtext *j, const struct wd_claims *c,
    const struct wd_claim_extra *extra, size_t n_extra)
{
	struct member m[MEMBERS_MAX];
	size_t n = 0;

	assert(n_extra <= WD_CLAIM_EXTRA_MAX);
	for (size_t i = 0; i < n_extra; i++)
		m[n++] = (struct member){ wd_span_text(extra[i].name), NULL,
			extra[i].text };
	for (size_t at = 0; wd_claims_next(c, &at, &m[n].row, &m[n].value); n++)
		m[n].name = wd_span_text(m[n].row->name);
	qsort(m, n, sizeof(m[0]), by_name);
	wd_jtext_object(j);
	for (size_t i = 0; i < n; i++) {
		wd_jtext_key(j, (const char *)m[i].name.p);
		if (m[i].row == NULL)
			wd_jtext_string(j, m[i].value);
		else
			wd_claim_write_value(j, m[i].row, m[i].value);
	}
	wd_jtext_end(j);
}
