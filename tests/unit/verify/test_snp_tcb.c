/*
 * The bytes of a TCB version, which mean something else on each product line,
 * and versions of reports. The software TEE writes them by the same tables, so
 * only these tests would see a wrong one.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "verify/snp/report.h"

static const uint8_t bytes[WD_SNP_TCB] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void
milan_and_genoa_have_four_components(void **state)
{
	(void)state;
	for (enum wd_snp_line l = WD_SNP_MILAN; l <= WD_SNP_GENOA; l++) {
		struct wd_snp_tcb t = wd_snp_tcb_read(l, WD_SPAN(bytes));

		assert_int_equal(t.boot_loader, 1);
		assert_int_equal(t.tee, 2);
		assert_int_equal(t.snp, 7);
		assert_int_equal(t.microcode, 8);
		assert_int_equal(t.fmc, 0);
	}
}

static void
turin_begins_with_its_fmc(void **state)
{
	struct wd_snp_tcb t = wd_snp_tcb_read(WD_SNP_TURIN, WD_SPAN(bytes));

	(void)state;
	assert_int_equal(t.fmc, 1);
	assert_int_equal(t.boot_loader, 2);
	assert_int_equal(t.tee, 3);
	assert_int_equal(t.snp, 4);
	assert_int_equal(t.microcode, 8);
}

static void
processors_have_their_line(void **state)
{
	static const struct {
		uint8_t family, model;
		enum wd_snp_line line;
	} rows[] = {
		{ 0x19, 0x00, WD_SNP_MILAN },
		{ 0x19, 0x0f, WD_SNP_MILAN },
		{ 0x19, 0x10, WD_SNP_GENOA },
		{ 0x19, 0x1f, WD_SNP_GENOA },
		{ 0x19, 0x20, WD_SNP_NO_LINE },
		{ 0x19, 0xa0, WD_SNP_GENOA },
		{ 0x1a, 0x00, WD_SNP_TURIN },
		{ 0x1a, 0x11, WD_SNP_TURIN },
		{ 0x1a, 0x12, WD_SNP_NO_LINE },
		{ 0x18, 0x00, WD_SNP_NO_LINE },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(
		    wd_snp_line_by_cpuid(rows[i].family, rows[i].model),
		    rows[i].line);
}

/* All that must be set in a report, but for its version. */
static int
parse(uint8_t version)
{
	uint8_t report[WD_SNP_REPORT] = { [0] = version, [10] = 2, [52] = 1 };
	struct wd_snp_report ret;

	return wd_snp_report_parse(WD_SPAN(report), &ret, NULL);
}

static void
reports_of_unknown_versions_are_refused(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 5; version++)
		t_ok(parse(version));
	assert_int_equal(parse(0), WD_R_MALFORMED);
	assert_int_equal(parse(1), WD_R_MALFORMED);
	assert_int_equal(parse(6), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(milan_and_genoa_have_four_components),
		cmocka_unit_test(turin_begins_with_its_fmc),
		cmocka_unit_test(processors_have_their_line),
		cmocka_unit_test(reports_of_unknown_versions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
