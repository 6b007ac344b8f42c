/*
 * A view of bytes somebody else owns. A span never outlives its buffer; the
 * declaration that holds one says which buffer that is.
 */
#pragma once

#include "base/cc.h"

#include <stdbool.h>
#include <stdint.h>

struct wd_span {
	const uint8_t *p;
	size_t len;
};

/* Spans over arrays and literals; the length of a literal excludes its NUL. */
#define WD_SPAN(array) \
	((struct wd_span){ (const uint8_t *)(array), sizeof(array) })
#define WD_SPAN_LIT(literal) \
	((struct wd_span){ (const uint8_t *)(literal), sizeof(literal) - 1 })

static inline struct wd_span
wd_span(const void *p, size_t len)
{
	return (struct wd_span){ (const uint8_t *)p, len };
}

/* The bytes of a NUL-terminated text, without the NUL. NULL gives no bytes. */
struct wd_span wd_span_text(const char *text);

/* Same length and same bytes, in time that depends on the lengths alone. */
bool wd_ct_equal(struct wd_span a, struct wd_span b);

/* For bytes that are public anyway (names, tags, cache keys). */
bool wd_span_equal(struct wd_span a, struct wd_span b);

/* Equal to this text, byte by byte. */
bool wd_span_is(struct wd_span s, const char *text);

/* Order by bytes, shorter first where one is the start of the other. */
int wd_span_compare(struct wd_span a, struct wd_span b);

/* All bytes are zero; true for no bytes. */
bool wd_span_is_zero(struct wd_span s);

/* All bytes are printable ASCII, the space among them; or none is a space. */
bool wd_span_is_printable(struct wd_span s);
bool wd_span_is_word(struct wd_span s);

/* Copies exactly SRC.len bytes; the caller has made sure they fit. */
void wd_copy(void *dst, struct wd_span src);

/*
 * Copies a text into DST of SIZE bytes and ends it with NUL. Returns false and
 * leaves an empty text when it does not fit or holds a NUL.
 */
bool wd_span_to_text(struct wd_span s, char *dst, size_t size);

/* Overwrites memory in a way the compiler keeps. */
void wd_wipe(void *p, size_t len);
