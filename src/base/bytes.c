/*
 * Owned bytes.
 */
#include "base/bytes.h"

#include "base/alloc.h"
#include "base/num.h"

struct wd_bytes *
wd_bytes_new(size_t len)
{
	struct wd_bytes *b;
	size_t total;

	if (!wd_num_add(sizeof(*b), len, &total))
		return NULL;
	b = wd_alloc(total);
	if (b != NULL)
		b->len = len;
	return b;
}

struct wd_bytes *
wd_bytes_copy(struct wd_span s)
{
	struct wd_bytes *b = wd_bytes_new(s.len);

	if (b != NULL)
		wd_copy(b->p, s);
	return b;
}

struct wd_bytes *
wd_bytes_free(struct wd_bytes *b)
{
	return wd_free(b);
}

void
wd_bytes_freep(struct wd_bytes **b)
{
	*b = wd_bytes_free(*b);
}

struct wd_span
wd_bytes_span(const struct wd_bytes *b)
{
	if (b == NULL)
		return wd_span(NULL, 0);
	return wd_span(b->p, b->len);
}
