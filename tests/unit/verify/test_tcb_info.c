/*
 * TCB info: what is read of both versions, what is refused, and which level a
 * platform reaches.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "verify/edit.h"
#include "verify/intel/tcb_info.h"

#define EIGHT(n)                                                \
	"{\"svn\":" #n "},{\"svn\":0},{\"svn\":0},{\"svn\":0}," \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}"

#define LEVEL(a, b, pce, date, status, more)                   \
	"{\"tcb\":{\"sgxtcbcomponents\":[" EIGHT(a) "," EIGHT( \
	    b) "],"                                            \
	       "\"pcesvn\":" #pce "},\"tcbDate\":\"" date      \
	       "\",\"tcbStatus\":\"" status "\"" more "}"

#define HEAD(id)                                                       \
	"{\"id\":\"" id "\",\"version\":3,"                            \
	"\"issueDate\":\"2030-01-01T00:00:00Z\","                      \
	"\"nextUpdate\":\"2030-01-31T00:00:00Z\","                     \
	"\"fmspc\":\"00a1B2c3D4e5\",\"pceId\":\"0102\",\"tcbType\":0," \
	"\"tcbEvaluationDataNumber\":17,"

static const char sgx[] = HEAD("SGX") "\"tcbLevels\":[" LEVEL(
    11, 255, 13, "2029-07-01T00:00:00Z", "UpToDate", "") "," LEVEL(11, 7, 13,
    "2029-06-01T00:00:00Z", "SWHardeningNeeded",
    ",\"advisoryIDs\":[\"INTEL-SA-1\",\"INTEL-SA-22\"]") "," LEVEL(3, 0, 5,
    "2029-05-01T00:00:00Z", "OutOfDate", "") "]}";

#define MODULE(id)                                                      \
	"{\"id\":\"" id "\",\"mrsigner\":\"" ZEROS ZEROS ZEROS          \
	"\",\"attributes\":\"0000000000000000\","                       \
	"\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"tcbLevels\":["       \
	"{\"tcb\":{\"isvsvn\":4},\"tcbDate\":\"2029-01-01T00:00:00Z\"," \
	"\"tcbStatus\":\"UpToDate\"}]}"
#define ZEROS "00000000000000000000000000000000"

static const char tdx[] = HEAD(
    "TDX") "\"tdxModule\":{\"mrsigner\":\"" ZEROS ZEROS ZEROS
	   "\",\"attributes\":\"0000000000000000\","
	   "\"attributesMask\":\"FFFFFFFFFFFFFFFF\"},"
	   "\"tdxModuleIdentities\":[" MODULE("TDX_03") "," MODULE(
	       "TDX_0A") "],"
			 "\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":"
			 "[" EIGHT(1) "," EIGHT(2) "],\"pcesvn\":1,"
						   "\"tdxtcbcomponents\":"
						   "[" EIGHT(5) "," EIGHT(
						       6) "]},"
							  "\"tcbDate\":\"2029-"
							  "07-01T00:00:00Z\","
							  "\"tcbStatus\":"
							  "\"UpToDate\"}]}";

static const char version_2[] =
    "{\"version\":2,\"issueDate\":\"2030-01-01T00:00:00Z\","
    "\"nextUpdate\":\"2030-01-31T00:00:00Z\",\"fmspc\":\"00a1b2c3d4e5\","
    "\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":5,"
    "\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomp01svn\":1,\"sgxtcbcomp02svn\":2,"
    "\"sgxtcbcomp03svn\":3,\"sgxtcbcomp04svn\":4,\"sgxtcbcomp05svn\":5,"
    "\"sgxtcbcomp06svn\":6,\"sgxtcbcomp07svn\":7,\"sgxtcbcomp08svn\":8,"
    "\"sgxtcbcomp09svn\":9,\"sgxtcbcomp10svn\":10,\"sgxtcbcomp11svn\":11,"
    "\"sgxtcbcomp12svn\":12,\"sgxtcbcomp13svn\":13,\"sgxtcbcomp14svn\":14,"
    "\"sgxtcbcomp15svn\":15,\"sgxtcbcomp16svn\":255,\"pcesvn\":9},"
    "\"tcbDate\":\"2029-07-01T00:00:00Z\",\"tcbStatus\":\"Revoked\"}]}";

static void
version_3_is_read(void **state)
{
	WD_AUTO(wd_tcb_info_freep) struct wd_tcb_info *t = NULL;

	(void)state;
	t_ok(wd_tcb_info_parse(wd_span_text(sgx), &t, NULL));
	assert_int_equal(t->tee, WD_TEE_SGX);
	assert_int_equal(t->version, 3);
	assert_int_equal(t->issue_date, wd_time_civil(2030, 1, 1, 0, 0, 0));
	assert_int_equal(t->next_update, wd_time_civil(2030, 1, 31, 0, 0, 0));
	t_span_equal(
	    WD_SPAN(t->fmspc), WD_SPAN_LIT("\x00\xa1\xb2\xc3\xd4\xe5"));
	t_span_equal(WD_SPAN(t->pceid), WD_SPAN_LIT("\x01\x02"));
	assert_int_equal(t->evaluation_number, 17);
	assert_int_equal(t->n_levels, 3);
	assert_int_equal(t->level[0].sgx[8], 255);
	assert_int_equal(t->level[2].pcesvn, 5);
	assert_int_equal(t->level[1].verdict.status, WD_TCB_SW_HARDENING);
	assert_int_equal(
	    t->level[1].verdict.date, wd_time_civil(2029, 6, 1, 0, 0, 0));
	t_span_equal(wd_tcb_info_advisories(t, &t->level[1].verdict),
	    WD_SPAN_LIT("INTEL-SA-1\0INTEL-SA-22\0"));
	assert_int_equal(
	    wd_tcb_info_advisories(t, &t->level[0].verdict).len, 0);
}

static void
version_2_is_read_and_is_for_sgx(void **state)
{
	WD_AUTO(wd_tcb_info_freep) struct wd_tcb_info *t = NULL;

	(void)state;
	t_ok(wd_tcb_info_parse(wd_span_text(version_2), &t, NULL));
	assert_int_equal(t->tee, WD_TEE_SGX);
	assert_int_equal(t->version, 2);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(t->level[0].sgx[i], i + 1);
	assert_int_equal(t->level[0].sgx[15], 255);
	assert_int_equal(t->level[0].pcesvn, 9);
	assert_int_equal(t->level[0].verdict.status, WD_TCB_REVOKED);
}

static void
tdx_parts_are_read(void **state)
{
	WD_AUTO(wd_tcb_info_freep) struct wd_tcb_info *t = NULL;

	(void)state;
	t_ok(wd_tcb_info_parse(wd_span_text(tdx), &t, NULL));
	assert_int_equal(t->tee, WD_TEE_TDX);
	assert_true(t->has_module);
	assert_int_equal(t->module.attributes_mask[7], 0xff);
	assert_int_equal(t->n_modules, 2);
	assert_int_equal(t->modules[1].version, 10);
	assert_int_equal(t->modules[1].levels.level[0].isvsvn, 4);
	assert_int_equal(t->level[0].tdx[0], 5);
	assert_int_equal(t->level[0].tdx[8], 6);
}

static void
unknown_members_of_a_vendor_are_passed_over(void **state)
{
	WD_AUTO(wd_tcb_info_freep) struct wd_tcb_info *t = NULL;

	(void)state;
	t_ok(wd_tcb_info_parse(
	    t_edit(sgx, "{\"svn\":0}", "{\"svn\":0,\"category\":\"BIOS\"}"), &t,
	    NULL));
	t = wd_tcb_info_free(t);
	t_ok(wd_tcb_info_parse(
	    t_edit(sgx, "\"tcbType\"", "\"news\":[{}],\"tcbType\""), &t, NULL));
}

static void
refused_with(int reason, const char *good, const char *from, const char *to)
{
	struct wd_tcb_info *t = NULL;

	assert_int_equal(
	    wd_tcb_info_parse(t_edit(good, from, to), &t, NULL), reason);
	assert_null(t);
}

static void
refused(const char *good, const char *from, const char *to)
{
	refused_with(WD_R_MALFORMED, good, from, to);
}

static void
unknown_versions_are_refused_by_name(void **state)
{
	(void)state;
	refused_with(
	    WD_R_TCB_INFO_VERSION, sgx, "\"version\":3", "\"version\":4");
	refused_with(
	    WD_R_TCB_INFO_VERSION, sgx, "\"version\":3", "\"version\":1");
	refused(sgx, "\"version\":3", "\"version\":\"3\"");
	refused(sgx, "\"version\":3,", "");
}

static void
numbers_out_of_range_are_refused_not_wrapped(void **state)
{
	(void)state;
	refused(sgx, "{\"svn\":11}", "{\"svn\":256}");
	refused(sgx, "{\"svn\":11}", "{\"svn\":267}");
	refused(sgx, "{\"svn\":11}", "{\"svn\":-1}");
	refused(sgx, "{\"svn\":11}", "{\"svn\":11.0}");
	refused(sgx, "{\"svn\":11}", "{\"svn\":\"11\"}");
	refused(sgx, "{\"svn\":11}", "{}");
	refused(sgx, "{\"svn\":11}", "11");
	refused(sgx, "\"pcesvn\":13", "\"pcesvn\":65536");
	refused(version_2, "comp16svn\":255", "comp16svn\":256");
	refused(version_2, "\"sgxtcbcomp16svn\":255,", "");
	refused(sgx, "DataNumber\":17", "DataNumber\":4294967296");
}

static void
components_must_be_sixteen(void **state)
{
	(void)state;
	refused(sgx, "{\"svn\":11},", "");
	refused(sgx, "{\"svn\":11},", "{\"svn\":11},{\"svn\":0},");
	refused(tdx, "{\"svn\":5},", "");
	refused(tdx, ",\"tdxtcbcomponents\":[", ",\"others\":[");
}

static void
statuses_and_types_that_are_not_known_are_refused(void **state)
{
	(void)state;
	refused(sgx, "UpToDate", "Uptodate");
	refused(sgx, "UpToDate", "TDRelaunchAdvised");
	refused(sgx, ",\"tcbStatus\":\"UpToDate\"", "");
	refused(sgx, "\"tcbType\":0", "\"tcbType\":1");
	refused(sgx, "\"id\":\"SGX\"", "\"id\":\"QE\"");
	refused(sgx, "\"id\":\"SGX\",", "");
}

static void
members_that_must_be_there_are_missed(void **state)
{
	(void)state;
	refused(sgx, "\"issueDate\"", "\"x\"");
	refused(sgx, "\"nextUpdate\"", "\"x\"");
	refused(sgx, "\"fmspc\"", "\"x\"");
	refused(sgx, "\"pceId\"", "\"x\"");
	refused(sgx, "\"tcbType\"", "\"x\"");
	refused(sgx, "\"tcbEvaluationDataNumber\"", "\"x\"");
	refused(sgx, "\"tcbLevels\"", "\"x\"");
	refused(sgx, "\"tcb\"", "\"x\"");
	refused(sgx, "\"tcbDate\"", "\"x\"");
	refused(sgx, "\"pcesvn\"", "\"x\"");
	refused(sgx, "\"sgxtcbcomponents\"", "\"x\"");
}

static void
values_of_the_wrong_form_are_refused(void **state)
{
	(void)state;
	refused(sgx, "00a1B2c3D4e5", "00a1B2c3D4");
	refused(sgx, "00a1B2c3D4e5", "00a1B2c3D4ex");
	refused(sgx, "\"0102\"", "\"01\"");
	refused(sgx, "2030-01-01T00:00:00Z", "2030-01-01");
	refused(sgx, "2029-07-01T00:00:00Z", "2029-13-01T00:00:00Z");
	refused(sgx, "INTEL-SA-1", "INTEL SA");
	refused(sgx, "INTEL-SA-1", "");
	refused(sgx, "\"INTEL-SA-1\"", "1");
	refused(sgx, "\"INTEL-SA-1\"",
	    "\"INTEL-SA-0123456789012345678901234567890123456789"
	    "0123456789012345\"");
}

static void
doubled_members_levels_and_modules_are_refused(void **state)
{
	(void)state;
	refused(
	    sgx, "\"pceId\":\"0102\"", "\"pceId\":\"0102\",\"pceId\":\"0102\"");
	refused(sgx, "{\"svn\":255}", "{\"svn\":7}");
	refused(tdx, "TDX_0A", "TDX_03");
	refused(tdx, "TDX_0A", "TDX_0G");
	refused(tdx, "TDX_0A", "TDX_00A");
}

static void
not_json_or_no_levels_is_refused(void **state)
{
	struct wd_tcb_info *t = NULL;

	(void)state;
	assert_int_equal(
	    wd_tcb_info_parse(WD_SPAN_LIT("{"), &t, NULL), WD_R_MALFORMED);
	assert_int_equal(
	    wd_tcb_info_parse(WD_SPAN_LIT("[]"), &t, NULL), WD_R_MALFORMED);
	assert_int_equal(
	    wd_tcb_info_parse(
		WD_SPAN_LIT(HEAD("SGX") "\"tcbLevels\":[]}"), &t, NULL),
	    WD_R_MALFORMED);
}

static void
reaching_a_level_takes_every_component_and_the_pcesvn(void **state)
{
	WD_AUTO(wd_tcb_info_freep) struct wd_tcb_info *t = NULL;
	struct wd_pck pck = { .components = { 11, [8] = 255 }, .pcesvn = 13 };

	(void)state;
	t_ok(wd_tcb_info_parse(wd_span_text(sgx), &t, NULL));
	assert_ptr_equal(wd_tcb_info_find_sgx(t, &pck), &t->level[0]);
	pck.components[8] = 254;
	assert_ptr_equal(wd_tcb_info_find_sgx(t, &pck), &t->level[1]);
	pck.components[0] = 10;
	assert_ptr_equal(wd_tcb_info_find_sgx(t, &pck), &t->level[2]);
	pck.components[0] = 11;
	pck.pcesvn = 12;
	assert_ptr_equal(wd_tcb_info_find_sgx(t, &pck), &t->level[2]);
	pck.pcesvn = 4;
	assert_null(wd_tcb_info_find_sgx(t, &pck));
	pck.pcesvn = 13;
	pck.components[0] = 2;
	assert_null(wd_tcb_info_find_sgx(t, &pck));
}

static const char turned[] = HEAD("SGX") "\"tcbLevels\":[" LEVEL(3, 0, 5,
    "2029-05-01T00:00:00Z", "OutOfDate",
    "") "," LEVEL(11, 255, 13, "2029-07-01T00:00:00Z", "UpToDate", "") "]}";

static void
the_order_of_the_document_does_not_count(void **state)
{
	WD_AUTO(wd_tcb_info_freep) struct wd_tcb_info *t = NULL;
	struct wd_pck pck = { .components = { 11, [8] = 255 }, .pcesvn = 13 };

	(void)state;
	t_ok(wd_tcb_info_parse(wd_span_text(turned), &t, NULL));
	assert_int_equal(
	    wd_tcb_info_find_sgx(t, &pck)->verdict.status, WD_TCB_UP_TO_DATE);
}

static void
no_memory_is_a_fault_at_every_allocation(void **state)
{
	(void)state;
	for (uint64_t k = 1;; k++) {
		struct wd_tcb_info *t = NULL;
		int r;

		(void)wd_alloc_fail_at(k);
		r = wd_tcb_info_parse(wd_span_text(tdx), &t, NULL);
		if (!wd_alloc_fail_at(0)) {
			t_ok(r);
			(void)wd_tcb_info_free(t);
			return;
		}
		assert_true(r < 0);
		assert_null(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_3_is_read),
		cmocka_unit_test(version_2_is_read_and_is_for_sgx),
		cmocka_unit_test(tdx_parts_are_read),
		cmocka_unit_test(unknown_members_of_a_vendor_are_passed_over),
		cmocka_unit_test(unknown_versions_are_refused_by_name),
		cmocka_unit_test(numbers_out_of_range_are_refused_not_wrapped),
		cmocka_unit_test(components_must_be_sixteen),
		cmocka_unit_test(
		    statuses_and_types_that_are_not_known_are_refused),
		cmocka_unit_test(members_that_must_be_there_are_missed),
		cmocka_unit_test(values_of_the_wrong_form_are_refused),
		cmocka_unit_test(
		    doubled_members_levels_and_modules_are_refused),
		cmocka_unit_test(not_json_or_no_levels_is_refused),
		cmocka_unit_test(
		    reaching_a_level_takes_every_component_and_the_pcesvn),
		cmocka_unit_test(the_order_of_the_document_does_not_count),
		cmocka_unit_test(no_memory_is_a_fault_at_every_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
