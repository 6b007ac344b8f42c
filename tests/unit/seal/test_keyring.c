/*
 * The keyring and its two forms.
 */
#include "fixture.h"

#include "crypto/pkey.h"

static void
expect_same(const struct wd_keyring *a, const struct wd_keyring *b)
{
	assert_string_equal(a->store_id.s, b->store_id.s);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->n_terms, b->n_terms);
	assert_memory_equal(a->check, b->check, 32);
	for (size_t i = 0; i < WD_KEYRING_TERMS; i++)
		t_span_equal(
		    wd_secret_borrow(a->term[i]), wd_secret_borrow(b->term[i]));
	t_span_equal(wd_secret_borrow(a->challenge_key),
	    wd_secret_borrow(b->challenge_key));
	t_span_equal(
	    wd_secret_borrow(a->release_key), wd_secret_borrow(b->release_key));
	t_span_equal(
	    wd_secret_borrow(a->token_key), wd_secret_borrow(b->token_key));
}

static void
new_keyring_has_keys_of_its_own(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_keyring_done) struct wd_keyring other = { 0 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;

	t_ok(wd_keyring_make(&k->store_id, WD_SPAN(t_root), &other));
	assert_int_equal(k->n_terms, 1);
	assert_int_equal(wd_secret_len(k->term[0]), 32);
	assert_false(wd_span_equal(
	    wd_secret_borrow(k->term[0]), wd_secret_borrow(other.term[0])));
	/* This one comes from the root key and the store alone. */
	t_span_equal(wd_secret_borrow(k->challenge_key),
	    wd_secret_borrow(other.challenge_key));
	assert_false(wd_span_equal(
	    wd_secret_borrow(k->release_key), wd_secret_borrow(k->token_key)));
	t_ok(wd_pkey_from_private(wd_secret_borrow(k->release_key), &key));
	assert_int_equal(wd_pkey_alg(key), WD_PKEY_P256);
}

static void
challenge_key_depends_on_the_store(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_keyring_done) struct wd_keyring other = { 0 };
	struct wd_id id = t_id(8);

	t_ok(wd_keyring_make(&id, WD_SPAN(t_root), &other));
	assert_false(wd_span_equal(wd_secret_borrow(k->challenge_key),
	    wd_secret_borrow(other.challenge_key)));
}

static void
flat_form_goes_both_ways_with_many_terms(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_keyring_done) struct wd_keyring back = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *flat = NULL;

	for (; k->n_terms < WD_KEYRING_TERMS; k->n_terms++)
		k->term[k->n_terms] = wd_secret_copy(WD_SPAN(t_root));
	k->first = 70000;
	t_ok(wd_keyring_flat(k, &flat));
	assert_true(wd_secret_len(flat) <= WD_KEYRING_MAX);
	t_ok(wd_keyring_read(wd_secret_borrow(flat), &back));
	expect_same(k, &back);
}

static void
expect_read(struct wd_span flat, int expected)
{
	struct wd_keyring k = { 0 };

	assert_int_equal(wd_keyring_read(flat, &k), expected);
	assert_null(k.term[0]);
	assert_int_equal(k.n_terms, 0);
}

static void
flat_form_that_is_cut_longer_or_of_another_version_is_refused(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_secret_freep) struct wd_secret *flat = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *longer = NULL;
	struct wd_span s;

	t_ok(wd_keyring_flat(k, &flat));
	s = wd_secret_borrow(flat);
	for (size_t cut = 0; cut < s.len; cut++)
		expect_read(wd_span(s.p, cut), WD_R_MALFORMED);
	longer = wd_bytes_new(s.len + 1);
	wd_copy(longer->p, s);
	expect_read(wd_bytes_span(longer), WD_R_MALFORMED);
	longer->p[0] = 1;
	expect_read(wd_bytes_span(longer), WD_R_VERSION);
}

static void
flat_form_without_terms_or_keys_is_refused(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_secret_freep) struct wd_secret *flat = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *keyless = NULL;

	t_ok(wd_keyring_flat(k, &flat));
	wd_secret_bytes(flat)[38] = 0; /* the first term */
	expect_read(wd_secret_borrow(flat), WD_R_MALFORMED);
	for (int i = 38; i < 42; i++)
		wd_secret_bytes(flat)[i] = 0xff;
	expect_read(wd_secret_borrow(flat), WD_R_MALFORMED);
	for (int i = 38; i < 42; i++)
		wd_secret_bytes(flat)[i] = i == 38;
	wd_secret_bytes(flat)[42] = 0;
	expect_read(wd_secret_borrow(flat), WD_R_MALFORMED);
	wd_secret_bytes(flat)[42] = 17;
	expect_read(wd_secret_borrow(flat), WD_R_MALFORMED);
	wd_secret_bytes(flat)[42] = 1;
	wd_secret_bytes(flat)[2] = 'A';
	expect_read(wd_secret_borrow(flat), WD_R_MALFORMED);
	wd_secret_shorten(k->token_key, 0);
	t_ok(wd_keyring_flat(k, &keyless));
	expect_read(wd_secret_borrow(keyless), WD_R_MALFORMED);
}

static void
check_value_tells_keyrings_apart(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_keyring_done) struct wd_keyring other = { 0 };
	uint8_t a[32], b[32];

	t_ok(wd_keyring_make(&k->store_id, WD_SPAN(t_root), &other));
	t_ok(wd_keyring_check(k, a));
	t_ok(wd_keyring_check(k, b));
	assert_memory_equal(a, b, 32);
	t_ok(wd_keyring_check(&other, b));
	assert_memory_not_equal(a, b, 32);
}

static void
terms_that_are_dropped_make_room_and_change_nothing_else(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_keyring_done) struct wd_keyring back = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *flat = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *third = NULL;
	uint8_t before[32], after[32];

	t_ok(wd_keyring_check(k, before));
	for (int i = 1; i < WD_KEYRING_TERMS; i++)
		t_ok(wd_keyring_add_term(k));
	assert_int_equal(wd_keyring_add_term(k), WD_R_CONFLICT);
	third = wd_secret_copy(wd_secret_borrow(k->term[2]));
	t_ok(wd_keyring_drop_before(k, 3));
	assert_int_equal(wd_keyring_oldest(k), 3);
	assert_int_equal(wd_keyring_newest(k), WD_KEYRING_TERMS);
	t_span_equal(wd_secret_borrow(k->term[0]), wd_secret_borrow(third));
	assert_null(k->term[WD_KEYRING_TERMS - 1]);
	t_ok(wd_keyring_add_term(k));
	t_ok(wd_keyring_check(k, after));
	assert_memory_equal(before, after, 32);
	t_ok(wd_keyring_flat(k, &flat));
	t_ok(wd_keyring_read(wd_secret_borrow(flat), &back));
	expect_same(k, &back);
}

static void
only_older_terms_are_dropped(void **state)
{
	struct wd_keyring *k = *state;

	t_ok(wd_keyring_drop_before(k, 1));
	assert_int_equal(wd_keyring_drop_before(k, 0), WD_R_RANGE);
	assert_int_equal(wd_keyring_drop_before(k, 2), WD_R_RANGE);
	t_ok(wd_keyring_add_term(k));
	t_ok(wd_keyring_drop_before(k, 2));
	assert_int_equal(wd_keyring_drop_before(k, 1), WD_R_RANGE);
	assert_int_equal(k->n_terms, 1);
	assert_non_null(k->term[0]);
}

static void
terms_are_never_numbered_twice(void **state)
{
	struct wd_keyring *k = *state;

	k->first = UINT32_MAX;
	assert_int_equal(wd_keyring_add_term(k), WD_R_CONFLICT);
}

static void
sealed_keyring_opens_under_its_root_key_and_store_only(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_keyring_done) struct wd_keyring back = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	static const uint8_t wrong[32] = { 9 };
	struct wd_id other = t_id(8);

	t_ok(wd_keyring_seal(k, WD_SPAN(t_root), &sealed));
	assert_int_equal(wd_keyring_open(wd_bytes_span(sealed), WD_SPAN(wrong),
			     &k->store_id, &back),
	    WD_R_TAMPERED);
	assert_int_equal(wd_keyring_open(wd_bytes_span(sealed), WD_SPAN(t_root),
			     &other, &back),
	    WD_R_TAMPERED);
	assert_null(back.term[0]);
	t_ok(wd_keyring_open(
	    wd_bytes_span(sealed), WD_SPAN(t_root), &k->store_id, &back));
	expect_same(k, &back);
}

static void
every_flipped_bit_of_a_sealed_keyring_is_refused(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	struct wd_keyring back = { 0 };

	t_ok(wd_keyring_seal(k, WD_SPAN(t_root), &sealed));
	for (size_t bit = 0; bit < 8 * sealed->len; bit++) {
		bool version = bit / 8 == 4 || bit / 8 == 5;
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = t_flip(wd_bytes_span(sealed), bit);

		assert_int_equal(wd_keyring_open(wd_bytes_span(b),
				     WD_SPAN(t_root), &k->store_id, &back),
		    version ? WD_R_VERSION : WD_R_TAMPERED);
	}
	for (size_t cut = 0; cut < sealed->len; cut++)
		assert_int_equal(wd_keyring_open(wd_span(sealed->p, cut),
				     WD_SPAN(t_root), &k->store_id, &back),
		    cut == 4 || cut == 5 ? WD_R_VERSION : WD_R_TAMPERED);
	assert_null(back.term[0]);
}

static void
keyring_survives_every_failing_allocation(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_keyring_done) struct wd_keyring back = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	int r = WD_F_MEMORY;

	for (uint64_t n = 1; r == WD_F_MEMORY; n++) {
		wd_alloc_fail_at(n);
		r = wd_keyring_seal(k, WD_SPAN(t_root), &sealed);
		assert_true((r == WD_F_MEMORY) == (wd_alloc_fail_at(0) != 0));
		assert_true(r == 0 || sealed == NULL);
	}
	t_ok(r);
	r = WD_F_MEMORY;
	for (uint64_t n = 1; r == WD_F_MEMORY; n++) {
		wd_alloc_fail_at(n);
		r = wd_keyring_open(wd_bytes_span(sealed), WD_SPAN(t_root),
		    &k->store_id, &back);
		assert_true((r == WD_F_MEMORY) == (wd_alloc_fail_at(0) != 0));
		assert_true(r == 0 || back.term[0] == NULL);
	}
	t_ok(r);
}

static void
making_survives_every_failing_allocation(void **state)
{
	struct wd_keyring *k = *state;
	WD_AUTO(wd_keyring_done) struct wd_keyring made = { 0 };
	int r = WD_F_MEMORY;

	for (uint64_t n = 1; r < 0; n++) {
		wd_alloc_fail_at(n);
		r = wd_keyring_make(&k->store_id, WD_SPAN(t_root), &made);
		assert_true((r < 0) == (wd_alloc_fail_at(0) != 0));
		assert_true(r == 0 || made.term[0] == NULL);
	}
	t_ok(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_keyring(new_keyring_has_keys_of_its_own),
		with_keyring(challenge_key_depends_on_the_store),
		with_keyring(flat_form_goes_both_ways_with_many_terms),
		with_keyring(
		    flat_form_that_is_cut_longer_or_of_another_version_is_refused),
		with_keyring(flat_form_without_terms_or_keys_is_refused),
		with_keyring(check_value_tells_keyrings_apart),
		with_keyring(
		    terms_that_are_dropped_make_room_and_change_nothing_else),
		with_keyring(only_older_terms_are_dropped),
		with_keyring(terms_are_never_numbered_twice),
		with_keyring(
		    sealed_keyring_opens_under_its_root_key_and_store_only),
		with_keyring(every_flipped_bit_of_a_sealed_keyring_is_refused),
		with_keyring(keyring_survives_every_failing_allocation),
		with_keyring(making_survives_every_failing_allocation),
	};

	return cmocka_run_group_tests(tests, crypto_setup, NULL);
}
