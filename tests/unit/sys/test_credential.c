/*
 * Names of credentials: no path comes of what is none.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "sys/credential.h"

#include <stdlib.h>

static const char *const no_names[] = { "credential:", "credential:.",
	"credential:..", "credential:.pin", "credential:../pin",
	"credential:/pin", "credential:a/b", "credential:a b", "credential:a\n",
	"credential:\xc3\xa4", "Credential:pin", "credentials:pin", "pin", "",
	"credential:"
	"a2345678901234567890123456789012345678901234567890123456789012345" };

static void
names_are_letters_digits_and_little_else(void **state)
{
	struct wd_span name = { 0 };

	(void)state;
	assert_true(
	    wd_credential_name(WD_SPAN_LIT("credential:Hsm-1_a.pin"), &name));
	t_span_equal(name, WD_SPAN_LIT("Hsm-1_a.pin"));
	for (size_t i = 0; i < WD_N(no_names); i++)
		assert_false(
		    wd_credential_name(wd_span_text(no_names[i]), &name));
	assert_true(wd_credential_is(WD_SPAN_LIT("credential:../pin")));
	assert_false(wd_credential_is(WD_SPAN_LIT("credential")));
	assert_false(wd_credential_is(WD_SPAN_LIT("/credential:pin")));
}

static void
a_credential_lies_in_its_folder(void **state)
{
	char path[WD_FILE_PATH_MAX] = "as before";
	struct wd_diag d = { 0 };

	(void)state;
	for (size_t i = 0; i < WD_N(no_names); i++)
		assert_int_equal(wd_credential_path(wd_span_text(no_names[i]),
				     "/given", path, &d),
		    WD_R_MALFORMED);
	assert_int_equal(
	    wd_credential_path(WD_SPAN_LIT("credential:pin"), NULL, path, &d),
	    WD_R_NOT_FOUND);
	assert_string_equal(path, "as before");
	t_ok(wd_credential_path(
	    WD_SPAN_LIT("credential:pin"), "/given", path, &d));
	assert_string_equal(path, "/given/pin");
}

static void
a_folder_too_long_is_refused(void **state)
{
	static char longest[WD_FILE_PATH_MAX];
	char path[WD_FILE_PATH_MAX];
	struct wd_diag d = { 0 };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(longest); i++)
		longest[i] = '/';
	assert_int_equal(wd_credential_path(
			     WD_SPAN_LIT("credential:pin"), longest, path, &d),
	    WD_R_RANGE);
}

static void
the_folder_is_what_the_environment_says(void **state)
{
	(void)state;
	t_ok(unsetenv("CREDENTIALS_DIRECTORY"));
	assert_null(wd_credential_folder());
	t_ok(setenv("CREDENTIALS_DIRECTORY", "given", 1));
	assert_null(wd_credential_folder()); /* not where that is by chance */
	t_ok(setenv("CREDENTIALS_DIRECTORY", "/given", 1));
	assert_string_equal(wd_credential_folder(), "/given");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_letters_digits_and_little_else),
		cmocka_unit_test(a_credential_lies_in_its_folder),
		cmocka_unit_test(a_folder_too_long_is_refused),
		cmocka_unit_test(the_folder_is_what_the_environment_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
