/*
 * Arithmetic on sizes that came from outside, and decimal numbers in text.
 */
#pragma once

#include "base/span.h"

/* Sum and product that say whether they fit; *ret is only set when they do. */
static inline bool
wd_num_add(size_t a, size_t b, size_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

static inline bool
wd_num_mul(size_t a, size_t b, size_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret);
}

/*
 * Plain decimal digits, no sign, no white space, no leading zero but "0",
 * at most MAX. Returns false on anything else.
 */
bool wd_num_parse(struct wd_span text, uint64_t max, uint64_t *ret_value);
