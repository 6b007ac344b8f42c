/*
 * Finding the signed bytes of a document without parsing them.
 */
#include "lib/t.h"

#include "verify/intel/signed.h"

#include <stdio.h>

#define SIG_A                                                              \
	"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff" \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int
split(const char *text, struct wd_signed_doc *ret)
{
	return wd_signed_doc_split(wd_span_text(text), "tcbInfo", ret, NULL);
}

static void
refused(const char *text)
{
	struct wd_signed_doc s = { .rs = { 77 } };

	assert_int_equal(split(text, &s), WD_R_MALFORMED);
	assert_int_equal(s.rs[0], 77);
}

static void
body_and_signature_are_found(void **state)
{
	struct wd_signed_doc s;

	(void)state;
	t_ok(split(
	    "{\"tcbInfo\":{\"a\":[1,{}]},\"signature\":\"" SIG_A "\"}", &s));
	t_span_equal(s.body, WD_SPAN_LIT("{\"a\":[1,{}]}"));
	assert_int_equal(s.rs[1], 0x11);
	assert_int_equal(s.rs[10], 0xaa);
	assert_int_equal(s.rs[63], 0xff);
}

static void
brackets_in_texts_do_not_count(void **state)
{
	struct wd_signed_doc s;

	(void)state;
	t_ok(split("{\"tcbInfo\":{\"}\":\"\\\"}\\\\\"},\"signature\":\"" SIG_A
		   "\"}",
	    &s));
	t_span_equal(s.body, WD_SPAN_LIT("{\"}\":\"\\\"}\\\\\"}"));
}

static void
white_space_outside_the_value_is_tolerated_and_inside_is_signed(void **state)
{
	struct wd_signed_doc s;

	(void)state;
	t_ok(split(" {\n\t\"tcbInfo\" :\r { } , \"signature\" : \"" SIG_A
		   "\" } \n",
	    &s));
	t_span_equal(s.body, WD_SPAN_LIT("{ }"));
}

static void
other_forms_are_refused(void **state)
{
	(void)state;
	refused("");
	refused("{");
	refused("[]");
	refused("{\"tcbInfo\":{}}");
	refused("{\"tcbInfo\":[],\"signature\":\"" SIG_A "\"}");
	refused("{\"tcbInfo\":{],\"signature\":\"" SIG_A "\"}");
	refused("{\"tcbInfo\":\"{}\",\"signature\":\"" SIG_A "\"}");
	refused("{\"tcbinfo\":{},\"signature\":\"" SIG_A "\"}");
	refused("{\"signature\":\"" SIG_A "\",\"tcbInfo\":{}}");
	refused("{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"" SIG_A "\"}");
	refused("{\"tcbInfo\":{},\"signature\":\"" SIG_A "\",\"x\":1}");
	refused("{\"tcbInfo\":{},\"signature\":\"" SIG_A "\"}{}");
	refused("{\"tcbInfo\":{},\"signature\":\"" SIG_A "00\"}");
	refused("{\"tcbInfo\":{},\"signature\":\"00\"}");
	refused("{\"tcbInfo\":{},\"signature\":\"" SIG_A "}");
	refused("{\"tcbInfo\":{\"a\":\"},\"signature\":\"" SIG_A "\"}");
	refused("{\"tcbInfo\":{\"a\":1,\"signature\":\"" SIG_A "\"}");
}

static void
digits_that_are_not_hex_are_refused(void **state)
{
	char text[256];

	(void)state;
	(void)snprintf(
	    text, sizeof(text), "{\"tcbInfo\":{},\"signature\":\"%s\"}", SIG_A);
	text[40] = 'g';
	refused(text);
}

static void
nesting_is_bounded(void **state)
{
	char text[512];
	size_t at;

	(void)state;
	for (size_t depth = 15; depth <= 17; depth++) {
		struct wd_signed_doc s;

		at = (size_t)snprintf(
		    text, sizeof(text), "{\"tcbInfo\":{\"a\":");
		for (size_t i = 0; i < depth; i++)
			text[at++] = '[';
		for (size_t i = 0; i < depth; i++)
			text[at++] = ']';
		(void)snprintf(text + at, sizeof(text) - at,
		    "},\"signature\":\"%s\"}", SIG_A);
		assert_int_equal(
		    split(text, &s), depth > 15 ? WD_R_MALFORMED : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(body_and_signature_are_found),
		cmocka_unit_test(brackets_in_texts_do_not_count),
		cmocka_unit_test(
		    white_space_outside_the_value_is_tolerated_and_inside_is_signed),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(digits_that_are_not_hex_are_refused),
		cmocka_unit_test(nesting_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
