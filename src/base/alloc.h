/*
 * The only door to the allocator. Memory comes zeroed and is wiped when it is
 * freed, so that a forgotten secret does not linger. Tests can make the k-th
 * allocation fail.
 */
#pragma once

#include "base/cc.h"

#include <stdbool.h>
#include <stdint.h>

/* Zeroed memory, or NULL when there is none or LEN is over 256 MiB. */
void *wd_alloc(size_t len) WD_MUST_USE;

/* An array of N elements of SIZE bytes; NULL also when the product overflows.
 */
void *wd_alloc_array(size_t n, size_t size) WD_MUST_USE;

/*
 * Changes the size of a block from wd_alloc; new bytes are zero, the old block
 * is wiped if it moves. On failure the old block is untouched and NULL comes
 * back.
 */
void *wd_realloc(void *p, size_t len) WD_MUST_USE;

/* Wipes and frees; NULL is fine. Returns NULL so that `p = wd_free(p)` reads.
 */
void *wd_free(void *p);

/* For WD_AUTO on plain pointers. */
void wd_freep(void *pointer_to_pointer);

/* For WD_AUTO on memory that the C library made itself (getline(3), …). */
void wd_libc_freep(void *pointer_to_pointer);

/*
 * Blocks come from ALLOC from now on, zeroed, or from the heap where that gives
 * NULL; what HOLDS says came from there goes back to RELEASE. See sys/arena.h.
 */
void wd_alloc_set_memory(void *(*alloc)(size_t), void (*release)(void *),
    bool (*holds)(const void *));

/*
 * Test hook: the COUNT-th allocation from now on fails, once, and says so in
 * errno as malloc(3) does; 0 turns it off.
 * Returns whether the last one armed has fired.
 */
int wd_alloc_fail_at(uint64_t count);

/* Likewise, and so do all behind it, until either is called again. */
int wd_alloc_fail_from(uint64_t count);
