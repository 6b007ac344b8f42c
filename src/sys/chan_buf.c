/*
 * The buffer of a channel: a window that moves through secret memory. Must
 * never leave bytes behind that were handled already.
 */
#include "sys/chan_impl.h"

#include <string.h>

struct wd_span
wd_chan_buf_span(const struct wd_chan_buf *b)
{
	struct wd_span all = wd_secret_borrow(b->mem);

	if (b->start == b->end)
		return wd_span(NULL, 0);
	return wd_span(all.p + b->start, b->end - b->start);
}

void
wd_chan_buf_done(struct wd_chan_buf *b)
{
	b->mem = wd_secret_free(b->mem);
	b->start = 0;
	b->end = 0;
}

void
wd_chan_buf_drop(struct wd_chan_buf *b, size_t n)
{
	if (n == 0)
		return;
	wd_wipe(wd_secret_bytes(b->mem) + b->start, n);
	b->start += n;
	if (b->start < b->end)
		return;
	b->start = 0;
	b->end = 0;
	if (wd_secret_len(b->mem) > WD_CHAN_BUF_KEEP)
		wd_chan_buf_done(b);
}

/* Moves what is there to the front and wipes where it was. */
static void
compact(struct wd_chan_buf *b)
{
	uint8_t *p = wd_secret_bytes(b->mem);
	size_t len = b->end - b->start;

	if (b->start == 0)
		return;
	memmove(p, p + b->start, len);
	wd_wipe(p + len, b->end - len);
	b->start = 0;
	b->end = len;
}

/* Twice the size, or what N bytes more need, under MAX. */
static bool
grow(struct wd_chan_buf *b, size_t n, size_t max)
{
	struct wd_span old = wd_chan_buf_span(b);
	size_t size = 2 * wd_secret_len(b->mem);
	struct wd_secret *fresh;

	if (n > max || old.len > max - n)
		return false;
	if (size < WD_CHAN_BUF_BASE)
		size = WD_CHAN_BUF_BASE;
	if (size < old.len + n)
		size = old.len + n;
	if (size > max)
		size = max;
	fresh = wd_secret_new(size);
	if (fresh == NULL)
		return false;
	wd_copy(wd_secret_bytes(fresh), old);
	wd_chan_buf_done(b);
	b->mem = fresh;
	b->end = old.len;
	return true;
}

bool
wd_chan_buf_room(struct wd_chan_buf *b, size_t n, size_t max, size_t *ret_room)
{
	if (wd_secret_len(b->mem) - b->end < n && b->mem != NULL)
		compact(b);
	if (wd_secret_len(b->mem) - b->end < n && !grow(b, n, max))
		return false;
	*ret_room = wd_secret_len(b->mem) - b->end;
	return true;
}

uint8_t *
wd_chan_buf_end(struct wd_chan_buf *b)
{
	return wd_secret_bytes(b->mem) + b->end;
}

void
wd_chan_fd_shift(struct wd_chan_fd *list, size_t *n)
{
	*n -= 1;
	for (size_t i = 0; i < *n; i++)
		list[i] = list[i + 1];
}
