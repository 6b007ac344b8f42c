/*
 * Queries: known names once, values printable.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "http/query.h"

static char a[8], b[8];

static int
read(const char *query, struct wd_param *params)
{
	params[0] = (struct wd_param){ "a", a, sizeof(a), true };
	params[1] = (struct wd_param){ "b", b, sizeof(b), true };
	return wd_query_read(wd_span_text(query), params, 2, NULL);
}

static void
values_are_decoded(void **state)
{
	struct wd_param p[2];

	(void)state;
	t_ok(read("b=x%2Fy%20z", p));
	assert_false(p[0].given);
	assert_string_equal(a, "");
	assert_true(p[1].given);
	assert_string_equal(b, "x/y z");
	t_ok(read("", p));
	assert_false(p[1].given);
	t_ok(read("a&b=1234567", p));
	assert_true(p[0].given);
	assert_string_equal(b, "1234567");
}

static void
what_is_not_asked_for_is_refused(void **state)
{
	struct wd_param p[2];

	(void)state;
	assert_int_equal(read("c=1", p), WD_R_UNKNOWN_MEMBER);
	assert_int_equal(read("A=1", p), WD_R_UNKNOWN_MEMBER);
	assert_int_equal(read("a=1&&b=2", p), WD_R_UNKNOWN_MEMBER);
	assert_int_equal(read("a=1&a=1", p), WD_R_MALFORMED);
	assert_int_equal(read("a=12345678", p), WD_R_RANGE);
}

static void
escapes_are_whole_and_printable(void **state)
{
	static const char *const bad[] = { "a=%", "a=%4", "a=%zz", "a=%00",
		"a=%0a", "a=%7f", "a=%c3", "a=%4g" };
	struct wd_param p[2];

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(read(bad[i], p), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_decoded),
		cmocka_unit_test(what_is_not_asked_for_is_refused),
		cmocka_unit_test(escapes_are_whole_and_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
