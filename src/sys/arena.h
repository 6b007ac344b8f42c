/*
 * Memory for secrets: one mapping of memfd_secret that no other process and no
 * core file can read, with an allocator that wipes what is freed. Chosen by the
 * build: arena_memfd.c, or arena_malloc.c for sanitizers. Without memfd_secret
 * (noted as missing) it is locked anonymous memory left out of dumps. For one
 * thread; a forked child does not have it.
 */
#pragma once

#include "base/diag.h"

/*
 * Makes the arena of SIZE bytes, or of what the limit on locked memory leaves,
 * and moves struct wd_secret into it. Once, before the first secret. The three
 * doors below are for libcrypto (crypto/memory.h). 0 or a fault.
 */
int wd_arena_install(size_t size, struct wd_diag *d) WD_MUST_USE;

/* Zeroed, aligned for any type; NULL when the arena is full. Blocks of 16 MiB
 * and more (scrypt) are mappings of their own, which root can read. */
void *wd_arena_alloc(size_t len);

/* As realloc(3), but what the block leaves behind is wiped. */
void *wd_arena_realloc(void *p, size_t len);

/* Wipes. A pointer that is no block in use ends the process. NULL is fine. */
void wd_arena_free(void *p);

/*
 * Everything that wd_alloc() gives from now on comes from the arena too, as
 * long as that has room: for roles through which keys pass in texts and
 * documents. Once, after wd_arena_install().
 */
void wd_arena_take_heap(void);

/* True when P lies in the arena: for the test that looks for strays. */
bool wd_arena_holds(const void *p);

/* Bytes of blocks in use, rounded as they are kept. */
size_t wd_arena_used(void);
