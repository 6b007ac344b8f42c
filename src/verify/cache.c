/*
 * Entries in one array, chained by the first bytes of their digest, in the
 * order of their last use.
 */
#include "verify/cache.h"

#include "base/alloc.h"

#include <assert.h>

enum { NONE = -1, IN_USE = 16 };

struct entry {
	struct wd_cache_key key;
	enum wd_kept kind;
	int next;      /* in the chain, or in the list of free entries */
	uint64_t used; /* the turn of the last use */
	int64_t expiry;
	void *object; /* NULL: free */
	void (*release)(void *);
};

struct wd_cache {
	size_t n, count;
	uint64_t turn;
	int free;
	int *heads; /* n chains */
	struct entry *entries;
};

struct wd_cache *
wd_cache_free(struct wd_cache *c)
{
	if (c == NULL)
		return NULL;
	if (c->entries != NULL && c->heads != NULL)
		wd_cache_empty(c);
	c->entries = wd_free(c->entries);
	c->heads = wd_free(c->heads);
	return wd_free(c);
}

struct wd_cache *
wd_cache_new(size_t n)
{
	struct wd_cache *c = wd_alloc(sizeof(*c));

	assert(n >= 2 * IN_USE && n <= INT16_MAX);
	if (c == NULL)
		return NULL;
	c->n = n;
	c->heads = wd_alloc_array(n, sizeof(*c->heads));
	c->entries = wd_alloc_array(n, sizeof(*c->entries));
	if (c->heads == NULL || c->entries == NULL)
		return wd_cache_free(c);
	wd_cache_empty(c);
	return c;
}

void
wd_cache_empty(struct wd_cache *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct entry *e = &c->entries[i];

		if (e->object != NULL)
			e->release(e->object);
		*e = (struct entry){ .next = (int)i + 1 };
		c->heads[i] = NONE;
	}
	c->entries[c->n - 1].next = NONE;
	c->free = 0;
	c->count = 0;
}

static int *
chain_of(const struct wd_cache *c, const struct wd_cache_key *key)
{
	uint32_t h = (uint32_t)key->bytes[0] << 24 |
	    (uint32_t)key->bytes[1] << 16 | (uint32_t)key->bytes[2] << 8 |
	    key->bytes[3];

	return &c->heads[h % c->n];
}

static bool
matches(
    const struct entry *e, enum wd_kept kind, const struct wd_cache_key *key)
{
	return e->kind == kind &&
	    wd_span_equal(WD_SPAN(e->key.bytes), WD_SPAN(key->bytes)) &&
	    wd_span_equal(WD_SPAN(e->key.signer), WD_SPAN(key->signer));
}

const void *
wd_cache_get(
    struct wd_cache *c, enum wd_kept kind, const struct wd_cache_key *key)
{
	for (int i = *chain_of(c, key); i != NONE; i = c->entries[i].next) {
		struct entry *e = &c->entries[i];

		if (!matches(e, kind, key))
			continue;
		e->used = ++c->turn;
		return e->object;
	}
	return NULL;
}

static bool
in_use(const struct wd_cache *c, const struct entry *e)
{
	return e->used + IN_USE > c->turn;
}

/* Whether A goes before B. */
static bool
goes_first(const struct entry *a, const struct entry *b, int64_t now)
{
	bool a_expired = a->expiry < now, b_expired = b->expiry < now;

	if (a_expired != b_expired)
		return a_expired;
	return a->used < b->used;
}

static void
make_room(struct wd_cache *c, int64_t now)
{
	struct entry *worst = NULL;
	int *link, i;

	for (size_t k = 0; k < c->n; k++) {
		struct entry *e = &c->entries[k];

		if (in_use(c, e))
			continue;
		if (worst == NULL || goes_first(e, worst, now))
			worst = e;
	}
	assert(worst != NULL);
	i = (int)(worst - c->entries);
	for (link = chain_of(c, &worst->key); *link != i;)
		link = &c->entries[*link].next;
	*link = worst->next;
	worst->release(worst->object);
	*worst = (struct entry){ .next = NONE };
	c->free = i;
	c->count--;
}

const void *
wd_cache_put(struct wd_cache *c, enum wd_kept kind,
    const struct wd_cache_key *key, void *object, void (*release)(void *),
    int64_t expiry, int64_t now)
{
	const void *there = wd_cache_get(c, kind, key);
	struct entry *e;
	int *head, i;

	if (there != NULL) {
		release(object);
		return there;
	}
	if (c->free == NONE)
		make_room(c, now);
	i = c->free;
	e = &c->entries[i];
	c->free = e->next;
	head = chain_of(c, key);
	*e = (struct entry){ *key, kind, *head, ++c->turn, expiry, object,
		release };
	*head = i;
	c->count++;
	return object;
}

size_t
wd_cache_count(const struct wd_cache *c)
{
	return c->count;
}
