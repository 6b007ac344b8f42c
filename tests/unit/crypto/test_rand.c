/*
 * Random bytes, ids and numbers. That they are random cannot be tested here;
 * that they are filled, different and in range can.
 */
#include "lib/t.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/reason.h"
#include "crypto/init.h"
#include "crypto/rand.h"

static void
two_draws_differ(void **state)
{
	uint8_t a[32] = { 0 };
	uint8_t b[32] = { 0 };

	(void)state;
	t_ok(wd_rand(a, sizeof(a)));
	t_ok(wd_rand(b, sizeof(b)));
	assert_false(wd_span_equal(WD_SPAN(a), WD_SPAN(b)));
	assert_false(wd_span_is_zero(WD_SPAN(a)));
	t_ok(wd_rand(a, 0));
}

static void
ids_are_canonical_and_differ(void **state)
{
	struct wd_id a, b, again;

	(void)state;
	t_ok(wd_rand_id(&a));
	t_ok(wd_rand_id(&b));
	assert_true(wd_id_parse(wd_id_span(&a), &again));
	assert_false(wd_span_equal(wd_id_span(&a), wd_id_span(&b)));
}

/* More than one draw from the generator gives. */
static void
many_ids_all_differ(void **state)
{
	static struct wd_id all[100];

	(void)state;
	for (size_t i = 0; i < WD_N(all); i++) {
		t_ok(wd_rand_id(&all[i]));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(all[i].s, all[k].s);
	}
}

static void
a_child_draws_other_ids(void **state)
{
	struct wd_id own, childs = { 0 };
	int fds[2], status = 0;

	(void)state;
	t_ok(wd_rand_id(&own));
	t_ok(pipe(fds));
	if (fork() == 0) {
		bool good = wd_rand_id(&own) == 0 &&
		    write(fds[1], own.s, WD_ID_LEN) == WD_ID_LEN;

		_exit(good ? 0 : 1);
	}
	assert_true(wait(&status) > 0);
	t_ok(status);
	t_ok(wd_rand_id(&own));
	assert_int_equal(read(fds[0], childs.s, WD_ID_LEN), WD_ID_LEN);
	assert_string_not_equal(own.s, childs.s);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* Odd lengths, so that draws do not end where the pool does. */
static void
public_draws_never_come_twice(void **state)
{
	uint8_t all[300][12];

	(void)state;
	for (size_t i = 0; i < WD_N(all); i++) {
		struct wd_id id;

		t_ok(wd_rand_public(all[i], sizeof(all[i])));
		t_ok(wd_rand_id(&id));
		for (size_t k = 0; k < i; k++)
			assert_false(
			    wd_span_equal(WD_SPAN(all[i]), WD_SPAN(all[k])));
	}
}

static void
secret_has_the_length_asked(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;

	(void)state;
	t_ok(wd_rand_secret(48, &s));
	assert_int_equal(wd_secret_len(s), 48);
	assert_false(wd_span_is_zero(wd_secret_borrow(s)));
}

static void
numbers_stay_below_and_reach_every_value(void **state)
{
	unsigned seen[5] = { 0 };
	uint32_t v = 99;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		t_ok(wd_rand_below(WD_N(seen), &v));
		assert_in_range(v, 0, WD_N(seen) - 1);
		seen[v]++;
	}
	for (size_t i = 0; i < WD_N(seen); i++)
		assert_in_range(seen[i], 100, 300);
	t_ok(wd_rand_below(1, &v));
	assert_int_equal(v, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_draws_differ),
		cmocka_unit_test(ids_are_canonical_and_differ),
		cmocka_unit_test(many_ids_all_differ),
		cmocka_unit_test(a_child_draws_other_ids),
		cmocka_unit_test(public_draws_never_come_twice),
		cmocka_unit_test(secret_has_the_length_asked),
		cmocka_unit_test(numbers_stay_below_and_reach_every_value),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
