/*
 * What every unit test includes: cmocka with the headers it needs in front, in
 * the right order, and a few checks of our own.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"

/* Both spans hold the same bytes. */
#define t_span_equal(a, b)                                          \
	do {                                                        \
		struct wd_span t_a = (a), t_b = (b);                \
		assert_int_equal(t_a.len, t_b.len);                 \
		if (t_a.len > 0)                                    \
			assert_memory_equal(t_a.p, t_b.p, t_a.len); \
	} while (0)

#define t_ok(expression) assert_int_equal((expression), 0)
