/*
 * Sessions and leases.
 */
#include "fixture.h"

static struct wd_store_session
session(uint8_t n)
{
	struct wd_store_session x = { .id = t_id(n),
		.door = 1,
		.key_alg = 1,
		.client_cn = "client",
		.client_issuer = "issuer",
		.made = 1000,
		.expires = 1500 };

	t_digest(x.challenge, n);
	t_digest(x.cookie, (uint8_t)(n + 100));
	x.spki = t_bytes("spki");
	x.claims = t_bytes("claims");
	x.nonce = t_bytes("nonce");
	return x;
}

static int
add(struct wd_store *s, uint8_t n)
{
	WD_AUTO(wd_store_session_done) struct wd_store_session x = session(n);

	return wd_store_session_add(s, &x);
}

static bool
is_there(struct wd_store *s, uint8_t n)
{
	WD_AUTO(wd_store_session_done) struct wd_store_session x = { 0 };
	uint8_t cookie[32];
	int r;

	t_digest(cookie, (uint8_t)(n + 100));
	r = wd_store_session_by_cookie(s, cookie, &x);
	assert_true(r == 0 || r == WD_R_NOT_FOUND);
	return r == 0;
}

static void
expect_same(const struct wd_store_session *a, const struct wd_store_session *b)
{
	assert_memory_equal(a->challenge, b->challenge, 32);
	assert_memory_equal(a->cookie, b->cookie, 32);
	assert_memory_equal(a->token, b->token, 32);
	assert_string_equal(a->id.s, b->id.s);
	assert_int_equal(a->door, b->door);
	assert_int_equal(a->key_alg, b->key_alg);
	assert_string_equal(a->client_cn, b->client_cn);
	assert_string_equal(a->client_issuer, b->client_issuer);
	t_span_equal(wd_bytes_span(a->spki), wd_bytes_span(b->spki));
	t_span_equal(wd_bytes_span(a->claims), wd_bytes_span(b->claims));
	t_span_equal(wd_bytes_span(a->nonce), wd_bytes_span(b->nonce));
	assert_int_equal(a->made, b->made);
	assert_int_equal(a->expires, b->expires);
}

static void
session_is_found_by_cookie_and_by_challenge(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_session_done) struct wd_store_session in = session(1);
	WD_AUTO(wd_store_session_done) struct wd_store_session a = { 0 };
	WD_AUTO(wd_store_session_done) struct wd_store_session b = { 0 };

	t_digest(in.token, 50);
	t_ok(wd_store_session_add(f->s, &in));
	t_ok(wd_store_session_by_cookie(f->s, in.cookie, &a));
	expect_same(&in, &a);
	t_ok(wd_store_session_by_challenge(f->s, in.challenge, &b));
	expect_same(&in, &b);
}

static void
session_without_cookie_is_not_found_by_zeros(void **state)
{
	struct fixture *f = *state;
	struct wd_store_session out = { 0 };
	static const uint8_t zeros[32];

	t_ok(add(f->s, 1));
	t_ok(add(f->s, 2));
	assert_int_equal(
	    wd_store_session_by_challenge(f->s, zeros, &out), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_store_session_by_cookie(f->s, zeros, &out), WD_R_NOT_FOUND);
	assert_null(out.spki);
}

static void
challenge_is_spent_once(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_session_done) struct wd_store_session x = session(1);

	t_ok(add(f->s, 1));
	x.id = t_id(2);
	t_digest(x.cookie, 222);
	assert_int_equal(wd_store_session_add(f->s, &x), WD_R_CHALLENGE_USED);
	assert_true(is_there(f->s, 1));
	assert_false(is_there(f->s, 122));
}

static void
row_stays_until_session_and_challenge_are_over(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_session_done) struct wd_store_session x = session(2);

	t_ok(add(f->s, 1));
	x.expires = 1001; /* the challenge outlives this one */
	t_ok(wd_store_session_add(f->s, &x));
	assert_int_equal(
	    wd_store_session_expire(f->s, 1305, 10), WD_R_NOT_FOUND);
	assert_true(is_there(f->s, 1));
	assert_true(is_there(f->s, 2));
	t_ok(wd_store_session_expire(f->s, 1306, 10));
	assert_false(is_there(f->s, 2));
	assert_int_equal(
	    wd_store_session_expire(f->s, 1500, 10), WD_R_NOT_FOUND);
	assert_true(is_there(f->s, 1));
	t_ok(wd_store_session_expire(f->s, 1501, 10));
	assert_false(is_there(f->s, 1));
	assert_int_equal(
	    wd_store_session_expire(f->s, 1501, 10), WD_R_NOT_FOUND);
}

static void
expiry_removes_a_bounded_number(void **state)
{
	struct fixture *f = *state;
	int left = 0;

	for (uint8_t i = 1; i <= 5; i++)
		t_ok(add(f->s, i));
	t_ok(wd_store_session_expire(f->s, 9999, 3));
	for (uint8_t i = 1; i <= 5; i++)
		left += is_there(f->s, i);
	assert_int_equal(left, 2);
}

static void
session_survives_every_failing_allocation(void **state)
{
	struct fixture *f = *state;
	struct wd_store_session out = { 0 };
	uint8_t cookie[32];
	int r = WD_F_MEMORY;

	t_ok(add(f->s, 1));
	t_digest(cookie, 101);
	for (uint64_t n = 1; r == WD_F_MEMORY; n++) {
		wd_alloc_fail_at(n);
		r = wd_store_session_by_cookie(f->s, cookie, &out);
		assert_true((r == WD_F_MEMORY) == (wd_alloc_fail_at(0) != 0));
		assert_true(r == 0 || out.spki == NULL);
	}
	t_ok(r);
	wd_store_session_done(&out);
}

static struct wd_store_lease
lease(uint8_t n, int64_t expires)
{
	return (struct wd_store_lease){ .id = t_id(n),
		.session = t_id(77),
		.what = "default/key/x",
		.made = 10,
		.expires = expires };
}

static void
t_lease_equal(const struct wd_store_lease *a, const struct wd_store_lease *b)
{
	assert_memory_equal(&a->id, &b->id, sizeof(a->id));
	assert_memory_equal(&a->session, &b->session, sizeof(a->session));
	assert_string_equal(a->what, b->what);
	assert_int_equal(a->made, b->made);
	assert_int_equal(a->expires, b->expires);
}

static void
leases_are_added_in_batches_and_never_rewritten(void **state)
{
	struct fixture *f = *state;
	struct wd_store_lease in[3] = { lease(2, 100), lease(1, 200),
		lease(3, 50) };
	struct wd_store_lease rows[4], again = lease(2, 999);
	struct wd_id one;
	size_t n = 9;

	t_ok(wd_store_lease_add(f->s, in, 3));
	t_ok(wd_store_lease_add(f->s, &again, 1));
	t_ok(wd_store_lease_list(f->s, NULL, 50, rows, 4, &n));
	assert_int_equal(n, 2);
	t_lease_equal(&rows[0], &in[1]);
	t_lease_equal(&rows[1], &in[0]);
	one = rows[0].id;
	t_ok(wd_store_lease_list(f->s, &one, 50, rows, 4, &n));
	assert_int_equal(n, 1);
	t_ok(wd_store_lease_list(f->s, NULL, 0, rows, 2, &n));
	assert_int_equal(n, 2);
}

static void
batch_with_a_lease_without_id_is_not_written_at_all(void **state)
{
	struct fixture *f = *state;
	struct wd_store_lease in[2] = { lease(1, 100), lease(2, 100) };
	size_t n = 9;

	in[1].session = (struct wd_id){ { 0 } };
	assert_int_equal(wd_store_lease_add(f->s, in, 2), WD_F_STORE);
	t_ok(wd_store_lease_list(f->s, NULL, 0, in, 2, &n));
	assert_int_equal(n, 0);
	t_ok(add(f->s, 1));
}

static void
expired_leases_are_removed_in_bounded_steps(void **state)
{
	struct fixture *f = *state;
	struct wd_store_lease in[3] = { lease(1, 100), lease(2, 101),
		lease(3, 300) };
	size_t n = 9;

	t_ok(wd_store_lease_add(f->s, in, 3));
	t_ok(wd_store_lease_expire(f->s, 200, 1));
	t_ok(wd_store_lease_list(f->s, NULL, 0, in, 3, &n));
	assert_int_equal(n, 2);
	t_ok(wd_store_lease_expire(f->s, 200, 5));
	t_ok(wd_store_lease_list(f->s, NULL, 0, in, 3, &n));
	assert_int_equal(n, 1);
	assert_int_equal(in[0].expires, 300);
}

static void
marks_of_the_index_rise_and_are_written_with_its_rows(void **state)
{
	struct fixture *f = *state;
	struct wd_store_lease in[2] = { lease(1, 100), lease(2, 100) };
	uint64_t mark;
	size_t n = 0;

	assert_int_equal(wd_store_lease_mark(f->s, 0, &mark), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_store_lease_mark_least(f->s, &mark), WD_R_NOT_FOUND);
	t_ok(wd_store_lease_index(f->s, in, 2, 0, 300));
	t_ok(wd_store_lease_index(f->s, NULL, 0, 65534, 70000));
	t_ok(wd_store_lease_index(f->s, NULL, 0, 0, 200)); /* not back */
	t_ok(wd_store_lease_mark(f->s, 0, &mark));
	assert_int_equal(mark, 300);
	t_ok(wd_store_lease_mark_least(f->s, &mark));
	assert_int_equal(mark, 300);
	t_ok(wd_store_lease_list(f->s, NULL, 0, in, 2, &n));
	assert_int_equal(n, 2);
	assert_int_equal(
	    wd_store_lease_mark(f->s, WD_LEASES_OF_ALL, &mark), WD_R_NOT_FOUND);
	t_ok(wd_store_lease_mark_raise(f->s, 1000));
	t_ok(wd_store_lease_mark(f->s, WD_LEASES_OF_ALL, &mark));
	assert_int_equal(mark, 1000);
	t_ok(wd_store_lease_mark(f->s, 0, &mark));
	assert_int_equal(mark, 1000);
	t_ok(wd_store_lease_mark(f->s, 65534, &mark));
	assert_int_equal(mark, 70000);
	t_ok(wd_store_lease_mark_drop(f->s, 0));
	assert_int_equal(wd_store_lease_mark(f->s, 0, &mark), WD_R_NOT_FOUND);
}

static void
mark_stays_when_a_row_is_refused(void **state)
{
	struct fixture *f = *state;
	struct wd_store_lease in[2] = { lease(1, 100), lease(2, 100) };
	uint64_t mark;

	in[1].id = (struct wd_id){ 0 };
	t_ok(wd_store_lease_index(f->s, NULL, 0, 3, 10));
	assert_int_equal(wd_store_lease_index(f->s, in, 2, 3, 20), WD_F_STORE);
	t_ok(wd_store_lease_mark(f->s, 3, &mark));
	assert_int_equal(mark, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(session_is_found_by_cookie_and_by_challenge),
		with_store(session_without_cookie_is_not_found_by_zeros),
		with_store(challenge_is_spent_once),
		with_store(row_stays_until_session_and_challenge_are_over),
		with_store(expiry_removes_a_bounded_number),
		with_store(session_survives_every_failing_allocation),
		with_store(leases_are_added_in_batches_and_never_rewritten),
		with_store(batch_with_a_lease_without_id_is_not_written_at_all),
		with_store(expired_leases_are_removed_in_bounded_steps),
		with_store(
		    marks_of_the_index_rise_and_are_written_with_its_rows),
		with_store(mark_stays_when_a_row_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
