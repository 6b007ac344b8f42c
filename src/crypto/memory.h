/*
 * Where libcrypto keeps what it allocates. Roles with keys give it memory that
 * is wiped when freed and that no other process can read (sys/arena.h).
 */
#pragma once

#include "base/diag.h"

/*
 * Once, before every other use of libcrypto in the process: a fault when it
 * comes too late. RELEASE wipes.
 */
int wd_crypto_use_memory(void *(*alloc)(size_t),
    void *(*resize)(void *, size_t), void (*release)(void *), struct wd_diag *d)
    WD_MUST_USE;
