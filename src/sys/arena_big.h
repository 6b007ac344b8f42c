/*
 * Blocks larger than the arena is made for, such as the working memory of
 * scrypt (128 MiB): mappings of their own for the moment they are needed, out
 * of dumps and of children, locked where the limit allows. For arena_memfd.c.
 */
#pragma once

#include "base/span.h"

enum { WD_ARENA_BIG = 16 << 20 }; /* from this size on */

/* Zeroed; NULL when there is no memory or too many are in use. */
void *wd_arena_big_alloc(size_t len);

/* The size of the block at P; 0 when it is none of these. */
size_t wd_arena_big_size(const void *p);

/* Wipes and unmaps; P is such a block. */
void wd_arena_big_free(void *p);
