/*
 * UTF-8: sequences by their length, and texts without control characters. The
 * malformed ones are listed in test_jtext.c too, where they poison a writer.
 */
#include "lib/t.h"

#include "codec/utf8.h"

static void
sequences_have_their_length(void **state)
{
	(void)state;
	assert_int_equal(wd_utf8_first(WD_SPAN_LIT("ab")), 1);
	assert_int_equal(wd_utf8_first(WD_SPAN_LIT("\xc3\xb6x")), 2);
	assert_int_equal(wd_utf8_first(WD_SPAN_LIT("\xe2\x82\xacx")), 3);
	assert_int_equal(wd_utf8_first(WD_SPAN_LIT("\xf0\x9f\x98\x80x")), 4);
	assert_int_equal(wd_utf8_first(WD_SPAN_LIT("\x80x")), 0);
	assert_int_equal(wd_utf8_first(WD_SPAN_LIT("\xe2\x82")), 0);
	assert_int_equal(wd_utf8_first(wd_span(NULL, 0)), 0);
}

static void
texts_have_no_control_characters(void **state)
{
	static const char *const bad[] = { "a\n", "\t", "\x1f", "\x7f",
		"\xc2\x80", "\xc2\x9f", "a\xff", "\xc2", "\xed\xa0\x80" };

	(void)state;
	assert_true(wd_utf8_is_text(wd_span(NULL, 0)));
	assert_true(
	    wd_utf8_is_text(WD_SPAN_LIT("CMS TLS \xc3\x84 ~ \xc2\xa0")));
	assert_false(wd_utf8_is_text(WD_SPAN_LIT("a\0b")));
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_false(wd_utf8_is_text(wd_span_text(bad[i])));
}

static void
strings_have_no_nul(void **state)
{
	(void)state;
	assert_true(wd_utf8_is_string(wd_span(NULL, 0)));
	assert_true(wd_utf8_is_string(WD_SPAN_LIT("a\n\t\xc3\x84")));
	assert_false(wd_utf8_is_string(WD_SPAN_LIT("a\0b")));
	assert_false(wd_utf8_is_string(WD_SPAN_LIT("a\xc3")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_have_their_length),
		cmocka_unit_test(texts_have_no_control_characters),
		cmocka_unit_test(strings_have_no_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
