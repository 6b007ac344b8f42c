/*
 * Evidence of TPMs in the protocol and back.
 */
#include "lib/t.h"

#include "proto/evidence.h"

#define VALUE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int
read_text(const char *text, enum wd_tee *ret_tee, struct wd_bytes **ret)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;

	t_ok(wd_json_parse(wd_span_text(text), NULL, &doc));
	return wd_evidence_read(wd_json_root(doc), ret_tee, ret, NULL);
}

static void
an_object_becomes_the_parts(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_inputs in = { 0 };
	enum wd_tee tee;

	(void)state;
	t_ok(read_text(
	    "{\"ak_public\":\"QUs=\",\"event_log\":\"TG9n\","
	    "\"tpm_quote\":{\"message\":\"TQ==\",\"pcrs\":[\"\",\"" VALUE
	    "\"],\"signature\":\"Uw==\"}}",
	    &tee, &b));
	assert_int_equal(tee, WD_TEE_TPM);
	t_ok(wd_bundle_read(wd_bytes_span(b), &in, NULL));
	t_span_equal(in.part[WD_IN_AK], WD_SPAN_LIT("AK"));
	t_span_equal(in.part[WD_IN_EVENT_LOG], WD_SPAN_LIT("Log"));
	t_span_equal(in.part[WD_IN_ATTEST], WD_SPAN_LIT("M"));
	t_span_equal(in.part[WD_IN_SIGNATURE], WD_SPAN_LIT("S"));
	t_span_equal(in.part[WD_IN_PCRS], WD_SPAN_LIT("{\"1\":\"" VALUE "\"}"));
	assert_null(in.part[WD_IN_AK_CERT].p);
}

static void
what_is_written_is_read(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr bundle = wd_wr_growing(4096);
	WD_AUTO(wd_wr_done) struct wd_wr text = wd_wr_growing(8192);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_jtext j = wd_jtext(&text);
	enum wd_tee tee;

	(void)state;
	wd_bundle_add(&bundle, WD_IN_IMA_LOG, WD_SPAN_LIT("ima"));
	wd_bundle_add(&bundle, WD_IN_AK, WD_SPAN_LIT("key"));
	wd_bundle_add(&bundle, WD_IN_AK_CERT, WD_SPAN_LIT("cert"));
	wd_bundle_add(&bundle, WD_IN_ATTEST, WD_SPAN_LIT("attest"));
	wd_bundle_add(&bundle, WD_IN_SIGNATURE, WD_SPAN_LIT("sig"));
	wd_bundle_add(&bundle, WD_IN_PCRS,
	    WD_SPAN_LIT("{\"0\":\"" VALUE "\",\"23\":\"" VALUE "\"}"));
	wd_evidence_write(&j, WD_TEE_TPM, wd_wr_span(&bundle));
	t_ok(wd_wr_end(&text));
	wd_wr_u8(&text, 0);
	t_ok(read_text((const char *)text.p, &tee, &b));
	t_span_equal(wd_bytes_span(b), wd_wr_span(&bundle));
}

static void
other_forms_are_refused(void **state)
{
	static const struct {
		const char *text;
		int reason;
	} rows[] = {
		{ "{\"ak_public\":\"QUs=\"}", WD_R_MALFORMED },
		{ "{\"ak_public\":\"QUs=\",\"tpm_quote\":{\"message\":\"TQ==\","
		  "\"pcrs\":[],\"signature\":\"Uw==\",\"more\":1}}",
		    WD_R_UNKNOWN_MEMBER },
		{ "{\"ak_public\":\"QUs=\",\"tpm_quote\":{\"message\":\"TQ==\","
		  "\"pcrs\":[1],\"signature\":\"Uw==\"}}",
		    WD_R_MALFORMED },
		{ "{\"ak_public\":\"QU\",\"tpm_quote\":{\"message\":\"TQ==\","
		  "\"pcrs\":[],\"signature\":\"Uw==\"}}",
		    WD_R_MALFORMED },
		{ "{\"ak_public\":\"QUs=\",\"tpm_quote\":{\"message\":\"TQ==\","
		  "\"signature\":\"Uw==\"}}",
		    WD_R_MALFORMED },
		{ "{\"ak_public\":\"QUs=\",\"x\":1,\"tpm_quote\":{\"message\":"
		  "\"TQ==\",\"pcrs\":[],\"signature\":\"Uw==\"}}",
		    WD_R_UNKNOWN_MEMBER },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_bytes *b = NULL;
		enum wd_tee tee;

		assert_int_equal(
		    read_text(rows[i].text, &tee, &b), rows[i].reason);
		assert_null(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_becomes_the_parts),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(other_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
