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

/* Whether ours was asked since this was cleared. */
static _Thread_local bool asked;

static void *
reserve(size_t len)
{
	json_malloc_t alloc = atomic_load(&host_alloc);
	void *p;

	asked = true;
	p = alloc(len);
	return p == NULL ? wd_json_spare(len) : p;
}

static void
release(void *p)
{
	json_free_t give_back = atomic_load(&host_free);

	if (!wd_json_is_spare(p))
		give_back(p);
}

/* The program may have put its own in front of ours, to count, say: with ours
 * in front of those again, each would ask the other for ever. What has no
 * memory at the moment is left alone too. */
static bool
leads_to_us(json_malloc_t alloc, json_free_t give_back)
{
	void *p;

	asked = false;
	p = alloc(1);
	if (p != NULL)
		give_back(p);
	return asked || p == NULL;
}

/* Again for each text: the program may have changed them meanwhile. Of two that
 * another thread is about to set one may be seen and not yet the other; ours
 * must never stand for the host's. */
void
wd_json_memory(void)
{
	json_malloc_t alloc;
	json_free_t give_back;

	json_get_alloc_funcs(&alloc, &give_back);
	if (alloc == reserve || give_back == release)
		return;
	if (atomic_load(&host_alloc) != NULL && leads_to_us(alloc, give_back))
		return;
	atomic_store(&host_alloc, alloc);
	atomic_store(&host_free, give_back);
	json_set_alloc_funcs(reserve, release);
}
