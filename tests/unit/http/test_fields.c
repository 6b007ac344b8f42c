/*
 * Questions about header fields.
 */
#include "lib/t.h"

#include <stdio.h>

#include "http/head.h"

static struct wd_head
with(const char *lines)
{
	static char text[512];
	struct wd_head h = { 0 };

	(void)snprintf(
	    text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);
	t_ok(wd_head_parse(wd_span_text(text), &h, NULL));
	return h;
}

static void
content_type_is_compared_without_parameters(void **state)
{
	struct wd_head h =
	    with("Content-Type: Application/JSON ; charset=utf-8\r\n");

	(void)state;
	assert_true(wd_head_content_is(&h, "application/json"));
	assert_false(wd_head_content_is(&h, "application/jso"));
	h = with("");
	assert_false(wd_head_content_is(&h, "application/json"));
}

static void
accept_lists_types_and_ranges(void **state)
{
	struct wd_head h =
	    with("Accept: text/plain, application/json;q=0.5\r\n");

	(void)state;
	assert_true(wd_head_accepts(&h, "application/json", false));
	assert_false(wd_head_accepts(&h, "application/xml", true));
	h = with("Accept: */*\r\n");
	assert_true(wd_head_accepts(&h, "application/json", true));
	assert_false(wd_head_accepts(&h, "application/json", false));
	h = with("Accept: text/*\r\nAccept: application/*\r\n");
	assert_true(wd_head_accepts(&h, "application/json", true));
	h = with("Accept: app/*\r\n");
	assert_false(wd_head_accepts(&h, "application/json", true));
	h = with("");
	assert_false(wd_head_accepts(&h, "application/json", true));
}

static void
bearer_token_is_what_follows_the_scheme(void **state)
{
	struct wd_head h = with("Authorization: bearer abc.def\r\n");

	(void)state;
	t_span_equal(wd_head_bearer(&h), WD_SPAN_LIT("abc.def"));
	h = with("Authorization: Basic abc\r\n");
	assert_int_equal(wd_head_bearer(&h).len, 0);
	h = with("Authorization: Bearer\r\n");
	assert_int_equal(wd_head_bearer(&h).len, 0);
}

static void
cookies_are_found_by_their_whole_name(void **state)
{
	struct wd_head h = with("Cookie: xid=1; id=2;id2=3\r\n");

	(void)state;
	t_span_equal(wd_head_cookie(&h, "id"), WD_SPAN_LIT("2"));
	t_span_equal(wd_head_cookie(&h, "id2"), WD_SPAN_LIT("3"));
	assert_int_equal(wd_head_cookie(&h, "d").len, 0);
	assert_int_equal(wd_head_cookie(&h, "ID").len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_type_is_compared_without_parameters),
		cmocka_unit_test(accept_lists_types_and_ranges),
		cmocka_unit_test(bearer_token_is_what_follows_the_scheme),
		cmocka_unit_test(cookies_are_found_by_their_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
