/*
 * Base64: the vectors of RFC 4648 section 10, round trips of every length, and
 * that each text has exactly one spelling.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "codec/base64.h"

#include <string.h>

struct vector {
	const char *bytes, *padded, *url;
};

static const struct vector vectors[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff\xfe", "+//+", "-__-" },
};

static void
check_vector(const struct vector *v)
{
	char text[64];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	wd_b64_write(&wr, wd_span_text(v->bytes));
	t_span_equal(wd_wr_span(&wr), wd_span_text(v->padded));
	wr.len = 0;
	wd_b64url_write(&wr, wd_span_text(v->bytes));
	t_span_equal(wd_wr_span(&wr), wd_span_text(v->url));
	t_ok(wd_b64_decode(wd_span_text(v->padded), &a));
	t_span_equal(wd_bytes_span(a), wd_span_text(v->bytes));
	t_ok(wd_b64url_decode(wd_span_text(v->url), &b));
	t_span_equal(wd_bytes_span(b), wd_span_text(v->bytes));
}

static void
vectors_go_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(vectors); i++)
		check_vector(&vectors[i]);
}

static void
every_length_survives_the_round_trip(void **state)
{
	uint8_t bytes[256], back[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 151 + 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct wd_wr wr = wd_wr_growing(1024);

		wd_b64_write(&wr, wd_span(bytes, n));
		t_ok(wd_b64_decode_exact(wd_wr_span(&wr), back, n));
		assert_memory_equal(back, bytes, n);
		wr.len = 0;
		wd_b64url_write(&wr, wd_span(bytes, n));
		t_ok(wd_b64url_decode_exact(wd_wr_span(&wr), back, n));
		assert_memory_equal(back, bytes, n);
		wd_wr_done(&wr);
	}
}

/* Spare bits, padding in excess, in want or inside, white space, strangers. */
static const char *const bad_padded[] = { "Z", "Zg", "Zg=", "Zg===", "=", "==",
	"===", "====", "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v=", "Zm9vYg",
	" Zm9v", "Zm9v\n", "Zm 9", "Zm9-", "Zm9_", "Zm\2009", "Zm=v",
	"Zm9v====" };
static const char *const bad_url[] = { "Z", "Zg==", "Zh", "Zm9", "Zm9vY",
	"Zm9+", "Zm9/", "Zm9=", " Zm9", "Zm9\n", "Zm9v\n", "Zm\xff" };

static void
other_spellings_are_refused(void **state)
{
	struct wd_bytes *b = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(bad_padded); i++)
		assert_int_equal(wd_b64_decode(wd_span_text(bad_padded[i]), &b),
		    WD_R_MALFORMED);
	for (size_t i = 0; i < WD_N(bad_url); i++)
		assert_int_equal(wd_b64url_decode(wd_span_text(bad_url[i]), &b),
		    WD_R_MALFORMED);
	assert_null(b);
}

static void
exact_decoding_leaves_its_target_alone_on_error(void **state)
{
	uint8_t dst[3] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(
	    wd_b64_decode_exact(WD_SPAN_LIT("Zm8="), dst, 3), WD_R_MALFORMED);
	assert_int_equal(wd_b64_decode_exact(WD_SPAN_LIT("Zm9vZg=="), dst, 3),
	    WD_R_MALFORMED);
	for (size_t i = 0; i < WD_N(bad_padded); i++)
		for (size_t n = 0; n < 4; n++)
			assert_int_equal(
			    wd_b64_decode_exact(
				wd_span_text(bad_padded[i]), dst, n),
			    WD_R_MALFORMED);
	for (size_t i = 0; i < WD_N(bad_url); i++)
		for (size_t n = 0; n < 4; n++)
			assert_int_equal(wd_b64url_decode_exact(
					     wd_span_text(bad_url[i]), dst, n),
			    WD_R_MALFORMED);
	assert_int_equal(dst[0], 1);
	assert_int_equal(dst[1], 2);
	assert_int_equal(dst[2], 3);
}

/* Whatever decodes must encode to the very same text. */
static void
each_text_of_two_digits_has_one_meaning(void **state)
{
	uint8_t text[2], byte;
	size_t good = 0;

	(void)state;
	for (unsigned v = 0; v < 65536; v++) {
		char again[4];
		struct wd_wr wr = wd_wr_fixed(again, sizeof(again));

		text[0] = (uint8_t)(v >> 8);
		text[1] = (uint8_t)v;
		if (wd_b64url_decode_exact(WD_SPAN(text), &byte, 1) != 0)
			continue;
		good++;
		wd_b64url_write(&wr, wd_span(&byte, 1));
		t_span_equal(wd_wr_span(&wr), WD_SPAN(text));
	}
	assert_int_equal(good, 256);
}

static void
failed_allocation_is_a_fault(void **state)
{
	struct wd_bytes *b = NULL;

	(void)state;
	(void)wd_alloc_fail_at(1);
	assert_int_equal(wd_b64_decode(WD_SPAN_LIT("Zm9v"), &b), WD_F_MEMORY);
	assert_int_equal(wd_alloc_fail_at(0), 1);
	assert_null(b);
}

static void
too_small_a_writer_is_poisoned(void **state)
{
	char text[7];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	(void)state;
	wd_b64_write(&wr, WD_SPAN_LIT("foob"));
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_go_both_ways),
		cmocka_unit_test(every_length_survives_the_round_trip),
		cmocka_unit_test(other_spellings_are_refused),
		cmocka_unit_test(
		    exact_decoding_leaves_its_target_alone_on_error),
		cmocka_unit_test(each_text_of_two_digits_has_one_meaning),
		cmocka_unit_test(failed_allocation_is_a_fault),
		cmocka_unit_test(too_small_a_writer_is_poisoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
