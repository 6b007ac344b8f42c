/*
 * Counting the uses of the keyring's newest term: never fewer than there were,
 * never over the limit, and nothing is encrypted that was not counted.
 */
#include "fixture.h"

#include "base/reason.h"
#include "broker/count.h"
#include "broker/secrets.h"

static struct wd_uses
look(struct t_broker *f, enum wd_count *ret_what)
{
	struct wd_uses u = { 0 };

	t_ok(wd_count_look(f->b, f->now, &u, ret_what, NULL));
	return u;
}

static uint64_t
counted(struct t_broker *f)
{
	enum wd_count what;

	return look(f, &what).n;
}

static int
put_secret(struct t_broker *f)
{
	struct wd_msg_secret_put m = { t_head(f),
		.path = WD_SPAN_LIT("default/db/x"),
		.bytes = WD_SPAN_LIT("bytes") };

	return t_call(f, WD_CALL_SECRET_PUT, &m);
}

/* The store's count as if N had been reserved. */
static void
set(struct t_broker *f, uint32_t term, int64_t made, uint64_t n)
{
	struct wd_uses u = { term, made, n };
	uint8_t flat[WD_USES_LEN];

	t_ok(wd_uses_flat(&f->b->ring, &u, flat));
	t_ok(wd_meta_put(f->b->store, WD_USES_NAME, WD_SPAN(flat)));
	f->b->reserved.left = 0;
}

static void
add_term(struct t_broker *f)
{
	t_ok(wd_keyring_add_term(&f->b->ring));
}

static void
a_new_store_counts_from_its_start(void **state)
{
	struct t_broker *f = *state;
	enum wd_count what;
	struct wd_uses u = look(f, &what);

	assert_int_equal(what, WD_COUNT_KNOWN);
	assert_int_equal(u.term, 1);
	assert_int_equal(u.made, T_NOW);
	assert_int_equal(u.n, 65536); /* the fixture has reserved */
}

static void
a_block_is_reserved_before_the_first_use(void **state)
{
	struct t_broker *f = *state;

	f->b->keyring_limit = 100000;
	set(f, 1, T_NOW, 0);
	t_ok(put_secret(f));
	assert_int_equal(counted(f), 97);
	for (int i = 0; i < 96; i++)
		t_ok(put_secret(f));
	assert_int_equal(counted(f), 97);
	t_ok(put_secret(f));
	assert_int_equal(counted(f), 194);
}

static void
who_is_killed_has_counted_too_many(void **state)
{
	struct t_broker *f = *state;

	t_ok(put_secret(f));
	t_reopen(f);
	t_ok(wd_broker_unseal(f->b, wd_secret_borrow(f->keyring), NULL));
	t_ok(put_secret(f));
	assert_int_equal(counted(f), 2 * 65536);
}

static void
sealing_and_unsealing_costs_nothing(void **state)
{
	struct t_broker *f = *state;

	for (int i = 0; i < 10; i++) {
		t_ok(
		    wd_broker_unseal(f->b, wd_secret_borrow(f->keyring), NULL));
		t_ok(put_secret(f));
	}
	assert_int_equal(counted(f), 65536);
}

static void
at_the_limit_nothing_more_is_encrypted(void **state)
{
	struct t_broker *f = *state;

	f->b->keyring_limit = 64;
	set(f, 1, T_NOW, 61);
	for (int i = 0; i < 3; i++)
		t_ok(put_secret(f));
	assert_int_equal(counted(f), 64);
	for (int i = 0; i < 3; i++)
		assert_int_equal(put_secret(f), WD_R_UNAVAILABLE);
	assert_int_equal(counted(f), 64);
	add_term(f);
	t_ok(put_secret(f));
	assert_int_equal(counted(f), 1);
}

static void
a_lower_limit_refuses_what_is_over_it(void **state)
{
	struct t_broker *f = *state;

	set(f, 1, T_NOW, 1000);
	f->b->keyring_limit = 64;
	assert_int_equal(put_secret(f), WD_R_UNAVAILABLE);
}

static void
a_term_is_due_at_seven_eighths_or_by_its_age(void **state)
{
	struct t_broker *f = *state;
	struct wd_uses u = { 1, T_NOW, 0 };

	f->b->keyring_limit = 800;
	f->b->keyring_seconds = 0;
	u.n = 699;
	assert_null(wd_count_due(f->b, &u, T_NOW + 1000000));
	u.n = 700;
	assert_non_null(wd_count_due(f->b, &u, T_NOW));
	u.n = 0;
	f->b->keyring_seconds = 86400;
	assert_null(wd_count_due(f->b, &u, T_NOW + 86399));
	assert_non_null(wd_count_due(f->b, &u, T_NOW + 86400));
	assert_null(wd_count_due(f->b, &u, T_NOW - 86400));
}

static void
a_count_that_was_changed_or_lost_is_due(void **state)
{
	struct t_broker *f = *state;
	const struct wd_span wrong[] = { WD_SPAN_LIT(""), WD_SPAN_LIT("x") };
	enum wd_count what;
	struct wd_uses u;

	for (size_t i = 0; i < WD_N(wrong); i++) {
		t_ok(wd_meta_put(f->b->store, WD_USES_NAME, wrong[i]));
		f->b->reserved.left = 0;
		u = look(f, &what);
		assert_int_equal(what, WD_COUNT_LOST);
		assert_non_null(wd_count_due(f->b, &u, f->now));
		t_ok(put_secret(f)); /* it goes on, and stays due */
		u = look(f, &what);
		assert_int_equal(what, WD_COUNT_KNOWN);
		assert_non_null(wd_count_due(f->b, &u, f->now));
		assert_true(u.n > f->b->keyring_limit / 2);
	}
	add_term(f);
	t_ok(wd_count_begin(f->b, f->now, NULL));
	u = look(f, &what);
	assert_null(wd_count_due(f->b, &u, f->now));
}

static void
who_has_not_heard_of_a_rotation_stores_nothing(void **state)
{
	struct t_broker *f = *state;

	t_ok(put_secret(f));
	set(f, 2, T_NOW, 5); /* by another keeper */
	f->b->reserved.left = 100;
	assert_int_equal(put_secret(f), WD_R_UNAVAILABLE);
	add_term(f);
	t_ok(put_secret(f));
	assert_int_equal(look(f, &(enum wd_count){ 0 }).term, 2);
}

static void
what_was_not_reserved_is_not_taken(void **state)
{
	struct t_broker *f = *state;
	struct wd_store_secret x = { .path = "a/b/c", .version = 1 };
	struct wd_bytes *b = NULL;

	f->b->reserved.left = 1;
	t_ok(wd_secret_seal_path(f->b, &x, NULL, WD_SPAN_LIT("x"), &b, NULL));
	b = wd_bytes_free(b);
	assert_int_equal(
	    wd_secret_seal_path(f->b, &x, NULL, WD_SPAN_LIT("x"), &b, NULL),
	    WD_R_UNAVAILABLE);
	assert_null(b);
	f->b->reserved.left = 1;
	add_term(f); /* those were of the older one */
	assert_int_equal(
	    wd_secret_seal_path(f->b, &x, NULL, WD_SPAN_LIT("x"), &b, NULL),
	    WD_R_UNAVAILABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_new_store_counts_from_its_start),
		with_broker(a_block_is_reserved_before_the_first_use),
		with_broker(who_is_killed_has_counted_too_many),
		with_broker(sealing_and_unsealing_costs_nothing),
		with_broker(at_the_limit_nothing_more_is_encrypted),
		with_broker(a_lower_limit_refuses_what_is_over_it),
		with_broker(a_term_is_due_at_seven_eighths_or_by_its_age),
		with_broker(a_count_that_was_changed_or_lost_is_due),
		with_broker(who_has_not_heard_of_a_rotation_stores_nothing),
		with_broker(what_was_not_reserved_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
