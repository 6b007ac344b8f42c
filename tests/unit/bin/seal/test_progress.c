/*
 * An attempt at unsealing with shares.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "bin/seal/progress.h"
#include "crypto/init.h"
#include "seal/seal.h"

static uint8_t share[WD_SHARE_LEN];

static int
add(struct seal_progress *p, uint8_t x, uint8_t value)
{
	share[0] = value;
	share[WD_SHARE_LEN - 1] = x;
	return seal_progress_add(p, WD_SPAN(share), 3, 1000);
}

static void
first_share_starts_the_attempt_and_its_clock(void **state)
{
	WD_AUTO(seal_progress_reset) struct seal_progress p = { 0 };

	(void)state;
	assert_false(seal_progress_is_late(&p, INT64_MAX));
	t_ok(add(&p, 1, 0));
	assert_int_equal(p.n, 1);
	assert_false(wd_id_is_none(&p.nonce));
	assert_false(seal_progress_is_late(&p, 1000 + PROGRESS_MS - 1));
	assert_true(seal_progress_is_late(&p, 1000 + PROGRESS_MS));
	t_ok(add(&p, 2, 0));
	assert_int_equal(p.until, 1000 + PROGRESS_MS);
}

static void
number_counts_once_whatever_its_value(void **state)
{
	WD_AUTO(seal_progress_reset) struct seal_progress p = { 0 };

	(void)state;
	t_ok(add(&p, 1, 5));
	assert_int_equal(add(&p, 1, 5), WD_R_EXISTS);
	assert_int_equal(add(&p, 1, 6), WD_R_EXISTS);
	assert_int_equal(p.n, 1);
}

static void
attempts_have_names_of_their_own(void **state)
{
	WD_AUTO(seal_progress_reset) struct seal_progress p = { 0 };
	struct wd_id first;

	(void)state;
	t_ok(add(&p, 1, 5));
	first = p.nonce;
	seal_progress_reset(&p);
	assert_int_equal(p.n, 0);
	assert_true(wd_id_is_none(&p.nonce));
	t_ok(add(&p, 1, 5));
	assert_string_not_equal(first.s, p.nonce.s);
}

static void
more_than_were_asked_for_is_our_fault(void **state)
{
	WD_AUTO(seal_progress_reset) struct seal_progress p = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;

	(void)state;
	for (uint8_t x = 1; x < 4; x++)
		t_ok(add(&p, x, 9));
	assert_int_equal(add(&p, 4, 9), WD_F_BUG);
	/* The same value everywhere: the constant polynomial. */
	t_ok(seal_progress_join(&p, &s));
	assert_int_equal(wd_secret_len(s), WD_SHARE_KEY);
	assert_int_equal(wd_secret_borrow(s).p[0], 9);
}

static int
setup(void **state)
{
	(void)state;
	return wd_crypto_init(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_share_starts_the_attempt_and_its_clock),
		cmocka_unit_test(number_counts_once_whatever_its_value),
		cmocka_unit_test(attempts_have_names_of_their_own),
		cmocka_unit_test(more_than_were_asked_for_is_our_fault),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
