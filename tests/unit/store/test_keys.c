/*
 * Keys and their versions.
 */
#include "fixture.h"

static void
key_comes_back_as_it_was_added(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key in = t_key(1), out = { 0 };
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_id policy = t_id(9);

	t_add_policy(f->s, 9);
	in.policy = policy;
	(void)snprintf(in.attach, sizeof(in.attach), "pkcs11:object=x");
	t_ok(t_add_key(f->s, &in));
	t_ok(wd_store_key_get(f->s, &in.id, &out));
	assert_memory_equal(&in, &out, sizeof(in));
	t_ok(wd_store_version_get(f->s, &in.id, 0, &v));
	assert_int_equal(v.version, 1);
	assert_string_equal(v.key.s, in.id.s);
	assert_int_equal(v.created, 77);
	t_span_equal(wd_bytes_span(v.wrapped), WD_SPAN_LIT("wrapped bytes"));
	assert_null(v.spki);
	assert_null(v.chain);
}

static void
key_is_added_once_and_only_with_a_policy_that_exists(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1), out = { 0 };

	t_ok(t_add_key(f->s, &k));
	assert_int_equal(t_add_key(f->s, &k), WD_R_EXISTS);
	k.id = t_id(2);
	k.policy = t_id(9);
	assert_int_equal(t_add_key(f->s, &k), WD_R_NOT_FOUND);
	assert_int_equal(wd_store_key_get(f->s, &k.id, &out), WD_R_NOT_FOUND);
	assert_int_equal(out.kind, 0);
}

static void
a_key_is_found_by_where_it_is_attached(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);
	struct wd_id id = { 0 };

	(void)snprintf(k.backend, sizeof(k.backend), "there");
	(void)snprintf(k.attach, sizeof(k.attach), "12|13");
	t_ok(t_add_key(f->s, &k));
	t_ok(wd_store_key_at(f->s, "there", "12|", &id));
	assert_string_equal(id.s, k.id.s);
	t_ok(wd_store_key_at(f->s, "there", "12|13", &id));
	id = (struct wd_id){ 0 };
	assert_int_equal(
	    wd_store_key_at(f->s, "elsewhere", "12|", &id), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_store_key_at(f->s, "there", "2|", &id), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_store_key_at(f->s, "there", "12|13|", &id), WD_R_NOT_FOUND);
	assert_true(wd_id_is_none(&id));
}

static void
kinds_outside_the_table_are_a_fault(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);

	k.kind = 0;
	assert_int_equal(t_add_key(f->s, &k), WD_F_STORE);
	assert_true(wd_store_why(f->s)[0] != '\0');
}

static void
rotation_adds_the_next_version_and_no_other(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);
	struct wd_store_version v = { .key = k.id, .version = 2 };
	WD_AUTO(wd_store_version_done) struct wd_store_version a = { 0 };
	WD_AUTO(wd_store_version_done) struct wd_store_version b = { 0 };

	assert_int_equal(wd_store_key_rotate(f->s, &v), WD_R_NOT_FOUND);
	t_ok(t_add_key(f->s, &k));
	v.wrapped = t_bytes("second");
	v.spki = t_bytes("spki");
	v.version = 3;
	assert_int_equal(wd_store_key_rotate(f->s, &v), WD_R_CONFLICT);
	v.version = 2;
	t_ok(wd_store_key_rotate(f->s, &v));
	assert_int_equal(wd_store_key_rotate(f->s, &v), WD_R_CONFLICT);
	wd_store_version_done(&v);
	t_ok(wd_store_key_get(f->s, &k.id, &k));
	assert_int_equal(k.version, 2);
	t_ok(wd_store_version_get(f->s, &k.id, 0, &a));
	t_span_equal(wd_bytes_span(a.wrapped), WD_SPAN_LIT("second"));
	t_span_equal(wd_bytes_span(a.spki), WD_SPAN_LIT("spki"));
	t_ok(wd_store_version_get(f->s, &k.id, 1, &b));
	assert_int_equal(b.version, 1);
	assert_int_equal(
	    wd_store_version_get(f->s, &k.id, 3, &v), WD_R_NOT_FOUND);
	assert_null(v.wrapped);
}

static void
policy_of_a_key_is_changed_to_one_that_exists(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);
	struct wd_id p = t_id(9), q = t_id(10), none = { { 0 } };

	t_add_policy(f->s, 9);
	assert_int_equal(
	    wd_store_key_set_policy(f->s, &k.id, &p), WD_R_NOT_FOUND);
	t_ok(t_add_key(f->s, &k));
	t_ok(wd_store_key_set_policy(f->s, &k.id, &p));
	assert_int_equal(
	    wd_store_key_set_policy(f->s, &k.id, &q), WD_R_NOT_FOUND);
	t_ok(wd_store_key_get(f->s, &k.id, &k));
	assert_string_equal(k.policy.s, p.s);
	t_ok(wd_store_key_set_policy(f->s, &k.id, &none));
	t_ok(wd_store_key_get(f->s, &k.id, &k));
	assert_true(wd_id_is_none(&k.policy));
}

static void
chain_is_stored_with_its_version(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };

	t_ok(t_add_key(f->s, &k));
	t_ok(wd_store_key_set_chain(f->s, &k.id, 1, WD_SPAN_LIT("pem")));
	assert_int_equal(
	    wd_store_key_set_chain(f->s, &k.id, 2, WD_SPAN_LIT("pem")),
	    WD_R_NOT_FOUND);
	t_ok(wd_store_version_get(f->s, &k.id, 1, &v));
	t_span_equal(wd_bytes_span(v.chain), WD_SPAN_LIT("pem"));
	t_span_equal(wd_bytes_span(v.wrapped), WD_SPAN_LIT("wrapped bytes"));
}

static void
deleted_key_takes_its_versions_along(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };

	t_ok(t_add_key(f->s, &k));
	t_ok(wd_store_key_delete(f->s, &k.id));
	assert_int_equal(wd_store_key_delete(f->s, &k.id), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_store_version_get(f->s, &k.id, 1, &v), WD_R_NOT_FOUND);
	t_ok(t_add_key(f->s, &k));
}

static uint64_t
count(struct wd_store *s)
{
	uint64_t n = 99;

	t_ok(wd_store_key_count(s, &n));
	return n;
}

/* It is counted along, so every way in which keys come and go is tried. */
static void
keys_are_counted_as_they_come_and_go(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_closep) struct wd_store *other = NULL;
	struct wd_store_key k[4] = { t_key(1), t_key(2), t_key(3), t_key(4) };

	assert_int_equal(count(f->s), 0);
	t_ok(t_add_key(f->s, &k[0]));
	assert_int_equal(count(f->s), 1);
	assert_int_equal(t_add_key(f->s, &k[0]), WD_R_EXISTS);
	t_ok(wd_store_begin(f->s));
	t_ok(t_add_key(f->s, &k[1]));
	t_ok(wd_store_key_delete(f->s, &k[0].id));
	assert_int_equal(wd_store_key_delete(f->s, &k[0].id), WD_R_NOT_FOUND);
	t_ok(t_add_key(f->s, &k[2]));
	assert_int_equal(count(f->s), 2);
	wd_store_rollback(f->s);
	assert_int_equal(count(f->s), 1);
	t_ok(t_open(f->dir, &other));
	t_ok(t_add_key(other, &k[3]));
	assert_int_equal(count(f->s), 2);
	assert_int_equal(count(other), 2);
	t_ok(wd_store_key_delete(f->s, &k[3].id));
	assert_int_equal(count(f->s), 1);
	assert_int_equal(count(other), 1);
}

static size_t
list(struct fixture *f, struct wd_key_filter filter, struct wd_store_key *rows)
{
	size_t n = 99;

	t_ok(wd_store_key_list(f->s, &filter, rows, 8, &n));
	return n;
}

static void
keys_are_listed_in_order_by_kind_and_policy(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key rows[8], k;
	uint64_t n = 0;

	t_add_policy(f->s, 9);
	for (uint8_t i = 5; i > 0; i--) {
		k = t_key(i);
		k.kind = i;
		if (i == 4)
			k.policy = t_id(9);
		t_ok(t_add_key(f->s, &k));
	}
	t_ok(wd_store_key_count(f->s, &n));
	assert_int_equal(n, 5);
	assert_int_equal(
	    list(f, (struct wd_key_filter){ .limit = 100 }, rows), 5);
	for (uint8_t i = 0; i < 5; i++)
		assert_int_equal(rows[i].kind, i + 1);
	assert_int_equal(
	    list(f, (struct wd_key_filter){ .limit = 2, .after = rows[1].id },
		rows),
	    2);
	assert_int_equal(rows[0].kind, 3);
	assert_int_equal(
	    list(f,
		(struct wd_key_filter){ .limit = 8, .kinds = 1 << 2 | 1 << 5 },
		rows),
	    2);
	assert_int_equal(rows[0].kind, 2);
	assert_int_equal(rows[1].kind, 5);
	assert_int_equal(
	    list(f, (struct wd_key_filter){ .limit = 8, .policy = t_id(9) },
		rows),
	    1);
	assert_int_equal(rows[0].kind, 4);
	assert_int_equal(
	    list(f, (struct wd_key_filter){ .limit = 8, .policy = t_id(8) },
		rows),
	    0);
}

static void
version_survives_every_failing_allocation(void **state)
{
	struct fixture *f = *state;
	struct wd_store_key k = t_key(1);
	struct wd_store_version v = { .key = k.id, .version = 1 };
	struct wd_store_version out = { 0 };
	int r = WD_F_MEMORY;

	v.wrapped = t_bytes("wrapped");
	v.spki = t_bytes("spki");
	v.chain = t_bytes("chain");
	t_ok(wd_store_key_add(f->s, &k, &v));
	wd_store_version_done(&v);
	for (uint64_t n = 1; r == WD_F_MEMORY; n++) {
		wd_alloc_fail_at(n);
		r = wd_store_version_get(f->s, &k.id, 0, &out);
		assert_true((r == WD_F_MEMORY) == (wd_alloc_fail_at(0) != 0));
		assert_true(r == 0 || out.wrapped == NULL);
	}
	t_ok(r);
	wd_store_version_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(key_comes_back_as_it_was_added),
		with_store(
		    key_is_added_once_and_only_with_a_policy_that_exists),
		with_store(a_key_is_found_by_where_it_is_attached),
		with_store(kinds_outside_the_table_are_a_fault),
		with_store(rotation_adds_the_next_version_and_no_other),
		with_store(policy_of_a_key_is_changed_to_one_that_exists),
		with_store(chain_is_stored_with_its_version),
		with_store(deleted_key_takes_its_versions_along),
		with_store(keys_are_listed_in_order_by_kind_and_policy),
		with_store(keys_are_counted_as_they_come_and_go),
		with_store(version_survives_every_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
