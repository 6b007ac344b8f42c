/*
 * Convergence: every pair, against the table of Intel's library.
 */
#include "lib/t.h"

#include "verify/intel/status.h"

static void
names_are_read_back(void **state)
{
	enum wd_tcb_status s;

	(void)state;
	for (int i = 0; i < WD_TCB_RELAUNCH; i++) {
		assert_true(wd_tcb_status_parse(
		    wd_span_text(wd_tcb_status_name((enum wd_tcb_status)i)),
		    &s));
		assert_int_equal(s, i);
	}
}

static void
derived_and_unknown_names_are_refused(void **state)
{
	enum wd_tcb_status s = WD_TCB_REVOKED;

	(void)state;
	assert_false(wd_tcb_status_parse(WD_SPAN_LIT("TDRelaunchAdvised"), &s));
	assert_false(wd_tcb_status_parse(
	    WD_SPAN_LIT("TDRelaunchAdvisedConfigurationNeeded"), &s));
	assert_false(wd_tcb_status_parse(WD_SPAN_LIT("uptodate"), &s));
	assert_false(wd_tcb_status_parse(WD_SPAN_LIT("UpToDate "), &s));
	assert_false(wd_tcb_status_parse(WD_SPAN_LIT(""), &s));
	assert_int_equal(s, WD_TCB_REVOKED);
}

static void
converging_follows_the_table(void **state)
{
	static const struct {
		enum wd_tcb_status platform, with_old_part;
	} rows[] = {
		{ WD_TCB_UP_TO_DATE, WD_TCB_OUT_OF_DATE },
		{ WD_TCB_SW_HARDENING, WD_TCB_OUT_OF_DATE },
		{ WD_TCB_CONFIGURATION, WD_TCB_OUT_OF_DATE_CONFIGURATION },
		{ WD_TCB_CONFIGURATION_AND_SW_HARDENING,
		    WD_TCB_OUT_OF_DATE_CONFIGURATION },
		{ WD_TCB_OUT_OF_DATE, WD_TCB_OUT_OF_DATE },
		{ WD_TCB_OUT_OF_DATE_CONFIGURATION,
		    WD_TCB_OUT_OF_DATE_CONFIGURATION },
		{ WD_TCB_REVOKED, WD_TCB_REVOKED },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		assert_int_equal(
		    wd_tcb_converge(rows[i].platform, WD_TCB_UP_TO_DATE),
		    rows[i].platform);
		assert_int_equal(
		    wd_tcb_converge(rows[i].platform, WD_TCB_OUT_OF_DATE),
		    rows[i].with_old_part);
		assert_int_equal(wd_tcb_converge(rows[i].platform,
				     WD_TCB_OUT_OF_DATE_CONFIGURATION),
		    rows[i].with_old_part);
		assert_int_equal(
		    wd_tcb_converge(rows[i].platform, WD_TCB_REVOKED),
		    WD_TCB_REVOKED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_back),
		cmocka_unit_test(derived_and_unknown_names_are_refused),
		cmocka_unit_test(converging_follows_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
