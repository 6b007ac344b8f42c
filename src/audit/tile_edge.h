/*
 * The right edge of a growing tree in tiles: what is not yet a full tile. Makes
 * every tile there is, one after the other; knows no files.
 */
#pragma once

#include "audit/tile.h"
#include "audit/tree.h"

struct wd_tile_edge {
	struct wd_tree tree;
	uint8_t level[WD_TILE_LEVELS][WD_TILE_WIDTH][32];
};

/* The incomplete tile of a level; width 0: there is none. */
struct wd_tile wd_tile_edge_at(const struct wd_tile_edge *e, unsigned level);

/* The hashes in it; lives until the next change. */
struct wd_span wd_tile_edge_hashes(
    const struct wd_tile_edge *e, unsigned level);

/* FULL gets every tile that this leaf completes. What it returns other than 0
 * comes back, and the leaf is not added. */
int wd_tile_edge_add(struct wd_tile_edge *e, const uint8_t leaf[32],
    int (*full)(void *ctx, const struct wd_tile *t, struct wd_span hashes),
    void *ctx) WD_MUST_USE;

/*
 * Puts the edge where the tree has SIZE leaves, a multiple of 256, from full
 * tiles alone. LOAD gives the 256 hashes of one; what it returns other than 0
 * comes back.
 */
int wd_tile_edge_restore(struct wd_tile_edge *e, uint64_t size,
    int (*load)(void *ctx, const struct wd_tile *t, uint8_t *ret_hashes),
    void *ctx) WD_MUST_USE;

/* The root of the subtree over hashes in a row, a power of two of them. */
int wd_tile_root(struct wd_span hashes, uint8_t ret[32]) WD_MUST_USE;
