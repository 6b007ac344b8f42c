/*
 * The allocator over secret memory. Pages are free, part of one large block,
 * or a slab of equal small blocks; what is known about them lies outside the
 * arena, where an overrun cannot reach it. Free memory is always zero.
 *
 * Runs of pages carry their length at both ends, so that neighbours join when
 * freed. A pointer that is not the start of a block in use ends the process:
 * libcrypto or we have a bug that would be an exploit with a kinder allocator.
 */
#include "sys/arena.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "base/secret.h"
#include "sys/arena_big.h"
#include "sys/arena_map.h"

#include <stdlib.h>

enum { PAGE = WD_ARENA_PAGE, SLOTS = PAGE / 16 };

static const uint32_t no_page = UINT32_MAX;

/* Sizes of small blocks, multiples of 16; rising. */
static const uint16_t classes[] = { 16, 32, 48, 64, 96, 128, 192, 256, 384, 512,
	672, 1024, 1360, 2048 };

/* INSIDE: of a large block, behind its first page. */
enum page_kind { FREE, LARGE, INSIDE, SLAB };

struct page {
	uint8_t kind;
	uint8_t sizing;
	uint16_t used;       /* blocks of a slab in use */
	uint32_t run;        /* pages of the run that starts or ends here */
	uint32_t prev, next; /* slabs of the size with room */
	uint64_t taken[SLOTS / 64];
};

static struct {
	uint8_t *start;
	uint32_t n; /* pages */
	struct page *pages;
	uint32_t lowest;               /* no page below is free */
	uint32_t rooms[WD_N(classes)]; /* first slab with room, or no_page */
	size_t used;
} arena;

/* ---- runs of pages */

/* Notes the length of a run where neighbours and searches look for it. */
static void
tag_run(uint32_t first, uint32_t run)
{
	arena.pages[first].run = run;
	arena.pages[first + run - 1].run = run;
}

/* Every page says what it is, so that no stale one passes for a block. */
static void
mark_run(uint32_t first, uint32_t run, enum page_kind kind, enum page_kind rest)
{
	arena.pages[first].kind = (uint8_t)kind;
	for (uint32_t i = 1; i < run; i++)
		arena.pages[first + i].kind = (uint8_t)rest;
	tag_run(first, run);
}

/* The first free run of N pages, or no_page. */
static uint32_t
find_run(uint32_t n)
{
	for (uint32_t i = arena.lowest; i < arena.n; i += arena.pages[i].run)
		if (arena.pages[i].kind == FREE && arena.pages[i].run >= n)
			return i;
	return no_page;
}

static uint32_t
take_run(uint32_t n, enum page_kind kind)
{
	uint32_t first = find_run(n);
	uint32_t run;

	if (first == no_page)
		return no_page;
	run = arena.pages[first].run;
	if (run > n)
		tag_run(first + n, run - n);
	mark_run(first, n, kind, INSIDE);
	if (first == arena.lowest)
		arena.lowest += n;
	return first;
}

/* Joins the run with free neighbours on both sides. */
static void
give_run(uint32_t first)
{
	uint32_t run = arena.pages[first].run;
	uint32_t after = first + run;

	mark_run(first, run, FREE, FREE);
	if (after < arena.n && arena.pages[after].kind == FREE)
		run += arena.pages[after].run;
	if (first > 0 && arena.pages[first - 1].kind == FREE) {
		first -= arena.pages[first - 1].run;
		run += arena.pages[first].run;
	}
	tag_run(first, run);
	if (first < arena.lowest)
		arena.lowest = first;
}

/* ---- slabs */

static void
link_room(uint32_t i)
{
	struct page *p = &arena.pages[i];
	uint32_t *head = &arena.rooms[p->sizing];

	p->prev = no_page;
	p->next = *head;
	if (*head != no_page)
		arena.pages[*head].prev = i;
	*head = i;
}

static void
unlink_room(uint32_t i)
{
	const struct page *p = &arena.pages[i];

	if (p->prev == no_page)
		arena.rooms[p->sizing] = p->next;
	else
		arena.pages[p->prev].next = p->next;
	if (p->next != no_page)
		arena.pages[p->next].prev = p->prev;
}

static unsigned
slots_of(uint8_t sizing)
{
	return PAGE / classes[sizing];
}

/* Slabs that were kept although empty. */
static void
give_empty_slabs(uint32_t *room)
{
	uint32_t i = *room;

	while (i != no_page) {
		uint32_t next = arena.pages[i].next;

		if (arena.pages[i].used == 0) {
			unlink_room(i);
			give_run(i);
		}
		i = next;
	}
}

static uint32_t
take_any_run(uint32_t n, enum page_kind kind)
{
	uint32_t i = take_run(n, kind);

	if (i != no_page)
		return i;
	for (size_t c = 0; c < WD_N(classes); c++)
		give_empty_slabs(&arena.rooms[c]);
	return take_run(n, kind);
}

/* A page for blocks of this size, with every bit behind the last taken. */
static uint32_t
new_slab(uint8_t sizing)
{
	uint32_t i = take_any_run(1, SLAB);
	struct page *p;

	if (i == no_page)
		return no_page;
	p = &arena.pages[i];
	p->sizing = sizing;
	p->used = 0;
	for (unsigned w = 0; w < WD_N(p->taken); w++)
		p->taken[w] = 0;
	for (unsigned s = slots_of(sizing); s < SLOTS; s++)
		p->taken[s / 64] |= 1ull << (s % 64);
	link_room(i);
	return i;
}

static unsigned
take_slot(struct page *p)
{
	unsigned w = 0;
	unsigned bit;

	while (p->taken[w] == UINT64_MAX)
		w++; /* a slab in the list has room */
	bit = (unsigned)__builtin_ctzll(~p->taken[w]);
	p->taken[w] |= 1ull << bit;
	p->used++;
	return w * 64 + bit;
}

static void *
alloc_small(uint8_t sizing)
{
	uint32_t i = arena.rooms[sizing];
	unsigned slot;

	if (i == no_page)
		i = new_slab(sizing);
	if (i == no_page)
		return NULL;
	slot = take_slot(&arena.pages[i]);
	if (arena.pages[i].used == slots_of(sizing))
		unlink_room(i);
	arena.used += classes[sizing];
	return arena.start + (size_t)i * PAGE + slot * classes[sizing];
}

static void
free_small(uint32_t i, unsigned slot)
{
	struct page *p = &arena.pages[i];

	p->taken[slot / 64] &= ~(1ull << (slot % 64));
	if (p->used-- == slots_of(p->sizing))
		link_room(i);
	arena.used -= classes[p->sizing];
	/* The last slab of its size stays: it is wanted again at once. */
	if (p->used > 0 || (p->prev == no_page && p->next == no_page))
		return;
	unlink_room(i);
	give_run(i);
}

/* ---- blocks */

static void *
alloc_large(size_t len)
{
	size_t n = len / PAGE + (len % PAGE != 0);
	uint32_t i = n > arena.n ? no_page : take_any_run((uint32_t)n, LARGE);

	if (i == no_page)
		return NULL;
	arena.used += n * PAGE;
	return arena.start + (size_t)i * PAGE;
}

/* The class of a length that has one: the table is short and its first rows
 * are asked for most. */
static uint8_t
class_of(size_t len)
{
	uint8_t sizing = len <= 96 ? 0 : 5;

	while (len > classes[sizing])
		sizing++;
	return sizing;
}

void *
wd_arena_alloc(size_t len)
{
	if (len <= classes[WD_N(classes) - 1])
		return alloc_small(class_of(len));
	return len < WD_ARENA_BIG ? alloc_large(len) : wd_arena_big_alloc(len);
}

/* A block in use: where it lies and how much it holds. */
struct block {
	uint32_t page;
	unsigned slot;
	size_t size;
};

/* Tells the block that starts at P, or ends the process. */
static struct block
block_at(const void *p)
{
	size_t at = (size_t)((const uint8_t *)p - arena.start);
	struct block b = { (uint32_t)(at / PAGE), 0, 0 };
	const struct page *page;

	if (!wd_arena_holds(p))
		abort();
	page = &arena.pages[b.page];
	if (page->kind == LARGE && at % PAGE == 0) {
		b.size = (size_t)page->run * PAGE;
		return b;
	}
	if (page->kind != SLAB)
		abort();
	b.size = classes[page->sizing];
	b.slot = (unsigned)(at % PAGE) / (unsigned)b.size;
	if (b.slot * b.size != at % PAGE)
		abort();
	if (b.slot >= slots_of(page->sizing) ||
	    (page->taken[b.slot / 64] >> (b.slot % 64) & 1) == 0)
		abort();
	return b;
}

void
wd_arena_free(void *p)
{
	struct block b;

	if (p == NULL)
		return;
	if (!wd_arena_holds(p) && wd_arena_big_size(p) > 0) {
		wd_arena_big_free(p);
		return;
	}
	b = block_at(p);
	wd_wipe(p, b.size);
	if (arena.pages[b.page].kind == SLAB) {
		free_small(b.page, b.slot);
		return;
	}
	arena.used -= b.size;
	give_run(b.page);
}

void *
wd_arena_realloc(void *p, size_t len)
{
	size_t size;
	void *fresh;

	if (p == NULL)
		return wd_arena_alloc(len);
	size = wd_arena_holds(p) ? 0 : wd_arena_big_size(p);
	if (size == 0)
		size = block_at(p).size;
	if (len <= size && len > size / 2)
		return p;
	fresh = wd_arena_alloc(len);
	if (fresh == NULL)
		return NULL;
	wd_copy(fresh, wd_span(p, len < size ? len : size));
	wd_arena_free(p);
	return fresh;
}

bool
wd_arena_holds(const void *p)
{
	const uint8_t *at = p;

	return arena.start != NULL && at >= arena.start &&
	    at < arena.start + (size_t)arena.n * PAGE;
}

size_t
wd_arena_used(void)
{
	return arena.used;
}

int
wd_arena_install(size_t size, struct wd_diag *d)
{
	size_t n = size / PAGE;
	int r;

	if (arena.start != NULL || n == 0 || n >= no_page)
		return wd_fault(d, WD_F_BUG, "no arena can be made now");
	r = wd_arena_map(n * PAGE, &arena.start, &size, d);
	if (r != 0)
		return r;
	arena.n = (uint32_t)(size / PAGE);
	arena.pages = wd_alloc_array(arena.n, sizeof(*arena.pages));
	if (arena.pages == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the arena");
	for (size_t i = 0; i < WD_N(arena.rooms); i++)
		arena.rooms[i] = no_page;
	mark_run(0, arena.n, FREE, FREE);
	wd_secret_set_memory(wd_arena_alloc, wd_arena_free);
	return 0;
}

/* Big ones are no better off there. */
static void *
alloc_for_heap(size_t len)
{
	return len < WD_ARENA_BIG ? wd_arena_alloc(len) : NULL;
}

void
wd_arena_take_heap(void)
{
	wd_alloc_set_memory(alloc_for_heap, wd_arena_free, wd_arena_holds);
}
