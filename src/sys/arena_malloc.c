/*
 * The arena of builds with sanitizers: the ordinary heap, so that these see
 * every overrun and every leak.
 */
#include "sys/arena.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "sys/harden.h"

static size_t blocks;

int
wd_arena_install(size_t size, struct wd_diag *d)
{
	(void)size;
	(void)d;
	wd_harden_note_missing("memfd_secret (build with sanitizers)");
	wd_secret_set_memory(wd_arena_alloc, wd_arena_free);
	return 0;
}

void *
wd_arena_alloc(size_t len)
{
	void *p = wd_alloc(len);

	blocks += p != NULL;
	return p;
}

void *
wd_arena_realloc(void *p, size_t len)
{
	void *fresh = wd_realloc(p, len);

	blocks += p == NULL && fresh != NULL;
	return fresh;
}

void
wd_arena_free(void *p)
{
	blocks -= p != NULL;
	(void)wd_free(p); /* always NULL */
}

/* It is the heap. */
void
wd_arena_take_heap(void)
{
}

bool
wd_arena_holds(const void *p)
{
	return p != NULL;
}

size_t
wd_arena_used(void)
{
	return blocks;
}
