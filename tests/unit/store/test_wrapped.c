/*
 * What is wrapped, by the four bytes that name the term.
 */
#include "fixture.h"

#include <string.h>

enum { ROWS = 8 };

static struct wd_bytes *
wrapped(uint8_t term, const char *rest)
{
	struct wd_bytes *b = wd_bytes_new(4 + strlen(rest));

	b->p[0] = term;
	b->p[1] = b->p[2] = b->p[3] = 0;
	wd_copy(b->p + 4, wd_span_text(rest));
	return b;
}

static void
add_key(struct fixture *f, uint8_t n, uint8_t term)
{
	struct wd_store_key k = t_key(n);
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = { .key = k.id, .version = 1, .created = 7 };

	v.wrapped = wrapped(term, "key");
	t_ok(wd_store_key_add(f->s, &k, &v));
}

static void
add_secret(struct fixture *f, const char *path, uint32_t version, uint8_t term)
{
	WD_AUTO(wd_store_secret_done)
	struct wd_store_secret x = { .version = version };

	assert_true(
	    wd_span_to_text(wd_span_text(path), x.path, sizeof(x.path)));
	x.wrapped = wrapped(term, "secret");
	t_ok(wd_store_secret_put(f->s, &x));
}

static uint64_t
count(struct fixture *f, uint32_t term)
{
	uint64_t n = 99;

	t_ok(wd_store_wrapped_count(f->s, term, 100, &n));
	return n;
}

static size_t
list(struct fixture *f, enum wd_wrapped_table table, uint32_t term,
    const struct wd_store_wrapped *after, struct wd_store_wrapped *rows)
{
	struct wd_store_wrapped start = { 0 };
	size_t n = 99;

	t_ok(wd_store_wrapped_list(
	    f->s, table, term, after == NULL ? &start : after, rows, ROWS, &n));
	return n;
}

static void
done(struct wd_store_wrapped *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wd_store_wrapped_done(&rows[i]);
}

static void
rows_are_counted_and_listed_by_term(void **state)
{
	struct fixture *f = *state;
	struct wd_store_wrapped rows[ROWS];
	size_t n;

	for (uint8_t i = 1; i <= 5; i++)
		add_key(f, i, i % 2 + 1);
	add_secret(f, "a/b/c", 1, 1);
	add_secret(f, "a/b/d", 3, 2);
	assert_int_equal(count(f, 1), 3);
	assert_int_equal(count(f, 2), 4);
	assert_int_equal(count(f, 3), 0);
	assert_int_equal(count(f, 257), 0);
	n = list(f, WD_WRAPPED_VERSIONS, 2, NULL, rows);
	assert_int_equal(n, 3);
	assert_string_equal(rows[0].row, t_id(1).s);
	assert_string_equal(rows[0].backend, "embedded");
	assert_int_equal(rows[0].version, 1);
	assert_int_equal(rows[0].bytes->p[0], 2);
	done(rows, n);
	n = list(f, WD_WRAPPED_SECRETS, 2, NULL, rows);
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].row, "a/b/d");
	assert_int_equal(rows[0].version, 3);
	done(rows, n);
}

static void
no_more_are_counted_than_asked_for(void **state)
{
	struct fixture *f = *state;
	uint64_t n = 0;

	for (uint8_t i = 1; i <= 5; i++)
		add_key(f, i, 1);
	add_secret(f, "a/b/c", 1, 1);
	t_ok(wd_store_wrapped_count(f->s, 1, 2, &n));
	assert_int_equal(n, 3);
}

static void
a_list_goes_on_behind_a_row(void **state)
{
	struct fixture *f = *state;
	struct wd_store_wrapped rows[ROWS], last = { 0 };
	size_t n, all = 0;

	for (uint8_t i = 1; i <= 20; i++)
		add_key(f, i, 1);
	while ((n = list(f, WD_WRAPPED_VERSIONS, 1, &last, rows)) > 0) {
		all += n;
		last = rows[n - 1];
		done(rows, n);
	}
	assert_int_equal(all, 20);
}

static void
large_rows_come_in_smaller_lists(void **state)
{
	struct fixture *f = *state;
	struct wd_store_wrapped rows[ROWS];
	size_t n;

	for (int i = 0; i < ROWS; i++) {
		WD_AUTO(wd_store_secret_done)
		struct wd_store_secret x = { .version = 1 };

		(void)snprintf(x.path, sizeof(x.path), "a/b/c%d", i);
		x.wrapped = wd_bytes_new(WD_WRAPPED_BYTES / 3);
		x.wrapped->p[0] = 1;
		x.wrapped->p[1] = x.wrapped->p[2] = x.wrapped->p[3] = 0;
		t_ok(wd_store_secret_put(f->s, &x));
	}
	n = list(f, WD_WRAPPED_SECRETS, 1, NULL, rows);
	assert_true(n >= 3 && n <= 4);
	done(rows, n);
}

static void
only_the_bytes_that_were_seen_are_replaced(void **state)
{
	struct fixture *f = *state;
	struct wd_store_wrapped rows[ROWS];
	WD_AUTO(wd_store_secret_done) struct wd_store_secret got = { 0 };
	size_t n;

	add_key(f, 1, 1);
	add_secret(f, "a/b/c", 1, 1);
	n = list(f, WD_WRAPPED_SECRETS, 1, NULL, rows);
	assert_int_equal(n, 1);
	t_ok(wd_store_wrapped_replace(
	    f->s, WD_WRAPPED_SECRETS, &rows[0], WD_SPAN_LIT("\2\0\0\0new")));
	assert_int_equal(count(f, 1), 1);
	assert_int_equal(count(f, 2), 1);
	assert_int_equal(wd_store_wrapped_replace(f->s, WD_WRAPPED_SECRETS,
			     &rows[0], WD_SPAN_LIT("\3\0\0\0newer")),
	    WD_R_CONFLICT);
	t_ok(wd_store_secret_get(f->s, "a/b/c", &got));
	t_span_equal(wd_bytes_span(got.wrapped), WD_SPAN_LIT("\2\0\0\0new"));
	assert_int_equal(got.version, 1);
	done(rows, n);
	n = list(f, WD_WRAPPED_VERSIONS, 1, NULL, rows);
	t_ok(wd_store_wrapped_replace(
	    f->s, WD_WRAPPED_VERSIONS, &rows[0], WD_SPAN_LIT("\2\0\0\0new")));
	assert_int_equal(count(f, 1), 0);
	done(rows, n);
}

static void
deleted_secrets_are_under_no_term(void **state)
{
	struct fixture *f = *state;

	add_secret(f, "a/b/c", 1, 1);
	t_ok(wd_store_secret_delete(f->s, "a/b/c"));
	assert_int_equal(count(f, 1), 0);
}

static void
marks_of_the_hsm_are_kept_counted_and_changed(void **state)
{
	struct fixture *f = *state;
	struct wd_store_wrapped rows[ROWS];
	WD_AUTO(wd_store_secret_done) struct wd_store_secret got = { 0 };
	uint64_t marked = 99;
	size_t n;

	add_key(f, 1, 1);
	add_secret(f, "a/b/c", 1, 1);
	t_ok(wd_store_hsm_count(f->s, &marked));
	assert_int_equal(marked, 0);
	n = list(f, WD_WRAPPED_SECRETS, 1, NULL, rows);
	assert_int_equal(n, 1);
	assert_false(rows[0].hsm);
	t_ok(wd_store_wrapped_set_hsm(f->s, WD_WRAPPED_SECRETS, &rows[0],
	    WD_SPAN_LIT("\1\0\0\0 fresh"), true));
	assert_int_equal(wd_store_wrapped_set_hsm(f->s, WD_WRAPPED_SECRETS,
			     &rows[0], WD_SPAN_LIT("\1\0\0\0 late"), false),
	    WD_R_CONFLICT);
	done(rows, n);
	n = list(f, WD_WRAPPED_VERSIONS, 1, NULL, rows);
	t_ok(wd_store_wrapped_set_hsm(f->s, WD_WRAPPED_VERSIONS, &rows[0],
	    WD_SPAN_LIT("\1\0\0\0 fresh"), true));
	done(rows, n);
	t_ok(wd_store_hsm_count(f->s, &marked));
	assert_int_equal(marked, 2);
	n = list(f, WD_WRAPPED_SECRETS, 1, NULL, rows);
	assert_true(rows[0].hsm);
	done(rows, n);
	t_ok(wd_store_secret_get(f->s, "a/b/c", &got));
	assert_true(got.hsm);
	t_ok(wd_store_secret_delete(f->s, "a/b/c"));
	t_ok(wd_store_hsm_count(f->s, &marked));
	assert_int_equal(marked, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(marks_of_the_hsm_are_kept_counted_and_changed),
		with_store(rows_are_counted_and_listed_by_term),
		with_store(no_more_are_counted_than_asked_for),
		with_store(a_list_goes_on_behind_a_row),
		with_store(large_rows_come_in_smaller_lists),
		with_store(only_the_bytes_that_were_seen_are_replaced),
		with_store(deleted_secrets_are_under_no_term),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
