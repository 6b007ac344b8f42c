/*
 * Hexadecimal.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "codec/hex.h"

static void
writes_lower_case(void **state)
{
	char text[16], formatted[9];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	(void)state;
	wd_hex_write(&wr, WD_SPAN_LIT("\x00\xfa\x9c\x10"));
	t_span_equal(wd_wr_span(&wr), WD_SPAN_LIT("00fa9c10"));
	wd_hex_format(WD_SPAN_LIT("\x00\xfa\x9c\x10"), formatted);
	assert_string_equal(formatted, "00fa9c10");
	wd_hex_format(wd_span(NULL, 0), formatted);
	assert_string_equal(formatted, "");
}

static void
reads_either_case(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	uint8_t dst[4];

	(void)state;
	t_ok(wd_hex_decode(WD_SPAN_LIT("00Fa9C10"), &b));
	t_span_equal(wd_bytes_span(b), WD_SPAN_LIT("\x00\xfa\x9c\x10"));
	t_ok(wd_hex_decode_exact(WD_SPAN_LIT("00fA9c10"), dst, sizeof(dst)));
	t_span_equal(WD_SPAN(dst), wd_bytes_span(b));
	t_ok(wd_hex_decode_exact(wd_span(NULL, 0), dst, 0));
}

static void
anything_else_is_refused(void **state)
{
	static const char *const bad[] = { "0", "000", "0g", "g0", "0x", " 00",
		"00 ", "0\n", "/0", ":0", "@0", "`0", "0\x80", "-1" };
	uint8_t dst[4] = { 7, 7, 7, 7 };
	struct wd_bytes *b = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		assert_int_equal(
		    wd_hex_decode(wd_span_text(bad[i]), &b), WD_R_MALFORMED);
		assert_int_equal(
		    wd_hex_decode_exact(wd_span_text(bad[i]), dst, 1),
		    WD_R_MALFORMED);
	}
	assert_int_equal(
	    wd_hex_decode_exact(WD_SPAN_LIT("0011"), dst, 1), WD_R_MALFORMED);
	assert_int_equal(
	    wd_hex_decode_exact(WD_SPAN_LIT("0011"), dst, 3), WD_R_MALFORMED);
	assert_null(b);
	assert_int_equal(dst[0], 7);
}

static void
failed_allocation_is_a_fault(void **state)
{
	struct wd_bytes *b = NULL;

	(void)state;
	(void)wd_alloc_fail_at(1);
	assert_int_equal(wd_hex_decode(WD_SPAN_LIT("00"), &b), WD_F_MEMORY);
	assert_int_equal(wd_alloc_fail_at(0), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_lower_case),
		cmocka_unit_test(reads_either_case),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(failed_allocation_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
