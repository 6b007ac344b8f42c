/*
 * The memory of the JSON library in a program that is not ours and may use
 * that library too, with values that are older than our first call or younger
 * than our last. So blocks come from where the program has them from and go
 * back to there: its own values and texts stay what they were, whoever
 * allocated them. We only take note when there is none.
 */
#include "codec/json_load.h"

#include <jansson.h>
#include <stdatomic.h>

static _Atomic(json_malloc_t) host_alloc;
static _Atomic(json_free_t) host_free;

static void *
reserve(size_t len)
{
	json_malloc_t alloc = atomic_load(&host_alloc);
	void *p = alloc(len);

	return p == NULL ? wd_json_spare(len) : p;
}

static void
release(void *p)
{
	json_free_t give_back = atomic_load(&host_free);

	if (!wd_json_is_spare(p))
		give_back(p);
}

/* Again for each text: the program may have changed them meanwhile. */
void
wd_json_memory(void)
{
	json_malloc_t alloc;
	json_free_t give_back;

	json_get_alloc_funcs(&alloc, &give_back);
	if (alloc == reserve)
		return;
	atomic_store(&host_alloc, alloc);
	atomic_store(&host_free, give_back);
	json_set_alloc_funcs(reserve, release);
}
