/*
 * The section of a backend: each key by its type, and what is refused.
 */
#include "lib/t.h"

#include "lib/backend_forms.h"

#include "backend/conf.h"

static struct wd_backend_conf
fresh(void)
{
	struct wd_backend_conf c = { .name = "here", .form = &t_backend_form };

	return c;
}

static int
set(struct wd_backend_conf *c, const char *name, const char *value)
{
	struct wd_diag d = { 0 };

	return wd_backend_conf_set(
	    c, name, wd_span_text(value), "/etc/warder", &d);
}

static void
keys_that_are_left_out_have_their_defaults(void **state)
{
	struct wd_backend_conf c = fresh();
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(set(&c, "folder", "keys"));
	t_ok(wd_backend_conf_complete(&c, &d));
	assert_string_equal(wd_backend_text(&c, "folder"), "/etc/warder/keys");
	assert_string_equal(wd_backend_text(&c, "mode"), "plain");
	assert_int_equal(wd_backend_number(&c, "count"), 3);
	assert_false(wd_backend_flag(&c, "strict"));
	assert_string_equal(wd_backend_text(&c, "note"), "");
}

static void
given_keys_are_kept(void **state)
{
	struct wd_backend_conf c = fresh();
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(set(&c, "folder", "/srv/keys"));
	t_ok(set(&c, "mode", "lease"));
	t_ok(set(&c, "count", "9"));
	t_ok(set(&c, "strict", "yes"));
	t_ok(set(&c, "note", "two words"));
	t_ok(wd_backend_conf_complete(&c, &d));
	assert_string_equal(wd_backend_text(&c, "folder"), "/srv/keys");
	assert_string_equal(wd_backend_text(&c, "mode"), "lease");
	assert_int_equal(wd_backend_number(&c, "count"), 9);
	assert_true(wd_backend_flag(&c, "strict"));
	assert_string_equal(wd_backend_text(&c, "note"), "two words");
}

static void
a_path_may_be_a_credential_and_no_other_is(void **state)
{
	struct wd_backend_conf c = fresh(), other = fresh();

	(void)state;
	t_ok(set(&c, "folder", "credential:hsm.pin"));
	t_ok(set(&c, "note", "credential:../x"));
	assert_string_equal(c.at[0].value, "credential:hsm.pin");
	assert_int_equal(
	    set(&other, "folder", "credential:../x"), WD_R_MALFORMED);
	assert_int_equal(set(&other, "folder", "credential:"), WD_R_MALFORMED);
}

static void
what_is_not_of_its_type_is_refused(void **state)
{
	struct wd_backend_conf c = fresh();
	char longer[WD_BACKEND_VALUE_MAX + 2];

	(void)state;
	assert_int_equal(set(&c, "mode", "lea"), WD_R_MALFORMED);
	assert_int_equal(set(&c, "mode", "plain lease"), WD_R_MALFORMED);
	assert_int_equal(set(&c, "count", "1"), WD_R_MALFORMED);
	assert_int_equal(set(&c, "count", "10"), WD_R_MALFORMED);
	assert_int_equal(set(&c, "count", "x"), WD_R_MALFORMED);
	assert_int_equal(set(&c, "strict", "true"), WD_R_MALFORMED);
	assert_int_equal(set(&c, "folder", ""), WD_R_MALFORMED);
	for (size_t i = 0; i < sizeof(longer); i++)
		longer[i] = i + 1 < sizeof(longer) ? 'a' : '\0';
	assert_int_equal(set(&c, "note", longer), WD_R_RANGE);
	longer[WD_BACKEND_VALUE_MAX] = '\0';
	assert_int_equal(set(&c, "folder", longer), WD_R_RANGE);
}

static void
unknown_and_repeated_keys_are_refused(void **state)
{
	struct wd_backend_conf c = fresh();

	(void)state;
	assert_int_equal(set(&c, "colour", "red"), WD_R_UNKNOWN_MEMBER);
	t_ok(set(&c, "note", "one"));
	assert_int_equal(set(&c, "note", "two"), WD_R_EXISTS);
}

static void
a_key_without_default_must_be_given(void **state)
{
	struct wd_backend_conf c = fresh();
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(wd_backend_conf_complete(&c, &d), WD_R_MALFORMED);
	assert_string_equal(d.detail, "backend here: folder must be given");
}

static void
names_are_short_and_in_lower_case(void **state)
{
	(void)state;
	assert_true(wd_backend_name_is_valid(WD_SPAN_LIT("vault-2")));
	assert_false(wd_backend_name_is_valid(WD_SPAN_LIT("")));
	assert_false(wd_backend_name_is_valid(WD_SPAN_LIT("Vault")));
	assert_false(wd_backend_name_is_valid(WD_SPAN_LIT("a b")));
	assert_false(wd_backend_name_is_valid(WD_SPAN_LIT("embedded")));
	assert_false(wd_backend_name_is_valid(
	    WD_SPAN_LIT("a2345678901234567890123456789012")));
}

static void
kinds_are_found_by_number_and_name(void **state)
{
	(void)state;
	assert_ptr_equal(wd_backend_form(WD_BACKEND_VAULT), &t_backend_form);
	assert_null(wd_backend_form(WD_BACKEND_NONE));
	assert_ptr_equal(
	    wd_backend_form_by_name(WD_SPAN_LIT("folder")), &t_backend_form);
	assert_null(wd_backend_form_by_name(WD_SPAN_LIT("fold")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_that_are_left_out_have_their_defaults),
		cmocka_unit_test(given_keys_are_kept),
		cmocka_unit_test(a_path_may_be_a_credential_and_no_other_is),
		cmocka_unit_test(what_is_not_of_its_type_is_refused),
		cmocka_unit_test(unknown_and_repeated_keys_are_refused),
		cmocka_unit_test(a_key_without_default_must_be_given),
		cmocka_unit_test(names_are_short_and_in_lower_case),
		cmocka_unit_test(kinds_are_found_by_number_and_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
