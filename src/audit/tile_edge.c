/*
 * The edge. A hash of level L stands for 256^L leaves, so a leaf that completes
 * a subtree of height 8 * L adds one to level L.
 */
#include "audit/tile_edge.h"

#include "base/alloc.h"
#include "base/reason.h"

enum { HASH = 32 };

/* Complete subtrees of a level. */
static uint64_t
count_at(uint64_t size, unsigned level)
{
	return size >> (8 * level);
}

struct wd_tile
wd_tile_edge_at(const struct wd_tile_edge *e, unsigned level)
{
	uint64_t count = count_at(e->tree.size, level);

	return (struct wd_tile){ level, count / WD_TILE_WIDTH,
		(unsigned)(count % WD_TILE_WIDTH) };
}

struct wd_span
wd_tile_edge_hashes(const struct wd_tile_edge *e, unsigned level)
{
	return wd_span(e->level[level], 32 * wd_tile_edge_at(e, level).width);
}

struct adding {
	struct wd_tile_edge *e;
	int (*full)(void *ctx, const struct wd_tile *t, struct wd_span hashes);
	void *ctx;
};

static int
on_subtree(void *ctx, unsigned height, const uint8_t hash[32])
{
	struct adding *a = ctx;
	unsigned level = height / 8;
	struct wd_tile t;

	if (height % 8 != 0 || level >= WD_TILE_LEVELS)
		return 0;
	t = wd_tile_edge_at(a->e, level); /* the leaf does not count yet */
	wd_copy(a->e->level[level][t.width], wd_span(hash, 32));
	if (++t.width < WD_TILE_WIDTH)
		return 0;
	return a->full(a->ctx, &t, WD_SPAN(a->e->level[level]));
}

int
wd_tile_edge_add(struct wd_tile_edge *e, const uint8_t leaf[32],
    int (*full)(void *ctx, const struct wd_tile *t, struct wd_span hashes),
    void *ctx)
{
	struct adding a = { e, full, ctx };

	return wd_tree_push(&e->tree, leaf, on_subtree, &a);
}

int
wd_tile_root(struct wd_span hashes, uint8_t ret[32])
{
	struct wd_tree t = { 0 };
	int r = 0;

	for (size_t at = 0; r == 0 && at < hashes.len; at += HASH)
		r = wd_tree_add(&t, hashes.p + at);
	return r != 0 ? r : wd_tree_root(&t, ret);
}

/* The edge of the whole tree, from the hashes of all levels. */
static int
rebuild_tree(struct wd_tile_edge *e, uint64_t size)
{
	for (unsigned height = 8; height < 64; height++) {
		unsigned level = height / 8, within = height % 8;
		uint64_t count = count_at(size, level) % WD_TILE_WIDTH;
		uint64_t low = (UINT64_C(2) << within) - 1;
		int r;

		if ((size >> height & 1) == 0)
			continue;
		/* It comes after the larger ones of its level. */
		r = wd_tile_root(wd_span(e->level[level][count & ~low],
				     (size_t)HASH << within),
		    e->tree.edge[height]);
		if (r != 0)
			return r;
	}
	e->tree.size = size;
	return 0;
}

int
wd_tile_edge_restore(struct wd_tile_edge *e, uint64_t size,
    int (*load)(void *ctx, const struct wd_tile *t, uint8_t *ret_hashes),
    void *ctx)
{
	uint8_t hashes[WD_TILE_WIDTH * HASH];
	int r;

	for (unsigned level = 1; level < WD_TILE_LEVELS; level++) {
		uint64_t count = count_at(size, level);
		uint64_t first = count - count % WD_TILE_WIDTH;

		for (uint64_t n = first; n < count; n++) {
			struct wd_tile t = { level - 1, n, WD_TILE_WIDTH };

			r = load(ctx, &t, hashes);
			if (r == 0)
				r = wd_tile_root(WD_SPAN(hashes),
				    e->level[level][n - first]);
			if (r != 0)
				return r;
		}
	}
	return rebuild_tree(e, size);
}
