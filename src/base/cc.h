/*
 * Compiler helpers: the few attributes and macros the whole tree relies on.
 */
#pragma once

#include <stddef.h>

/* The result must be looked at; a deliberate (void) cast carries a reason. */
#define WD_MUST_USE __attribute__((warn_unused_result))

/* Runs FREEP(&variable) when the variable leaves its scope. */
#define WD_AUTO(freep) __attribute__((cleanup(freep)))

#define WD_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* Number of elements of a true array. */
#define WD_N(array) (sizeof(array) / sizeof((array)[0]))

/* Hands ownership over: yields the pointer and leaves NULL behind. */
#define WD_TAKE(pointer)                                  \
	__extension__({                                   \
		__typeof__(pointer) wd_taken = (pointer); \
		(pointer) = NULL;                         \
		wd_taken;                                 \
	})
