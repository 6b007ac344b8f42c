/*
 * Tiles and bundles: their names, what is in them, and making them again.
 */
#include "made.h"

#include "audit/proof.h"
#include "audit/tile_edge.h"

#include <string.h>

static void
paths_are_those_of_tlog_tiles(void **state)
{
	static const struct {
		struct wd_tile tile;
		const char *path;
	} examples[] = {
		{ { 0, 0, 256 }, "tile/0/000" },
		{ { 3, 7, 256 }, "tile/3/007" },
		{ { 0, 1234067, 256 }, "tile/0/x001/x234/067" },
		{ { 0, 1234067, 1 }, "tile/0/x001/x234/067.p/1" },
		{ { 1, 1000, 255 }, "tile/1/x001/000.p/255" },
		{ { WD_TILE_ENTRIES, 12, 256 }, "tile/entries/012" },
		{ { WD_TILE_ENTRIES, 999999, 30 },
		    "tile/entries/x999/999.p/30" },
		{ { 7, (UINT64_C(1) << 56) - 1, 255 },
		    "tile/7/x072/x057/x594/x037/x927/935.p/255" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(examples); i++) {
		char path[WD_TILE_PATH];

		wd_tile_path(&examples[i].tile, path);
		assert_string_equal(path, examples[i].path);
	}
}

static void
a_bundle_gives_its_entries_back(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_BUNDLE_MAX);
	struct wd_span entry, bundle;
	char text[600];

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		wd_entries_add(&wr, log_entry(i, text));
	bundle = wd_wr_span(&wr);
	for (unsigned i = 0; i < 5; i++) {
		t_ok(wd_entries_get(bundle, i, &entry));
		t_span_equal(entry, log_entry(i, text));
	}
	assert_int_equal(wd_entries_get(bundle, 5, &entry), WD_R_TAMPERED);
	for (size_t len = 0; len < bundle.len; len++)
		assert_int_equal(
		    wd_entries_get(wd_span(bundle.p, len), 4, &entry),
		    WD_R_TAMPERED);
}

/* ---- the edge against the definition */

enum { MOST = 256 * 300 };

struct known {
	uint8_t leaf[MOST][32];
	uint8_t full[WD_TILE_LEVELS][320][256][32];
	unsigned n_full[WD_TILE_LEVELS];
};

static int
keep_full(void *ctx, const struct wd_tile *t, struct wd_span hashes)
{
	struct known *k = ctx;

	assert_int_equal(t->n, k->n_full[t->level]);
	assert_int_equal(t->width, 256);
	wd_copy(k->full[t->level][k->n_full[t->level]++], hashes);
	return 0;
}

static int
load_full(void *ctx, const struct wd_tile *t, uint8_t *ret_hashes)
{
	const struct known *k = ctx;

	assert_true(t->n < k->n_full[t->level]);
	wd_copy(ret_hashes, WD_SPAN(k->full[t->level][t->n]));
	return 0;
}

static int
leaf_node(void *ctx, unsigned height, uint64_t n, uint8_t ret[32])
{
	const struct known *k = ctx;
	struct wd_tree t = { 0 };

	for (uint64_t i = n << height; i < (n + 1) << height; i++)
		t_ok(wd_tree_add(&t, k->leaf[i]));
	t_ok(wd_tree_root(&t, ret));
	return 0;
}

static void
same_edge(const struct wd_tile_edge *a, const struct wd_tile_edge *b)
{
	uint8_t x[32], y[32];

	assert_int_equal(a->tree.size, b->tree.size);
	t_ok(wd_tree_root(&a->tree, x));
	t_ok(wd_tree_root(&b->tree, y));
	t_span_equal(WD_SPAN(x), WD_SPAN(y));
	for (unsigned i = 1; i < WD_TILE_LEVELS; i++)
		t_span_equal(
		    wd_tile_edge_hashes(a, i), wd_tile_edge_hashes(b, i));
}

static void
the_edge_is_found_again_from_full_tiles(void **state)
{
	struct known *k = calloc(1, sizeof(*k));
	struct wd_tile_edge *e = wd_alloc(sizeof(*e));
	struct wd_nodes nodes = { leaf_node, k };
	uint8_t want[32], root[32];

	(void)state;
	for (unsigned i = 0; i < MOST; i++) {
		t_ok(wd_leaf_hash(wd_span(&i, sizeof(i)), k->leaf[i]));
		t_ok(wd_tile_edge_add(e, k->leaf[i], keep_full, k));
		if ((i + 1) % 256 == 0) {
			struct wd_tile_edge *again = wd_alloc(sizeof(*again));

			t_ok(wd_tile_edge_restore(again, i + 1, load_full, k));
			same_edge(e, again);
			again = wd_free(again);
		}
	}
	assert_int_equal(k->n_full[0], 300);
	assert_int_equal(k->n_full[1], 1);
	t_ok(wd_range_hash(&nodes, 0, MOST, want));
	t_ok(wd_tree_root(&e->tree, root));
	t_span_equal(WD_SPAN(root), WD_SPAN(want));
	e = wd_free(e);
	free(k);
}

/* ---- files */

static bool
is_there(const struct log *l, struct wd_tile t)
{
	char path[WD_TILE_PATH];

	wd_tile_path(&t, path);
	return faccessat(l->fd, path, F_OK, 0) == 0;
}

static void
a_log_is_put_out_whole(void **state)
{
	static const unsigned sizes[] = { 1, 2, 255, 256, 257, 700 };

	(void)state;
	for (size_t i = 0; i < WD_N(sizes); i++) {
		struct log *l = NULL;
		void *other = NULL;

		t_ok(log_setup(&other));
		l = other;
		made_log(l, sizes[i]);
		made_is_good(l, sizes[i]);
		t_ok(log_teardown(&other));
	}
}

static void
tiles_hold_what_they_should(void **state)
{
	const struct log *l = *state;
	const struct wd_tile level1 = { 1, 0, 2 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *upper = NULL;
	struct wd_diag d = { 0 };

	made_log(l, 600);
	for (unsigned n = 0; n < 3; n++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *tile = NULL;
		WD_AUTO(wd_bytes_freep) struct wd_bytes *bundle = NULL;
		struct wd_tile t = { 0, n, n < 2 ? 256 : 88 };

		t_ok(wd_tile_read(l->fd, &t, &tile, &d));
		t.level = WD_TILE_ENTRIES;
		t_ok(wd_tile_read(l->fd, &t, &bundle, &d));
		for (unsigned i = 0; i < t.width; i++) {
			struct wd_span entry,
			    hash = wd_span(tile->p + 32 * i, 32);
			uint8_t leaf[32];
			char text[600];

			t_ok(wd_entries_get(wd_bytes_span(bundle), i, &entry));
			t_span_equal(entry, log_entry(256 * n + i, text));
			t_ok(wd_leaf_hash(entry, leaf));
			t_span_equal(WD_SPAN(leaf), hash);
		}
		if (n < 2) {
			uint8_t root[32];

			t_ok(wd_tile_root(wd_bytes_span(tile), root));
			wd_bytes_freep(&upper);
			t_ok(wd_tile_read(l->fd, &level1, &upper, &d));
			t_span_equal(
			    WD_SPAN(root), wd_span(upper->p + 32 * n, 32));
		}
	}
}

static void
partial_tiles_go_when_they_are_no_longer_needed(void **state)
{
	const struct log *l = *state;

	made_log(l, 450); /* put out at 404 and 450 last */
	assert_true(is_there(l, (struct wd_tile){ 0, 1, 450 - 256 }));
	assert_true(is_there(l, (struct wd_tile){ 0, 1, 404 - 256 }));
	assert_false(is_there(l, (struct wd_tile){ 0, 1, 303 - 256 }));
	assert_false(is_there(l, (struct wd_tile){ 0, 0, 101 }));
	assert_false(is_there(l, (struct wd_tile){ 0, 0, 202 }));
	assert_false(is_there(l, (struct wd_tile){ WD_TILE_ENTRIES, 0, 202 }));
	assert_true(is_there(l, (struct wd_tile){ 0, 0, 256 }));
	assert_true(is_there(l, (struct wd_tile){ 1, 0, 1 }));
}

static void
a_partial_tile_that_has_gone_is_read_from_the_full_one(void **state)
{
	const struct log *l = *state;
	const struct wd_tile gone = { 0, 0, 101 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_diag d = { 0 };

	made_log(l, 300);
	t_ok(wd_tile_read(l->fd, &gone, &b, &d));
	assert_int_equal(b->len, 8192);
}

/* ---- continuing */

static void
grow(const struct log *l, unsigned n)
{
	struct wd_journal *j = log_open(l);

	for (; n > 0; n--)
		log_batch(j, 1);
	j = wd_journal_close(j);
}

static void
tiles_are_continued_by_the_next_process(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	unsigned size = 200;

	made_log(l, size);
	k = made_key(l);
	for (unsigned i = 0; i < 7; i++) {
		grow(l, 20 + i);
		size += 20 + i;
		t_ok(made_tiles(l, &k, false, 1000));
		made_is_good(l, size);
	}
}

static void
what_is_missing_is_made_again(void **state)
{
	static const char *const files[] = { "tile/0/000", "tile/0/001",
		"tile/0/002.p/88", "tile/entries/000", "tile/1/000.p/2",
		"checkpoint" };
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };

	made_log(l, 600);
	k = made_key(l);
	for (size_t i = 0; i < WD_N(files); i++) {
		assert_int_equal(unlinkat(l->fd, files[i], 0), 0);
		grow(l, 1);
		/* A lost bundle of a full tile is not looked for. */
		t_ok(made_tiles(l, &k, i == 3, 1000));
		made_is_good(l, 601 + i);
	}
}

static void
a_checkpoint_that_a_crash_emptied_is_made_again(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	struct wd_diag d = { 0 };

	made_log(l, 300);
	k = made_key(l);
	t_ok(wd_file_write(
	    l->fd, WD_CHECKPOINT_FILE, wd_span(NULL, 0), 0600, false, &d));
	t_ok(made_tiles(l, &k, false, 1000));
	made_is_good(l, 300);
}

static void
damaged_tiles_are_found_out_and_made_again(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	const struct wd_tile tile = { 0, 0, 256 };
	struct wd_diag d = { 0 };

	made_log(l, 300);
	k = made_key(l);
	t_ok(wd_tile_read(l->fd, &tile, &b, &d));
	b->p[77] ^= 1;
	t_ok(wd_tile_write(l->fd, &tile, wd_bytes_span(b), &d));
	grow(l, 1);
	assert_int_equal(made_tiles(l, &k, false, 1000), WD_R_TAMPERED);
	t_ok(made_tiles(l, &k, true, 1000));
	made_is_good(l, 301);
}

static void
remove_journal(const struct log *l)
{
	char name[48];

	for (uint32_t i = 1; i < 9; i++) {
		log_name(i, name);
		(void)unlinkat(l->fd, name, 0);
	}
}

static void
other_entries_are_never_signed(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *before = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *after = NULL;
	struct wd_diag d = { 0 };
	struct wd_journal *j;
	char text[600];

	made_log(l, 40);
	k = made_key(l);
	t_ok(wd_file_read(l->fd, WD_CHECKPOINT_FILE, 4096, &before, &d));
	/* Another journal in its place, longer, with one entry changed. */
	remove_journal(l);
	j = log_open(l);
	for (unsigned i = 0; i < 50; i++) {
		t_ok(wd_journal_add(j, log_entry(i == 20 ? 999 : i, text)));
		t_ok(wd_journal_commit(j, &d));
	}
	j = wd_journal_close(j);
	assert_int_equal(made_tiles(l, &k, false, 7), WD_R_TAMPERED);
	assert_int_equal(made_tiles(l, &k, true, 7), WD_R_TAMPERED);
	t_ok(wd_file_read(l->fd, WD_CHECKPOINT_FILE, 4096, &after, &d));
	t_span_equal(wd_bytes_span(after), wd_bytes_span(before));
}

static void
a_checkpoint_of_another_key_is_not_continued(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key other = { 0 };

	made_log(l, 40);
	t_ok(wd_note_key_generate(WD_SPAN_LIT("kbs.example/log"), &other));
	grow(l, 1);
	assert_int_equal(made_tiles(l, &other, false, 7), WD_R_TAMPERED);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, log_setup, log_teardown)
	const struct CMUnitTest tests[] = {
		T(paths_are_those_of_tlog_tiles),
		T(a_bundle_gives_its_entries_back),
		T(the_edge_is_found_again_from_full_tiles),
		T(a_log_is_put_out_whole),
		T(tiles_hold_what_they_should),
		T(partial_tiles_go_when_they_are_no_longer_needed),
		T(a_partial_tile_that_has_gone_is_read_from_the_full_one),
		T(tiles_are_continued_by_the_next_process),
		T(what_is_missing_is_made_again),
		T(a_checkpoint_that_a_crash_emptied_is_made_again),
		T(damaged_tiles_are_found_out_and_made_again),
		T(other_entries_are_never_signed),
		T(a_checkpoint_of_another_key_is_not_continued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
