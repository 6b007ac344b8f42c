/*
 * The memory of the JSON library in programs of ours: it is zeroed, wiped when
 * it is freed, and tests can make it fail. Not for a library in somebody else's
 * program, which may hold values of its own: see json_host.c.
 */
#include "codec/json_load.h"

#include "base/alloc.h"

#include <jansson.h>

static void *
reserve(size_t len)
{
	void *p = wd_alloc(len);

	return p == NULL ? wd_json_spare(len) : p;
}

static void
release(void *p)
{
	if (!wd_json_is_spare(p))
		(void)wd_free(p); /* always NULL */
}

void
wd_json_memory(void)
{
	json_set_alloc_funcs(reserve, release);
}
