/*
 * Memory for secrets: one mapping of memfd_secret that no other process and no
 * core file can read, with an allocator that wipes what is freed. Chosen by the
 * build: arena_memfd.c, or arena_malloc.c for sanitizers. Without memfd_secret
 * (noted as missing) it is locked anonymous memory left out of dumps.
 */
#pragma once

#include "base/diag.h"

/*
 * Makes the arena of SIZE bytes and moves struct wd_secret and libcrypto into
 * it. Before the first secret and the first use of libcrypto. 0 or a fault.
 */
int wd_arena_install(size_t size, struct wd_diag *d) WD_MUST_USE;

/* The three doors, for libcrypto's memory functions. */
void *wd_arena_alloc(size_t len);
void *wd_arena_realloc(void *p, size_t len);
void wd_arena_free(void *p);

/* True when P lies in the arena: for the test that looks for strays. */
bool wd_arena_holds(const void *p);
