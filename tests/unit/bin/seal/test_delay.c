/*
 * The wait after wrong attempts, with a clock of our own.
 */
#include "lib/t.h"

#include "bin/seal/delay.h"

static void
first_attempt_is_looked_at_at_once(void **state)
{
	struct seal_delay d = { 0 };

	(void)state;
	assert_int_equal(seal_delay_left(&d, 0), 0);
	assert_int_equal(seal_delay_left(&d, -5000), 0);
}

static void
wait_grows_with_each_wrong_attempt_and_ends_growing(void **state)
{
	static const uint32_t want[] = { 1000, 2000, 4000, 8000, 15000, 30000,
		60000, 60000, 60000 };
	struct seal_delay d = { 0 };
	int64_t now = 77;

	(void)state;
	for (size_t i = 0; i < WD_N(want); i++) {
		seal_delay_wrong(&d, now);
		assert_int_equal(seal_delay_left(&d, now), want[i]);
		assert_int_equal(seal_delay_left(&d, now + want[i] - 1), 1);
		now += want[i];
		assert_int_equal(seal_delay_left(&d, now), 0);
	}
}

static void
right_attempt_forgets_the_wrong_ones(void **state)
{
	struct seal_delay d = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		seal_delay_wrong(&d, 100);
	seal_delay_clear(&d);
	assert_int_equal(seal_delay_left(&d, 100), 0);
	seal_delay_wrong(&d, 100);
	assert_int_equal(seal_delay_left(&d, 100), 1000);
}

static void
clock_that_goes_back_does_not_lengthen_the_wait(void **state)
{
	struct seal_delay d = { 0 };

	(void)state;
	seal_delay_wrong(&d, 1000000);
	assert_int_equal(seal_delay_left(&d, 0), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_attempt_is_looked_at_at_once),
		cmocka_unit_test(
		    wait_grows_with_each_wrong_attempt_and_ends_growing),
		cmocka_unit_test(right_attempt_forgets_the_wrong_ones),
		cmocka_unit_test(
		    clock_that_goes_back_does_not_lengthen_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
