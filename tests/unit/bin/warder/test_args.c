/*
 * Options by table: what is found, and what is refused before a verb runs.
 */
#include "lib/t.h"

#include "bin/warder/args.h"

static const struct cli_option options[] = {
	{ "at", "TIME", "when", false },
	{ "input", "ROLE=FILE", "a part", true },
	{ "json", NULL, "machine-readable", false },
};

static const struct cli_verb with_operands = {
	.name = "test verb",
	.summary = "Nothing.",
	.operands = "FILE",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder test verb",
};

static const struct cli_verb without_operands = {
	.name = "test verb",
	.options = options,
	.n_options = WD_N(options),
};

#define ARGS(verb_, ...)                                               \
	((struct cli_args){ .verb = (verb_),                           \
	    .words = (const char *[]){ __VA_ARGS__ },                  \
	    .n_words = (int)(sizeof((const char *[]){ __VA_ARGS__ }) / \
		sizeof(char *)) })

static void
values_follow_or_hang_on_an_equals_sign(void **state)
{
	struct cli_args a = ARGS(
	    &without_operands, "--at", "noon", "--input=quote=q.bin", "--json");

	(void)state;
	assert_true(cli_args_check(&a));
	assert_string_equal(cli_value(&a, "at"), "noon");
	assert_string_equal(cli_value(&a, "input"), "quote=q.bin");
	assert_true(cli_has(&a, "json"));
	assert_false(cli_has(&a, "help"));
}

static void
repeated_options_are_walked_in_order(void **state)
{
	struct cli_args a = ARGS(
	    &without_operands, "--input", "a=1", "--json", "--input", "b=2");
	int at = 0;

	(void)state;
	assert_true(cli_args_check(&a));
	assert_string_equal(cli_next(&a, "input", &at), "a=1");
	assert_string_equal(cli_next(&a, "input", &at), "b=2");
	assert_null(cli_next(&a, "input", &at));
}

static void
operands_are_what_is_left(void **state)
{
	struct cli_args a =
	    ARGS(&with_operands, "one", "--at", "noon", "-", "--", "--json");
	int at = 0;

	(void)state;
	assert_true(cli_args_check(&a));
	assert_string_equal(cli_operand(&a, &at), "one");
	assert_string_equal(cli_operand(&a, &at), "-");
	assert_string_equal(cli_operand(&a, &at), "--json");
	assert_null(cli_operand(&a, &at));
	assert_false(cli_has(&a, "json"));
}

static void
wrong_usage_is_refused(void **state)
{
	(void)state;
	assert_false(cli_args_check(&ARGS(&with_operands, "--att", "x")));
	assert_false(cli_args_check(&ARGS(&with_operands, "-j")));
	assert_false(cli_args_check(&ARGS(&with_operands, "--at")));
	assert_false(cli_args_check(&ARGS(&with_operands, "--json=yes")));
	assert_false(
	    cli_args_check(&ARGS(&with_operands, "--at", "1", "--at", "2")));
	assert_false(cli_args_check(&ARGS(&without_operands, "stray")));
}

static void
help_is_known_to_every_verb(void **state)
{
	struct cli_args a = ARGS(&without_operands, "--help");

	(void)state;
	assert_true(cli_args_check(&a));
	assert_true(cli_has(&a, "help"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_follow_or_hang_on_an_equals_sign),
		cmocka_unit_test(repeated_options_are_walked_in_order),
		cmocka_unit_test(operands_are_what_is_left),
		cmocka_unit_test(wrong_usage_is_refused),
		cmocka_unit_test(help_is_known_to_every_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
