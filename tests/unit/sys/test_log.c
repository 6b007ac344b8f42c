/*
 * Log lines: their form, and that nothing from outside breaks it.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "base/wr.h"
#include "sys/log.h"
#include "sys/log_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char line[16384];

/* Standard error goes into a pipe while one line is written. */
struct capture {
	int saved, from;
};

static struct capture
begin(void)
{
	struct capture c = { dup(STDERR_FILENO), -1 };
	int pipes[2];

	t_ok(pipe(pipes));
	assert_int_equal(dup2(pipes[1], STDERR_FILENO), STDERR_FILENO);
	close(pipes[1]);
	c.from = pipes[0];
	return c;
}

static const char *
end(struct capture c)
{
	ssize_t n;

	assert_int_equal(dup2(c.saved, STDERR_FILENO), STDERR_FILENO);
	close(c.saved);
	n = read(c.from, line, sizeof(line) - 1);
	close(c.from);
	assert_true(n >= 0);
	line[n] = '\0';
	return line;
}

static void
line_is_one_json_object(void **state)
{
	struct capture c = begin();
	char want[256];
	const char *got;

	(void)state;
	wd_log_start("keeper", 3, WD_LOG_INFO);
	wd_log(
	    WD_LOG_WARNING, "key_created", "id", "42", "label", "a\"b", NULL);
	got = end(c);
	(void)snprintf(want, sizeof(want),
	    "Z\",\"level\":\"warning\",\"role\":\"keeper\",\"cell\":3,\"pid\":%"
	    "ld,"
	    "\"event\":\"key_created\",\"id\":\"42\",\"label\":\"a\\\"b\"}\n",
	    (long)getpid());
	assert_memory_equal(got, "{\"time\":\"", 9);
	assert_string_equal(strstr(got, "Z\""), want);
}

static void
no_cell_is_left_out(void **state)
{
	struct capture c = begin();

	(void)state;
	wd_log_start("seal", -1, WD_LOG_INFO);
	wd_log(WD_LOG_INFO, "started", NULL);
	assert_null(strstr(end(c), "cell"));
}

static void
levels_below_are_silent(void **state)
{
	struct capture c = begin();

	(void)state;
	wd_log_start("seal", -1, WD_LOG_WARNING);
	wd_log(WD_LOG_INFO, "started", NULL);
	wd_log(WD_LOG_DEBUG, "started", NULL);
	assert_string_equal(end(c), "");
}

static void
line_too_long_loses_pairs_not_its_end(void **state)
{
	struct capture c;
	char big[600];
	const char *got;

	(void)state;
	for (size_t i = 0; i < sizeof(big) - 1; i++)
		big[i] = '\1';
	big[sizeof(big) - 1] = '\0';
	c = begin();
	wd_log_start("seal", -1, WD_LOG_INFO);
	wd_log(WD_LOG_INFO, "event", "a", big, "b", big, "c", big, NULL);
	got = end(c);
	assert_non_null(strstr(got, "\"b\":\"\\u0001"));
	assert_null(strstr(got, "\"c\""));
	assert_string_equal(got + strlen(got) - 3, "\"}\n");
}

static void
result_carries_reason_and_detail(void **state)
{
	struct wd_diag d = { 0 };
	struct capture c = begin();

	(void)state;
	wd_log_start("seal", -1, WD_LOG_INFO);
	(void)wd_reject(&d, WD_R_SEALED, "not now");
	wd_log_result("release", WD_R_SEALED, &d);
	assert_non_null(strstr(end(c),
	    "\"event\":\"release\",\"reason\":\"sealed\","
	    "\"detail\":\"not now\"}"));
	c = begin();
	wd_log_result("release", WD_F_SYSTEM, NULL);
	assert_non_null(strstr(end(c), "\"level\":\"error\""));
}

static void
text_is(struct wd_span in, const char *out)
{
	char room[4096];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));

	wd_log_text(&wr, in);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr), wd_span_text(out));
}

static void
text_is_ascii_whatever_comes(void **state)
{
	(void)state;
	text_is(WD_SPAN_LIT("plain ~"), "plain ~");
	text_is(WD_SPAN_LIT("\"\\\n\t\x1b\x7f"),
	    "\\\"\\\\\\u000a\\u0009\\u001b\\u007f");
	text_is(WD_SPAN_LIT("\xc3\xa4"), "\\u00e4");
	text_is(WD_SPAN_LIT("\xe2\x82\xac"), "\\u20ac");
	text_is(WD_SPAN_LIT("\xf0\x9f\x94\x91"), "\\ud83d\\udd11");
	text_is(wd_span(NULL, 0), "");
}

static void
broken_utf8_is_replaced(void **state)
{
	(void)state;
	text_is(WD_SPAN_LIT("\xff"
			    "a"),
	    "\\ufffda");
	text_is(WD_SPAN_LIT("\xc3"), "\\ufffd");
	text_is(WD_SPAN_LIT("\xc3"
			    "a"),
	    "\\ufffda");
	text_is(WD_SPAN_LIT("\xc0\xaf"), "\\ufffd\\ufffd");
	text_is(WD_SPAN_LIT("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");
	text_is(
	    WD_SPAN_LIT("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd");
}

static void
long_text_is_cut(void **state)
{
	char room[4096];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));
	char big[1000];

	(void)state;
	(void)memset(big, 'x', sizeof(big));
	wd_log_text(&wr, WD_SPAN(big));
	assert_int_equal(wr.len, WD_LOG_VALUE_MAX);
}

static void
levels_have_names(void **state)
{
	static const char *const none[] = { "", "warn", "ERROR", "error " };
	enum wd_log_level level = WD_LOG_INFO;

	(void)state;
	assert_true(wd_log_level_parse(WD_SPAN_LIT("warning"), &level));
	assert_int_equal(level, WD_LOG_WARNING);
	assert_true(wd_log_level_parse(WD_SPAN_LIT("debug"), &level));
	assert_int_equal(level, WD_LOG_DEBUG);
	for (size_t i = 0; i < WD_N(none); i++)
		assert_false(wd_log_level_parse(wd_span_text(none[i]), &level));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_is_one_json_object),
		cmocka_unit_test(no_cell_is_left_out),
		cmocka_unit_test(levels_below_are_silent),
		cmocka_unit_test(line_too_long_loses_pairs_not_its_end),
		cmocka_unit_test(result_carries_reason_and_detail),
		cmocka_unit_test(text_is_ascii_whatever_comes),
		cmocka_unit_test(broken_utf8_is_replaced),
		cmocka_unit_test(long_text_is_cut),
		cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
