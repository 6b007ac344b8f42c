/*
 * Claims as sorted members of an object. A dot in a name sorts before every
 * other character of names, so that the members of a group stand together and
 * at the group's place.
 */
#include "verify/claims_json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int
by_name(const void *a, const void *b)
{
	const struct wd_claim_row *const *x = a;
	const struct wd_claim_row *const *y = b;

	return wd_span_compare(
	    wd_span_text((*x)->name), wd_span_text((*y)->name));
}

/* Rows in the order of their names, made at the first use. */
static const struct wd_claim_row *const *
rows_by_name(size_t *ret_n)
{
	static const struct wd_claim_row *sorted[256];
	const struct wd_claim_row *rows = wd_claim_rows(ret_n);

	if (sorted[0] != NULL)
		return sorted;
	for (size_t i = 0; i < *ret_n; i++)
		sorted[i] = &rows[i];
	qsort(sorted, *ret_n, sizeof(sorted[0]), by_name);
	return sorted;
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

static void
write_numbers(struct wd_jtext *j, struct wd_span numbers)
{
	struct wd_rd rd = wd_rd(numbers);

	wd_jtext_array(j);
	while (wd_rd_more(&rd))
		wd_jtext_uint(j, wd_rd_le16(&rd));
	wd_jtext_end(j);
}

/* Numbers of claims were checked to be 8 bytes when the block was made. An
 * empty text is null: something that there is none of. */
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
		if (value.len == 0)
			wd_jtext_null(j);
		else
			wd_jtext_string(j, value);
		break;
	case WD_CLAIM_LIST:
		write_list(j, value);
		break;
	case WD_CLAIM_NUMBERS:
		write_numbers(j, value);
		break;
	case WD_CLAIM_BYTES:
		wd_jtext_hex(j, value);
		break;
	}
}

/* The first of the extra texts in order that was not written yet. */
static const struct wd_claim_extra *
next_extra(const struct wd_claim_extra *extra, size_t n, unsigned written)
{
	const struct wd_claim_extra *first = NULL;

	for (size_t i = 0; i < n; i++)
		if ((written >> i & 1) == 0 &&
		    (first == NULL ||
			wd_span_compare(wd_span_text(extra[i].name),
			    wd_span_text(first->name)) < 0))
			first = &extra[i];
	return first;
}

/* Extra texts whose names come before NAME, or all that are left. */
static void
write_extra(struct wd_jtext *j, const struct wd_claim_extra *extra, size_t n,
    const char *name, unsigned *written)
{
	const struct wd_claim_extra *x;

	while ((x = next_extra(extra, n, *written)) != NULL &&
	    (name == NULL ||
		wd_span_compare(wd_span_text(x->name), wd_span_text(name)) <
		    0)) {
		wd_jtext_key(j, x->name);
		wd_jtext_string(j, x->text);
		*written |= 1u << (x - extra);
	}
}

/* What stands before the dot of a name; empty when it has none. */
static struct wd_span
group_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return wd_span(name, dot == NULL ? 0 : (size_t)(dot - name));
}

/* Closes the object OPEN and opens that of NAME, where they are two. */
static struct wd_span
enter(struct wd_jtext *j, struct wd_span open, const char *name)
{
	struct wd_span group = group_of(name);

	if (wd_span_equal(open, group))
		return open;
	if (open.len > 0)
		wd_jtext_end(j);
	if (group.len > 0) {
		wd_jtext_key_span(j, group);
		wd_jtext_object(j);
	}
	return group;
}

static const char *
member_name(const char *name, struct wd_span group)
{
	return group.len == 0 ? name : name + group.len + 1;
}

void
wd_claims_write_object(struct wd_jtext *j, const struct wd_claims *c,
    const struct wd_claim_extra *extra, size_t n_extra)
{
	struct wd_span values[256] = { 0 }; /* by id */
	const struct wd_claim_row *row;
	const struct wd_claim_row *const *rows;
	struct wd_span value, group = { 0 };
	unsigned written = 0;
	size_t n;

	assert(n_extra <= WD_CLAIM_EXTRA_MAX);
	for (size_t at = 0; wd_claims_next(c, &at, &row, &value);)
		values[row->id] = value;
	rows = rows_by_name(&n);
	wd_jtext_object(j);
	for (size_t i = 0; i < n; i++) {
		if (values[rows[i]->id].p == NULL)
			continue; /* an empty one lies in the block too */
		if (!wd_span_equal(group, group_of(rows[i]->name)))
			group = enter(j, group, "");
		write_extra(j, extra, n_extra, rows[i]->name, &written);
		group = enter(j, group, rows[i]->name);
		wd_jtext_key(j, member_name(rows[i]->name, group));
		wd_claim_write_value(j, rows[i], values[rows[i]->id]);
	}
	(void)enter(j, group, "");
	write_extra(j, extra, n_extra, NULL, &written);
	wd_jtext_end(j);
}
