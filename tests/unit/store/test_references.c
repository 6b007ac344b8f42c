/*
 * Sets of reference values, and which policies name them.
 */
#include "fixture.h"

#include <string.h>

static struct wd_store_reference
a_set(const char *name, uint8_t n)
{
	struct wd_store_reference x = {
		.expires = n, .created = 10, .updated = 20
	};

	assert_true(
	    wd_span_to_text(wd_span_text(name), x.name, sizeof(x.name)));
	assert_true(wd_span_to_text(
	    WD_SPAN_LIT("what it is"), x.description, sizeof(x.description)));
	t_digest(x.version, n);
	x.flat = t_bytes(name);
	return x;
}

static int
add_set(struct wd_store *s, const char *name)
{
	struct wd_store_reference x = a_set(name, 1);
	int r = wd_store_reference_add(s, &x);

	wd_store_reference_done(&x);
	return r;
}

static void
a_set_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_reference_done) struct wd_store_reference out = { 0 };
	struct wd_store_reference x = a_set("web", 3);

	t_ok(wd_store_reference_add(f->s, &x));
	t_ok(wd_store_reference_get(f->s, "web", &out));
	assert_string_equal(out.name, "web");
	assert_string_equal(out.description, "what it is");
	assert_memory_equal(out.version, x.version, 32);
	assert_int_equal(out.expires, 3);
	assert_int_equal(out.created, 10);
	assert_int_equal(out.updated, 20);
	assert_int_equal(out.policies, 0);
	t_span_equal(wd_bytes_span(out.flat), WD_SPAN_LIT("web"));
	assert_int_equal(wd_store_reference_add(f->s, &x), WD_R_EXISTS);
	wd_store_reference_done(&x);
}

static void
a_set_is_replaced_under_its_name(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_reference_done) struct wd_store_reference out = { 0 };
	struct wd_store_reference x = a_set("web", 4);

	x.created = 99;
	x.updated = 30;
	assert_int_equal(wd_store_reference_replace(f->s, &x), WD_R_NOT_FOUND);
	t_ok(add_set(f->s, "web"));
	t_ok(wd_store_reference_replace(f->s, &x));
	t_ok(wd_store_reference_get(f->s, "web", &out));
	assert_memory_equal(out.version, x.version, 32);
	assert_int_equal(out.created, 10);
	assert_int_equal(out.updated, 30);
	assert_int_equal(out.expires, 4);
	wd_store_reference_done(&x);
}

static void
an_absent_set_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct wd_store_reference out = { 0 };

	assert_int_equal(
	    wd_store_reference_get(f->s, "web", &out), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_store_reference_delete(f->s, "web"), WD_R_NOT_FOUND);
	assert_null(out.flat);
}

static void
a_policy_names_only_sets_that_are_there(void **state)
{
	struct fixture *f = *state;
	struct wd_id p = t_id(1), other = t_id(2);

	t_add_policy(f->s, 1);
	assert_int_equal(
	    wd_store_policy_names(f->s, &p, "web"), WD_R_NOT_FOUND);
	t_ok(add_set(f->s, "web"));
	assert_int_equal(
	    wd_store_policy_names(f->s, &other, "web"), WD_R_NOT_FOUND);
	t_ok(wd_store_policy_names(f->s, &p, "web"));
}

static void
a_set_that_is_named_stays(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_reference_done) struct wd_store_reference out = { 0 };
	struct wd_id p = t_id(1), q = t_id(2), ids[2];
	size_t n = 0;

	t_add_policy(f->s, 1);
	t_add_policy(f->s, 2);
	t_ok(add_set(f->s, "web"));
	t_ok(wd_store_policy_names(f->s, &p, "web"));
	t_ok(wd_store_policy_names(f->s, &q, "web"));
	t_ok(wd_store_reference_get(f->s, "web", &out));
	assert_int_equal(out.policies, 2);
	t_ok(wd_store_reference_policies(f->s, "web", ids, 2, &n));
	assert_int_equal(n, 2);
	assert_string_equal(ids[0].s, p.s);
	t_ok(wd_store_reference_policies(f->s, "web", ids, 1, &n));
	assert_int_equal(n, 1);
	assert_int_equal(wd_store_reference_delete(f->s, "web"), WD_R_IN_USE);
	t_ok(wd_store_policy_names_none(f->s, &p));
	assert_int_equal(wd_store_reference_delete(f->s, "web"), WD_R_IN_USE);
	t_ok(wd_store_policy_delete(f->s, &q)); /* and what it names */
	t_ok(wd_store_reference_delete(f->s, "web"));
}

static void
sets_are_listed_by_name_without_their_values(void **state)
{
	struct fixture *f = *state;
	struct wd_store_reference rows[2] = { 0 };
	struct wd_id p = t_id(1);
	size_t n = 0;

	t_add_policy(f->s, 1);
	t_ok(add_set(f->s, "c"));
	t_ok(add_set(f->s, "a"));
	t_ok(add_set(f->s, "b"));
	t_ok(wd_store_policy_names(f->s, &p, "b"));
	t_ok(wd_store_reference_list(f->s, "", rows, 2, &n));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].name, "a");
	assert_string_equal(rows[1].name, "b");
	assert_int_equal(rows[0].policies, 0);
	assert_int_equal(rows[1].policies, 1);
	assert_null(rows[0].flat);
	t_ok(wd_store_reference_list(f->s, "b", rows, 2, &n));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].name, "c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(a_set_comes_back_as_it_was),
		with_store(a_set_is_replaced_under_its_name),
		with_store(an_absent_set_is_not_found),
		with_store(a_policy_names_only_sets_that_are_there),
		with_store(a_set_that_is_named_stays),
		with_store(sets_are_listed_by_name_without_their_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
