/*
 * An owned block of bytes on the heap, wiped when freed. For secrets see
 * base/secret.h.
 */
#pragma once

#include "base/span.h"

struct wd_bytes {
	size_t len;
	uint8_t p[];
};

/* LEN zero bytes; NULL when there is no memory. */
struct wd_bytes *wd_bytes_new(size_t len) WD_MUST_USE;

struct wd_bytes *wd_bytes_copy(struct wd_span s) WD_MUST_USE;

/* NULL is fine; returns NULL. */
struct wd_bytes *wd_bytes_free(struct wd_bytes *b);
void wd_bytes_freep(struct wd_bytes **b);

/* A view that lives as long as B; empty for NULL. */
struct wd_span wd_bytes_span(const struct wd_bytes *b);
