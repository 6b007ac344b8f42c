/*
 * Answers carry what every answer must carry.
 */
#include "lib/t.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/wr.h"
#include "http/conn.h"

static char text[4096];

static void
write_it(const struct wd_answer *a, bool last)
{
	static const uint8_t random[16] = { 1 };
	struct wd_id id = wd_id_from_random(random);
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);

	wd_answer_head(&wr, a, &id, last);
	t_ok(wd_wr_end(&wr));
	text[wr.len] = '\0';
}

/* The C library reads the date back as the present. */
static void
assert_date(const char *line)
{
	struct tm tm = { 0 };
	const char *end;

	assert_non_null(line);
	end = strptime(line, "\r\nDate: %a, %d %b %Y %T GMT\r\n", &tm);
	assert_non_null(end);
	assert_true(llabs(wd_time_now() - timegm(&tm)) < 5);
	assert_int_equal(tm.tm_wday, (wd_time_now() / 86400 + 4) % 7);
}

static void
every_answer_has_its_id_and_is_not_kept(void **state)
{
	struct wd_answer a = { 200, "application/json", WD_SPAN_LIT("{}"),
		{ { "Allow", "GET" } } };

	(void)state;
	write_it(&a, false);
	assert_ptr_equal(strstr(text, "HTTP/1.1 200 OK\r\n"), text);
	assert_non_null(strstr(text,
	    "\r\nWarder-Request: 01000000-0000-4000-8000-000000000000\r\n"));
	assert_non_null(strstr(text, "\r\nCache-Control: no-store\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Length: 2\r\n"));
	assert_non_null(strstr(text, "\r\nAllow: GET\r\n"));
	assert_date(strstr(text, "\r\nDate: "));
	assert_null(strstr(text, "Connection:"));
	assert_null(strstr(text, "Server:"));
	assert_string_equal(text + strlen(text) - 4, "\r\n\r\n");
}

static void
empty_answers_have_no_length(void **state)
{
	struct wd_answer a = { 204, NULL, { 0 }, { { 0 } } };

	(void)state;
	write_it(&a, true);
	assert_non_null(strstr(text, "204 No Content"));
	assert_null(strstr(text, "Content-"));
	assert_non_null(strstr(text, "\r\nConnection: close\r\n\r\n"));
}

static void
every_reason_has_a_phrase(void **state)
{
	size_t n;
	const struct wd_reason_row *rows = wd_reason_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct wd_answer a = { rows[i].status, NULL, { 0 }, { { 0 } } };

		write_it(&a, false);
		assert_null(strstr(text, " Status\r\n"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_has_its_id_and_is_not_kept),
		cmocka_unit_test(empty_answers_have_no_length),
		cmocka_unit_test(every_reason_has_a_phrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
