/*
 * The layer of the HSM: what only its key opens, and only where it was put.
 */
#include "fixture.h"

#include "seal/sealwrap.h"

static const uint8_t key[WD_SEALWRAP_KEY] = { 9, 8, 7 };
static const uint8_t other_key[WD_SEALWRAP_KEY] = { 9, 8, 6 };
static const struct wd_sealwrap wrap = { { (const uint8_t *)"blob", 4 },
	{ key, sizeof(key) } };

static struct wd_rest
here(void)
{
	return wd_rest_by_hsm(wd_rest_of_path("a/b/c", 3));
}

static struct wd_secret *
wrapped_here(const struct wd_id *store)
{
	struct wd_rest place = here();
	struct wd_secret *s = NULL;

	t_ok(wd_sealwrap_seal(store, &place, &wrap, WD_SPAN_LIT("plain"), &s));
	return s;
}

static void
expect_open(const struct wd_id *store, struct wd_rest place,
    struct wd_span with, struct wd_span wrapped, int expected)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	assert_int_equal(
	    wd_sealwrap_open(store, &place, with, wrapped, &plain), expected);
	if (expected == 0)
		t_span_equal(wd_secret_borrow(plain), WD_SPAN_LIT("plain"));
	else
		assert_null(plain);
}

static void
what_was_wrapped_opens_with_the_key_of_its_blob(void **state)
{
	struct wd_id store = t_id(1);
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wrapped_here(&store);
	struct wd_span blob = { 0 };

	(void)state;
	t_ok(wd_sealwrap_blob(wd_secret_borrow(s), &blob));
	t_span_equal(blob, WD_SPAN_LIT("blob"));
	expect_open(&store, here(), WD_SPAN(key), wd_secret_borrow(s), 0);
	expect_open(&store, here(), WD_SPAN(other_key), wd_secret_borrow(s),
	    WD_R_TAMPERED);
	expect_open(&store, here(), wd_span(NULL, 0), wd_secret_borrow(s),
	    WD_R_TAMPERED);
}

static void
what_was_moved_does_not_open(void **state)
{
	struct wd_id store = t_id(1), other = t_id(2), id = t_id(3);
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wrapped_here(&store);
	struct wd_span all = wd_secret_borrow(s);
	const struct wd_rest elsewhere[] = {
		wd_rest_by_hsm(wd_rest_of_path("a/b/d", 3)),
		wd_rest_by_hsm(wd_rest_of_path("a/b/c", 4)),
		wd_rest_by_hsm(wd_rest_of_key(&id, 3)),
		wd_rest_by_hsm(wd_rest_of_staying_key(&id, 3)),
		wd_rest_of_path("a/b/c", 3),
	};

	(void)state;
	for (size_t i = 0; i < WD_N(elsewhere); i++)
		expect_open(
		    &store, elsewhere[i], WD_SPAN(key), all, WD_R_TAMPERED);
	expect_open(&other, here(), WD_SPAN(key), all, WD_R_TAMPERED);
}

static void
every_flipped_bit_and_every_cut_is_refused(void **state)
{
	struct wd_id store = t_id(1);
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wrapped_here(&store);
	struct wd_span all = wd_secret_borrow(s);

	(void)state;
	for (size_t bit = 0; bit < 8 * all.len; bit++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *b = t_flip(all, bit);

		expect_open(&store, here(), WD_SPAN(key), wd_bytes_span(b),
		    WD_R_TAMPERED);
	}
	for (size_t cut = 0; cut < all.len; cut++)
		expect_open(&store, here(), WD_SPAN(key), wd_span(all.p, cut),
		    WD_R_TAMPERED);
}

static void
each_kind_of_place_has_one_of_its_own(void **state)
{
	struct wd_id id = t_id(1);
	const struct wd_rest places[] = {
		wd_rest_of_key(&id, 1),
		wd_rest_of_staying_key(&id, 1),
		wd_rest_of_path("a/b/c", 1),
		wd_rest_of_reference(&id, 1),
	};

	(void)state;
	for (size_t i = 0; i < WD_N(places); i++) {
		struct wd_rest x = wd_rest_by_hsm(places[i]);

		for (size_t j = 0; j < WD_N(places); j++) {
			struct wd_rest y = wd_rest_by_hsm(places[j]);

			assert_string_not_equal(x.purpose, places[j].purpose);
			if (i != j)
				assert_string_not_equal(x.purpose, y.purpose);
		}
	}
}

/* Otherwise a keeper could have the root key's wrapping opened. */
static void
what_keepers_get_is_no_key_of_the_seal(void **state)
{
	struct wd_id store = t_id(1), other = t_id(2);
	WD_AUTO(wd_secret_freep) struct wd_secret *a = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *b = NULL;

	(void)state;
	t_ok(wd_sealwrap_derive(&store, WD_SPAN(key), &a));
	t_ok(wd_sealwrap_derive(&other, WD_SPAN(key), &b));
	assert_int_equal(wd_secret_len(a), WD_SEALWRAP_KEY);
	assert_false(wd_ct_equal(wd_secret_borrow(a), WD_SPAN(key)));
	assert_false(wd_ct_equal(wd_secret_borrow(a), wd_secret_borrow(b)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_was_wrapped_opens_with_the_key_of_its_blob),
		cmocka_unit_test(what_was_moved_does_not_open),
		cmocka_unit_test(every_flipped_bit_and_every_cut_is_refused),
		cmocka_unit_test(each_kind_of_place_has_one_of_its_own),
		cmocka_unit_test(what_keepers_get_is_no_key_of_the_seal),
	};

	return cmocka_run_group_tests(tests, crypto_setup, NULL);
}
