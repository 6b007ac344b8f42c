/*
 * The writer and the owners of memory below it.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "base/secret.h"
#include "base/wr.h"

static void
grows_and_hands_over(void **state)
{
	struct wd_wr wr = wd_wr_growing(100000);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		wd_wr_be32(&wr, i);
	t_ok(wd_wr_take(&wr, &b));
	assert_int_equal(b->len, 40000);
	assert_int_equal(b->p[39999], 9999 & 255);
	assert_int_equal(wr.len, 0);
}

static void
over_the_maximum_is_refused(void **state)
{
	struct wd_wr wr = wd_wr_growing(5);

	(void)state;
	wd_wr_text(&wr, "abc");
	wd_wr_text(&wr, "def");
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	wd_wr_done(&wr);
}

static void
fixed_buffer_is_not_overrun(void **state)
{
	uint8_t buf[8] = { 0 };
	struct wd_wr wr = wd_wr_fixed(buf, 4);

	(void)state;
	wd_wr_le32(&wr, 0x01020304);
	wd_wr_u8(&wr, 0xff);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	assert_int_equal(buf[4], 0);
	assert_int_equal(buf[0], 4);
}

static void
patch_outside_is_refused(void **state)
{
	uint8_t buf[8];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	(void)state;
	wd_wr_le32(&wr, 0);
	wd_wr_patch_le32(&wr, 0, 7);
	t_ok(wd_wr_end(&wr));
	assert_int_equal(buf[0], 7);
	wd_wr_patch_be32(&wr, 0, 0x01020304);
	assert_int_equal(buf[0], 1);
	assert_int_equal(buf[3], 4);
	wd_wr_patch_le32(&wr, 1, 7);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	wr = wd_wr_fixed(buf, sizeof(buf));
	wd_wr_patch_be32(&wr, 0, 7);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
}

static void
every_failed_allocation_is_a_fault(void **state)
{
	(void)state;
	for (uint64_t k = 1; k < 8; k++) {
		struct wd_wr wr = wd_wr_growing(100000);
		struct wd_bytes *b = NULL;
		int r;

		(void)wd_alloc_fail_at(k);
		for (unsigned i = 0; i < 1000; i++)
			wd_wr_be32(&wr, i);
		r = wd_wr_take(&wr, &b);
		if (wd_alloc_fail_at(0) == 0)
			t_ok(r);
		else
			assert_int_equal(r, WD_F_MEMORY);
		wd_wr_done(&wr);
		b = wd_bytes_free(b);
	}
}

static void
what_is_expected_finds_its_room_at_once(void **state)
{
	struct wd_wr wr = wd_wr_growing(5000);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	const uint8_t *p;

	(void)state;
	wd_wr_text(&wr, "ab");
	wd_wr_expect(&wr, 4000);
	p = wr.p;
	for (unsigned i = 0; i < 1000; i++)
		wd_wr_be32(&wr, i);
	assert_ptr_equal(wr.p, p);
	t_ok(wd_wr_take(&wr, &b));
	assert_ptr_equal(b->p, p); /* handed over as it lies */
	assert_int_equal(b->len, 4002);
	assert_int_equal(b->p[1], 'b');
	wd_wr_text(&wr, "again");
	t_ok(wd_wr_end(&wr));
	wd_wr_expect(&wr, SIZE_MAX); /* cannot be had, and is not promised */
	wd_wr_expect(&wr, 5000);
	t_ok(wd_wr_end(&wr));
	wd_wr_zero(&wr, 5000);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
	wd_wr_done(&wr);
}

static void
block_that_is_mostly_empty_is_not_handed_over(void **state)
{
	struct wd_wr wr = wd_wr_growing(5000);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	const uint8_t *p;

	(void)state;
	wd_wr_expect(&wr, 4000);
	p = wr.p;
	wd_wr_text(&wr, "few");
	t_ok(wd_wr_take(&wr, &b));
	assert_ptr_not_equal(b->p, p);
	assert_int_equal(b->len, 3);
	wd_wr_done(&wr);
}

static void
secret_is_shortened_and_wiped(void **state)
{
	struct wd_secret *s = wd_secret_copy(WD_SPAN_LIT("hunter2"));

	(void)state;
	assert_non_null(s);
	wd_secret_shorten(s, 2);
	assert_int_equal(wd_secret_len(s), 2);
	assert_true(wd_span_is_zero(wd_span(wd_secret_bytes(s) + 2, 5)));
	s = wd_secret_free(s);
}

static void
decimal_digits_of_any_length(void **state)
{
	char text[64];
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));

	(void)state;
	wd_wr_decimal(&wr, 0);
	wd_wr_u8(&wr, ' ');
	wd_wr_decimal(&wr, 1000);
	wd_wr_u8(&wr, ' ');
	wd_wr_decimal(&wr, UINT64_MAX);
	t_ok(wd_wr_end(&wr));
	assert_true(wd_span_is(wd_wr_span(&wr), "0 1000 18446744073709551615"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_hands_over),
		cmocka_unit_test(over_the_maximum_is_refused),
		cmocka_unit_test(fixed_buffer_is_not_overrun),
		cmocka_unit_test(patch_outside_is_refused),
		cmocka_unit_test(every_failed_allocation_is_a_fault),
		cmocka_unit_test(what_is_expected_finds_its_room_at_once),
		cmocka_unit_test(block_that_is_mostly_empty_is_not_handed_over),
		cmocka_unit_test(secret_is_shortened_and_wiped),
		cmocka_unit_test(decimal_digits_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
