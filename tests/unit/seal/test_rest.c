/*
 * Data at rest and the place it is bound to.
 */
#include "fixture.h"

static const struct wd_rest here = { "keys", "row", "key", 3 };

static struct wd_bytes *
sealed_here(const struct wd_keyring *k)
{
	struct wd_bytes *b = NULL;

	t_ok(wd_keyring_encrypt(k, &here, WD_SPAN_LIT("plain"), &b));
	return b;
}

static void
expect_open(const struct wd_keyring *k, const struct wd_rest *place,
    struct wd_span sealed, int expected)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	assert_int_equal(
	    wd_keyring_decrypt(k, place, sealed, &plain), expected);
	if (expected == 0)
		t_span_equal(wd_secret_borrow(plain), WD_SPAN_LIT("plain"));
	else
		assert_null(plain);
}

static void
data_comes_back_and_never_looks_the_same(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = sealed_here(k);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = sealed_here(k);

	expect_open(k, &here, wd_bytes_span(a), 0);
	assert_false(wd_span_equal(wd_bytes_span(a), wd_bytes_span(b)));
	assert_int_equal(a->p[0], 1);
}

static void
nothing_is_something_too(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	t_ok(wd_keyring_encrypt(k, &here, wd_span("", 0), &b));
	t_ok(wd_keyring_decrypt(k, &here, wd_bytes_span(b), &plain));
	assert_int_equal(wd_secret_len(plain), 0);
}

static void
row_that_was_moved_does_not_open(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = sealed_here(k);
	static const struct wd_rest elsewhere[] = {
		{ "keyz", "row", "key", 3 },
		{ "keys", "r0w", "key", 3 },
		{ "keys", "row", "kez", 3 },
		{ "keys", "row", "key", 2 },
		{ "key", "srow", "key", 3 },
		{ "keys", "row", "", 3 },
	};

	for (size_t i = 0; i < WD_N(elsewhere); i++)
		expect_open(k, &elsewhere[i], wd_bytes_span(b), WD_R_TAMPERED);
	k->store_id = t_id(8);
	expect_open(k, &here, wd_bytes_span(b), WD_R_TAMPERED);
}

static void
every_flipped_bit_and_every_cut_is_refused(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = sealed_here(k);

	for (size_t bit = 0; bit < 8 * sealed->len; bit++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = t_flip(wd_bytes_span(sealed), bit);

		expect_open(k, &here, wd_bytes_span(b),
		    bit < 32 ? WD_R_WRONG_STORE : WD_R_TAMPERED);
	}
	for (size_t cut = 0; cut < sealed->len; cut++)
		expect_open(k, &here, wd_span(sealed->p, cut), WD_R_TAMPERED);
}

static void
older_terms_still_open_and_the_newest_encrypts(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *old = sealed_here(k);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *young = NULL;

	k->term[1] = wd_secret_copy(WD_SPAN(t_root));
	k->n_terms = 2;
	young = sealed_here(k);
	assert_int_equal(young->p[0], 2);
	expect_open(k, &here, wd_bytes_span(old), 0);
	expect_open(k, &here, wd_bytes_span(young), 0);
	young->p[0] = 1;
	expect_open(k, &here, wd_bytes_span(young), WD_R_TAMPERED);
	young->p[0] = 3;
	expect_open(k, &here, wd_bytes_span(young), WD_R_WRONG_STORE);
}

static void
what_was_under_a_dropped_term_does_not_open(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *old = sealed_here(k);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *young = NULL;

	t_ok(wd_keyring_add_term(k));
	young = sealed_here(k);
	t_ok(wd_keyring_drop_before(k, 2));
	expect_open(k, &here, wd_bytes_span(old), WD_R_WRONG_STORE);
	expect_open(k, &here, wd_bytes_span(young), 0);
}

static void
place_that_is_too_long_is_our_own_mistake(void **state)
{
	struct wd_keyring *k = *state;
	char row[514] = { 0 };
	struct wd_rest place = { "secrets", row, "secret", 1 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	for (size_t i = 0; i < 512; i++)
		row[i] = 'x';
	t_ok(wd_keyring_encrypt(k, &place, WD_SPAN_LIT("plain"), &b));
	expect_open(k, &place, wd_bytes_span(b), 0);
	row[512] = 'x';
	assert_int_equal(
	    wd_keyring_encrypt(k, &place, WD_SPAN_LIT("x"), &b), WD_F_BUG);
	expect_open(k, &place, wd_bytes_span(b), WD_F_BUG);
}

static void
rest_survives_every_failing_allocation(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	int r = WD_F_MEMORY;

	for (uint64_t n = 1; r == WD_F_MEMORY; n++) {
		wd_alloc_fail_at(n);
		r = wd_keyring_encrypt(k, &here, WD_SPAN_LIT("plain"), &b);
		assert_true((r == WD_F_MEMORY) == (wd_alloc_fail_at(0) != 0));
		assert_true(r == 0 || b == NULL);
	}
	t_ok(r);
	wd_alloc_fail_at(1);
	assert_int_equal(wd_keyring_decrypt(k, &here, wd_bytes_span(b), &plain),
	    WD_F_MEMORY);
	assert_null(plain);
	wd_alloc_fail_at(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_keyring(data_comes_back_and_never_looks_the_same),
		with_keyring(nothing_is_something_too),
		with_keyring(row_that_was_moved_does_not_open),
		with_keyring(every_flipped_bit_and_every_cut_is_refused),
		with_keyring(older_terms_still_open_and_the_newest_encrypts),
		with_keyring(what_was_under_a_dropped_term_does_not_open),
		with_keyring(place_that_is_too_long_is_our_own_mistake),
		with_keyring(rest_survives_every_failing_allocation),
	};

	return cmocka_run_group_tests(tests, crypto_setup, NULL);
}
