/*
 * Configuration files: what is handed out, and what the library would tolerate.
 */
#include "lib/t.h"

#include "codec/ini.h"

#include <stdio.h>
#include <string.h>

/* Entries as text, to be compared at once. */
struct seen {
	char text[512];
	const char *refuse; /* a name that is not accepted */
};

static int
note(void *ctx, const struct wd_ini_entry *e, struct wd_diag *d)
{
	struct seen *seen = ctx;
	size_t used = strlen(seen->text);

	if (seen->refuse != NULL && strcmp(e->name, seen->refuse) == 0)
		return wd_reject(d, WD_R_UNKNOWN_MEMBER, "no %s", e->name);
	(void)snprintf(seen->text + used, sizeof(seen->text) - used,
	    "%u[%s]%s=%s;", e->line, e->section, e->name, e->value);
	return 0;
}

static int
read_text(const char *text, struct seen *seen, struct wd_diag *d)
{
	return wd_ini_read(wd_span_text(text), note, seen, d);
}

static void
entries_come_with_section_and_line(void **state)
{
	struct seen seen = { "", NULL };

	(void)state;
	t_ok(read_text("first = 1\n"
		       "# a comment\n"
		       "\n"
		       "[one]\r\n"
		       "a = b c\t\r\n"
		       "  ; an indented comment\n"
		       "d=e ; a note\n"
		       "a = again",
	    &seen, NULL));
	assert_string_equal(
	    seen.text, "1[]first=1;5[one]a=b c;7[one]d=e;8[one]a=again;");
}

static void
nothing_is_fine(void **state)
{
	struct seen seen = { "", NULL };

	(void)state;
	t_ok(read_text("", &seen, NULL));
	assert_string_equal(seen.text, "");
}

static void
refused_entry_ends_it_and_names_its_line(void **state)
{
	struct seen seen = { "", "b" };
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(
	    read_text("a=1\nb=2\nc=3\n\001", &seen, &d), WD_R_UNKNOWN_MEMBER);
	assert_string_equal(seen.text, "1[]a=1;");
	assert_string_equal(d.detail, "line 2: no b");
}

static void
malformed_lines_are_refused(void **state)
{
	static const struct {
		const char *text, *detail;
	} rows[] = {
		{ "a=1\nword\n", "line 2: neither [section] nor name = value" },
		{ "[open\n", "line 1: neither [section] nor name = value" },
		{ "a=1\n b=2\n", "line 2: starts with a blank" },
		{ "a=\001\n", "line 1: not UTF-8, or has control characters" },
		{ "a=\xff\n", "line 1: not UTF-8, or has control characters" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct seen seen = { "", NULL };
		struct wd_diag d = { 0 };

		assert_int_equal(
		    read_text(rows[i].text, &seen, &d), WD_R_MALFORMED);
		assert_string_equal(d.detail, rows[i].detail);
	}
}

static void
line_that_would_be_cut_is_refused(void **state)
{
	char text[1024] = "a=";
	struct seen seen = { "", NULL };
	struct wd_diag d = { 0 };

	(void)state;
	memset(text + 2, 'x', sizeof(text) - 3);
	assert_int_equal(read_text(text, &seen, &d), WD_R_MALFORMED);
	assert_string_equal(d.detail, "line 1: too long");
	assert_string_equal(seen.text, "");
}

static void
nul_is_refused(void **state)
{
	static const char text[] = "a=1\0b";
	struct seen seen = { "", NULL };

	(void)state;
	assert_int_equal(
	    wd_ini_read(WD_SPAN_LIT(text), note, &seen, NULL), WD_R_MALFORMED);
}

static void
too_much_is_refused(void **state)
{
	static const uint8_t text[WD_INI_MAX + 1];
	struct seen seen = { "", NULL };

	(void)state;
	assert_int_equal(
	    wd_ini_read(WD_SPAN(text), note, &seen, NULL), WD_R_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_with_section_and_line),
		cmocka_unit_test(nothing_is_fine),
		cmocka_unit_test(refused_entry_ends_it_and_names_its_line),
		cmocka_unit_test(malformed_lines_are_refused),
		cmocka_unit_test(line_that_would_be_cut_is_refused),
		cmocka_unit_test(nul_is_refused),
		cmocka_unit_test(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
