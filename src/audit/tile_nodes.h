/*
 * Nodes of the tree out of tiles on disk, for making proofs. What is read is
 * not believed: whoever makes a proof checks it against a signed root.
 */
#pragma once

#include "audit/proof.h"
#include "audit/tile.h"

struct wd_tile_nodes {
	int dir;          /* log folder, borrowed */
	uint64_t size;    /* leaves of the tree */
	struct wd_tile t; /* of what was read last; width 0: nothing */
	struct wd_bytes *hashes;
	struct wd_diag why; /* of the first failure */
};

/* Clean up with wd_tile_nodes_done. */
struct wd_tile_nodes wd_tile_nodes(int dir, uint64_t size);
void wd_tile_nodes_done(struct wd_tile_nodes *nodes);

/* As proof.h wants it; NODES must outlive it. WD_R_NOT_FOUND, WD_R_TAMPERED, or
 * a fault, with NODES->why. */
struct wd_nodes wd_tile_nodes_in(struct wd_tile_nodes *nodes);
