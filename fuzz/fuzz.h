/*
 * What every fuzz target includes. A target looks at all that the function
 * under it gives back, holds it against what the header promises, and does the
 * same for the same bytes each time.
 */
#pragma once

#include "base/span.h"

#include <stdlib.h>

/* A promise that was broken ends the process, as a crash does. */
#define must(promise)            \
	do {                     \
		if (!(promise))  \
			abort(); \
	} while (0)

/* The name that libFuzzer and replay.c call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Set by a target when the function took the input: every seed is taken, so
 * that a seed that has gone stale is seen. */
extern bool fuzz_accepted;

/* S lies within OUTER, or is empty. */
static inline bool
fuzz_within(struct wd_span s, struct wd_span outer)
{
	uintptr_t a = (uintptr_t)s.p, b = (uintptr_t)outer.p;

	return s.len == 0 ||
	    (a >= b && s.len <= outer.len && a - b <= outer.len - s.len);
}

/* Reads every byte, so that a sanitizer sees what a view covers. */
static inline void
fuzz_touch(struct wd_span s)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum = (uint8_t)(sum + s.p[i]);
}
