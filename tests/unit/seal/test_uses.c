/*
 * Counts of uses: what was written is read, and nothing else is.
 */
#include "fixture.h"

#include "seal/uses.h"

static const struct wd_uses some = { 3, 1790000000, 12345 };

static void
a_count_is_read_as_it_was_written(void **state)
{
	uint8_t flat[WD_USES_LEN];
	struct wd_uses u = { 0 };

	t_ok(wd_uses_flat(*state, &some, flat));
	t_ok(wd_uses_read(*state, WD_SPAN(flat), &u));
	assert_int_equal(u.term, 3);
	assert_int_equal(u.made, 1790000000);
	assert_int_equal(u.n, 12345);
}

static void
no_flipped_bit_is_read(void **state)
{
	uint8_t flat[WD_USES_LEN];
	struct wd_uses u = { 9, 9, 9 };

	t_ok(wd_uses_flat(*state, &some, flat));
	for (size_t bit = 0; bit < 8 * sizeof(flat); bit++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = t_flip(WD_SPAN(flat), bit);

		assert_int_equal(
		    wd_uses_read(*state, wd_bytes_span(b), &u), WD_R_TAMPERED);
	}
	assert_int_equal(u.n, 9);
}

static void
no_other_length_is_read(void **state)
{
	uint8_t flat[WD_USES_LEN + 1] = { 0 };
	struct wd_uses u;

	t_ok(wd_uses_flat(*state, &some, flat));
	for (size_t len = 0; len <= sizeof(flat); len++)
		if (len != WD_USES_LEN)
			assert_int_equal(
			    wd_uses_read(*state, wd_span(flat, len), &u),
			    WD_R_TAMPERED);
}

static void
a_count_of_another_store_is_not_read(void **state)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring other = { 0 };
	struct wd_id id = t_id(8);
	uint8_t flat[WD_USES_LEN];
	struct wd_uses u;

	t_ok(wd_keyring_make(&id, WD_SPAN(t_root), &other));
	t_ok(wd_uses_flat(&other, &some, flat));
	assert_int_equal(
	    wd_uses_read(*state, WD_SPAN(flat), &u), WD_R_TAMPERED);
	other.store_id = t_id(9); /* be the keys the same */
	assert_int_equal(
	    wd_uses_read(&other, WD_SPAN(flat), &u), WD_R_TAMPERED);
}

static void
another_term_reads_it(void **state)
{
	uint8_t flat[WD_USES_LEN];
	struct wd_uses u;

	t_ok(wd_uses_flat(*state, &some, flat));
	t_ok(wd_keyring_add_term(*state));
	t_ok(wd_uses_read(*state, WD_SPAN(flat), &u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_keyring(a_count_is_read_as_it_was_written),
		with_keyring(no_flipped_bit_is_read),
		with_keyring(no_other_length_is_read),
		with_keyring(a_count_of_another_store_is_not_read),
		with_keyring(another_term_reads_it),
	};

	return cmocka_run_group_tests(tests, crypto_setup, NULL);
}
