/*
 * Programs whose k-th allocation fails, once: one of ours, or one of
 * libcrypto's. The latter with functions that say so in errno as malloc(3)
 * does, or, as those of a host that uses the library may be, with silent ones.
 */
#pragma once

#include "lib/t.h"

#include "base/alloc.h"
#include "crypto/memory.h"

#include <errno.h>
#include <stdlib.h>

enum t_memory {
	T_MEMORY_OWN,
	T_MEMORY_LIBCRYPTO,
	T_MEMORY_SILENT,
	T_MEMORY_KINDS
};

static struct {
	uint64_t countdown;
	bool silent, fired;
} t_libcrypto;

static inline bool
t_libcrypto_lacks(void)
{
	if (t_libcrypto.countdown == 0 || --t_libcrypto.countdown > 0)
		return false;
	t_libcrypto.fired = true;
	if (!t_libcrypto.silent)
		errno = ENOMEM;
	return true;
}

static inline void *
t_libcrypto_take(size_t len)
{
	return t_libcrypto_lacks() ? NULL : malloc(len);
}

static inline void *
t_libcrypto_resize(void *p, size_t len)
{
	return t_libcrypto_lacks() ? NULL : realloc(p, len);
}

/* First of all in main(). */
static inline bool
t_memory_init(void)
{
	return wd_crypto_use_memory(
		   t_libcrypto_take, t_libcrypto_resize, free, NULL) == 0;
}

/* The K-th from now on fails. */
static inline void
t_memory_fail(enum t_memory of, uint64_t k)
{
	t_libcrypto.fired = false;
	t_libcrypto.silent = of == T_MEMORY_SILENT;
	if (of == T_MEMORY_OWN)
		(void)wd_alloc_fail_at(k);
	else
		t_libcrypto.countdown = k;
}

/* Whether it did; from now on none fails. */
static inline bool
t_memory_failed(void)
{
	t_libcrypto.countdown = 0;
	return (wd_alloc_fail_at(0) != 0) | t_libcrypto.fired;
}

/*
 * R, the verdict on genuine evidence when an allocation FAILED or did not:
 * then always a fault. What libcrypto lacks in silence may not have counted,
 * but refuses nothing.
 */
static inline void
t_memory_verdict(enum t_memory of, bool failed, int r)
{
	assert_true(failed ? r < (of == T_MEMORY_SILENT) : r == 0);
}
