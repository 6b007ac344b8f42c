/*
 * CBOR: what tokens are made of is read, everything else poisons the cursor.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "codec/cbor.h"

#define CURSOR(literal) wd_rd(WD_SPAN_LIT(literal))

static void
reads_integers_of_every_length(void **state)
{
	struct wd_rd rd = CURSOR("\x00\x17\x18\x18\x19\x01\x00\x1a\x00\x01\x00"
				 "\x00\x1b\x00\x00\x00\x01\x00\x00\x00\x00"
				 "\x20\x38\xff\x3a\x00\x01\x24\xf7");

	(void)state;
	assert_int_equal(wd_cbor_int(&rd, 0, 0), 0);
	assert_int_equal(wd_cbor_int(&rd, 0, 23), 23);
	assert_int_equal(wd_cbor_int(&rd, 0, 24), 24);
	assert_int_equal(wd_cbor_int(&rd, 0, 256), 256);
	assert_int_equal(wd_cbor_int(&rd, 0, 65536), 65536);
	assert_int_equal(wd_cbor_int(&rd, 0, INT64_MAX), INT64_C(1) << 32);
	assert_int_equal(wd_cbor_int(&rd, -1, 0), -1);
	assert_int_equal(wd_cbor_int(&rd, -256, 0), -256);
	assert_int_equal(wd_cbor_int(&rd, INT64_MIN, 0), -75000);
	t_ok(wd_rd_end(&rd));
}

static void
longer_than_shortest_is_read(void **state)
{
	struct wd_rd rd = CURSOR("\x19\x00\x01\x58\x01\x61");

	(void)state;
	assert_int_equal(wd_cbor_int(&rd, 0, 1), 1);
	t_span_equal(wd_cbor_bytes(&rd, 1, 1), WD_SPAN_LIT("a"));
	t_ok(wd_rd_end(&rd));
}

static void
integers_outside_their_range_poison(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int64_t min, max;
	} bad[] = {
		{ "\x05", 1, 0, 4 },
		{ "\x05", 1, 6, 9 },
		{ "\x20", 1, 0, 4 }, /* -1 */
		{ "\x1b\x80\0\0\0\0\0\0\0", 9, INT64_MIN, INT64_MAX },
		{ "\x3b\x80\0\0\0\0\0\0\0", 9, INT64_MIN, INT64_MAX },
		{ "\x40", 1, 0, 4 },             /* a byte string */
		{ "\xf4", 1, 0, 40 },            /* false */
		{ "\x1c", 1, 0, 40 },            /* reserved */
		{ "\x1f", 1, 0, 40 },            /* indefinite */
		{ "\x19\x01", 2, 0, INT64_MAX }, /* cut off */
		{ "", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_rd rd = wd_rd(wd_span(bad[i].bytes, bad[i].len));

		assert_int_equal(wd_cbor_int(&rd, bad[i].min, bad[i].max), 0);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	}
}

static void
reads_strings(void **state)
{
	struct wd_rd rd = CURSOR("\x40\x43\x01\x02\x03\x65h\xc3\xa9lo\x60");

	(void)state;
	assert_int_equal(wd_cbor_bytes(&rd, 0, 0).len, 0);
	t_span_equal(wd_cbor_bytes(&rd, 3, 3), WD_SPAN_LIT("\x01\x02\x03"));
	t_span_equal(wd_cbor_text(&rd, 1, 9), WD_SPAN_LIT("h\xc3\xa9lo"));
	assert_int_equal(wd_cbor_text(&rd, 0, 9).len, 0);
	t_ok(wd_rd_end(&rd));
}

static void
strings_that_are_none_poison(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool text;
	} bad[] = {
		{ "\x42\x01\x02", 3, false },             /* shorter than 3 */
		{ "\x45\x01\x02\x03\x04\x05", 6, false }, /* longer than 4 */
		{ "\x43\x01\x02", 3, false },             /* cut off */
		{ "\x5f\x43\x01\x02\x03\xff", 6, false }, /* indefinite */
		{ "\x63"
		  "abc",
		    4, false }, /* a text */
		{ "\x43"
		  "abc",
		    4, true },                   /* bytes */
		{ "\x63\xff\xff\xff", 4, true }, /* no UTF-8 */
		{ "\x63"
		  "a\nb",
		    4, true }, /* a control character */
		{ "\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 9, false },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_rd rd = wd_rd(wd_span(bad[i].bytes, bad[i].len));
		struct wd_span s = bad[i].text ? wd_cbor_text(&rd, 3, 4)
					       : wd_cbor_bytes(&rd, 3, 4);

		assert_int_equal(s.len, 0);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	}
}

static void
enters_containers_and_tags(void **state)
{
	struct wd_rd rd = CURSOR("\xd9\x01\x8f\xa1\x0a\x82\x01\x02");

	(void)state;
	assert_int_equal(wd_cbor_peek(&rd), WD_CBOR_TAG);
	wd_cbor_tag(&rd, 399);
	assert_int_equal(wd_cbor_map(&rd, 1), 1);
	assert_int_equal(wd_cbor_int(&rd, 10, 10), 10);
	assert_int_equal(wd_cbor_array(&rd, 2), 2);
	assert_int_equal(wd_cbor_int(&rd, 1, 1), 1);
	assert_int_equal(wd_cbor_int(&rd, 2, 2), 2);
	assert_int_equal(wd_cbor_peek(&rd), WD_CBOR_NONE);
	t_ok(wd_rd_end(&rd));
}

static void
counts_are_bounded_by_what_is_there(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "\x83\x01\x02", 3 },                 /* three of two */
		{ "\x9a\xff\xff\xff\xff\x01\x02", 7 }, /* many of two */
		{ "\x85\x01\x02\x03\x04\x05", 6 },     /* more than 4 */
		{ "\x9f\x01\xff", 3 },                 /* indefinite */
		{ "\xa1\x01\x02", 3 },                 /* a map */
		{ "\x9b\x80\0\0\0\0\0\0\0\x01\x02", 11 },
	};
	struct wd_rd pairs = CURSOR("\xa2\x01\x02\x03"); /* half of one */
	struct wd_rd tag = CURSOR("\xd2\x01");           /* 18 */

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_rd rd = wd_rd(wd_span(bad[i].bytes, bad[i].len));

		assert_int_equal(wd_cbor_array(&rd, 4), 0);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	}
	assert_int_equal(wd_cbor_map(&pairs, 4), 0);
	assert_int_equal(wd_rd_ok(&pairs), WD_R_MALFORMED);
	wd_cbor_tag(&tag, 399);
	assert_int_equal(wd_rd_ok(&tag), WD_R_MALFORMED);
}

static void
whole_items_are_views_of_their_bytes(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} good[] = {
		{ "\x01", 1 },
		{ "\x38\x20", 2 },
		{ "\x43"
		  "abc",
		    4 },
		{ "\x80", 1 },
		{ "\xa0", 1 },
		{ "\xf6", 1 },     /* null */
		{ "\xf8\xff", 2 }, /* a simple value */
		{ "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 9 }, /* 1.1 */
		{ "\xd2\x84\x40\xa0\x40\x40", 6 },
		{ "\xa2\x01\x82\x02\x03\x04\xa1\x05\x61x", 10 },
		{ "\x81\x81\x81\x81\x81\x81\x80", 7 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(good); i++) {
		struct wd_span s = wd_span(good[i].bytes, good[i].len);
		struct wd_rd rd = wd_rd(s);

		t_span_equal(wd_cbor_whole(&rd), s);
		t_ok(wd_rd_end(&rd));
		for (size_t n = 0; n < s.len; n++) {
			struct wd_rd cut = wd_rd(wd_span(s.p, n));

			assert_int_equal(wd_cbor_whole(&cut).len, 0);
			assert_int_equal(wd_rd_ok(&cut), WD_R_MALFORMED);
		}
	}
}

static void
what_nests_too_deep_is_refused(void **state)
{
	uint8_t deep[100000];
	struct wd_rd rd = CURSOR("\x81\x81\x81\x81\x81\x81\x81\x81\x80");
	struct wd_rd tags = CURSOR("\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\x01");

	(void)state;
	assert_int_equal(wd_cbor_whole(&rd).len, 0);
	assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	assert_int_equal(wd_cbor_whole(&tags).len, 0);
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = 0x81;
	rd = wd_rd(WD_SPAN(deep));
	assert_int_equal(wd_cbor_whole(&rd).len, 0);
}

static void
whole_items_that_are_none_poison(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "\xff", 1 },     /* a break */
		{ "\xf8\x14", 2 }, /* true, in the long form */
		{ "\xfc", 1 },     /* reserved */
		{ "\x7f\x61x\xff", 4 },
		{ "\xbf\xff", 2 },
		{ "\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02", 11 },
		{ "\xbb\x80\0\0\0\0\0\0\x01\x01\x02", 11 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_rd rd = wd_rd(wd_span(bad[i].bytes, bad[i].len));

		assert_int_equal(wd_cbor_whole(&rd).len, 0);
		assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
	}
}

static void
what_is_written_reads_as_the_same(void **state)
{
	static const int64_t numbers[] = { 0, 23, 24, 255, 256, 65535, 65536,
		UINT32_MAX, INT64_C(1) << 32, INT64_MAX, -1, -24, -25, -75010,
		INT64_MIN };
	uint8_t buf[200];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_rd rd;

	(void)state;
	wd_cbor_write_head(&wr, WD_CBOR_TAG, 18);
	wd_cbor_write_head(&wr, WD_CBOR_ARRAY, WD_N(numbers));
	for (size_t i = 0; i < WD_N(numbers); i++)
		wd_cbor_write_int(&wr, numbers[i]);
	wd_cbor_write_bytes(&wr, WD_SPAN_LIT("\0\1"));
	wd_cbor_write_text(&wr, WD_SPAN_LIT("text"));
	t_ok(wd_wr_end(&wr));
	rd = wd_rd(wd_wr_span(&wr));
	wd_cbor_tag(&rd, 18);
	assert_int_equal(wd_cbor_array(&rd, 99), WD_N(numbers));
	for (size_t i = 0; i < WD_N(numbers); i++)
		assert_true(
		    wd_cbor_int(&rd, INT64_MIN, INT64_MAX) == numbers[i]);
	t_span_equal(wd_cbor_bytes(&rd, 0, 9), WD_SPAN_LIT("\0\1"));
	t_span_equal(wd_cbor_text(&rd, 0, 9), WD_SPAN_LIT("text"));
	t_ok(wd_rd_end(&rd));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_integers_of_every_length),
		cmocka_unit_test(longer_than_shortest_is_read),
		cmocka_unit_test(integers_outside_their_range_poison),
		cmocka_unit_test(reads_strings),
		cmocka_unit_test(strings_that_are_none_poison),
		cmocka_unit_test(enters_containers_and_tags),
		cmocka_unit_test(counts_are_bounded_by_what_is_there),
		cmocka_unit_test(whole_items_are_views_of_their_bytes),
		cmocka_unit_test(what_nests_too_deep_is_refused),
		cmocka_unit_test(whole_items_that_are_none_poison),
		cmocka_unit_test(what_is_written_reads_as_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
