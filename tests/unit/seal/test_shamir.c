/*
 * Sharing a secret. The field is compared with multiplication as it is done on
 * paper, shares with a polynomial computed by hand.
 */
#include "fixture.h"

#include "codec/hex.h"
#include "seal/seal.h"
#include "seal/shamir.h"

/* ---- the field */

/* Multiply as polynomials, then divide by x^8 + x^4 + x^3 + x + 1. */
static unsigned
by_hand(unsigned a, unsigned b)
{
	unsigned product = 0;

	for (unsigned i = 0; i < 8; i++)
		if ((b >> i & 1) != 0)
			product ^= a << i;
	for (unsigned i = 15; i >= 8; i--)
		if ((product >> i & 1) != 0)
			product ^= 0x11bu << (i - 8);
	return product;
}

static void
every_product_is_that_of_the_field(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++)
			assert_int_equal(wd_gf256_mul((uint8_t)a, (uint8_t)b),
			    by_hand(a, b));
}

static void
every_inverse_undoes(void **state)
{
	(void)state;
	assert_int_equal(wd_gf256_inv(0), 0);
	for (unsigned a = 1; a < 256; a++)
		assert_int_equal(
		    wd_gf256_mul((uint8_t)a, wd_gf256_inv((uint8_t)a)), 1);
}

/* ---- known shares */

/* y = 0x53 + 0xca x, of two: 0x53 * 0xca = 1 in this field. */
static void
shares_made_by_hand_join(void **state)
{
	static const uint8_t shares[] = { 0x99, 1, 0xdc, 2 };
	static const uint8_t one[] = { 0x42, 200 };
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *t = NULL;

	(void)state;
	assert_int_equal(shares[2], 0x53 ^ by_hand(0xca, 2));
	t_ok(wd_shamir_join(WD_SPAN(shares), 2, &s));
	t_span_equal(wd_secret_borrow(s), wd_span("\x53", 1));
	/* One of one is the secret itself. */
	t_ok(wd_shamir_join(WD_SPAN(one), 2, &t));
	t_span_equal(wd_secret_borrow(t), wd_span("\x42", 1));
}

/* ---- splitting */

static struct wd_secret *
split(unsigned shares, unsigned threshold)
{
	struct wd_secret *all = NULL;

	t_ok(wd_shamir_split(WD_SPAN(t_root), shares, threshold, &all));
	assert_int_equal(wd_secret_len(all), shares * 33);
	for (unsigned i = 0; i < shares; i++)
		assert_int_equal(wd_secret_borrow(all).p[i * 33 + 32], i + 1);
	return all;
}

/* The shares whose bits are set in CHOICE. */
static bool
gives_the_secret(const struct wd_secret *all, unsigned choice)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	uint8_t buf[8 * 33];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	for (unsigned i = 0; i < 8; i++)
		if ((choice >> i & 1) != 0)
			wd_wr_bytes(
			    &wr, wd_span(wd_secret_borrow(all).p + i * 33, 33));
	t_ok(wd_wr_end(&wr));
	t_ok(wd_shamir_join(wd_wr_span(&wr), 33, &s));
	return wd_span_equal(wd_secret_borrow(s), WD_SPAN(t_root));
}

static void
any_that_are_enough_give_it_and_fewer_do_not(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *all = split(5, 3);

	(void)state;
	for (unsigned choice = 1; choice < 32; choice++)
		assert_int_equal(gives_the_secret(all, choice),
		    __builtin_popcount(choice) >= 3);
}

static void
extremes_work(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *one = split(1, 1);
	WD_AUTO(wd_secret_freep) struct wd_secret *most = split(255, 255);
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;

	(void)state;
	assert_true(gives_the_secret(one, 1));
	t_ok(wd_shamir_join(wd_secret_borrow(most), 33, &s));
	t_span_equal(wd_secret_borrow(s), WD_SPAN(t_root));
}

/* With one share too few each value of a byte is as possible as any other: for
 * every candidate there is exactly one polynomial through the shares known. */
static void
too_few_shares_say_nothing_of_a_byte(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *all = split(3, 3);
	struct wd_span s = wd_secret_borrow(all);
	bool seen[256] = { false };

	(void)state;
	for (unsigned y = 0; y < 256; y++) {
		const uint8_t three[] = { s.p[0], 1, s.p[33], 2, (uint8_t)y,
			3 };
		WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;

		t_ok(wd_shamir_join(WD_SPAN(three), 2, &got));
		assert_false(seen[wd_secret_borrow(got).p[0]]);
		seen[wd_secret_borrow(got).p[0]] = true;
	}
}

static void
shares_differ_each_time(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *a = split(2, 2);
	WD_AUTO(wd_secret_freep) struct wd_secret *b = split(2, 2);

	(void)state;
	assert_false(wd_span_equal(wd_secret_borrow(a), wd_secret_borrow(b)));
}

/* ---- refusing */

static void
splits_that_cannot_be_are_out_of_range(void **state)
{
	static const struct {
		size_t len;
		unsigned shares, threshold;
	} bad[] = { { 32, 0, 0 }, { 32, 5, 0 }, { 32, 5, 1 }, { 32, 5, 6 },
		{ 32, 256, 3 }, { 0, 5, 3 }, { 65, 5, 3 } };
	static const uint8_t bytes[65];
	struct wd_secret *s = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(wd_shamir_split(wd_span(bytes, bad[i].len),
				     bad[i].shares, bad[i].threshold, &s),
		    WD_R_RANGE);
	assert_null(s);
}

static void
shares_that_cannot_be_are_malformed(void **state)
{
	static const uint8_t twice[] = { 1, 7, 2, 7 }, zero[] = { 1, 0 };
	struct wd_secret *s = NULL;

	(void)state;
	assert_int_equal(wd_shamir_join(WD_SPAN(twice), 2, &s), WD_R_MALFORMED);
	assert_int_equal(wd_shamir_join(WD_SPAN(zero), 2, &s), WD_R_MALFORMED);
	assert_int_equal(
	    wd_shamir_join(wd_span(twice, 3), 2, &s), WD_R_MALFORMED);
	assert_int_equal(
	    wd_shamir_join(wd_span(twice, 0), 2, &s), WD_R_MALFORMED);
	assert_int_equal(wd_shamir_join(WD_SPAN(twice), 1, &s), WD_R_MALFORMED);
	assert_int_equal(wd_shamir_join(WD_SPAN(twice), 0, &s), WD_R_MALFORMED);
	assert_null(s);
}

static void
every_failing_allocation_is_a_fault(void **state)
{
	static const uint8_t shares[] = { 0x99, 1, 0xdc, 2 };
	struct wd_secret *s = NULL;

	(void)state;
	for (uint64_t n = 1; n < 3; n++) {
		wd_alloc_fail_at(n);
		assert_int_equal(
		    wd_shamir_split(WD_SPAN(t_root), 5, 3, &s), WD_F_MEMORY);
	}
	wd_alloc_fail_at(1);
	assert_int_equal(wd_shamir_join(WD_SPAN(shares), 2, &s), WD_F_MEMORY);
	wd_alloc_fail_at(0);
	assert_null(s);
}

/* ---- as text */

static void
share_is_read_as_base64_or_hex(void **state)
{
	static const uint8_t bytes[33] = { 0xff, 0xfe, [32] = 3 };
	WD_AUTO(wd_secret_freep) struct wd_secret *a = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *b = NULL;
	char hex[67], text[WD_SHARE_TEXT];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	(void)state;
	wd_hex_format(WD_SPAN(bytes), hex);
	wd_share_write(&wr, WD_SPAN(bytes));
	t_ok(wd_wr_end(&wr));
	assert_int_equal(wr.len, WD_SHARE_TEXT);
	t_ok(wd_share_read(wd_wr_span(&wr), &a));
	t_ok(wd_share_read(wd_span_text(hex), &b));
	t_span_equal(wd_secret_borrow(a), WD_SPAN(bytes));
	t_span_equal(wd_secret_borrow(b), WD_SPAN(bytes));
}

static void
what_is_no_share_is_malformed(void **state)
{
	static const char *const bad[] = { "", "AAAA",
		/* x = 0, in both forms; a digit too few; not base64 */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"000000000000000000000000000000000000000000000000000000000000"
		"000000",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-B" };
	struct wd_secret *s = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(
		    wd_share_read(wd_span_text(bad[i]), &s), WD_R_MALFORMED);
	assert_null(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_product_is_that_of_the_field),
		cmocka_unit_test(every_inverse_undoes),
		cmocka_unit_test(shares_made_by_hand_join),
		cmocka_unit_test(any_that_are_enough_give_it_and_fewer_do_not),
		cmocka_unit_test(extremes_work),
		cmocka_unit_test(too_few_shares_say_nothing_of_a_byte),
		cmocka_unit_test(shares_differ_each_time),
		cmocka_unit_test(splits_that_cannot_be_are_out_of_range),
		cmocka_unit_test(shares_that_cannot_be_are_malformed),
		cmocka_unit_test(every_failing_allocation_is_a_fault),
		cmocka_unit_test(share_is_read_as_base64_or_hex),
		cmocka_unit_test(what_is_no_share_is_malformed),
	};

	return cmocka_run_group_tests(tests, crypto_setup, NULL);
}
