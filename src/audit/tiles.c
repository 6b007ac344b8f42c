/*
 * The maker of tiles. Full tiles are synced before anything above them is
 * written; after a crash the edge is found again from them and the journal.
 */
#include "audit/tiles.h"

#include "audit/io.h"
#include "audit/tile_edge.h"
#include "base/alloc.h"
#include "sys/file.h"

#include <inttypes.h>

struct wd_tiles {
	int dir;
	const struct wd_note_key *key;
	struct wd_tile_edge edge;
	struct wd_wr bundle; /* of the entries behind the last full tile */
	struct wd_checkpoint out;
	uint64_t before; /* size of the checkpoint before that */
	bool sure;       /* that the partial tiles of OUT are there */
};

struct wd_tiles *
wd_tiles_close(struct wd_tiles *t)
{
	if (t == NULL)
		return NULL;
	wd_wr_done(&t->bundle);
	return wd_free(t);
}

void
wd_tiles_closep(struct wd_tiles **t)
{
	*t = wd_tiles_close(*t);
}

/* ---- what is there */

/* A file that a crash has emptied is as good as none; any other that is not
 * ours was put there. */
static int
read_checkpoint(struct wd_tiles *t, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *note = NULL;
	struct wd_diag why = { 0 };
	int r = wd_file_read(
	    t->dir, WD_CHECKPOINT_FILE, WD_CHECKPOINT_MAX, &note, &why);

	if (r == WD_R_NOT_FOUND ||
	    (r == 0 && wd_span_is_zero(wd_bytes_span(note))))
		return 0;
	if (r == 0)
		r = wd_checkpoint_read(
		    wd_bytes_span(note), t->key, &t->out, &why);
	if (r > 0)
		return wd_reject(d, WD_R_TAMPERED, "%s", why.detail);
	return r < 0 ? wd_fault(d, WD_F_SYSTEM, "%s", why.detail) : 0;
}

struct loading {
	int dir;
	struct wd_tile last; /* that was asked for */
	struct wd_diag why;
};

static int
load(void *ctx, const struct wd_tile *tile, uint8_t *ret_hashes)
{
	struct loading *l = ctx;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	int r = wd_tile_read(l->dir, tile, &b, &l->why);

	l->last = *tile;
	if (r == 0)
		wd_copy(ret_hashes, wd_bytes_span(b));
	return r;
}

/* From the first tile on that is missing, all are made again. */
static int
restore(struct wd_tiles *t, struct wd_diag *d)
{
	uint64_t size = t->out.size - t->out.size % WD_TILE_WIDTH;

	for (;;) {
		struct loading l = { .dir = t->dir };
		int r = wd_tile_edge_restore(&t->edge, size, load, &l);

		if (r == 0)
			return 0;
		if (r < 0)
			return wd_fault(d, WD_F_SYSTEM, "%s", l.why.detail);
		size = l.last.n << (8 * (l.last.level + 1));
	}
}

int
wd_tiles_open(int dir, const struct wd_note_key *key, bool afresh,
    struct wd_tiles **ret, struct wd_diag *d)
{
	WD_AUTO(wd_tiles_closep) struct wd_tiles *t = wd_alloc(sizeof(*t));
	int r;

	if (t == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for tiles");
	t->dir = dir;
	t->key = key;
	t->bundle = wd_wr_growing(WD_BUNDLE_MAX);
	if ((r = read_checkpoint(t, d)) != 0)
		return r;
	if (!afresh && (r = restore(t, d)) != 0)
		return r;
	*ret = WD_TAKE(t);
	return 0;
}

uint64_t
wd_tiles_next(const struct wd_tiles *t)
{
	return t->edge.tree.size;
}

uint64_t
wd_tiles_signed(const struct wd_tiles *t)
{
	return t->out.size;
}

/* ---- entries */

struct writing {
	const struct wd_tiles *t;
	struct wd_diag *d;
};

static int
write_full(void *ctx, const struct wd_tile *tile, struct wd_span hashes)
{
	const struct writing *w = ctx;
	struct wd_tile bundle = { WD_TILE_ENTRIES, tile->n, WD_TILE_WIDTH };
	int r = 0;

	/* The bundle first: a tile says that its entries are there. */
	if (tile->level == 0)
		r = wd_tile_write(
		    w->t->dir, &bundle, wd_wr_span(&w->t->bundle), w->d);
	if (r == 0)
		r = wd_tile_write(w->t->dir, tile, hashes, w->d);
	if (r != 0)
		return r;
	wd_tile_remove(w->t->dir, tile);
	if (tile->level == 0)
		wd_tile_remove(w->t->dir, &bundle);
	return 0;
}

/* The entries under the checkpoint that is out must lead to its root. */
static int
check_root(const struct wd_tiles *t, struct wd_diag *d)
{
	uint8_t root[32];

	if (wd_tree_root(&t->edge.tree, root) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (!wd_span_equal(WD_SPAN(root), WD_SPAN(t->out.root)))
		return wd_reject(d, WD_R_TAMPERED,
		    "the first %" PRIu64
		    " entries are not those that were signed",
		    t->out.size);
	return 0;
}

int
wd_tiles_add(
    struct wd_tiles *t, const struct wd_record *record, struct wd_diag *d)
{
	struct writing w = { t, d };
	size_t len = t->bundle.len;
	int r;

	if (record->index != t->edge.tree.size)
		return wd_fault(d, WD_F_BUG, "an entry out of order");
	wd_entries_add(&t->bundle, record->entry);
	if (wd_wr_end(&t->bundle) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for a bundle");
	r = wd_tile_edge_add(&t->edge, record->leaf, write_full, &w);
	if (r != 0) {
		t->bundle.len = len; /* it may be tried again */
		return r;
	}
	if (t->edge.tree.size % WD_TILE_WIDTH == 0)
		t->bundle.len = 0;
	return t->edge.tree.size == t->out.size ? check_root(t, d) : 0;
}

/* ---- putting out */

/* The partial tile of a level in a tree of SIZE leaves; width 0: none. */
static struct wd_tile
partial_of(uint64_t size, unsigned level)
{
	uint64_t count = level == WD_TILE_ENTRIES ? size : size >> (8 * level);

	return (struct wd_tile){ level, count / WD_TILE_WIDTH,
		(unsigned)(count % WD_TILE_WIDTH) };
}

static bool
is_same(struct wd_tile a, struct wd_tile b)
{
	return a.n == b.n && a.width == b.width;
}

static int
write_partial(const struct wd_tiles *t, unsigned level, struct wd_diag *d)
{
	struct wd_tile tile = partial_of(t->edge.tree.size, level);

	if (tile.width == 0 ||
	    (t->sure && is_same(tile, partial_of(t->out.size, level))))
		return 0;
	return wd_tile_write(t->dir, &tile,
	    level == WD_TILE_ENTRIES ? wd_wr_span(&t->bundle)
				     : wd_tile_edge_hashes(&t->edge, level),
	    d);
}

/* Those of the checkpoint before the last: whoever reads by the last one has
 * to find its tiles for a while. */
static void
remove_partial(const struct wd_tiles *t, unsigned level)
{
	struct wd_tile old = partial_of(t->before, level);

	if (old.width > 0 && !is_same(old, partial_of(t->out.size, level)) &&
	    !is_same(old, partial_of(t->edge.tree.size, level)))
		wd_tile_remove(t->dir, &old);
}

static int
write_checkpoint(
    const struct wd_tiles *t, const struct wd_checkpoint *c, struct wd_diag *d)
{
	uint8_t note[2048];
	struct wd_wr wr = wd_wr_fixed(note, sizeof(note));

	if (wd_checkpoint_write(&wr, c, t->key) != 0 || wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot sign a checkpoint");
	return wd_io_replace(
	    t->dir, WD_CHECKPOINT_FILE, wd_wr_span(&wr), false, d);
}

int
wd_tiles_publish(struct wd_tiles *t, struct wd_diag *d)
{
	struct wd_checkpoint c = { t->edge.tree.size, { 0 } };
	int r = 0;

	if (c.size <= t->out.size)
		return 0;
	for (unsigned i = 0; r == 0 && i <= WD_TILE_ENTRIES; i++)
		r = write_partial(t, i, d);
	if (r == 0 && wd_tree_root(&t->edge.tree, c.root) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (r != 0 || (r = write_checkpoint(t, &c, d)) != 0)
		return r;
	for (unsigned i = 0; i <= WD_TILE_ENTRIES; i++)
		remove_partial(t, i);
	t->before = t->out.size;
	t->out = c;
	t->sure = true;
	return 0;
}
