/*
 * Test vectors as hexadecimal text. Aborts the test on a bad digit.
 */
#pragma once

#include "lib/t.h"

static inline uint8_t
t_hex_digit(char c)
{
	const char *digits = "0123456789abcdef";

	for (uint8_t v = 0; v < 16; v++)
		if (digits[v] == (c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c))
			return v;
	fail_msg("not a hexadecimal digit: %c", c);
	return 0;
}

/* Decodes TEXT into DST, which has room; gives a view of it. */
static inline struct wd_span
t_hex(const char *text, uint8_t *dst)
{
	size_t n = 0;

	for (; text[0] != '\0'; text += 2)
		dst[n++] =
		    (uint8_t)(t_hex_digit(text[0]) << 4 | t_hex_digit(text[1]));
	return wd_span(dst, n);
}
