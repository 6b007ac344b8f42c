/*
 * The file format of the journal, and what its damage means.
 */
#include "fixture.h"

#include "audit/segment.h"
#include "audit/tree.h"

#include <string.h>

enum { ROOM = 4096 };

/* A segment with three batches: entries 7 | 8 9 | 10. */
struct sample {
	uint8_t bytes[ROOM];
	size_t record[4]; /* where each starts */
	size_t end;
};

static const uint64_t batches[] = { 7, 8, 8, 10 };

static void
make(struct sample *s)
{
	struct wd_wr wr = wd_wr_fixed(s->bytes, sizeof(s->bytes));
	uint8_t leaf[32];
	char text[600];

	*s = (struct sample){ 0 };
	wd_segment_head_write(&wr, 1, 7);
	for (size_t i = 0; i < WD_N(batches); i++) {
		struct wd_span entry = log_entry(7 + i, text);

		s->record[i] = wr.len;
		t_ok(wd_leaf_hash(entry, leaf));
		wd_record_write(&wr, 7 + i, batches[i], leaf, entry);
		assert_int_equal(
		    wr.len - s->record[i], wd_record_len(entry.len));
	}
	t_ok(wd_wr_end(&wr));
	s->end = wr.len;
}

static int
put(const struct log *l, struct wd_span bytes)
{
	int folder;

	if (mkdirat(l->fd, WD_JOURNAL_FOLDER, 0700) != 0)
		assert_int_equal(errno, EEXIST);
	log_store(l, 1, bytes);
	folder = openat(l->fd, WD_JOURNAL_FOLDER, O_RDONLY | O_DIRECTORY);
	assert_true(folder >= 0);
	return folder;
}

/* Walks the segment: how many records there are, how the walk ended, and what
 * the tail is. */
static void
walk(const struct log *l, struct wd_span bytes, unsigned *ret_n, int *ret_walk,
    int *ret_tail, uint64_t *ret_torn)
{
	WD_AUTO(wd_segment_closep) struct wd_segment *s = NULL;
	WD_AUTO(wd_fd_closep) int folder = put(l, bytes);
	struct wd_diag d = { 0 };
	struct wd_record record;
	char text[600];

	t_ok(wd_segment_open(folder, 1, &s, &d));
	assert_int_equal(wd_segment_first(s), 7);
	for (*ret_n = 0;; (*ret_n)++) {
		*ret_walk = wd_segment_next(s, &record, &d);
		if (*ret_walk != 0 || record.entry.len == 0)
			break;
		assert_int_equal(record.index, 7 + *ret_n);
		assert_int_equal(record.batch, batches[*ret_n]);
		t_span_equal(record.entry, log_entry(7 + *ret_n, text));
	}
	assert_int_equal(wd_segment_next_index(s), 7 + *ret_n);
	*ret_torn = 0;
	wd_diag_clear(&d);
	*ret_tail = wd_segment_tail(s, ret_torn, &d);
}

static void
records_come_back_as_they_were_written(void **state)
{
	struct sample s;
	unsigned n;
	int walked, tail;
	uint64_t torn;

	make(&s);
	walk(*state, wd_span(s.bytes, s.end), &n, &walked, &tail, &torn);
	assert_int_equal(n, 4);
	t_ok(walked);
	t_ok(tail);
	assert_int_equal(torn, 0);
	/* Zeros behind the last are nothing. */
	walk(*state, wd_span(s.bytes, ROOM), &n, &walked, &tail, &torn);
	assert_int_equal(n, 4);
	t_ok(walked);
	t_ok(tail);
	assert_int_equal(torn, 0);
}

static void
a_segment_that_is_not_there_is_not_found(void **state)
{
	struct sample s;
	struct wd_segment *segment = NULL;
	struct wd_diag d = { 0 };
	int folder;

	make(&s);
	folder = put(*state, wd_span(s.bytes, s.end));
	assert_int_equal(
	    wd_segment_open(folder, 2, &segment, &d), WD_R_NOT_FOUND);
	assert_null(segment);
	(void)close(folder);
}

static void
any_byte_of_the_head_counts(void **state)
{
	/* The index of the first entry is checked by the first record. */
	enum { CHECKED = WD_SEGMENT_HEAD - 8 };
	struct sample s;

	make(&s);
	for (size_t at = 0; at < CHECKED; at++) {
		struct wd_segment *segment = NULL;
		struct wd_diag d = { 0 };
		int folder;

		s.bytes[at] ^= 1;
		folder = put(*state, wd_span(s.bytes, s.end));
		s.bytes[at] ^= 1;
		assert_int_equal(
		    wd_segment_open(folder, 1, &segment, &d), WD_R_TAMPERED);
		assert_null(segment);
		(void)close(folder);
	}
	for (size_t len = 0; len < WD_SEGMENT_HEAD; len++) {
		struct wd_segment *segment = NULL;
		struct wd_diag d = { 0 };
		int folder = put(*state, wd_span(s.bytes, len));

		assert_int_equal(
		    wd_segment_open(folder, 1, &segment, &d), WD_R_TAMPERED);
		(void)close(folder);
	}
}

static unsigned
record_at(const struct sample *s, size_t at)
{
	unsigned i = 0;

	while (i + 1 < WD_N(s->record) && s->record[i + 1] <= at)
		i++;
	return i;
}

static void
damage_before_a_later_batch_is_tampering(void **state)
{
	struct sample s;

	make(&s);
	for (size_t at = s.record[0]; at < s.record[3]; at++) {
		unsigned n;
		int walked, tail;
		uint64_t torn;

		s.bytes[at] ^= 0x10;
		walk(*state, wd_span(s.bytes, ROOM), &n, &walked, &tail, &torn);
		s.bytes[at] ^= 0x10;
		assert_int_equal(n, record_at(&s, at));
		assert_int_equal(walked, WD_R_TAMPERED);
		assert_int_equal(tail, WD_R_TAMPERED);
	}
}

static void
an_entry_blanked_before_a_later_batch_is_tampering(void **state)
{
	for (unsigned i = 0; i < 3; i++) {
		struct sample s;
		unsigned n;
		int walked, tail;
		uint64_t torn;

		make(&s);
		memset(s.bytes + s.record[i], 0, s.record[i + 1] - s.record[i]);
		walk(*state, wd_span(s.bytes, ROOM), &n, &walked, &tail, &torn);
		assert_int_equal(n, i);
		t_ok(walked);
		assert_int_equal(tail, WD_R_TAMPERED);
	}
}

static void
damage_in_the_last_batch_is_an_unfinished_write(void **state)
{
	struct sample s;

	make(&s);
	for (size_t at = s.record[3]; at < s.end; at++) {
		unsigned n;
		int walked, tail;
		uint64_t torn;

		s.bytes[at] ^= 0x10;
		walk(*state, wd_span(s.bytes, ROOM), &n, &walked, &tail, &torn);
		s.bytes[at] ^= 0x10;
		assert_int_equal(n, 3);
		assert_int_equal(walked, WD_R_TAMPERED);
		t_ok(tail);
		assert_true(torn > 0);
	}
}

/* Records whose last byte that is not padding lies before LEN. */
static unsigned
whole_at(const struct sample *s, size_t len)
{
	unsigned n = 0;

	for (; n < WD_N(s->record); n++) {
		char text[600];
		size_t entry = log_entry(7 + n, text).len;

		if (s->record[n] + WD_RECORD_HEAD + entry > len)
			break;
	}
	return n;
}

/* As a crash leaves it: a file that ends, or one with zeros to its end. */
static void
every_cut_of_a_batch_is_an_unfinished_write(void **state)
{
	struct sample s;

	make(&s);
	for (size_t len = s.record[1]; len < s.end; len++) {
		struct sample cut = s;
		unsigned n;
		int walked, tail;
		uint64_t torn;

		walk(*state, wd_span(s.bytes, len), &n, &walked, &tail, &torn);
		assert_int_equal(n, record_at(&s, len));
		t_ok(tail);
		assert_true(torn <= len - s.record[n] + 8);
		memset(cut.bytes + len, 0, s.end - len);
		walk(*state, wd_span(cut.bytes, ROOM), &n, &walked, &tail,
		    &torn);
		assert_int_equal(n, whole_at(&s, len));
		t_ok(tail);
	}
}

/* The disk may have taken the later pages of a write and not the first. */
static void
a_batch_without_its_start_is_an_unfinished_write(void **state)
{
	struct sample s;
	unsigned n;
	int walked, tail;
	uint64_t torn;

	make(&s);
	memset(s.bytes + s.record[1], 0, s.record[2] - s.record[1]);
	memset(s.bytes + s.record[3], 0, s.end - s.record[3]);
	walk(*state, wd_span(s.bytes, ROOM), &n, &walked, &tail, &torn);
	assert_int_equal(n, 1);
	t_ok(tail);
	assert_int_equal(torn, s.record[3] - s.record[1]);
}

static void
a_record_of_another_place_does_not_fit(void **state)
{
	struct sample s, moved;
	unsigned n;
	int walked, tail;
	uint64_t torn;

	make(&s);
	moved = s;
	/* Entry 9 where entry 8 was, of the same batch. */
	wd_copy(moved.bytes + s.record[1],
	    wd_span(s.bytes + s.record[2], s.record[3] - s.record[2]));
	walk(*state, wd_span(moved.bytes, ROOM), &n, &walked, &tail, &torn);
	assert_int_equal(n, 1);
	assert_int_equal(walked, WD_R_TAMPERED);
	assert_int_equal(tail, WD_R_TAMPERED);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, log_setup, log_teardown)
	const struct CMUnitTest tests[] = {
		T(records_come_back_as_they_were_written),
		T(a_segment_that_is_not_there_is_not_found),
		T(any_byte_of_the_head_counts),
		T(damage_before_a_later_batch_is_tampering),
		T(an_entry_blanked_before_a_later_batch_is_tampering),
		T(damage_in_the_last_batch_is_an_unfinished_write),
		T(every_cut_of_a_batch_is_an_unfinished_write),
		T(a_batch_without_its_start_is_an_unfinished_write),
		T(a_record_of_another_place_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
