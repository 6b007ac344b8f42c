/*
 * Sections of backends in the configuration of the server, with a kind that
 * only tests have.
 */
#include "lib/t.h"

#include "lib/backend_forms.h"

#include "bin/common/conf.h"

#include <stdio.h>
#include <string.h>

#include "crypto/init.h"

static int
parse(const char *text, struct wd_conf *c, struct wd_diag *d)
{
	return wd_conf_parse(wd_span_text(text), "/conf", c, d);
}

static void
sections_are_taken_in_order(void **state)
{
	static struct wd_conf c;
	const struct wd_conf_backend *b;

	(void)state;
	t_ok(parse("[server]\ndefault_backend = two\n"
		   "[backend one]\nkind = folder\nfolder = keys\n"
		   "processes = 8\ntimeout_ms = 250\n"
		   "[backend two]\nkind = folder\nfolder = /srv\ncount = 4\n",
	    &c, NULL));
	assert_int_equal(c.n_backends, 2);
	assert_string_equal(c.default_backend, "two");
	assert_string_equal(c.backends[0].conf.name, "one");
	assert_ptr_equal(c.backends[0].conf.form, &t_backend_form);
	assert_int_equal(c.backends[0].processes, 8);
	assert_int_equal(c.backends[0].timeout_ms, 250);
	b = wd_conf_backend(&c, "two");
	assert_non_null(b);
	assert_int_equal(b->processes, 2);
	assert_int_equal(b->timeout_ms, 5000);
	assert_string_equal(wd_backend_text(&b->conf, "folder"), "/srv");
	assert_int_equal(wd_backend_number(&b->conf, "count"), 4);
	assert_null(wd_conf_backend(&c, "three"));
}

#define ONE "[backend one]\nkind = folder\nfolder = keys\n"

static const struct {
	const char *text;
	int result;
	const char *detail; /* NULL: not looked at */
} refusals[] = {
	{ "[backend one]\nfolder = keys\n", WD_R_MALFORMED,
	    "line 2: the first key of a backend is not kind" },
	{ "[backend one]\nkind = cupboard\n", WD_R_MALFORMED,
	    "line 2: kind is not one of folder wrapping" },
	{ "[backend One]\nkind = folder\n", WD_R_MALFORMED, NULL },
	{ "[backend embedded]\nkind = folder\n", WD_R_MALFORMED, NULL },
	{ "[backend one]\nkind = folder\n", WD_R_MALFORMED,
	    "backend one: folder must be given" },
	{ ONE "kind = folder\n", WD_R_EXISTS, "line 4: kind is given twice" },
	{ ONE "colour = red\n", WD_R_UNKNOWN_MEMBER,
	    "line 4: a backend of kind folder has no key colour" },
	{ ONE "folder = more\n", WD_R_EXISTS, NULL },
	{ ONE "processes = 9\n", WD_R_MALFORMED,
	    "line 4: processes is not a decimal number from 1 to 8" },
	{ ONE "processes = 0\n", WD_R_MALFORMED, NULL },
	{ ONE "processes = 1\nprocesses = 2\n", WD_R_EXISTS, NULL },
	{ ONE "timeout_ms = 99\n", WD_R_MALFORMED, NULL },
	{ ONE "timeout_ms = 60001\n", WD_R_MALFORMED, NULL },
	{ ONE "mode = none\n", WD_R_MALFORMED,
	    "line 4: mode is not one of plain lease wrap" },
	{ ONE "[server]\ndefault_backend = two\n", WD_R_NOT_FOUND,
	    "default_backend: there is no section [backend two]" },
	{ ONE "[server]\ndefault_backend = TWO\n", WD_R_MALFORMED, NULL },
};

static void
refusals_come_by_number_and_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(refusals); i++) {
		static struct wd_conf c;
		struct wd_diag d = { 0 };

		assert_int_equal(
		    parse(refusals[i].text, &c, &d), refusals[i].result);
		if (refusals[i].detail != NULL)
			assert_string_equal(d.detail, refusals[i].detail);
	}
}

static void
there_are_at_most_eight(void **state)
{
	static struct wd_conf c;
	char text[1024] = "";
	size_t len = 0;

	(void)state;
	for (int i = 0; i < WD_BACKENDS_MAX + 1; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "[backend b%d]\nkind = folder\nfolder = /f\n", i);
	assert_int_equal(parse(text, &c, NULL), WD_R_RANGE);
}

static void
manual_lists_the_keys_of_each_kind(void **state)
{
	static char text[131072];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);

	(void)state;
	wd_conf_manual(&wr);
	t_ok(wd_wr_end(&wr));
	assert_non_null(strstr(text, ".Ss [backend NAME] keys of kind folder"));
	assert_non_null(strstr(text,
	    ".It Cm count\nA number.\n"
	    "A decimal number from 2 to 9; by "
	    "default\n.Ql 3 .\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_are_taken_in_order),
		cmocka_unit_test(refusals_come_by_number_and_line),
		cmocka_unit_test(there_are_at_most_eight),
		cmocka_unit_test(manual_lists_the_keys_of_each_kind),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
