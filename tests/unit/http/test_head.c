/*
 * Heads: what is taken, and each way in which two programs could read a
 * request differently.
 */
#include "lib/t.h"

#include <stdio.h>

#include "base/reason.h"
#include "base/wr.h"
#include "http/head.h"

#define HOST "Host: kbs.example:9443\r\n"

static int
parse(const char *text, struct wd_head *h)
{
	return wd_head_parse(wd_span_text(text), h, NULL);
}

static void
refused(const char *text, int reason)
{
	struct wd_head h = { .n_fields = 77 };

	assert_int_equal(parse(text, &h), reason);
	assert_int_equal(h.n_fields, 77); /* untouched */
}

static void
plain_request_is_taken_apart(void **state)
{
	struct wd_head h;

	(void)state;
	t_ok(parse("POST /kbs/v0/attest?a=b HTTP/1.1\r\n" HOST
		   "content-length: 12\r\nX-Empty:\r\n\r\n",
	    &h));
	assert_int_equal(h.method, WD_METHOD_POST);
	t_span_equal(h.path, WD_SPAN_LIT("/kbs/v0/attest"));
	t_span_equal(h.query, WD_SPAN_LIT("a=b"));
	assert_int_equal(h.body_len, 12);
	assert_int_equal(h.n_fields, 3);
	assert_int_equal(wd_head_field(&h, "x-empty").len, 0);
	assert_false(h.close || h.expect_continue);
}

static void
methods_without_a_use_are_told_apart(void **state)
{
	struct wd_head h;

	(void)state;
	t_ok(parse("PATCH / HTTP/1.1\r\n" HOST "\r\n", &h));
	assert_int_equal(h.method, WD_METHOD_OTHER);
	t_ok(parse("DELETE / HTTP/1.1\r\n" HOST "\r\n", &h));
	assert_int_equal(h.method, WD_METHOD_DELETE);
	assert_string_equal(wd_method_name(WD_METHOD_PUT), "PUT");
	assert_null(wd_method_name(WD_METHOD_OTHER));
}

static void
closing_and_continuing_are_seen(void **state)
{
	struct wd_head h;

	(void)state;
	t_ok(parse("GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, Close\r\n"
		   "Expect: 100-Continue\r\n\r\n",
	    &h));
	assert_true(h.close && h.expect_continue);
}

static void
request_lines_of_any_other_form_are_refused(void **state)
{
	static const char *const lines[] = { "GET  / HTTP/1.1",
		"GET / HTTP/1.0", "GET / HTTP/2", "GET /", "GET / HTTP/1.1 ",
		" GET / HTTP/1.1", "GET\t/ HTTP/1.1", "G(T / HTTP/1.1",
		"GET http://kbs.example/ HTTP/1.1", "GET * HTTP/1.1",
		"OPTIONS * HTTP/1.1", "CONNECT kbs.example:443 HTTP/1.1",
		"GET /a%2e/b HTTP/1.1", "GET //a HTTP/1.1", "GET /a/ HTTP/1.1",
		"GET /a/../b HTTP/1.1", "GET /./b HTTP/1.1",
		"GET /a#b HTTP/1.1", "GET /a\\b HTTP/1.1", "GET /a b HTTP/1.1",
		"GET /\xc3\xa4 HTTP/1.1", "GET ?a HTTP/1.1", "" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < WD_N(lines); i++) {
		(void)snprintf(
		    text, sizeof(text), "%s\r\n" HOST "\r\n", lines[i]);
		refused(text, WD_R_MALFORMED);
	}
}

static void
header_lines_of_any_other_form_are_refused(void **state)
{
	static const char *const lines[] = { "X : a", "X", ": a", "X: a\x01",
		"X: a\tb", "X: a\x7f", " folded", "\tfolded", "X\t: a",
		"X: a\rb", "(X): a" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < WD_N(lines); i++) {
		(void)snprintf(text, sizeof(text),
		    "GET / HTTP/1.1\r\n" HOST "%s\r\n\r\n", lines[i]);
		refused(text, WD_R_MALFORMED);
	}
}

static void
nul_bytes_are_refused(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n";
	struct wd_head h;

	(void)state;
	assert_int_equal(
	    wd_head_parse(WD_SPAN_LIT(text), &h, NULL), WD_R_MALFORMED);
}

static void
bare_line_feeds_are_refused(void **state)
{
	(void)state;
	refused("GET / HTTP/1.1\n" HOST "\r\n", WD_R_MALFORMED);
	refused("GET / HTTP/1.1\r\nHost: a\n\r\n", WD_R_MALFORMED);
	refused("GET / HTTP/1.1\r\n" HOST "\n", WD_R_MALFORMED);
	refused("GET / HTTP/1.1\r\n" HOST, WD_R_MALFORMED);
	refused("", WD_R_MALFORMED);
}

static void
two_of_a_kind_are_refused(void **state)
{
	static const char *const twice[] = { "Host: b\r\n",
		"Content-Length: 1\r\nContent-Length: 1\r\n",
		"Content-Length: 1\r\ncontent-length: 2\r\n",
		"Content-Type: a/b\r\nContent-Type: a/b\r\n",
		"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
		"Cookie: a=b\r\nCookie: a=b\r\n",
		"Expect: 100-continue\r\nExpect: 100-continue\r\n" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < WD_N(twice); i++) {
		(void)snprintf(text, sizeof(text),
		    "GET / HTTP/1.1\r\n" HOST "%s\r\n", twice[i]);
		refused(text, WD_R_MALFORMED);
	}
}

static void
host_must_be_there_and_be_one(void **state)
{
	(void)state;
	refused("GET / HTTP/1.1\r\n\r\n", WD_R_MALFORMED);
	refused("GET / HTTP/1.1\r\nHost:\r\n\r\n", WD_R_MALFORMED);
	refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", WD_R_MALFORMED);
	refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", WD_R_MALFORMED);
}

static void
transfer_encoding_is_refused(void **state)
{
	(void)state;
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
	    WD_R_MALFORMED);
	refused("POST / HTTP/1.1\r\n" HOST
		"transfer-encoding: identity\r\nContent-Length: 3\r\n\r\n",
	    WD_R_MALFORMED);
}

static void
lengths_are_plain_numbers(void **state)
{
	static const char *const lengths[] = { "+1", "-1", "0x10", "1 2", "1,1",
		"01", "", "1a" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < WD_N(lengths); i++) {
		(void)snprintf(text, sizeof(text),
		    "POST / HTTP/1.1\r\n" HOST "Content-Length: %s\r\n\r\n",
		    lengths[i]);
		refused(text, WD_R_MALFORMED);
	}
	refused("POST / HTTP/1.1\r\n" HOST
		"Content-Length: 99999999999999999999999\r\n\r\n",
	    WD_R_TOO_LARGE);
	refused(
	    "POST / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n", WD_R_MALFORMED);
}

static void
sizes_have_limits(void **state)
{
	struct wd_wr wr = wd_wr_growing(2 * WD_HEAD_MAX);
	struct wd_head h;

	(void)state;
	wd_wr_text(&wr, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < WD_HEAD_FIELDS - 1; i++)
		wd_wr_text(&wr, "a:\r\n");
	wd_wr_text(&wr, "\r\n");
	t_ok(wd_head_parse(wd_wr_span(&wr), &h, NULL));
	wr.len -= 2;
	wd_wr_text(&wr, "a:\r\n\r\n");
	assert_int_equal(
	    wd_head_parse(wd_wr_span(&wr), &h, NULL), WD_R_TOO_LARGE);
	wd_wr_done(&wr);

	wd_wr_text(&wr, "GET /");
	for (int i = 0; i < WD_TARGET_MAX; i++)
		wd_wr_u8(&wr, 'a');
	wd_wr_text(&wr, " HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(
	    wd_head_parse(wd_wr_span(&wr), &h, NULL), WD_R_TOO_LARGE);
	wd_wr_done(&wr);

	wd_wr_zero(&wr, WD_HEAD_MAX + 1);
	assert_int_equal(
	    wd_head_parse(wd_wr_span(&wr), &h, NULL), WD_R_TOO_LARGE);
	wd_wr_done(&wr);
}

static void
end_is_found_however_the_bytes_arrive(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
	size_t from = 0;

	(void)state;
	for (size_t n = 0; n < 27; n++)
		assert_int_equal(wd_head_end(wd_span(text, n), &from), 0);
	assert_int_equal(wd_head_end(wd_span(text, 27), &from), 27);
	from = 0;
	assert_int_equal(wd_head_end(WD_SPAN_LIT(text), &from), 27);
	from = 0;
	assert_int_equal(wd_head_end(WD_SPAN_LIT("a\n\nb"), &from), 3);
	from = 0;
	assert_int_equal(wd_head_end(WD_SPAN_LIT("a\n\r\nb"), &from), 4);
	from = 0;
	assert_int_equal(wd_head_end(WD_SPAN_LIT("\r\n\r\n"), &from), 4);
}

static void
no_flipped_byte_is_taken_for_framing(void **state)
{
	static const char text[] = "POST /a HTTP/1.1\r\nHost: a\r\n"
				   "Content-Length: 5\r\n\r\n";
	char copy[sizeof(text)];
	struct wd_head h;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		for (int c = 0; c < 256; c++) {
			wd_copy(copy, WD_SPAN(text));
			copy[i] = (char)c;
			if (wd_head_parse(
				wd_span(copy, sizeof(text) - 1), &h, NULL) == 0)
				assert_true(h.body_len < 100);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_request_is_taken_apart),
		cmocka_unit_test(methods_without_a_use_are_told_apart),
		cmocka_unit_test(closing_and_continuing_are_seen),
		cmocka_unit_test(request_lines_of_any_other_form_are_refused),
		cmocka_unit_test(header_lines_of_any_other_form_are_refused),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(bare_line_feeds_are_refused),
		cmocka_unit_test(two_of_a_kind_are_refused),
		cmocka_unit_test(host_must_be_there_and_be_one),
		cmocka_unit_test(transfer_encoding_is_refused),
		cmocka_unit_test(lengths_are_plain_numbers),
		cmocka_unit_test(sizes_have_limits),
		cmocka_unit_test(end_is_found_however_the_bytes_arrive),
		cmocka_unit_test(no_flipped_byte_is_taken_for_framing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
