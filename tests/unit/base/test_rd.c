/*
 * The cursor: what it reads, and that one error poisons everything after it.
 */
#include "lib/t.h"

#include "base/rd.h"
#include "base/reason.h"

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 0 };

static void
reads_both_byte_orders(void **state)
{
	struct wd_rd rd = wd_rd(WD_SPAN(bytes));

	(void)state;
	assert_int_equal(wd_rd_le16(&rd), 0x0201);
	assert_int_equal(wd_rd_be16(&rd), 0x0304);
	assert_int_equal(wd_rd_be32(&rd), 0x05060708);
	wd_rd_zero(&rd, 2);
	t_ok(wd_rd_end(&rd));
}

static void
short_read_poisons_cursor(void **state)
{
	struct wd_rd rd = wd_rd(wd_span(bytes, 3));

	(void)state;
	assert_int_equal(wd_rd_le32(&rd), 0);
	assert_int_equal(wd_rd_u8(&rd), 0);
	assert_false(wd_rd_more(&rd));
	assert_int_equal(wd_rd_end(&rd), WD_R_MALFORMED);
	assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
}

static void
trailing_bytes_are_refused(void **state)
{
	struct wd_rd rd = wd_rd(WD_SPAN(bytes));

	(void)state;
	wd_rd_skip(&rd, 9);
	assert_int_equal(wd_rd_end(&rd), WD_R_MALFORMED);
	t_ok(wd_rd_ok(&rd));
}

static void
nonzero_reserved_is_refused(void **state)
{
	struct wd_rd rd = wd_rd(WD_SPAN(bytes));

	(void)state;
	wd_rd_zero(&rd, 2);
	assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
}

static void
sub_cursor_of_bad_cursor_is_bad(void **state)
{
	struct wd_rd rd = wd_rd(wd_span(bytes, 2));
	struct wd_rd sub = wd_rd_sub(&rd, 3);

	(void)state;
	assert_int_equal(wd_rd_end(&sub), WD_R_MALFORMED);
	sub = wd_rd_sub(&rd, 0);
	assert_int_equal(wd_rd_end(&sub), WD_R_MALFORMED);
}

static void
copy_on_error_gives_zeros(void **state)
{
	struct wd_rd rd = wd_rd(wd_span(bytes, 2));
	uint8_t dst[4] = { 9, 9, 9, 9 };

	(void)state;
	wd_rd_copy(&rd, dst, sizeof(dst));
	assert_true(wd_span_is_zero(WD_SPAN(dst)));
}

static void
size_near_the_maximum_does_not_wrap(void **state)
{
	struct wd_rd rd = wd_rd(WD_SPAN(bytes));

	(void)state;
	wd_rd_skip(&rd, 4);
	assert_int_equal(wd_rd_bytes(&rd, SIZE_MAX - 2).len, 0);
	assert_int_equal(wd_rd_ok(&rd), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_both_byte_orders),
		cmocka_unit_test(short_read_poisons_cursor),
		cmocka_unit_test(trailing_bytes_are_refused),
		cmocka_unit_test(nonzero_reserved_is_refused),
		cmocka_unit_test(sub_cursor_of_bad_cursor_is_bad),
		cmocka_unit_test(copy_on_error_gives_zeros),
		cmocka_unit_test(size_near_the_maximum_does_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
