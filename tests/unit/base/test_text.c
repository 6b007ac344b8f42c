/*
 * Numbers, ids, times and reasons: one spelling each, everything else refused.
 */
#include "lib/t.h"

#include "base/diag.h"
#include "base/id.h"
#include "base/num.h"
#include "base/clock.h"
#include "base/env.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
numbers_have_one_spelling(void **state)
{
	static const char *const bad[] = { "", "01", "-1", "+1", " 1", "1 ",
		"1x", "18446744073709551616", "99999999999999999999999" };
	uint64_t v = 7;

	(void)state;
	assert_true(
	    wd_num_parse(WD_SPAN_LIT("18446744073709551615"), UINT64_MAX, &v));
	assert_true(v == UINT64_MAX);
	assert_true(wd_num_parse(WD_SPAN_LIT("0"), 9, &v));
	assert_false(wd_num_parse(WD_SPAN_LIT("10"), 9, &v));
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_false(
		    wd_num_parse(wd_span_text(bad[i]), UINT64_MAX, &v));
	assert_true(v == 0);
}

static void
ids_are_version_four_uuids(void **state)
{
	static const char *const bad[] = { "",
		"01234567-89ab-1cde-8f01-23456789abcd",
		"01234567-89ab-4cde-cf01-23456789abcd",
		"0123456-789ab-4cde-8f01-23456789abcd",
		"01234567-89ab-4cde-8f01-23456789abcg",
		"01234567-89ab-4cde-8f01-23456789abcde" };
	uint8_t ones[16];
	struct wd_id id, made;

	(void)state;
	assert_true(wd_id_parse(
	    WD_SPAN_LIT("01234567-89AB-4cde-8f01-23456789abcd"), &id));
	assert_string_equal(id.s, "01234567-89ab-4cde-8f01-23456789abcd");
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_false(wd_id_parse(wd_span_text(bad[i]), &id));
	for (size_t i = 0; i < sizeof(ones); i++)
		ones[i] = 0xff;
	made = wd_id_from_random(ones);
	assert_string_equal(made.s, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	assert_true(wd_id_parse(wd_id_span(&made), &id));
}

static void
times_go_both_ways(void **state)
{
	static const char *const bad[] = { "2025-02-29T00:00:00Z",
		"2025-13-01T00:00:00Z", "2025-01-01T24:00:00Z",
		"2025-01-01T00:00:00", "2025-01-01 00:00:00Z",
		"2025-01-01T00:00:60Z", "2025-01-01T00:00:00.5Z",
		"1969-12-31T23:59:59Z", "2025-00-10T00:00:00Z" };
	char text[WD_TIME_TEXT];
	int64_t t;

	(void)state;
	assert_true(wd_time_parse(WD_SPAN_LIT("2024-02-29T23:59:59Z"), &t));
	assert_true(t == 1709251199);
	wd_time_format(t, text);
	assert_string_equal(text, "2024-02-29T23:59:59Z");
	assert_true(wd_time_parse(WD_SPAN_LIT("1970-01-01T00:00:00Z"), &t));
	assert_true(t == 0);
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_false(wd_time_parse(wd_span_text(bad[i]), &t));
}

/* Every day, at a time of its own, as the C library has it. */
static void
times_read_as_the_c_library_writes_them(void **state)
{
	enum { DAY = 86400, LAST_DAY = 2932896 }; /* 9999-12-31 */

	(void)state;
	for (int64_t day = 0; day <= LAST_DAY; day++) {
		time_t t = day * DAY + day * 7919 % DAY;
		char text[WD_TIME_TEXT], theirs[WD_TIME_TEXT];
		int64_t back = -1;
		struct tm tm;

		wd_time_format(t, text);
		assert_true(wd_time_parse(wd_span_text(text), &back));
		assert_int_equal(back, t);
		if (day % 97 != 0)
			continue;
		assert_non_null(gmtime_r(&t, &tm));
		assert_int_not_equal(
		    strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%SZ", &tm),
		    0);
		assert_string_equal(text, theirs);
	}
	for (int i = 0; i < 2; i++) {
		char text[WD_TIME_TEXT];

		wd_time_format(i == 0 ? INT64_MIN : INT64_MAX, text);
		assert_string_equal(text,
		    i == 0 ? "1970-01-01T00:00:00Z" : "9999-12-31T23:59:59Z");
	}
}

static void
reasons_are_unique(void **state)
{
	size_t n;
	const struct wd_reason_row *rows = wd_reason_rows(&n);

	(void)state;
	assert_true(n > 20);
	for (size_t i = 0; i < n; i++) {
		assert_true(rows[i].status >= 400 && rows[i].status < 600);
		assert_ptr_equal(wd_reason_row((int)rows[i].number), &rows[i]);
		assert_ptr_equal(
		    wd_reason_by_name(wd_span_text(rows[i].name)), &rows[i]);
	}
	assert_int_equal(wd_reason_row(WD_F_SYSTEM)->status, 500);
}

static void
first_reason_stands_and_is_printable(void **state)
{
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(
	    wd_reject(&d, WD_R_MALFORMED, "a\nb%d", 1), WD_R_MALFORMED);
	assert_int_equal(wd_fault(&d, WD_F_BUG, "later"), WD_F_BUG);
	assert_int_equal(d.result, WD_R_MALFORMED);
	assert_string_equal(d.detail, "a?b1");
}

static void
environment_values_are_read(void **state)
{
	(void)state;
	assert_int_equal(setenv("WD_TEST_ENV", "value", 1), 0);
	assert_string_equal(wd_env("WD_TEST_ENV"), "value");
	assert_int_equal(setenv("WD_TEST_ENV", "", 1), 0);
	assert_null(wd_env("WD_TEST_ENV"));
	assert_int_equal(unsetenv("WD_TEST_ENV"), 0);
	assert_null(wd_env("WD_TEST_ENV"));
}

static void
printable_bytes_are_those_of_ascii(void **state)
{
	(void)state;
	assert_true(wd_span_is_printable(WD_SPAN_LIT(" a~")));
	assert_true(wd_span_is_printable(wd_span(NULL, 0)));
	assert_false(wd_span_is_printable(WD_SPAN_LIT("a\x7f")));
	assert_false(wd_span_is_printable(WD_SPAN_LIT("a\x1f")));
	assert_false(wd_span_is_printable(WD_SPAN_LIT("\xc3\xa4")));
	assert_true(wd_span_is_word(WD_SPAN_LIT("!~")));
	assert_false(wd_span_is_word(WD_SPAN_LIT("a b")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printable_bytes_are_those_of_ascii),
		cmocka_unit_test(numbers_have_one_spelling),
		cmocka_unit_test(ids_are_version_four_uuids),
		cmocka_unit_test(times_go_both_ways),
		cmocka_unit_test(times_read_as_the_c_library_writes_them),
		cmocka_unit_test(reasons_are_unique),
		cmocka_unit_test(first_reason_stands_and_is_printable),
		cmocka_unit_test(environment_values_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
