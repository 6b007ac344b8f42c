/*
 * Bundles of evidence: what was put in comes out, and nothing else is read.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "verify/bundle.h"

static int
read_bytes(struct wd_span bundle, struct wd_inputs *in)
{
	struct wd_diag d = { 0 };
	int r;

	*in = (struct wd_inputs){ 0 };
	r = wd_bundle_read(bundle, in, &d);
	assert_int_equal(d.result, r);
	return r;
}

static void
parts_come_out_as_they_went_in(void **state)
{
	uint8_t buf[64];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_inputs in;

	(void)state;
	wd_bundle_add(&wr, WD_IN_QUOTE, WD_SPAN_LIT("quote"));
	wd_bundle_add(&wr, WD_IN_EVENT_LOG, WD_SPAN_LIT(""));
	wd_bundle_add(&wr, WD_IN_ATTEST, WD_SPAN_LIT("attest"));
	t_ok(read_bytes(wd_wr_span(&wr), &in));
	t_span_equal(in.part[WD_IN_QUOTE], WD_SPAN_LIT("quote"));
	assert_non_null(in.part[WD_IN_EVENT_LOG].p);
	assert_int_equal(in.part[WD_IN_EVENT_LOG].len, 0);
	t_span_equal(in.part[WD_IN_ATTEST], WD_SPAN_LIT("attest"));
	assert_null(in.part[WD_IN_REPORT].p);
	t_ok(read_bytes(wd_span(NULL, 0), &in));
}

static void
a_bundle_of_one_part_is_made_at_once(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bundle = NULL;
	struct wd_inputs in;

	(void)state;
	t_ok(wd_bundle_of(WD_IN_REPORT, WD_SPAN_LIT("report"), &bundle));
	t_ok(read_bytes(wd_bytes_span(bundle), &in));
	t_span_equal(in.part[WD_IN_REPORT], WD_SPAN_LIT("report"));
}

static void
collateral_repeats_and_cut_parts_are_refused(void **state)
{
	static const uint8_t twice[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t falling[] = { 8, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t unknown[] = { WD_IN_COUNT, 0, 0, 0, 0 };
	static const uint8_t collateral[] = { WD_IN_TCB_INFO, 0, 0, 0, 0 };
	static const uint8_t cut[] = { 0, 3, 0, 0, 0, 'a', 'b' };
	static const uint8_t huge[] = { 0, 255, 255, 255, 255, 'a' };
	struct wd_inputs in;

	(void)state;
	assert_int_equal(read_bytes(WD_SPAN(twice), &in), WD_R_MALFORMED);
	assert_int_equal(read_bytes(WD_SPAN(falling), &in), WD_R_MALFORMED);
	assert_int_equal(read_bytes(WD_SPAN(unknown), &in), WD_R_MALFORMED);
	assert_int_equal(read_bytes(WD_SPAN(collateral), &in), WD_R_MALFORMED);
	assert_int_equal(read_bytes(WD_SPAN(cut), &in), WD_R_MALFORMED);
	assert_int_equal(read_bytes(WD_SPAN(huge), &in), WD_R_MALFORMED);
	for (size_t i = 1; i < 5; i++)
		assert_int_equal(
		    read_bytes(wd_span(twice, i), &in), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_come_out_as_they_went_in),
		cmocka_unit_test(a_bundle_of_one_part_is_made_at_once),
		cmocka_unit_test(collateral_repeats_and_cut_parts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
