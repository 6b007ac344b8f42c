/*
 * The walk over the journal, entry by entry, with the tree growing beside it.
 */
#include "audit/verify_in.h"

#include "audit/reader.h"
#include "base/alloc.h"
#include "base/reason.h"
#include "sys/file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { TOLD_MAX = 32 };

static const char *const names[WD_LOG_FINDING_COUNT] = {
#define WD_LOG_FINDING(NAME, name) [WD_LOG_##NAME] = (name),
#include "audit/verify.def"
#undef WD_LOG_FINDING
};

const char *
wd_log_finding_name(enum wd_log_finding_kind kind)
{
	return names[kind];
}

void
wd_verify_find(struct wd_verify *v, enum wd_log_finding_kind kind,
    const uint64_t *entry, const char *fmt, ...)
{
	struct wd_log_finding f = { .kind = kind,
		.has_entry = entry != NULL,
		.entry = entry == NULL ? 0 : *entry };
	va_list ap;

	if (v->c->n_findings++ >= TOLD_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	v->c->found(v->c->ctx, &f);
}

/* ---- the checkpoint */

static int
read_checkpoint(struct wd_verify *v, struct wd_checkpoint *ret, bool *ret_good)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *note = NULL;
	struct wd_diag why = { 0 };
	int r = wd_file_read(
	    v->dir, WD_CHECKPOINT_FILE, WD_CHECKPOINT_MAX, &note, &why);

	*ret_good = false;
	if (r == WD_R_NOT_FOUND) {
		wd_verify_find(
		    v, WD_LOG_UNSIGNED, NULL, "there is no checkpoint");
		return 0;
	}
	if (r == 0)
		r = wd_checkpoint_read(
		    wd_bytes_span(note), v->c->key, ret, &why);
	if (r > 0)
		wd_verify_find(v, WD_LOG_FORGED, NULL, "%s", why.detail);
	*ret_good = r == 0;
	return r < 0 ? wd_fault(v->d, WD_F_SYSTEM, "%s", why.detail) : 0;
}

static int
look_at_checkpoint(struct wd_verify *v)
{
	struct wd_log_check *c = v->c;
	int r = read_checkpoint(v, &c->checkpoint, &c->is_signed);

	if (r != 0 || !c->is_signed || c->remembered == NULL)
		return r;
	if (c->remembered->size > c->checkpoint.size)
		wd_verify_find(v, WD_LOG_OLDER, NULL,
		    "the checkpoint is over %" PRIu64
		    " entries, the remembered one over %" PRIu64,
		    c->checkpoint.size, c->remembered->size);
	return 0;
}

/* Tiles of a checkpoint go away when newer ones are out. */
static int
is_still_out(struct wd_verify *v, bool *ret)
{
	struct wd_verify quiet = *v;
	struct wd_log_check c = *v->c;
	struct wd_checkpoint now;
	bool good;
	int r;

	quiet.c = &c;
	c.n_findings = TOLD_MAX; /* it was told already */
	r = read_checkpoint(&quiet, &now, &good);
	*ret = !good || now.size == v->c->checkpoint.size;
	return r;
}

/* ---- at certain sizes */

static int
compare_root(
    struct wd_verify *v, const struct wd_checkpoint *want, const char *which)
{
	uint8_t root[32];

	if (wd_tree_root(&v->edge.tree, root) != 0)
		return wd_fault(v->d, WD_F_CRYPTO, "cannot hash");
	if (!wd_span_equal(WD_SPAN(root), WD_SPAN(want->root)))
		wd_verify_find(v, WD_LOG_REWRITTEN, NULL,
		    "the first %" PRIu64
		    " entries are not those that the %s checkpoint was signed "
		    "over",
		    want->size, which);
	return 0;
}

static int
compare_partials(struct wd_verify *v)
{
	bool there;
	int r = is_still_out(v, &there);

	for (unsigned i = 0; r == 0 && there && i < WD_TILE_LEVELS; i++) {
		struct wd_tile t = wd_tile_edge_at(&v->edge, i);

		if (t.width > 0)
			r = wd_verify_tile(
			    v, &t, wd_tile_edge_hashes(&v->edge, i));
	}
	return r;
}

static int
at_size(struct wd_verify *v)
{
	const struct wd_log_check *c = v->c;
	uint64_t size = v->edge.tree.size;
	int r = 0;

	if (c->is_signed && size == c->checkpoint.size) {
		r = compare_partials(v);
		if (r == 0)
			r = compare_root(v, &c->checkpoint, "present");
	}
	if (r == 0 && c->remembered != NULL && size == c->remembered->size)
		r = compare_root(v, c->remembered, "remembered");
	return r;
}

static int
on_full(void *ctx, const struct wd_tile *t, struct wd_span hashes)
{
	struct wd_verify *v = ctx;
	uint64_t end = (t->n + 1) << (8 * (t->level + 1));

	/* Those behind the checkpoint need not be there yet. */
	if (!v->c->is_signed || end > v->c->checkpoint.size)
		return 0;
	return wd_verify_tile(v, t, hashes);
}

/* ---- the walk */

static int
take(struct wd_verify *v, const struct wd_record *record)
{
	int r;

	wd_entries_add(&v->bundle, record->entry);
	if (wd_wr_end(&v->bundle) != 0)
		return wd_fault(v->d, WD_F_MEMORY, "no memory for a bundle");
	r = wd_tile_edge_add(&v->edge, record->leaf, on_full, v);
	if (r != 0)
		return r;
	if (v->edge.tree.size % WD_TILE_WIDTH == 0)
		v->bundle.len = 0;
	return at_size(v);
}

static int
walk(struct wd_verify *v, struct wd_reader *rd)
{
	struct wd_diag why = { 0 };
	struct wd_record record;
	uint64_t at;
	int r;

	while ((r = wd_reader_next(rd, &record, &why)) == 0 &&
	    record.entry.len > 0)
		if ((r = take(v, &record)) != 0)
			return r;
	at = wd_reader_index(rd);
	if (r == 0)
		r = wd_reader_tail(rd, &v->c->torn, &why);
	if (r > 0)
		wd_verify_find(v, WD_LOG_DAMAGED, &at, "%s", why.detail);
	return r < 0 ? wd_fault(v->d, WD_F_SYSTEM, "%s", why.detail) : 0;
}

static int
read_journal(struct wd_verify *v)
{
	WD_AUTO(wd_reader_closep) struct wd_reader *rd = NULL;
	struct wd_diag why = { 0 };
	uint64_t first = 0;
	int r = wd_reader_open(v->dir, 0, &rd, &why);

	if (r == WD_R_NOT_FOUND)
		wd_verify_find(v, WD_LOG_CUT, &first, "%s", why.detail);
	else if (r > 0)
		wd_verify_find(v, WD_LOG_DAMAGED, NULL, "%s", why.detail);
	if (r < 0)
		return wd_fault(v->d, WD_F_SYSTEM, "%s", why.detail);
	return r > 0 ? 0 : walk(v, rd);
}

/* Fewer entries than were signed over. What looks like a write that a crash cut
 * short is none then. */
static void
judge_end(struct wd_verify *v, unsigned before)
{
	const struct wd_log_check *c = v->c;
	uint64_t size = v->edge.tree.size, want = 0;
	const char *which = "present";

	if (c->is_signed)
		want = c->checkpoint.size;
	if (c->remembered != NULL && c->remembered->size > want) {
		want = c->remembered->size;
		which = "remembered";
	}
	if (want <= size || c->n_findings > before)
		return; /* it is all there, or was said already */
	if (c->torn > 0)
		wd_verify_find(v, WD_LOG_DAMAGED, &size,
		    "entry %" PRIu64
		    " is damaged; the %s checkpoint is over %" PRIu64
		    " entries",
		    size, which, want);
	else
		wd_verify_find(v, WD_LOG_CUT, &size,
		    "the journal ends after %" PRIu64
		    " entries, the %s checkpoint is over %" PRIu64,
		    size, which, want);
}

static void
verify_freep(struct wd_verify **v)
{
	if (*v == NULL)
		return;
	wd_wr_done(&(*v)->bundle);
	*v = wd_free(*v);
}

int
wd_log_verify(int dir, struct wd_log_check *c, struct wd_diag *d)
{
	WD_AUTO(verify_freep) struct wd_verify *v = wd_alloc(sizeof(*v));
	unsigned before;
	int r;

	if (v == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for the check");
	v->dir = dir;
	v->c = c;
	v->d = d;
	v->bundle = wd_wr_growing(WD_BUNDLE_MAX);
	c->n_findings = 0;
	if ((r = look_at_checkpoint(v)) != 0)
		return r;
	before = c->n_findings;
	if ((r = at_size(v)) != 0 || (r = read_journal(v)) != 0)
		return r;
	judge_end(v, before);
	c->entries = v->edge.tree.size;
	if (wd_tree_root(&v->edge.tree, c->root) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	return 0;
}
