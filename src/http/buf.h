/*
 * Bytes of a stream on their way, in or out: a window that moves through a
 * block of memory. For files of this folder.
 */
#pragma once

#include "base/span.h"

struct wd_buf {
	uint8_t *p; /* NULL: none yet */
	size_t cap, start, end;
};

struct wd_span wd_buf_span(const struct wd_buf *b);

/* N bytes behind the last, to be filled; NULL without memory. Views of what is
 * there become invalid. */
uint8_t *wd_buf_room(struct wd_buf *b, size_t n) WD_MUST_USE;

/* The first N bytes of the room were filled. */
void wd_buf_filled(struct wd_buf *b, size_t n);

/* Wipes and forgets the first N bytes. */
void wd_buf_drop(struct wd_buf *b, size_t n);

void wd_buf_done(struct wd_buf *b);
