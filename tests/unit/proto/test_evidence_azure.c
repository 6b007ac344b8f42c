/*
 * Evidence of Azure's VMs as guests send it: every part in its encoding, and
 * nothing in another.
 */
#include "lib/t.h"

#include "proto/evidence.h"

#include <stdio.h>

#define QUOTE                                                         \
	"\"tpm_quote\":{\"message\":\"ff54\",\"signature\":\"0a0b\"," \
	"\"pcrs\":[\"00\",\"11\"]}"
#define HCL "\"hcl_report\":\"SENMQQ==\""

/* "{VERSION, MORE}" */
static int
read_object(const char *more, enum wd_tee *tee, struct wd_inputs *in,
    struct wd_bytes **bundle)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_diag d = { 0 };
	char text[1024];
	int r;

	(void)snprintf(text, sizeof(text), "{%s}", more);
	t_ok(wd_json_parse(wd_span_text(text), &d, &doc));
	r = wd_evidence_read(wd_json_root(doc), tee, bundle, &d);
	assert_int_equal(d.result, r);
	if (r == 0)
		t_ok(wd_bundle_read(wd_bytes_span(*bundle), in, NULL));
	return r;
}

static int
refused(const char *more)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bundle = NULL;
	struct wd_inputs in = { 0 };
	enum wd_tee tee;

	return read_object(more, &tee, &in, &bundle);
}

static void
snp_and_tdx_are_told_apart_and_read(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *snp = NULL, *tdx = NULL;
	struct wd_inputs in = { 0 };
	enum wd_tee tee = WD_TEE_NONE;

	(void)state;
	t_ok(read_object("\"version\":2," QUOTE "," HCL ",\"vcek\":\"AQI=\"",
	    &tee, &in, &snp));
	assert_int_equal(tee, WD_TEE_AZ_SNP);
	t_span_equal(in.part[WD_IN_VEK], WD_SPAN_LIT("\1\2"));
	t_span_equal(in.part[WD_IN_HCL_REPORT], WD_SPAN_LIT("HCLA"));
	t_span_equal(in.part[WD_IN_TPM_ATTEST], WD_SPAN_LIT("\xff\x54"));
	t_span_equal(in.part[WD_IN_TPM_SIGNATURE], WD_SPAN_LIT("\n\v"));
	t_span_equal(
	    in.part[WD_IN_PCRS], WD_SPAN_LIT("{\"0\":\"00\",\"1\":\"11\"}"));
	in = (struct wd_inputs){ 0 };
	t_ok(
	    read_object("\"version\":1," QUOTE "," HCL ",\"td_quote\":\"_-8=\"",
		&tee, &in, &tdx));
	assert_int_equal(tee, WD_TEE_AZ_TDX);
	t_span_equal(in.part[WD_IN_TD_QUOTE], WD_SPAN_LIT("\xff\xef"));
}

static void
other_versions_and_forms_are_refused(void **state)
{
	(void)state;
	assert_int_equal(
	    refused("\"version\":3," QUOTE "," HCL ",\"vcek\":\"AQI=\""),
	    WD_R_UNSUPPORTED);
	assert_int_equal(
	    refused(QUOTE "," HCL ",\"vcek\":\"AQI=\""), WD_R_MALFORMED);
	assert_int_equal(refused("\"quote\":{\"signature\":[],\"message\":[],"
				 "\"pcrs\":[]},\"report\":[],\"vcek\":\"\""),
	    WD_R_TEE_NOT_SUPPORTED);
}

static void
parts_in_other_encodings_are_refused(void **state)
{
	static const char *const bad[] = {
		QUOTE ",\"hcl_report\":\"SENMQQ\",\"vcek\":\"AQI=\"",
		QUOTE "," HCL ",\"vcek\":\"AQI+\"",
		QUOTE "," HCL ",\"vcek\":\"AQ I=\"",
		QUOTE "," HCL ",\"vcek\":7",
		HCL ",\"vcek\":\"AQI=\"",
		HCL ",\"vcek\":\"AQI=\",\"tpm_quote\":{\"message\":\"f\","
		    "\"signature\":\"0a\",\"pcrs\":[]}",
		HCL ",\"vcek\":\"AQI=\",\"tpm_quote\":{\"message\":\"ff\","
		    "\"signature\":\"0a\",\"pcrs\":[7]}",
		HCL ",\"vcek\":\"AQI=\",\"tpm_quote\":{\"message\":\"ff\","
		    "\"signature\":\"0a\",\"pcrs\":\"00\"}",
		HCL ",\"vcek\":\"AQI=\",\"tpm_quote\":{\"message\":\"ff\","
		    "\"pcrs\":[]}",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		(void)snprintf(text, sizeof(text), "\"version\":2,%s", bad[i]);
		assert_int_equal(refused(text), WD_R_MALFORMED);
	}
	assert_int_equal(refused("\"version\":2," QUOTE "," HCL
				 ",\"vcek\":\"AQI=\",\"more\":1"),
	    WD_R_UNKNOWN_MEMBER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snp_and_tdx_are_told_apart_and_read),
		cmocka_unit_test(other_versions_and_forms_are_refused),
		cmocka_unit_test(parts_in_other_encodings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
