/*
 * Entries against tiles: where the first difference is, and what it looks like.
 */
#include "audit/verify_in.h"

#include "base/reason.h"
#include "sys/file.h"

#include <inttypes.h>

enum { HASH = 32 };

struct leaves {
	struct wd_span now;    /* of the journal */
	struct wd_span logged; /* of the tile */
	unsigned n;
};

static struct wd_span
hash_at(struct wd_span hashes, unsigned i)
{
	return wd_span(hashes.p + (size_t)i * HASH, HASH);
}

static bool
same(const struct leaves *l, unsigned now, unsigned logged)
{
	return now < l->n && logged < l->n &&
	    wd_span_equal(hash_at(l->now, now), hash_at(l->logged, logged));
}

/* From entry I on, both sides are the same with a shift; at the end of the
 * tile there may be nothing left to compare. */
static bool
shifted(const struct leaves *l, unsigned i, unsigned now, unsigned logged)
{
	if (!same(l, i + now, i + logged))
		return false;
	return i + 2 >= l->n || same(l, i + 1 + now, i + 1 + logged);
}

/* Where what is entry I now was logged; l->n: nowhere in this tile. */
static unsigned
origin_of(const struct leaves *l, unsigned i)
{
	unsigned from = 0;

	while (from < l->n && !same(l, i, from))
		from++;
	return from;
}

static enum wd_log_finding_kind
kind_at(const struct leaves *l, unsigned i, unsigned from)
{
	if (from < l->n && same(l, from, i)) /* each in the other's place */
		return WD_LOG_REORDERED;
	if (shifted(l, i, 0, 1))
		return WD_LOG_REMOVED;
	if (shifted(l, i, 1, 0))
		return WD_LOG_INSERTED;
	return from < l->n ? WD_LOG_REORDERED : WD_LOG_EDITED;
}

static void
tell(struct wd_verify *v, const struct leaves *l, uint64_t first, unsigned i)
{
	uint64_t entry = first + i;
	unsigned from = origin_of(l, i);

	switch (kind_at(l, i, from)) {
	case WD_LOG_REMOVED:
		v->strayed = true;
		wd_verify_find(v, WD_LOG_REMOVED, &entry,
		    "the entry that was logged as %" PRIu64 " is gone", entry);
		return;
	case WD_LOG_INSERTED:
		v->strayed = true;
		wd_verify_find(v, WD_LOG_INSERTED, &entry,
		    "entry %" PRIu64 " was put in later", entry);
		return;
	case WD_LOG_REORDERED:
		wd_verify_find(v, WD_LOG_REORDERED, &entry,
		    "entry %" PRIu64 " is the one that was logged as %" PRIu64,
		    entry, first + from);
		return;
	default:
		wd_verify_find(v, WD_LOG_EDITED, &entry,
		    "entry %" PRIu64 " is not what was logged", entry);
	}
}

static void
compare_leaves(struct wd_verify *v, const struct wd_tile *t,
    struct wd_span hashes, struct wd_span file)
{
	const struct leaves l = { hashes, file, t->width };

	for (unsigned i = 0; i < t->width && !v->strayed; i++)
		if (!same(&l, i, i))
			tell(v, &l, t->n * WD_TILE_WIDTH, i);
}

/* The bundle of the partial tile may have gone; then the full one is there. */
static int
compare_bundle(struct wd_verify *v, const struct wd_tile *t)
{
	const struct wd_tile tile = { WD_TILE_ENTRIES, t->n, t->width };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_span want = wd_wr_span(&v->bundle), got;
	struct wd_diag why = { 0 };
	char path[WD_TILE_PATH];
	int r = wd_tile_read(v->dir, &tile, &b, &why);

	if (r < 0)
		return wd_fault(v->d, WD_F_SYSTEM, "%s", why.detail);
	if (r > 0) {
		wd_verify_find(v, WD_LOG_TILE, NULL, "%s", why.detail);
		return 0;
	}
	wd_tile_path(&tile, path);
	got = wd_bytes_span(b);
	if (got.len < want.len ||
	    !wd_span_equal(wd_span(got.p, want.len), want))
		wd_verify_find(v, WD_LOG_TILE, NULL,
		    "%s does not hold the entries of the journal", path);
	return 0;
}

int
wd_verify_tile(
    struct wd_verify *v, const struct wd_tile *t, struct wd_span hashes)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_diag why = { 0 };
	char path[WD_TILE_PATH];
	unsigned before = v->c->n_findings;
	int r;

	if (v->strayed)
		return 0;
	r = wd_tile_read(v->dir, t, &b, &why);
	if (r < 0)
		return wd_fault(v->d, WD_F_SYSTEM, "%s", why.detail);
	if (r > 0) {
		wd_verify_find(v, WD_LOG_TILE, NULL, "%s", why.detail);
		return 0;
	}
	wd_tile_path(t, path);
	if (t->level > 0 && !wd_span_equal(hashes, wd_span(b->p, hashes.len)))
		wd_verify_find(v, WD_LOG_TILE, NULL,
		    "%s is not the tile of these entries", path);
	if (t->level > 0)
		return 0;
	compare_leaves(v, t, hashes, wd_bytes_span(b));
	return v->c->n_findings > before ? 0 : compare_bundle(v, t);
}
