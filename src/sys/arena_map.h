/*
 * The memory under the arena: a mapping between two guard pages.
 */
#pragma once

#include "base/diag.h"

enum { WD_ARENA_PAGE = 4096 };

/*
 * Maps about SIZE bytes (a multiple of the page) of the best kind of memory
 * there is, and notes what is missing. 0 or a fault.
 */
int wd_arena_map(size_t size, uint8_t **ret, size_t *ret_size,
    struct wd_diag *d) WD_MUST_USE;
