/*
 * Nodes out of tiles: a node that lies within a tile is computed from those
 * below it. The tile that was read last is kept, since proofs ask for
 * neighbours.
 */
#include "audit/tile_nodes.h"

#include "audit/tile_edge.h"
#include "base/reason.h"

enum { HASH = 32 };

struct wd_tile_nodes
wd_tile_nodes(int dir, uint64_t size)
{
	return (struct wd_tile_nodes){ .dir = dir, .size = size };
}

void
wd_tile_nodes_done(struct wd_tile_nodes *nodes)
{
	wd_bytes_freep(&nodes->hashes);
}

/* The tile N of a level as wide as the tree makes it. */
static struct wd_tile
tile_of(const struct wd_tile_nodes *nodes, unsigned level, uint64_t n)
{
	uint64_t count = nodes->size >> (8 * level);
	uint64_t left = count - n * WD_TILE_WIDTH;

	return (struct wd_tile){ level, n,
		left < WD_TILE_WIDTH ? (unsigned)left : WD_TILE_WIDTH };
}

static int
load(struct wd_tile_nodes *nodes, const struct wd_tile *t)
{
	int r;

	if (nodes->t.width > 0 && nodes->t.level == t->level &&
	    nodes->t.n == t->n)
		return 0;
	wd_bytes_freep(&nodes->hashes);
	nodes->t.width = 0;
	r = wd_tile_read(nodes->dir, t, &nodes->hashes, &nodes->why);
	if (r == 0)
		nodes->t = *t;
	return r;
}

static int
node(void *ctx, unsigned height, uint64_t n, uint8_t ret[32])
{
	struct wd_tile_nodes *nodes = ctx;
	unsigned level = height / 8, within = height % 8;
	uint64_t first = n << within; /* among the hashes of the level */
	struct wd_tile t;
	size_t at, len = (size_t)HASH << within;
	int r;

	if (level >= WD_TILE_LEVELS || (n + 1) > nodes->size >> height)
		return WD_F_BUG; /* proofs ask for nodes of the tree alone */
	t = tile_of(nodes, level, first / WD_TILE_WIDTH);
	if ((r = load(nodes, &t)) != 0)
		return r;
	at = (size_t)(first % WD_TILE_WIDTH) * HASH;
	if (at + len > nodes->hashes->len)
		return WD_R_TAMPERED;
	return wd_tile_root(wd_span(nodes->hashes->p + at, len), ret);
}

struct wd_nodes
wd_tile_nodes_in(struct wd_tile_nodes *nodes)
{
	return (struct wd_nodes){ node, nodes };
}
