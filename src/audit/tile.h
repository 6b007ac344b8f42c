/*
 * Tiles and entry bundles as files (C2SP tlog-tiles): where they lie, reading
 * and writing one. A tile holds up to 256 hashes of complete subtrees, a bundle
 * the entries of a tile of level 0, each after its u16 length, big endian.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/wr.h"

enum {
	WD_TILE_WIDTH = 256,
	WD_TILE_LEVELS = 8,
	WD_TILE_ENTRIES = WD_TILE_LEVELS, /* the "level" of bundles */
	WD_TILE_PATH = 80,
	WD_BUNDLE_MAX = WD_TILE_WIDTH * (2 + 16384),
};

struct wd_tile {
	unsigned level; /* or WD_TILE_ENTRIES */
	uint64_t n;
	unsigned width; /* 1 to 256; below 256: partial */
};

/* "tile/0/x001/234" and the like, within the log folder. */
void wd_tile_path(const struct wd_tile *t, char ret[WD_TILE_PATH]);

/*
 * Reads a tile or bundle of the log folder DIR. Where a partial one has gone,
 * the full one does: then it holds more than was asked for. WD_R_NOT_FOUND;
 * WD_R_TAMPERED when a tile has not its length, or a bundle is too long.
 */
int wd_tile_read(int dir, const struct wd_tile *t, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;

/* Writes one under its name, whole or not at all. After a crash a full one is
 * whole, if it is there; a partial one is replaced soon and costs no sync. */
int wd_tile_write(int dir, const struct wd_tile *t, struct wd_span bytes,
    struct wd_diag *d) WD_MUST_USE;

/* Removes a partial one, or with width 256 all partial ones of that place. It
 * only saves room: what cannot be removed stays. */
void wd_tile_remove(int dir, const struct wd_tile *t);

/* Appends an entry to a bundle under construction. */
void wd_entries_add(struct wd_wr *wr, struct wd_span entry);

/* Entry I of a bundle, a view; WD_R_TAMPERED when the bundle is malformed or
 * shorter. */
int wd_entries_get(struct wd_span bundle, unsigned i, struct wd_span *ret)
    WD_MUST_USE;
