/*
 * Buckets: a minute's worth at once, then as they fill; and many keys in a
 * small table.
 */
#include "lib/t.h"

#include "base/rate.h"
#include "base/wr.h"

static struct wd_rate table;

static int
set_up(void **state)
{
	(void)state;
	table = (struct wd_rate){ 0 };
	return 0;
}

static unsigned
take(uint32_t per_minute, const char *key, int64_t now)
{
	unsigned n = 0;

	while (n < 10000 &&
	    wd_rate_take(&table, per_minute, wd_span_text(key), now))
		n++;
	return n;
}

static void
minute_of_them_may_come_at_once(void **state)
{
	(void)state;
	assert_int_equal(take(60, "a", 5000), 60);
	assert_int_equal(take(60, "a", 5999), 0);
	assert_int_equal(take(60, "a", 6000), 1);
	assert_int_equal(take(60, "a", 16000), 10);
	assert_int_equal(take(60, "a", 1000000), 60);
}

static void
keys_do_not_share(void **state)
{
	(void)state;
	assert_int_equal(take(7, "a", 0), 7);
	assert_int_equal(take(7, "b", 0), 7);
	assert_int_equal(take(7, "", 0), 7);
	assert_int_equal(take(7, "a", 0), 0);
}

static void
none_means_no_bound(void **state)
{
	(void)state;
	assert_int_equal(take(0, "a", 0), 10000);
}

static void
long_keys_count_by_their_beginning(void **state)
{
	char key[WD_RATE_KEY + 2];

	(void)state;
	for (size_t i = 0; i <= WD_RATE_KEY; i++)
		key[i] = 'k';
	key[WD_RATE_KEY + 1] = '\0';
	assert_int_equal(take(5, key, 0), 5);
	key[WD_RATE_KEY] = 'x';
	assert_int_equal(take(5, key, 0), 0);
}

/* Whoever has taken most is remembered longest. */
static void
flood_of_keys_does_not_free_the_one_that_is_empty(void **state)
{
	char key[16];

	(void)state;
	assert_int_equal(take(100, "empty", 0), 100);
	for (unsigned i = 0; i < 100000; i++) {
		struct wd_wr wr = wd_wr_fixed(key, sizeof(key));

		wd_wr_printf(&wr, "%u", i);
		wd_wr_u8(&wr, 0);
		t_ok(wd_wr_end(&wr));
		assert_true(wd_rate_take(&table, 100, wd_span_text(key), 0));
	}
	assert_int_equal(take(100, "empty", 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(minute_of_them_may_come_at_once, set_up),
		cmocka_unit_test_setup(keys_do_not_share, set_up),
		cmocka_unit_test_setup(none_means_no_bound, set_up),
		cmocka_unit_test_setup(
		    long_keys_count_by_their_beginning, set_up),
		cmocka_unit_test_setup(
		    flood_of_keys_does_not_free_the_one_that_is_empty, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
