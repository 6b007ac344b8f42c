/*
 * The pause after a server did not answer in time.
 */
#include "lib/t.h"

#include "bin/backend/breaker.h"

static void
answers_in_time_are_followed_by_no_pause(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	assert_int_equal(breaker_pause(&b, 1000), 0);
	breaker_note(&b, false, 1000, 0);
	assert_int_equal(breaker_pause(&b, 1000), 0);
}

static void
pauses_grow_up_to_ten_seconds(void **state)
{
	struct breaker b = { 0 };
	uint32_t before = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		uint32_t pause;

		breaker_note(&b, true, 5000, UINT32_MAX);
		pause = breaker_pause(&b, 5000);
		assert_true(pause > 0 && pause <= BREAKER_MOST_MS);
		assert_true(i > 5 || pause > before);
		before = pause;
	}
	assert_true(before >= BREAKER_MOST_MS / 2);
}

static void
chance_takes_at_most_half_of_a_pause(void **state)
{
	(void)state;
	for (uint32_t chance = 0; chance < 1000; chance += 7) {
		struct breaker b = { 0 };
		uint32_t pause;

		breaker_note(&b, true, 0, chance);
		pause = breaker_pause(&b, 0);
		assert_in_range(pause, BREAKER_FIRST_MS / 2, BREAKER_FIRST_MS);
	}
}

static void
one_call_is_let_through_when_the_pause_is_over(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_note(&b, true, 0, 0);
	breaker_note(&b, true, 0, 0);
	assert_true(breaker_pause(&b, 0) > 0);
	assert_int_equal(breaker_pause(&b, BREAKER_MOST_MS), 0);
	breaker_note(&b, false, BREAKER_MOST_MS, 0);
	breaker_note(&b, true, BREAKER_MOST_MS, UINT32_MAX);
	assert_in_range(breaker_pause(&b, BREAKER_MOST_MS), 1,
	    BREAKER_FIRST_MS); /* from the start again */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_time_are_followed_by_no_pause),
		cmocka_unit_test(pauses_grow_up_to_ten_seconds),
		cmocka_unit_test(chance_takes_at_most_half_of_a_pause),
		cmocka_unit_test(
		    one_call_is_let_through_when_the_pause_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
