/*
 * Policies and the paths they are bound to.
 */
#include "fixture.h"

#include <string.h>

static void
policy_is_replaced_under_the_same_id(void **state)
{
	struct fixture *f = *state;
	struct wd_store_policy p = {
		.id = t_id(1), .created = 100, .updated = 200
	};
	WD_AUTO(wd_store_policy_done) struct wd_store_policy out = { 0 };
	uint8_t version[32];

	t_add_policy(f->s, 1);
	t_digest(p.version, 77);
	p.flat = t_bytes("another");
	t_ok(wd_store_policy_put(f->s, &p));
	wd_store_policy_done(&p);
	t_ok(wd_store_policy_get(f->s, &p.id, &out));
	t_digest(version, 77);
	assert_memory_equal(out.version, version, 32);
	t_span_equal(wd_bytes_span(out.flat), WD_SPAN_LIT("another"));
	assert_int_equal(out.created, 5);
	assert_int_equal(out.updated, 200);
}

static void
absent_policy_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct wd_store_policy out = { 0 };
	struct wd_id id = t_id(1);

	assert_int_equal(wd_store_policy_get(f->s, &id, &out), WD_R_NOT_FOUND);
	assert_int_equal(wd_store_policy_delete(f->s, &id), WD_R_NOT_FOUND);
	assert_null(out.flat);
}

static void
policy_without_text_is_a_fault(void **state)
{
	struct fixture *f = *state;
	struct wd_store_policy p = { .id = t_id(1) };

	assert_int_equal(wd_store_policy_put(f->s, &p), WD_F_STORE);
}

static void
policy_in_use_stays(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);
	struct wd_id p = t_id(9), none = { { 0 } };

	t_add_policy(f->s, 9);
	k.policy = p;
	t_ok(t_add_key(f->s, &k));
	assert_int_equal(wd_store_policy_delete(f->s, &p), WD_R_IN_USE);
	t_ok(wd_store_key_set_policy(f->s, &k.id, &none));
	t_ok(wd_store_bind(f->s, "a", &p));
	assert_int_equal(wd_store_policy_delete(f->s, &p), WD_R_IN_USE);
	t_ok(wd_store_bind(f->s, "a", NULL));
	t_ok(wd_store_policy_delete(f->s, &p));
}

static void
policies_are_listed_in_order(void **state)
{
	struct fixture *f = *state;
	struct wd_id ids[2], want = t_id(1);
	uint64_t count = 0;
	size_t n = 0;

	for (uint8_t i = 3; i > 0; i--)
		t_add_policy(f->s, i);
	t_ok(wd_store_policy_count(f->s, &count));
	assert_int_equal(count, 3);
	t_ok(wd_store_policy_list(f->s, NULL, ids, 2, &n));
	assert_int_equal(n, 2);
	assert_string_equal(ids[0].s, want.s);
	t_ok(wd_store_policy_list(f->s, &ids[1], ids, 2, &n));
	assert_int_equal(n, 1);
	want = t_id(3);
	assert_string_equal(ids[0].s, want.s);
}

static void
expect_bound(struct wd_store *s, const char *path, uint8_t n)
{
	struct wd_id want = t_id(n), got = { { 0 } };

	if (n == 0) {
		assert_int_equal(wd_store_bound(s, path, &got), WD_R_NOT_FOUND);
		assert_true(wd_id_is_none(&got));
		return;
	}
	t_ok(wd_store_bound(s, path, &got));
	assert_string_equal(got.s, want.s);
}

static void
path_gets_its_own_policy_or_that_of_its_longest_prefix(void **state)
{
	struct fixture *f = *state;
	struct wd_id p[4] = { { { 0 } }, t_id(1), t_id(2), t_id(3) };

	for (uint8_t i = 1; i <= 3; i++)
		t_add_policy(f->s, i);
	t_ok(wd_store_bind(f->s, "a", &p[1]));
	t_ok(wd_store_bind(f->s, "a/b", &p[2]));
	t_ok(wd_store_bind(f->s, "a/b/c", &p[3]));
	expect_bound(f->s, "a/b/c", 3);
	expect_bound(f->s, "a/b/cc", 2);
	expect_bound(f->s, "a/bb/c", 1);
	expect_bound(f->s, "a", 1);
	expect_bound(f->s, "aa/b/c", 0);
	expect_bound(f->s, "b", 0);
	expect_bound(f->s, "", 0);
	t_ok(wd_store_bind(f->s, "a/b", &p[3]));
	expect_bound(f->s, "a/b/cc", 3);
	t_ok(wd_store_bind(f->s, "a/b", NULL));
	expect_bound(f->s, "a/b/cc", 1);
}

static void
path_over_the_limit_has_no_policy(void **state)
{
	struct fixture *f = *state;
	char path[WD_PATH_MAX + 2];
	struct wd_id got;

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(wd_store_bound(f->s, path, &got), WD_R_NOT_FOUND);
}

static void
binding_needs_a_policy_and_unbinding_a_binding(void **state)
{
	struct fixture *f = *state;
	struct wd_id p = t_id(1);

	assert_int_equal(wd_store_bind(f->s, "a", &p), WD_R_NOT_FOUND);
	assert_int_equal(wd_store_bind(f->s, "a", NULL), WD_R_NOT_FOUND);
}

static void
prefixes_of_a_policy_come_in_one_block(void **state)
{
	struct fixture *f = *state;
	struct wd_id p = t_id(1), q = t_id(2);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *none = NULL;

	t_add_policy(f->s, 1);
	t_ok(wd_store_bind(f->s, "b/c", &p));
	t_ok(wd_store_bind(f->s, "a", &p));
	t_ok(wd_store_prefixes(f->s, &p, &b));
	t_span_equal(wd_bytes_span(b), wd_span("a\0b/c\0", 6));
	t_ok(wd_store_prefixes(f->s, &q, &none));
	assert_int_equal(none->len, 0);
}

static void
prefixes_survive_every_failing_allocation(void **state)
{
	struct fixture *f = *state;
	struct wd_id p = t_id(1);
	struct wd_bytes *b = NULL;
	int r = WD_F_MEMORY;

	t_add_policy(f->s, 1);
	t_ok(wd_store_bind(f->s, "a", &p));
	for (uint64_t n = 1; r == WD_F_MEMORY; n++) {
		wd_alloc_fail_at(n);
		r = wd_store_prefixes(f->s, &p, &b);
		assert_true((r == WD_F_MEMORY) == (wd_alloc_fail_at(0) != 0));
		assert_true(r == 0 || b == NULL);
	}
	t_ok(r);
	b = wd_bytes_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(policy_is_replaced_under_the_same_id),
		with_store(absent_policy_is_not_found),
		with_store(policy_without_text_is_a_fault),
		with_store(policy_in_use_stays),
		with_store(policies_are_listed_in_order),
		with_store(
		    path_gets_its_own_policy_or_that_of_its_longest_prefix),
		with_store(path_over_the_limit_has_no_policy),
		with_store(binding_needs_a_policy_and_unbinding_a_binding),
		with_store(prefixes_of_a_policy_come_in_one_block),
		with_store(prefixes_survive_every_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
