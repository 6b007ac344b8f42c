/*
 * The window over a block that grows. Clients' tokens and keys pass through,
 * so that nothing may stay behind that was handled already.
 */
#include "http/buf.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/num.h"

enum {
	FIRST = 8192, /* most requests and answers fit */
	KEEP = 16384, /* a larger block goes back when it is empty */
};

struct wd_span
wd_buf_span(const struct wd_buf *b)
{
	return wd_span(b->p + b->start, b->end - b->start);
}

/* Moves what is there to the front and wipes where it was. */
static void
compact(struct wd_buf *b)
{
	size_t len = b->end - b->start;

	if (b->start == 0)
		return;
	memmove(b->p, b->p + b->start, len);
	wd_wipe(b->p + len, b->end - len);
	b->start = 0;
	b->end = len;
}

/* Twice the size, or as much as is needed. */
static bool
grow(struct wd_buf *b, size_t needed)
{
	size_t cap = b->cap < FIRST / 2 ? FIRST : 2 * b->cap;
	uint8_t *fresh = wd_realloc(b->p, cap < needed ? needed : cap);

	if (fresh == NULL)
		return false;
	b->p = fresh;
	b->cap = cap < needed ? needed : cap;
	return true;
}

uint8_t *
wd_buf_room(struct wd_buf *b, size_t n)
{
	size_t needed;

	if (b->cap - b->end >= n && b->p != NULL)
		return b->p + b->end;
	if (b->p != NULL)
		compact(b);
	if (!wd_num_add(b->end, n, &needed) ||
	    (needed > b->cap && !grow(b, needed)))
		return NULL;
	return b->p + b->end;
}

void
wd_buf_filled(struct wd_buf *b, size_t n)
{
	b->end += n;
}

void
wd_buf_drop(struct wd_buf *b, size_t n)
{
	assert(n <= b->end - b->start);
	if (n > 0)
		wd_wipe(b->p + b->start, n);
	b->start += n;
	if (b->start < b->end)
		return;
	b->start = 0;
	b->end = 0;
	if (b->cap > KEEP)
		wd_buf_done(b);
}

void
wd_buf_done(struct wd_buf *b)
{
	b->p = wd_free(b->p);
	*b = (struct wd_buf){ 0 };
}
