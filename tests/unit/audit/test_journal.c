/*
 * The journal over several segments and several lives of its writer.
 */
#include "fixture.h"

#include "audit/entry.h"

#include <string.h>

static void
a_new_journal_is_empty(void **state)
{
	WD_AUTO(wd_journal_closep) struct wd_journal *j = log_open(*state);
	struct wd_diag d = { 0 };

	assert_int_equal(wd_journal_size(j), 0);
	assert_int_equal(wd_journal_torn(j), 0);
	t_ok(wd_journal_commit(j, &d)); /* of nothing */
	log_holds(*state, 0);
}

static void
without_a_journal_there_is_nothing_to_read(void **state)
{
	struct wd_journal *j = NULL;
	uint64_t next;

	assert_int_equal(log_read(*state, 0, &next), WD_R_NOT_FOUND);
	j = log_open(*state);
	j = wd_journal_close(j);
	/* Nor is there anything behind its end. */
	assert_int_equal(log_read(*state, 1, &next), WD_R_TAMPERED);
}

static void
entries_are_there_after_each_reopening(void **state)
{
	uint64_t size = 0;

	for (unsigned round = 0; round < 12; round++) {
		WD_AUTO(wd_journal_closep)
		struct wd_journal *j = log_open(*state);

		assert_int_equal(wd_journal_size(j), size);
		assert_int_equal(wd_journal_torn(j), 0);
		log_holds(*state, size);
		log_batch(j, 1 + round % 3);
		if (round % 2 == 0)
			log_batch(j, 2);
		size = wd_journal_size(j);
		log_holds(*state, size);
	}
}

static void
reading_may_start_anywhere(void **state)
{
	WD_AUTO(wd_journal_closep) struct wd_journal *j = log_open(*state);
	uint64_t next;

	/* Several segments; the first is larger than those of the pool. */
	while (wd_journal_size(j) < 400)
		log_batch(j, 1 + (unsigned)(wd_journal_size(j) % 40));
	for (uint64_t from = 0; from <= wd_journal_size(j); from++) {
		t_ok(log_read(*state, from, &next));
		assert_int_equal(next, wd_journal_size(j));
	}
}

static void
an_entry_has_one_byte_to_16_kib(void **state)
{
	WD_AUTO(wd_journal_closep) struct wd_journal *j = log_open(*state);
	static const uint8_t bytes[WD_ENTRY_MAX + 1];
	struct wd_diag d = { 0 };

	assert_int_equal(wd_journal_add(j, wd_span(bytes, 0)), WD_R_RANGE);
	assert_int_equal(wd_journal_add(j, WD_SPAN(bytes)), WD_R_RANGE);
	assert_int_equal(wd_journal_pending(j), 0);
	t_ok(wd_journal_add(j, wd_span(bytes, WD_ENTRY_MAX)));
	/* The next one would not fit in a segment of the test's size. */
	assert_int_equal(
	    wd_journal_add(j, wd_span(bytes, WD_ENTRY_MAX)), WD_R_TOO_LARGE);
	t_ok(wd_journal_commit(j, &d));
	assert_int_equal(wd_journal_size(j), 1);
}

static void
a_batch_has_at_most_256_entries(void **state)
{
	const struct wd_journal_sizes sizes = { 1 << 20, 0 };
	WD_AUTO(wd_journal_closep) struct wd_journal *j = NULL;
	struct wd_diag d = { 0 };
	char text[600];

	t_ok(wd_journal_open(((struct log *)*state)->fd, &sizes, &j, &d));
	for (unsigned i = 0; i < WD_JOURNAL_BATCH; i++)
		t_ok(wd_journal_add(j, log_entry(i, text)));
	assert_int_equal(wd_journal_pending(j), WD_JOURNAL_BATCH);
	assert_int_equal(
	    wd_journal_add(j, log_entry(256, text)), WD_R_TOO_LARGE);
	t_ok(wd_journal_commit(j, &d));
	assert_int_equal(wd_journal_pending(j), 0);
	log_holds(*state, 256);
}

static void
there_is_one_writer(void **state)
{
	struct wd_journal *j = log_open(*state);

	assert_int_equal(log_refusal(*state), WD_R_IN_USE);
	j = wd_journal_close(j);
	j = log_open(*state);
	j = wd_journal_close(j);
}

/* ---- after a crash */

/* Entries 0 and 1, then a batch of three; the segment and where it starts. */
static struct wd_bytes *
crashed(const struct log *l, size_t *ret_batch, size_t *ret_end)
{
	struct wd_journal *j = log_open(l);
	struct wd_bytes *b;
	struct wd_span zeros;

	log_batch(j, 1);
	log_batch(j, 1);
	*ret_batch = WD_SEGMENT_HEAD;
	for (unsigned i = 0; i < 2; i++) {
		char text[600];

		*ret_batch += wd_record_len(log_entry(i, text).len);
	}
	log_batch(j, 3);
	j = wd_journal_close(j);
	b = log_load(l, 1);
	zeros = wd_bytes_span(b);
	*ret_end = b->len;
	while (*ret_end > 0 && zeros.p[*ret_end - 1] == 0)
		(*ret_end)--;
	return b;
}

static void
clear(const struct log *l)
{
	char name[48];

	for (uint32_t i = 1; i < 9; i++) {
		log_name(i, name);
		(void)unlinkat(l->fd, name, 0);
	}
}

/* Entries of the last batch that are whole in the first LEN bytes. */
static unsigned
whole_entries(size_t batch, size_t len)
{
	unsigned n = 0;
	size_t end = batch;
	char text[600];

	for (; n < 3; n++) {
		size_t entry = log_entry(2 + n, text).len;

		if (end + WD_RECORD_HEAD + entry > len)
			break;
		end += wd_record_len(entry);
	}
	return n;
}

static void
an_unfinished_write_is_left_behind_at_every_byte(void **state)
{
	size_t batch, end;
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *whole = crashed(*state, &batch, &end);

	for (size_t len = batch; len <= end; len++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *cut = wd_bytes_copy(wd_bytes_span(whole));
		struct wd_journal *j;
		unsigned n = whole_entries(batch, len);

		memset(cut->p + len, 0, cut->len - len);
		clear(*state);
		log_store(*state, 1, wd_bytes_span(cut));
		log_holds(*state, 2 + n);
		j = log_open(*state);
		assert_int_equal(wd_journal_size(j), 2 + n);
		log_batch(j, 2);
		j = wd_journal_close(j);
		log_holds(*state, 4 + n);
		j = log_open(*state);
		assert_int_equal(wd_journal_size(j), 4 + n);
		assert_int_equal(wd_journal_torn(j), 0);
		j = wd_journal_close(j);
	}
}

static void
what_is_left_behind_is_told(void **state)
{
	size_t batch, end;
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *b = crashed(*state, &batch, &end);
	struct wd_journal *j;

	clear(*state);
	log_store(*state, 1, wd_span(b->p, end - 4));
	j = log_open(*state);
	assert_int_equal(wd_journal_size(j), 4);
	assert_true(wd_journal_torn(j) > 0);
	j = wd_journal_close(j);
}

static void
a_damaged_entry_in_the_middle_stops_everything(void **state)
{
	size_t batch, end;
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *b = crashed(*state, &batch, &end);
	uint64_t next;

	for (size_t at = WD_SEGMENT_HEAD; at < batch; at++) {
		clear(*state);
		log_store(*state, 1, wd_bytes_span(b));
		log_flip(*state, 1, at);
		assert_int_equal(log_refusal(*state), WD_R_TAMPERED);
		assert_int_equal(log_read(*state, 0, &next), WD_R_TAMPERED);
		assert_true(next < 2);
	}
}

static void
a_crash_while_the_last_batch_is_carried_over_is_fine(void **state)
{
	size_t batch, end;
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *b = crashed(*state, &batch, &end);
	struct wd_journal *j = log_open(*state);

	log_batch(j, 1);
	j = wd_journal_close(j);
	/* The first segment as if it had not been cut. */
	log_store(*state, 1, wd_bytes_span(b));
	log_holds(*state, 6);
	j = log_open(*state);
	assert_int_equal(wd_journal_size(j), 6);
	j = wd_journal_close(j);
	/* The same, with damage in the part that no longer counts. */
	log_flip(*state, 1, batch + 3);
	log_holds(*state, 6);
	/* What still counts does. */
	log_flip(*state, 1, WD_SEGMENT_HEAD + 3);
	assert_int_equal(log_read(*state, 0, &(uint64_t){ 0 }), WD_R_TAMPERED);
}

/* ---- what somebody did to the files */

static void
fill_segments(const struct log *l, uint32_t *ret_last)
{
	struct wd_journal *j = log_open(l);
	uint32_t first;
	struct wd_diag d = { 0 };
	WD_AUTO(wd_fd_closep)
	int folder = openat(l->fd, WD_JOURNAL_FOLDER, O_RDONLY | O_DIRECTORY);

	while (wd_journal_wants_work(j))
		t_ok(wd_journal_prepare(j, &d));
	j = wd_journal_close(j);
	/* From the pool from here on. */
	j = log_open(l);
	while (wd_journal_size(j) < 300)
		log_batch(j, 30);
	j = wd_journal_close(j);
	t_ok(wd_folder_range(folder, &first, ret_last, &d));
	assert_int_equal(first, 1);
	assert_true(*ret_last >= 2);
}

static void
a_missing_segment_is_noticed(void **state)
{
	const struct log *l = *state;
	uint32_t last;
	uint64_t next;
	char name[48];

	fill_segments(l, &last);
	log_holds(l, 300);
	log_name(1, name);
	assert_int_equal(unlinkat(l->fd, name, 0), 0);
	assert_int_equal(log_read(l, 0, &next), WD_R_NOT_FOUND);
	log_store(l, last + 2, wd_span("", 0));
	assert_int_equal(log_read(l, 299, &next), WD_R_TAMPERED);
	assert_int_equal(log_refusal(l), WD_R_TAMPERED);
}

static void
a_segment_that_ends_early_is_noticed(void **state)
{
	const struct log *l = *state;
	uint32_t last;
	uint64_t next;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	fill_segments(l, &last);
	b = log_load(l, last - 1);
	log_store(l, last - 1, wd_span(b->p, b->len - 1));
	assert_int_equal(log_read(l, 0, &next), WD_R_TAMPERED);
	log_store(l, last - 1, wd_span(b->p, WD_SEGMENT_HEAD));
	assert_int_equal(log_read(l, 0, &next), WD_R_TAMPERED);
}

static void
a_segment_cut_or_removed_under_the_writer_is_noticed(void **state)
{
	const struct log *l = *state;

	for (int removed = 0; removed < 2; removed++) {
		struct wd_journal *j = log_open(l);
		struct wd_diag d = { 0 };
		char text[600], name[48];
		uint32_t first, last;
		int folder =
		    openat(l->fd, WD_JOURNAL_FOLDER, O_RDONLY | O_DIRECTORY);

		log_batch(j, 3);
		t_ok(wd_folder_range(folder, &first, &last, &d));
		(void)close(folder);
		log_name(last, name);
		if (removed != 0)
			assert_int_equal(unlinkat(l->fd, name, 0), 0);
		else
			log_store(l, last, wd_span("", 0));
		t_ok(wd_journal_add(j, log_entry(0, text)));
		assert_int_equal(wd_journal_commit(j, &d), WD_R_TAMPERED);
		assert_true(wd_journal_commit(j, &d) < 0); /* it is dead */
		j = wd_journal_close(j);
		clear(l);
	}
}

/* ---- spares and readers */

static void
the_reserve_is_made_in_slices(void **state)
{
	WD_AUTO(wd_journal_closep) struct wd_journal *j = log_open(*state);
	struct wd_diag d = { 0 };
	unsigned n = 0;

	assert_true(wd_journal_is_short(j));
	for (; wd_journal_wants_work(j); n++)
		t_ok(wd_journal_prepare(j, &d));
	assert_int_equal(n, small.reserve + 1);
	assert_false(wd_journal_is_short(j));
	t_ok(wd_journal_prepare(j, &d)); /* of nothing more */
	wd_journal_closep(&j);
	/* The pool is found again; opening takes one that is not reserve. */
	j = log_open(*state);
	assert_true(wd_journal_wants_work(j));
	assert_false(wd_journal_is_short(j));
}

static void
a_spare_that_was_cut_is_not_used(void **state)
{
	const struct log *l = *state;
	struct wd_journal *j = log_open(l);
	struct wd_diag d = { 0 };
	int fd;

	while (wd_journal_wants_work(j))
		t_ok(wd_journal_prepare(j, &d));
	fd = openat(l->fd, WD_JOURNAL_FOLDER "/spare-2", O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 10), 0);
	(void)close(fd);
	log_batch(j, 4);
	j = wd_journal_close(j);
	j = log_open(l);
	log_batch(j, 4);
	j = wd_journal_close(j);
	log_holds(l, 8);
}

static void
a_reader_follows_a_growing_journal(void **state)
{
	const struct log *l = *state;
	struct wd_journal *j = log_open(l);
	WD_AUTO(wd_reader_closep) struct wd_reader *rd = NULL;
	struct wd_diag d = { 0 };
	struct wd_record record;
	char text[600];

	t_ok(wd_reader_open(l->fd, 0, &rd, &d));
	for (uint64_t i = 0; i < 400; i++) {
		t_ok(wd_reader_next(rd, &record, &d));
		assert_int_equal(record.entry.len, 0);
		if (i % 50 == 30) { /* another writer, another segment */
			j = wd_journal_close(j);
			j = log_open(l);
		}
		log_batch(j, 1);
		t_ok(wd_reader_next(rd, &record, &d));
		assert_int_equal(record.index, i);
		t_span_equal(record.entry, log_entry(i, text));
	}
	j = wd_journal_close(j);
}

/* One that never came to the end has seen what was behind it long ago. */
static void
a_reader_that_stopped_in_time_sees_what_came_after(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_journal_closep) struct wd_journal *j = log_open(l);
	WD_AUTO(wd_reader_closep) struct wd_reader *rd = NULL;
	struct wd_diag d = { 0 };
	struct wd_record record;

	log_batch(j, 2);
	t_ok(wd_reader_open(l->fd, 0, &rd, &d));
	for (uint64_t i = 0; i < 200; i++) {
		if (i % 2 == 0 && i > 0)
			log_batch(j, 2);
		t_ok(wd_reader_next(rd, &record, &d));
		assert_true(record.entry.len > 0);
		assert_int_equal(record.index, i);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, log_setup, log_teardown)
	const struct CMUnitTest tests[] = {
		T(a_new_journal_is_empty),
		T(without_a_journal_there_is_nothing_to_read),
		T(entries_are_there_after_each_reopening),
		T(reading_may_start_anywhere),
		T(an_entry_has_one_byte_to_16_kib),
		T(a_batch_has_at_most_256_entries),
		T(there_is_one_writer),
		T(an_unfinished_write_is_left_behind_at_every_byte),
		T(what_is_left_behind_is_told),
		T(a_damaged_entry_in_the_middle_stops_everything),
		T(a_crash_while_the_last_batch_is_carried_over_is_fine),
		T(a_missing_segment_is_noticed),
		T(a_segment_that_ends_early_is_noticed),
		T(a_segment_cut_or_removed_under_the_writer_is_noticed),
		T(the_reserve_is_made_in_slices),
		T(a_spare_that_was_cut_is_not_used),
		T(a_reader_follows_a_growing_journal),
		T(a_reader_that_stopped_in_time_sees_what_came_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
