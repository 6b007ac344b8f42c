/*
 * Objects by taking members: each error by its number, and that the first one
 * stands.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "codec/json.h"

#include <string.h>

struct fixture {
	struct wd_json *doc;
	struct wd_diag d;
	struct wd_jobj o;
};

static void
open_text(struct fixture *f, const char *text)
{
	*f = (struct fixture){ 0 };
	t_ok(wd_json_parse(wd_span_text(text), NULL, &f->doc));
	wd_jobj_open(&f->o, wd_json_root(f->doc), &f->d, "thing");
}

/* Closes, and checks the result and that the diagnosis agrees. */
static void
expect(struct fixture *f, int result)
{
	assert_int_equal(wd_jobj_close(&f->o), result);
	assert_int_equal(f->d.result, result);
	f->doc = wd_json_free(f->doc);
}

static void
typed_members_are_taken(void **state)
{
	struct fixture f;
	uint8_t bytes[2];

	(void)state;
	open_text(&f,
	    "{\"t\":\"abc\",\"u\":9,\"b\":true,\"a\":[1,2],\"o\":{},"
	    "\"h\":\"Ab01\",\"w\":\"2025-07-01T00:00:00Z\",\"n\":null}");
	assert_true(wd_span_is(wd_jobj_text(&f.o, "t", WD_REQUIRED, 3), "abc"));
	assert_int_equal(wd_jobj_uint(&f.o, "u", WD_REQUIRED, 9), 9);
	assert_true(wd_jobj_bool(&f.o, "b", WD_REQUIRED, false));
	assert_int_equal(
	    wd_jval_count(wd_jobj_array(&f.o, "a", WD_REQUIRED, 2)), 2);
	assert_non_null(wd_jobj_object(&f.o, "o", WD_REQUIRED));
	wd_jobj_hex(&f.o, "h", WD_REQUIRED, bytes, sizeof(bytes));
	t_span_equal(WD_SPAN(bytes), WD_SPAN_LIT("\xab\x01"));
	assert_int_equal(
	    wd_jobj_time(&f.o, "w", WD_REQUIRED), INT64_C(1751328000));
	assert_true(wd_jobj_has(&f.o, "n"));
	assert_int_equal(
	    wd_jval_type(wd_jobj_take(&f.o, "n", WD_REQUIRED)), WD_JNULL);
	expect(&f, 0);
}

static void
absent_optional_members_read_as_nothing(void **state)
{
	struct fixture f;
	uint8_t bytes[2] = { 7, 7 };

	(void)state;
	open_text(&f, "{}");
	assert_int_equal(wd_jobj_text(&f.o, "t", WD_OPTIONAL, 3).len, 0);
	assert_int_equal(wd_jobj_uint(&f.o, "u", WD_OPTIONAL, 9), 0);
	assert_true(wd_jobj_bool(&f.o, "b", WD_OPTIONAL, true));
	assert_false(wd_jobj_bool(&f.o, "c", WD_OPTIONAL, false));
	assert_null(wd_jobj_array(&f.o, "a", WD_OPTIONAL, 2));
	assert_null(wd_jobj_object(&f.o, "o", WD_OPTIONAL));
	wd_jobj_hex(&f.o, "h", WD_OPTIONAL, bytes, sizeof(bytes));
	assert_true(wd_span_is_zero(WD_SPAN(bytes)));
	assert_int_equal(wd_jobj_time(&f.o, "w", WD_OPTIONAL), 0);
	assert_false(wd_jobj_has(&f.o, "n"));
	expect(&f, 0);
}

/* Reads the one member "m" in one way. */
static void
as_text(struct wd_jobj *o)
{
	(void)wd_jobj_text(o, "m", WD_REQUIRED, 3); /* the close tells */
}

static void
as_uint(struct wd_jobj *o)
{
	(void)wd_jobj_uint(o, "m", WD_REQUIRED, 9); /* the close tells */
}

static void
as_bool(struct wd_jobj *o)
{
	(void)wd_jobj_bool(o, "m", WD_REQUIRED, false); /* the close tells */
}

static void
as_array(struct wd_jobj *o)
{
	(void)wd_jobj_array(o, "m", WD_REQUIRED, 2); /* the close tells */
}

static void
as_object(struct wd_jobj *o)
{
	(void)wd_jobj_object(o, "m", WD_REQUIRED); /* the close tells */
}

static void
as_hex(struct wd_jobj *o)
{
	uint8_t bytes[2];

	wd_jobj_hex(o, "m", WD_REQUIRED, bytes, sizeof(bytes));
	assert_true(wd_span_is_zero(WD_SPAN(bytes)));
}

static void
as_time(struct wd_jobj *o)
{
	(void)wd_jobj_time(o, "m", WD_REQUIRED); /* the close tells */
}

static const struct {
	void (*read)(struct wd_jobj *);
	const char *text;
	int result;
} refusals[] = {
	{ as_text, "{}", WD_R_MALFORMED },
	{ as_text, "{\"m\":1}", WD_R_MALFORMED },
	{ as_text, "{\"m\":null}", WD_R_MALFORMED },
	{ as_text, "{\"m\":\"abcd\"}", WD_R_RANGE },
	{ as_text, "{\"m\":\"a\",\"x\":1}", WD_R_UNKNOWN_MEMBER },
	{ as_text, "{\"M\":\"a\"}", WD_R_MALFORMED },
	{ as_text, "[]", WD_R_MALFORMED },
	{ as_text, "1", WD_R_MALFORMED },
	{ as_uint, "{}", WD_R_MALFORMED },
	{ as_uint, "{\"m\":\"1\"}", WD_R_MALFORMED },
	{ as_uint, "{\"m\":1.0}", WD_R_MALFORMED },
	{ as_uint, "{\"m\":-1}", WD_R_RANGE },
	{ as_uint, "{\"m\":10}", WD_R_RANGE },
	{ as_bool, "{}", WD_R_MALFORMED },
	{ as_bool, "{\"m\":1}", WD_R_MALFORMED },
	{ as_bool, "{\"m\":\"true\"}", WD_R_MALFORMED },
	{ as_array, "{}", WD_R_MALFORMED },
	{ as_array, "{\"m\":{}}", WD_R_MALFORMED },
	{ as_array, "{\"m\":[1,2,3]}", WD_R_RANGE },
	{ as_object, "{}", WD_R_MALFORMED },
	{ as_object, "{\"m\":[]}", WD_R_MALFORMED },
	{ as_hex, "{}", WD_R_MALFORMED },
	{ as_hex, "{\"m\":1}", WD_R_MALFORMED },
	{ as_hex, "{\"m\":\"ab\"}", WD_R_MALFORMED },
	{ as_hex, "{\"m\":\"ab011\"}", WD_R_MALFORMED },
	{ as_hex, "{\"m\":\"ab0g\"}", WD_R_MALFORMED },
	{ as_time, "{}", WD_R_MALFORMED },
	{ as_time, "{\"m\":5}", WD_R_MALFORMED },
	{ as_time, "{\"m\":\"2025-07-01\"}", WD_R_MALFORMED },
};

static void
each_wrong_member_is_refused_by_its_number(void **state)
{
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < WD_N(refusals); i++) {
		open_text(&f, refusals[i].text);
		refusals[i].read(&f.o);
		expect(&f, refusals[i].result);
	}
}

static void
the_member_nobody_took_is_named(void **state)
{
	struct fixture f;

	(void)state;
	open_text(&f, "{\"good\":1,\"stray\":2}");
	assert_int_equal(wd_jobj_uint(&f.o, "good", WD_REQUIRED, 9), 1);
	assert_int_equal(wd_jobj_close(&f.o), WD_R_UNKNOWN_MEMBER);
	assert_non_null(strstr(f.d.detail, "stray"));
	assert_non_null(strstr(f.d.detail, "thing"));
	f.doc = wd_json_free(f.doc);
}

static void
an_open_world_tolerates_strangers_only(void **state)
{
	struct fixture f;

	(void)state;
	open_text(&f, "{\"m\":1,\"stray\":2}");
	as_uint(&f.o);
	t_ok(wd_jobj_close_open_world(&f.o));
	f.doc = wd_json_free(f.doc);
	open_text(&f, "{\"stray\":2}");
	as_uint(&f.o);
	assert_int_equal(wd_jobj_close_open_world(&f.o), WD_R_MALFORMED);
	f.doc = wd_json_free(f.doc);
}

static void
the_first_error_stands(void **state)
{
	struct fixture f;

	(void)state;
	open_text(&f, "{\"m\":10,\"t\":5}");
	as_uint(&f.o);
	assert_int_equal(wd_jobj_text(&f.o, "t", WD_REQUIRED, 9).len, 0);
	wd_jobj_fail(&f.o, WD_R_CONFLICT, "later");
	expect(&f, WD_R_RANGE);
	open_text(&f, "{}");
	wd_jobj_fail(&f.o, WD_R_CONFLICT, "number %d", 5);
	assert_string_equal(f.d.detail, "thing: number 5");
	expect(&f, WD_R_CONFLICT);
}

static void
folding_case_finds_either_and_refuses_both(void **state)
{
	struct fixture f;

	(void)state;
	open_text(&f, "{\"KeyId\":4}");
	wd_jobj_fold_case(&f.o);
	assert_true(wd_jobj_has(&f.o, "keyid"));
	assert_int_equal(wd_jobj_uint(&f.o, "keyID", WD_REQUIRED, 9), 4);
	expect(&f, 0);
	open_text(&f, "{\"KeyId\":4,\"keyid\":5}");
	wd_jobj_fold_case(&f.o);
	assert_int_equal(wd_jobj_uint(&f.o, "keyid", WD_OPTIONAL, 9), 0);
	expect(&f, WD_R_MALFORMED);
	open_text(&f, "{\"KeyIds\":4,\"Key\":1}");
	wd_jobj_fold_case(&f.o);
	assert_false(wd_jobj_has(&f.o, "keyid"));
	expect(&f, WD_R_UNKNOWN_MEMBER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typed_members_are_taken),
		cmocka_unit_test(absent_optional_members_read_as_nothing),
		cmocka_unit_test(each_wrong_member_is_refused_by_its_number),
		cmocka_unit_test(the_member_nobody_took_is_named),
		cmocka_unit_test(an_open_world_tolerates_strangers_only),
		cmocka_unit_test(the_first_error_stands),
		cmocka_unit_test(folding_case_finds_either_and_refuses_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
