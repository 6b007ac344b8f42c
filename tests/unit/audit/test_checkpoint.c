/*
 * Keys of notes, checkpoints, and the making of a log. The example of the
 * package golang.org/x/mod/sumdb/note stands for the rest of the world.
 */
#include "fixture.h"

#include "audit/checkpoint.h"
#include "audit/create.h"

#include <string.h>

static const char peter_private[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+"
    "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char peter_public[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char peter_note[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInN"
    "IuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

static struct wd_span
public_text(const struct wd_note_key *k, char text[WD_NOTE_KEY_TEXT])
{
	struct wd_wr wr = wd_wr_fixed(text, WD_NOTE_KEY_TEXT);

	t_ok(wd_note_key_write_public(&wr, k));
	t_ok(wd_wr_end(&wr));
	return wd_wr_span(&wr);
}

static void
the_known_private_key_has_its_public_key(void **state)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	WD_AUTO(wd_note_key_done) struct wd_note_key other = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *again = NULL;
	char text[WD_NOTE_KEY_TEXT];

	(void)state;
	t_ok(wd_note_key_read_private(wd_span_text(peter_private), &k));
	assert_string_equal(k.name, "PeterNeumann");
	t_span_equal(public_text(&k, text), wd_span_text(peter_public));
	t_ok(wd_note_key_to_private(&k, &again));
	t_span_equal(wd_secret_borrow(again), wd_span_text(peter_private));
	t_ok(wd_note_key_read_public(wd_span_text(peter_public), &other));
	assert_true(wd_pkey_same_public(k.key, other.key));
	assert_false(wd_pkey_is_private(other.key));
}

static void
any_changed_byte_of_a_key_is_refused(void **state)
{
	char text[sizeof(peter_private)];

	(void)state;
	for (size_t i = 0; i < sizeof(peter_public) - 1; i++) {
		struct wd_note_key k = { 0 };

		wd_copy(text, WD_SPAN(peter_public));
		text[i] ^= 1;
		assert_int_equal(
		    wd_note_key_read_public(wd_span_text(text), &k),
		    WD_R_MALFORMED);
		assert_null(k.key);
		assert_int_equal(
		    wd_note_key_read_public(wd_span(peter_public, i), &k),
		    WD_R_MALFORMED);
	}
	for (size_t i = 0; i < sizeof(peter_private) - 1; i++) {
		struct wd_note_key k = { 0 };

		wd_copy(text, WD_SPAN(peter_private));
		text[i] ^= 1;
		assert_int_equal(
		    wd_note_key_read_private(wd_span_text(text), &k),
		    WD_R_MALFORMED);
		assert_null(k.key);
	}
}

static void
names_have_no_spaces_and_no_plus(void **state)
{
	static const char *const bad[] = { "", "a b", "a+b", "a\n",
		"\xc3\xa4" };
	char longest[WD_NOTE_NAME + 1];

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_note_key k = { 0 };

		assert_int_equal(
		    wd_note_key_generate(wd_span_text(bad[i]), &k), WD_R_RANGE);
		assert_null(k.key);
	}
	memset(longest, 'a', sizeof(longest));
	for (size_t n = WD_NOTE_NAME - 1; n <= WD_NOTE_NAME; n++) {
		WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };

		assert_int_equal(wd_note_key_generate(wd_span(longest, n), &k),
		    n < WD_NOTE_NAME ? 0 : WD_R_RANGE);
	}
}

static int
read_note(
    struct wd_span note, const struct wd_note_key *k, struct wd_checkpoint *ret)
{
	struct wd_diag d = { 0 };
	int r = wd_checkpoint_read(note, k, ret, &d);

	assert_int_equal(d.result, r);
	return r;
}

/* Its signature is good, so what is refused is that it is no checkpoint. */
static void
the_known_note_is_signed_well(void **state)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	struct wd_checkpoint c;
	char text[sizeof(peter_note)];

	(void)state;
	t_ok(wd_note_key_read_public(wd_span_text(peter_public), &k));
	assert_int_equal(
	    read_note(wd_span_text(peter_note), &k, &c), WD_R_MALFORMED);
	wd_copy(text, WD_SPAN(peter_note));
	text[3] ^= 1;
	assert_int_equal(read_note(wd_span_text(text), &k, &c), WD_R_MISMATCH);
}

static void
make_note(const struct wd_note_key *k, uint64_t size, struct wd_wr *wr)
{
	struct wd_checkpoint c = { size, { 1, 2, 3, 4 } };

	t_ok(wd_checkpoint_write(wr, &c, k));
	t_ok(wd_wr_end(wr));
}

static void
a_checkpoint_comes_back_as_it_was_signed(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 1234567, UINT64_MAX };
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };

	(void)state;
	t_ok(wd_note_key_generate(WD_SPAN_LIT("kbs.example/log"), &k));
	for (size_t i = 0; i < WD_N(sizes); i++) {
		uint8_t text[512];
		struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
		struct wd_checkpoint c = { 0 };

		make_note(&k, sizes[i], &wr);
		t_ok(read_note(wd_wr_span(&wr), &k, &c));
		assert_int_equal(c.size, sizes[i]);
		assert_int_equal(c.root[3], 4);
	}
}

static void
no_byte_of_a_checkpoint_can_be_changed(void **state)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	uint8_t text[512];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_checkpoint c;

	(void)state;
	t_ok(wd_note_key_generate(WD_SPAN_LIT("kbs.example/log"), &k));
	make_note(&k, 77, &wr);
	for (size_t i = 0; i < wr.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] ^= (uint8_t)(1u << bit);
			assert_true(read_note(wd_wr_span(&wr), &k, &c) > 0);
			text[i] ^= (uint8_t)(1u << bit);
		}
		assert_true(read_note(wd_span(text, i), &k, &c) > 0);
	}
	wd_wr_text(&wr, "x");
	assert_int_equal(read_note(wd_wr_span(&wr), &k, &c), WD_R_MALFORMED);
}

static void
another_key_of_the_same_name_does_not_do(void **state)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key a = { 0 };
	WD_AUTO(wd_note_key_done) struct wd_note_key b = { 0 };
	uint8_t text[1024];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_checkpoint c;

	(void)state;
	t_ok(wd_note_key_generate(WD_SPAN_LIT("kbs.example/log"), &a));
	t_ok(wd_note_key_generate(WD_SPAN_LIT("kbs.example/log"), &b));
	make_note(&a, 5, &wr);
	assert_int_equal(read_note(wd_wr_span(&wr), &b, &c), WD_R_MISMATCH);
}

/* Witnesses add lines; ours is found among them. */
static void
signatures_of_others_may_stand_beside(void **state)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key a = { 0 };
	uint8_t text[1024];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_checkpoint c = { 0 };

	(void)state;
	t_ok(wd_note_key_generate(WD_SPAN_LIT("kbs.example/log"), &a));
	make_note(&a, 5, &wr);
	wd_wr_text(&wr, "\xe2\x80\x94 witness.example AAAAAAAA\n");
	t_ok(read_note(wd_wr_span(&wr), &a, &c));
	assert_int_equal(c.size, 5);
}

/* ---- making a log */

static const struct wd_entry first = { .event = WD_EV_INIT, .time = 1000 };

static mode_t
mode_of(const struct log *l, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(l->fd, name, &st, 0), 0);
	return st.st_mode & 07777;
}

static void
a_new_log_has_its_key_and_its_first_entry(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	WD_AUTO(wd_reader_closep) struct wd_reader *rd = NULL;
	char told[WD_NOTE_KEY_TEXT], text[WD_NOTE_KEY_TEXT];
	struct wd_diag d = { 0 };
	struct wd_record record;

	t_ok(
	    wd_log_create(l->fd, WD_SPAN_LIT("kbs.example"), &first, told, &d));
	assert_int_equal(mode_of(l, WD_CHECKPOINT_KEY_FILE), 0600);
	assert_int_equal(mode_of(l, WD_CHECKPOINT_PUB_FILE), 0644);
	t_ok(wd_checkpoint_key_load(l->fd, &k, &d));
	assert_string_equal(k.name, "kbs.example/log");
	t_span_equal(public_text(&k, text), wd_span_text(told));
	t_ok(wd_reader_open(l->fd, 0, &rd, &d));
	t_ok(wd_reader_next(rd, &record, &d));
	t_span_equal(record.entry,
	    WD_SPAN_LIT("{\"event\":\"init\",\"result\":\"allow\",\"time\":"
			"\"1970-01-01T00:16:40Z\",\"v\":1}"));
}

static void
a_log_is_made_once(void **state)
{
	const struct log *l = *state;
	char told[WD_NOTE_KEY_TEXT] = "";
	struct wd_diag d = { 0 };
	struct wd_span name = WD_SPAN_LIT("kbs.example");

	t_ok(wd_checkpoint_key_make(l->fd, name, told, &d));
	assert_int_equal(
	    wd_checkpoint_key_make(l->fd, name, told, &d), WD_R_EXISTS);
	assert_int_equal(
	    wd_log_create(l->fd, name, &first, told, &d), WD_R_EXISTS);
	wd_log_discard(l->fd);
	wd_diag_clear(&d);
	t_ok(wd_log_create(l->fd, name, &first, told, &d));
	assert_int_equal(
	    wd_log_create(l->fd, name, &first, told, &d), WD_R_EXISTS);
	wd_log_discard(l->fd);
	t_ok(wd_log_create(l->fd, name, &first, told, &d));
}

static void
an_entry_is_added_to_a_log_that_is_there(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_reader_closep) struct wd_reader *rd = NULL;
	struct wd_entry more = { .event = WD_EV_TOKEN_CREATE, .time = 2000 };
	char told[WD_NOTE_KEY_TEXT];
	struct wd_diag d = { 0 };
	struct wd_record record;

	assert_int_equal(wd_log_append(l->fd, &more, &d), WD_R_NOT_FOUND);
	wd_diag_clear(&d);
	t_ok(
	    wd_log_create(l->fd, WD_SPAN_LIT("kbs.example"), &first, told, &d));
	t_ok(wd_log_append(l->fd, &more, &d));
	t_ok(wd_reader_open(l->fd, 1, &rd, &d));
	t_ok(wd_reader_next(rd, &record, &d));
	t_span_equal(record.entry,
	    WD_SPAN_LIT("{\"event\":\"token_create\",\"result\":\"allow\","
			"\"time\":\"1970-01-01T00:33:20Z\",\"v\":1}"));
	t_ok(wd_reader_next(rd, &record, &d));
	assert_int_equal(record.entry.len, 0);
}

static void
a_name_that_is_none_makes_no_log(void **state)
{
	const struct log *l = *state;
	char told[WD_NOTE_KEY_TEXT] = "";
	struct wd_diag d = { 0 };

	assert_int_equal(
	    wd_checkpoint_key_make(l->fd, WD_SPAN_LIT("kbs example"), told, &d),
	    WD_R_RANGE);
	assert_string_equal(told, "");
	assert_int_not_equal(
	    faccessat(l->fd, WD_CHECKPOINT_KEY_FILE, F_OK, 0), 0);
}

static void
a_key_that_is_missing_or_broken_is_told_apart(void **state)
{
	const struct log *l = *state;
	struct wd_note_key k = { 0 };
	struct wd_diag d = { 0 };

	assert_int_equal(wd_checkpoint_key_load(l->fd, &k, &d), WD_R_NOT_FOUND);
	t_ok(wd_file_write(l->fd, WD_CHECKPOINT_KEY_FILE,
	    wd_span_text(peter_public), 0600, true, &d));
	assert_int_equal(wd_checkpoint_key_load(l->fd, &k, &d), WD_R_MALFORMED);
	assert_null(k.key);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, log_setup, log_teardown)
	const struct CMUnitTest tests[] = {
		T(the_known_private_key_has_its_public_key),
		T(any_changed_byte_of_a_key_is_refused),
		T(names_have_no_spaces_and_no_plus),
		T(the_known_note_is_signed_well),
		T(a_checkpoint_comes_back_as_it_was_signed),
		T(no_byte_of_a_checkpoint_can_be_changed),
		T(another_key_of_the_same_name_does_not_do),
		T(signatures_of_others_may_stand_beside),
		T(a_new_log_has_its_key_and_its_first_entry),
		T(a_log_is_made_once),
		T(an_entry_is_added_to_a_log_that_is_there),
		T(a_name_that_is_none_makes_no_log),
		T(a_key_that_is_missing_or_broken_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
