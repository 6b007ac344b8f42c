/*
 * Zeroed allocation with wiping release. Each block carries its length in a
 * header so that free knows how much to wipe.
 */
#include "base/alloc.h"

#include "base/span.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_BLOCK = 256 << 20,
	BIG = 64 << 10, /* likely fresh from the kernel, and zero already */
};

/* Keeps the caller's bytes aligned for any type. */
union header {
	size_t len;
	max_align_t align;
};

static struct {
	void *(*alloc)(size_t); /* NULL: the heap alone */
	void (*release)(void *);
	bool (*holds)(const void *);
} memory;

static uint64_t fail_countdown;
static uint64_t fail_next; /* the countdown behind one that failed */
static int fail_fired;

static int
fail(uint64_t count, uint64_t next)
{
	int fired = fail_fired;

	fail_countdown = count;
	fail_next = next;
	fail_fired = 0;
	return fired;
}

int
wd_alloc_fail_at(uint64_t count)
{
	return fail(count, 0);
}

int
wd_alloc_fail_from(uint64_t count)
{
	return fail(count, 1);
}

static int
must_fail(void)
{
	if (fail_countdown == 0 || --fail_countdown > 0)
		return 0;
	fail_countdown = fail_next;
	fail_fired = 1;
	errno = ENOMEM;
	return 1;
}

static union header *
header_of(void *p)
{
	return (union header *)p - 1;
}

/* calloc() of glibc before 2.41 passes by the blocks that a thread has just
 * released. The compiler, which knows what malloc() and memset() do, would make
 * it of them: so it does not see where the block comes from. */
static void *
zeroed(size_t len)
{
	void *p = memory.alloc == NULL ? NULL : memory.alloc(len);

	if (p != NULL)
		return p;
	p = len < BIG ? malloc(len) : calloc(1, len);
	__asm__("" : "+r"(p));
	if (p != NULL && len < BIG)
		memset(p, 0, len);
	return p;
}

void
wd_alloc_set_memory(void *(*alloc)(size_t), void (*release)(void *),
    bool (*holds)(const void *))
{
	memory.alloc = alloc;
	memory.release = release;
	memory.holds = holds;
}

void *
wd_alloc(size_t len)
{
	union header *h;

	if (len > MAX_BLOCK || must_fail())
		return NULL;
	h = zeroed(sizeof(*h) + len);
	if (h == NULL)
		return NULL;
	h->len = len;
	return h + 1;
}

void *
wd_alloc_array(size_t n, size_t size)
{
	size_t len;

	if (__builtin_mul_overflow(n, size, &len))
		return NULL;
	return wd_alloc(len);
}

void *
wd_realloc(void *p, size_t len)
{
	size_t old = p == NULL ? 0 : header_of(p)->len;
	void *fresh = wd_alloc(len);

	if (fresh == NULL)
		return NULL;
	wd_copy(fresh, wd_span(p, old < len ? old : len));
	(void)wd_free(p); /* always NULL */
	return fresh;
}

void *
wd_free(void *p)
{
	union header *h;

	if (p == NULL)
		return NULL;
	h = header_of(p);
	wd_wipe(p, h->len);
	if (memory.alloc != NULL && memory.holds(h))
		memory.release(h);
	else
		free(h);
	return NULL;
}

void
wd_freep(void *pointer_to_pointer)
{
	void **pp = pointer_to_pointer;

	*pp = wd_free(*pp);
}

void
wd_libc_freep(void *pointer_to_pointer)
{
	void **pp = pointer_to_pointer;

	free(*pp);
	*pp = NULL;
}
