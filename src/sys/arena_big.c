/*
 * Big blocks. Not memfd_secret(2): that would need system calls that no
 * sandbox allows, for memory that lives for half a second.
 */
#include "sys/arena_big.h"

#include <sys/mman.h>

enum { BLOCKS = 8, MOST = 256 << 20 };

static struct {
	void *p;
	size_t len;
} blocks[BLOCKS];

static size_t
find(const void *p)
{
	size_t i = 0;

	while (i < BLOCKS && blocks[i].p != p)
		i++;
	return i;
}

static void *
map(size_t len)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *p =
	    mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_LOCKED, -1, 0);

	if (p == MAP_FAILED)
		p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	/* Advice that a kernel does not know changes nothing else. */
	(void)madvise(p, len, MADV_DONTDUMP);
	(void)madvise(p, len, MADV_DONTFORK);
	return p;
}

void *
wd_arena_big_alloc(size_t len)
{
	size_t i = find(NULL);

	if (i == BLOCKS || len > MOST)
		return NULL;
	blocks[i].p = map(len);
	blocks[i].len = len;
	return blocks[i].p;
}

size_t
wd_arena_big_size(const void *p)
{
	size_t i = p == NULL ? BLOCKS : find(p);

	return i == BLOCKS ? 0 : blocks[i].len;
}

void
wd_arena_big_free(void *p)
{
	size_t i = find(p);

	wd_wipe(p, blocks[i].len);
	(void)munmap(p, blocks[i].len); /* a mapping of ours */
	blocks[i].p = NULL;
	blocks[i].len = 0;
}
