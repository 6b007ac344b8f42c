/*
 * What was done to a log is named, and where.
 */
#include "made.h"

#include "audit/tile_edge.h"

enum { SIZE = 300 };

/* Writes the journal anew with these numbers as entries. */
static void
rewrite(const struct log *l, const unsigned *numbers, unsigned n)
{
	struct wd_diag d = { 0 };
	struct wd_journal *j;
	char name[48], text[600];

	for (uint32_t i = 1; i < 99; i++) {
		log_name(i, name);
		(void)unlinkat(l->fd, name, 0);
	}
	j = log_open(l);
	for (unsigned i = 0; i < n; i++) {
		t_ok(wd_journal_add(j, log_entry(numbers[i], text)));
		if (i % 20 == 0)
			t_ok(wd_journal_commit(j, &d));
	}
	t_ok(wd_journal_commit(j, &d));
	j = wd_journal_close(j);
}

static void
in_order(unsigned numbers[SIZE + 1])
{
	for (unsigned i = 0; i <= SIZE; i++)
		numbers[i] = i;
}

static void
expect(const struct log *l, enum wd_log_finding_kind kind, uint64_t entry)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = made_key(l);
	struct made_findings all = made_check(l, &k, NULL, NULL);

	assert_true(all.n > 0);
	assert_string_equal(
	    wd_log_finding_name(all.first.kind), wd_log_finding_name(kind));
	if (entry == UINT64_MAX)
		return;
	assert_true(all.first.has_entry);
	assert_int_equal(all.first.entry, entry);
}

static void
a_log_that_nobody_touched_is_good(void **state)
{
	const struct log *l = *state;

	made_log(l, SIZE);
	made_is_good(l, SIZE);
}

static void
entries_behind_the_checkpoint_are_fine(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	struct wd_log_check c;
	struct wd_journal *j;

	made_log(l, SIZE);
	j = log_open(l);
	log_batch(j, 7);
	j = wd_journal_close(j);
	k = made_key(l);
	assert_int_equal(made_check(l, &k, NULL, &c).n, 0);
	assert_int_equal(c.entries, SIZE + 7);
	assert_int_equal(c.checkpoint.size, SIZE);
}

static void
a_changed_byte_is_damage(void **state)
{
	const struct log *l = *state;
	char text[600];

	made_log(l, SIZE);
	log_flip(l, 1,
	    WD_SEGMENT_HEAD + wd_record_len(log_entry(0, text).len) +
		WD_RECORD_HEAD + 4);
	expect(l, WD_LOG_DAMAGED, 1);
}

/* With the right hash beside it, so that the journal alone looks well. */
static void
an_edited_entry_is_named(void **state)
{
	static const unsigned places[] = { 0, 17, 255, 256, SIZE - 1 };
	const struct log *l = *state;
	unsigned numbers[SIZE + 1];

	made_log(l, SIZE);
	for (size_t i = 0; i < WD_N(places); i++) {
		in_order(numbers);
		numbers[places[i]] = 9999;
		rewrite(l, numbers, SIZE);
		expect(l, WD_LOG_EDITED, places[i]);
	}
}

static void
entries_that_changed_places_are_named(void **state)
{
	static const unsigned places[] = { 0, 100, 254, 298 };
	const struct log *l = *state;
	unsigned numbers[SIZE + 1];

	made_log(l, SIZE);
	for (size_t i = 0; i < WD_N(places); i++) {
		in_order(numbers);
		numbers[places[i]] = places[i] + 1;
		numbers[places[i] + 1] = places[i];
		rewrite(l, numbers, SIZE);
		expect(l, WD_LOG_REORDERED, places[i]);
	}
	in_order(numbers);
	numbers[10] = 200;
	numbers[200] = 10;
	rewrite(l, numbers, SIZE);
	expect(l, WD_LOG_REORDERED, 10);
}

static void
an_entry_taken_out_is_named(void **state)
{
	static const unsigned places[] = { 0, 100, 270 };
	const struct log *l = *state;
	unsigned numbers[SIZE + 1];

	made_log(l, SIZE);
	for (size_t i = 0; i < WD_N(places); i++) {
		in_order(numbers);
		for (unsigned n = places[i]; n < SIZE; n++)
			numbers[n] = n + 1;
		rewrite(l, numbers, SIZE);
		expect(l, WD_LOG_REMOVED, places[i]);
	}
}

static void
an_entry_put_in_is_named(void **state)
{
	const struct log *l = *state;
	unsigned numbers[SIZE + 1];

	made_log(l, SIZE);
	in_order(numbers);
	for (unsigned n = SIZE; n > 50; n--)
		numbers[n] = n - 1;
	numbers[50] = 7777;
	rewrite(l, numbers, SIZE + 1);
	expect(l, WD_LOG_INSERTED, 50);
}

static void
a_cut_end_is_named(void **state)
{
	static const unsigned sizes[] = { 0, 1, 255, 256, SIZE - 1 };
	const struct log *l = *state;
	unsigned numbers[SIZE + 1];

	made_log(l, SIZE);
	in_order(numbers);
	for (size_t i = 0; i < WD_N(sizes); i++) {
		rewrite(l, numbers, sizes[i]);
		expect(l, WD_LOG_CUT, sizes[i]);
	}
}

static void
a_cut_start_or_no_journal_at_all_is_named(void **state)
{
	const struct log *l = *state;
	char name[48];

	made_log(l, SIZE);
	log_name(1, name);
	assert_int_equal(unlinkat(l->fd, name, 0), 0);
	expect(l, WD_LOG_CUT, 0);
	for (uint32_t i = 2; i < 9; i++) {
		log_name(i, name);
		(void)unlinkat(l->fd, name, 0);
	}
	expect(l, WD_LOG_CUT, 0);
}

/* Somebody who can write the folder makes tiles fit, but cannot sign. */
static void
tiles_made_to_fit_do_not_help(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key other = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *signed_note = NULL;
	struct wd_diag d = { 0 };
	unsigned numbers[SIZE + 1];

	made_log(l, SIZE);
	t_ok(wd_file_read(l->fd, WD_CHECKPOINT_FILE, 4096, &signed_note, &d));
	in_order(numbers);
	numbers[30] = 4444;
	rewrite(l, numbers, SIZE);
	assert_int_equal(unlinkat(l->fd, WD_CHECKPOINT_FILE, 0), 0);
	expect(l, WD_LOG_UNSIGNED, UINT64_MAX);
	t_ok(wd_note_key_generate(WD_SPAN_LIT("kbs.example/log"), &other));
	t_ok(made_tiles(l, &other, true, 101));
	expect(l, WD_LOG_FORGED, UINT64_MAX);
	t_ok(wd_file_write(l->fd, WD_CHECKPOINT_FILE,
	    wd_bytes_span(signed_note), 0600, false, &d));
	expect(l, WD_LOG_REWRITTEN, UINT64_MAX);
}

static void
changed_and_missing_tiles_are_named(void **state)
{
	static const struct wd_tile tiles[] = { { 0, 1, SIZE - 256 },
		{ 1, 0, 1 }, { WD_TILE_ENTRIES, 0, 256 },
		{ WD_TILE_ENTRIES, 1, SIZE - 256 } };
	const struct log *l = *state;

	made_log(l, SIZE);
	for (size_t i = 0; i < WD_N(tiles); i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
		struct wd_diag d = { 0 };
		char path[WD_TILE_PATH];

		wd_tile_path(&tiles[i], path);
		t_ok(wd_tile_read(l->fd, &tiles[i], &b, &d));
		b->p[b->len - 1] ^= 1;
		t_ok(wd_tile_write(l->fd, &tiles[i], wd_bytes_span(b), &d));
		expect(l, i == 0 ? WD_LOG_EDITED : WD_LOG_TILE, UINT64_MAX);
		assert_int_equal(unlinkat(l->fd, path, 0), 0);
		expect(l, WD_LOG_TILE, UINT64_MAX);
		b->p[b->len - 1] ^= 1;
		t_ok(wd_tile_write(l->fd, &tiles[i], wd_bytes_span(b), &d));
	}
	made_is_good(l, SIZE);
}

/* ---- against what somebody has kept */

static struct wd_checkpoint
remember(const struct log *l, const struct wd_note_key *k)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *note = NULL;
	struct wd_checkpoint c = { 0 };
	struct wd_diag d = { 0 };

	t_ok(wd_file_read(l->fd, WD_CHECKPOINT_FILE, 4096, &note, &d));
	t_ok(wd_checkpoint_read(wd_bytes_span(note), k, &c, &d));
	return c;
}

static void
a_log_that_has_grown_fits_what_was_kept(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	struct wd_checkpoint kept;
	struct wd_journal *j;

	made_log(l, 100);
	k = made_key(l);
	kept = remember(l, &k);
	assert_int_equal(made_check(l, &k, &kept, NULL).n, 0);
	j = log_open(l);
	log_batch(j, 50);
	j = wd_journal_close(j);
	t_ok(made_tiles(l, &k, false, 101));
	assert_int_equal(made_check(l, &k, &kept, NULL).n, 0);
}

/* Whoever has the key can sign another history; only what was kept shows it. */
static void
another_history_by_the_same_key_is_named(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	struct made_findings all;
	struct wd_checkpoint kept;
	unsigned numbers[SIZE + 1];

	made_log(l, 100);
	k = made_key(l);
	kept = remember(l, &k);
	in_order(numbers);
	numbers[99] = 5000;
	rewrite(l, numbers, 120);
	assert_int_equal(unlinkat(l->fd, WD_CHECKPOINT_FILE, 0), 0);
	t_ok(made_tiles(l, &k, true, 101));
	made_is_good(l, 120);
	all = made_check(l, &k, &kept, NULL);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.first.kind, WD_LOG_REWRITTEN);
}

static void
an_older_log_is_named(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *old = NULL;
	struct wd_diag d = { 0 };
	struct made_findings all;
	struct wd_checkpoint kept;
	struct wd_journal *j;

	made_log(l, 100);
	k = made_key(l);
	t_ok(wd_file_read(l->fd, WD_CHECKPOINT_FILE, 4096, &old, &d));
	j = log_open(l);
	log_batch(j, 5);
	j = wd_journal_close(j);
	t_ok(made_tiles(l, &k, false, 101));
	kept = remember(l, &k);
	t_ok(wd_file_write(
	    l->fd, WD_CHECKPOINT_FILE, wd_bytes_span(old), 0600, false, &d));
	all = made_check(l, &k, &kept, NULL);
	assert_true(all.n > 0);
	assert_int_equal(all.first.kind, WD_LOG_OLDER);
}

static void
every_finding_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WD_LOG_FINDING_COUNT; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(
			    wd_log_finding_name(i), wd_log_finding_name(j));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, log_setup, log_teardown)
	const struct CMUnitTest tests[] = {
		T(a_log_that_nobody_touched_is_good),
		T(entries_behind_the_checkpoint_are_fine),
		T(a_changed_byte_is_damage),
		T(an_edited_entry_is_named),
		T(entries_that_changed_places_are_named),
		T(an_entry_taken_out_is_named),
		T(an_entry_put_in_is_named),
		T(a_cut_end_is_named),
		T(a_cut_start_or_no_journal_at_all_is_named),
		T(tiles_made_to_fit_do_not_help),
		T(changed_and_missing_tiles_are_named),
		T(a_log_that_has_grown_fits_what_was_kept),
		T(another_history_by_the_same_key_is_named),
		T(an_older_log_is_named),
		T(every_finding_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
