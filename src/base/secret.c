/*
 * Secrets, in memory of their own.
 */
#include "base/secret.h"

#include "base/alloc.h"
#include "base/num.h"

#include <assert.h>

struct wd_secret {
	size_t len;
	uint8_t p[];
};

static void
release_heap(void *p)
{
	(void)wd_free(p); /* always NULL */
}

static void *(*memory_alloc)(size_t) = wd_alloc;
static void (*memory_release)(void *) = release_heap;

void
wd_secret_set_memory(void *(*alloc)(size_t), void (*release)(void *))
{
	memory_alloc = alloc;
	memory_release = release;
}

struct wd_secret *
wd_secret_new(size_t len)
{
	struct wd_secret *s;
	size_t total;

	if (!wd_num_add(sizeof(*s), len, &total))
		return NULL;
	s = memory_alloc(total);
	if (s != NULL)
		s->len = len;
	return s;
}

struct wd_secret *
wd_secret_copy(struct wd_span span)
{
	struct wd_secret *s = wd_secret_new(span.len);

	if (s != NULL)
		wd_copy(s->p, span);
	return s;
}

struct wd_secret *
wd_secret_free(struct wd_secret *s)
{
	if (s == NULL)
		return NULL;
	wd_wipe(s->p, s->len);
	memory_release(s);
	return NULL;
}

void
wd_secret_freep(struct wd_secret **s)
{
	*s = wd_secret_free(*s);
}

struct wd_span
wd_secret_borrow(const struct wd_secret *s)
{
	if (s == NULL)
		return wd_span(NULL, 0);
	return wd_span(s->p, s->len);
}

uint8_t *
wd_secret_bytes(struct wd_secret *s)
{
	return s->p;
}

size_t
wd_secret_len(const struct wd_secret *s)
{
	return s == NULL ? 0 : s->len;
}

void
wd_secret_shorten(struct wd_secret *s, size_t len)
{
	assert(len <= s->len);
	wd_wipe(s->p + len, s->len - len);
	s->len = len;
}
