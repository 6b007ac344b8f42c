/*
 * JSON out: commas, quotes, escapes of RFC 8785, and texts that are not UTF-8.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "codec/jtext.h"

static void
writes_nested_values(void **state)
{
	char text[512];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_jtext j = wd_jtext(&wr);

	(void)state;
	wd_jtext_object(&j);
	wd_jtext_key(&j, "a");
	wd_jtext_array(&j);
	wd_jtext_uint(&j, 0);
	wd_jtext_null(&j);
	wd_jtext_object(&j);
	wd_jtext_end(&j);
	wd_jtext_array(&j);
	wd_jtext_end(&j);
	wd_jtext_bool(&j, false);
	wd_jtext_end(&j);
	wd_jtext_key_bool(&j, "b", true);
	wd_jtext_key_text(&j, "c", "x");
	wd_jtext_key_uint(&j, "d", 9007199254740991);
	wd_jtext_key(&j, "e");
	wd_jtext_hex(&j, WD_SPAN_LIT("\xab"));
	wd_jtext_key(&j, "f");
	wd_jtext_b64(&j, WD_SPAN_LIT("\xfb\xff"));
	wd_jtext_key(&j, "g");
	wd_jtext_b64url(&j, WD_SPAN_LIT("\xfb\xff"));
	wd_jtext_key(&j, "h");
	wd_jtext_time(&j, 1751328000);
	wd_jtext_key(&j, "i");
	wd_jtext_raw(&j, WD_SPAN_LIT("[1,2]"));
	wd_jtext_key(&j, "ia");
	wd_jtext_string(&j, wd_span(NULL, 0));
	wd_jtext_end(&j);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT("{\"a\":[0,null,{},[],false],\"b\":true,\"c\":\"x\","
			"\"d\":9007199254740991,\"e\":\"ab\",\"f\":\"+/8=\","
			"\"g\":\"-_8\",\"h\":\"2025-07-01T00:00:00Z\","
			"\"i\":[1,2],\"ia\":\"\"}"));
}

/* RFC 8785 section 3.2.2.2, with the string of its example. */
static void
escapes_what_must_be_and_nothing_else(void **state)
{
	char text[256];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	(void)state;
	wd_jtext_quote(&wr,
	    WD_SPAN_LIT("\xe2\x82\xac$\x0f\nA'B\"\\\\\"/"
			"\x00\x1f\b\t\f\r\x7f"));
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT("\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/"
			"\\u0000\\u001f\\b\\t\\f\\r\x7f\""));
}

static void
texts_that_are_not_utf8_poison(void **state)
{
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80",
		"\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xe2\x82", "\xe2\x82\x41", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe",
		"\xf0\x9f\x98" };
	static const char *const good[] = { "\xc2\x80", "\xdf\xbf",
		"\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

		wd_jtext_quote(&wr, wd_span_text(bad[i]));
		assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	}
	for (size_t i = 0; i < WD_N(good); i++) {
		struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

		wd_jtext_quote(&wr, wd_span_text(good[i]));
		t_ok(wd_wr_end(&wr));
	}
}

static void
a_number_two_readers_could_round_poisons(void **state)
{
	char text[64];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_jtext j = wd_jtext(&wr);

	(void)state;
	wd_jtext_uint(&j, 9007199254740992);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_nested_values),
		cmocka_unit_test(escapes_what_must_be_and_nothing_else),
		cmocka_unit_test(texts_that_are_not_utf8_poison),
		cmocka_unit_test(a_number_two_readers_could_round_poisons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
