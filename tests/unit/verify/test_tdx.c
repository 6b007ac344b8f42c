/*
 * Judging TDX quotes: what a good one says, every status that module, platform
 * and quoting enclave make together, and the refusals that SGX does not have.
 */
#include "lib/t.h"

#include "base/clock.h"
#include "verify/eventlog/eventlog.h"
#include "verify/registry.h"
#include "verify/world.h"

static void
expect_text(const struct wd_claims *c, enum wd_claim id, const char *want)
{
	struct wd_span v;

	assert_true(wd_claims_get(c, id, &v));
	t_span_equal(v, wd_span_text(want));
}

static void
a_good_quote_says_what_the_td_is(void **state)
{
	struct t_recipe r = t_good_td();
	struct wd_claims c = { 0 };
	struct wd_span v;
	int64_t t;

	(void)state;
	r.td.rtmr[3][47] = 9;
	t_ok(t_judge(&r, &c, NULL));
	expect_text(&c, WD_C_TEE, "tdx");
	expect_text(&c, WD_C_TCB_STATUS, "UpToDate");
	expect_text(&c, WD_C_TDX_MODULE_ID, "TDX_01");
	expect_text(&c, WD_C_TDX_MODULE_STATUS, "UpToDate");
	assert_true(wd_claims_get(&c, WD_C_ADVISORY_IDS, &v));
	t_span_equal(v, WD_SPAN_LIT("INTEL-SA-1\0"));
	assert_true(wd_claims_get(&c, WD_C_MRTD, &v));
	assert_int_equal(v.len, 48);
	assert_int_equal(v.p[47], 0x3d);
	assert_true(wd_claims_get(&c, WD_C_RTMR3, &v));
	t_span_equal(v, WD_SPAN(r.td.rtmr[3]));
	assert_true(wd_claims_get(&c, WD_C_REPORT_DATA, &v));
	t_span_equal(v, WD_SPAN(r.report_data));
	assert_true(wd_claims_get(&c, WD_C_TEE_TCB_SVN2, &v));
	t_span_equal(v, WD_SPAN(r.td.tcb_svn2));
	assert_true(wd_claims_time(&c, WD_C_TDX_MODULE_TCB_DATE, &t));
	assert_int_equal(t, wd_time_civil(2029, 8, 1, 0, 0, 0));
	assert_true(wd_claims_bool(&c, WD_C_SEPT_VE_DISABLE));
	assert_false(wd_claims_bool(&c, WD_C_MIGRATABLE));
	assert_false(wd_claims_bool(&c, WD_C_DEBUG));
}

static void
a_td_report_1_0_comes_in_versions_4_and_5(void **state)
{
	struct t_recipe r = t_good_td();
	struct wd_claims c = { 0 };
	struct wd_span v;

	(void)state;
	r.td.is_15 = false;
	for (r.version = 4; r.version <= 5; r.version++) {
		t_ok(t_judge(&r, &c, NULL));
		expect_text(&c, WD_C_TCB_STATUS, "UpToDate");
		assert_false(wd_claims_get(&c, WD_C_TEE_TCB_SVN2, &v));
	}
}

static void
a_least_number_of_tdx_is_of_tdx(void **state)
{
	struct t_recipe r = t_good_td();
	struct wd_claims c = { 0 };

	(void)state;
	r.min_evaluation_sgx = 99;
	r.min_evaluation_tdx = 17;
	t_ok(t_judge(&r, &c, NULL));
	r.min_evaluation_number = 17;
	r.min_evaluation_tdx = 18;
	assert_int_equal(t_judge(&r, &c, NULL), WD_R_EVALUATION_NUMBER);
	r.min_evaluation_number = 18; /* the higher one counts */
	r.min_evaluation_tdx = 1;
	assert_int_equal(t_judge(&r, &c, NULL), WD_R_EVALUATION_NUMBER);
}

/* What differs from a good TD, and what is then said of it. */
struct turn {
	const char *what;
	uint8_t svn[3], svn2[3];
	uint16_t qe;           /* ISVSVN of the quoting enclave; 0: the good */
	uint16_t version;      /* of the quote; 0: 5 */
	const char *from, *to; /* in the TCB info */
	const char *status;    /* NULL: refused */
	enum wd_reason reason;
};

#define OOD "OutOfDate"

static const struct turn turns[] = {
	{ "all new", { 5, 1, 3 }, { 5, 1, 3 }, .status = "UpToDate" },
	{ "another module", { 7, 3, 3 }, { 7, 3, 3 }, .status = "UpToDate" },
	{ "ISVSVN is no component with an identity", { 200, 1, 3 },
	    { 200, 1, 3 }, .status = "UpToDate" },
	{ "nor is the version", { 7, 3, 3 }, { 7, 3, 3 },
	    .from = "{\"svn\":5},{\"svn\":0}", .to = "{\"svn\":9},{\"svn\":9}",
	    .status = "UpToDate" },
	{ "old module", { 4, 1, 3 }, { 4, 1, 3 }, .status = OOD },
	{ "module between two levels", { 3, 1, 3 }, { 3, 1, 3 },
	    .status = "Revoked" },
	{ "module below all levels", { 1, 1, 3 }, { 1, 1, 3 },
	    .reason = WD_R_TCB_NOT_SUPPORTED },
	{ "unknown module", { 5, 2, 3 }, { 5, 2, 3 },
	    .reason = WD_R_TDX_MODULE_MISMATCH },
	{ "old microcode", { 5, 1, 2 }, { 5, 1, 2 }, .status = OOD },
	{ "microcode below all levels", { 5, 1, 1 }, { 5, 1, 3 },
	    .reason = WD_R_TCB_NOT_SUPPORTED },
	{ "version 0 counts all components", { 5, 0, 3 }, { 5, 0, 3 },
	    .status = "UpToDate" },
	{ "version 0, old", { 4, 0, 3 }, { 4, 0, 3 }, .status = OOD },
	{ "version 0, below all", { 2, 0, 3 }, { 2, 0, 3 },
	    .reason = WD_R_TCB_NOT_SUPPORTED },
	{ "old quoting enclave", { 5, 1, 3 }, { 5, 1, 3 }, .qe = 7,
	    .status = OOD },
	{ "unknown quoting enclave", { 5, 1, 3 }, { 5, 1, 3 }, .qe = 5,
	    .reason = WD_R_TCB_NOT_SUPPORTED },
	/* launching again */
	{ "module replaced", { 4, 1, 3 }, { 5, 1, 3 },
	    .status = "TDRelaunchAdvised" },
	{ "microcode replaced too", { 4, 1, 2 }, { 5, 1, 3 },
	    .status = "TDRelaunchAdvised" },
	{ "replaced by another version", { 4, 1, 3 }, { 7, 3, 3 },
	    .status = "TDRelaunchAdvised" },
	{ "replaced by version 0", { 4, 1, 3 }, { 5, 0, 3 },
	    .status = "TDRelaunchAdvised" },
	{ "replaced by an old version 0", { 4, 1, 3 }, { 4, 0, 3 },
	    .status = OOD },
	{ "replaced by an old one", { 4, 1, 3 }, { 6, 3, 3 }, .status = OOD },
	{ "replaced without microcode", { 4, 1, 3 }, { 5, 1, 2 },
	    .status = OOD },
	{ "replaced by an unknown one", { 4, 1, 3 }, { 5, 2, 3 },
	    .reason = WD_R_TDX_MODULE_MISMATCH },
	{ "replaced, but the quoting enclave is old", { 4, 1, 3 }, { 5, 1, 3 },
	    .qe = 7, .status = OOD },
	{ "replaced, but it was a revoked one", { 2, 1, 3 }, { 5, 1, 3 },
	    .status = "Revoked" },
	{ "version 0 was replaced", { 4, 0, 3 }, { 5, 1, 3 }, .status = OOD },
	{ "version 4 has no second TCB", { 4, 1, 3 }, { 5, 1, 3 }, .version = 4,
	    .status = OOD },
	{ "with configuration", { 4, 1, 3 }, { 5, 1, 3 },
	    .from = "\"UpToDate\",\"advisoryIDs\":[\"INTEL-SA-1\"",
	    .to = "\"ConfigurationNeeded\",\"advisoryIDs\":[\"INTEL-SA-1\"",
	    .status = "TDRelaunchAdvisedConfigurationNeeded" },
	{ "the platform is old itself", { 4, 1, 3 }, { 5, 1, 3 },
	    .from = "\"UpToDate\",\"advisoryIDs\":[\"INTEL-SA-1\"",
	    .to = "\"OutOfDate\",\"advisoryIDs\":[\"INTEL-SA-1\"",
	    .status = OOD },
	/* documents */
	{ "no identities", { 5, 1, 3 }, { 5, 1, 3 },
	    .from = "tdxModuleIdentities", .to = "tdxModuleIdentity",
	    .reason = WD_R_TDX_MODULE_MISMATCH },
	{ "no module of version 0", { 5, 0, 3 }, { 5, 0, 3 },
	    .from = "\"tdxModule\"", .to = "\"tdxModul\"",
	    .reason = WD_R_TDX_MODULE_MISMATCH },
};

static struct t_recipe
recipe_of(const struct turn *t)
{
	struct t_recipe r = t_good_td();

	wd_copy(r.td.tcb_svn, WD_SPAN(t->svn));
	wd_copy(r.td.tcb_svn2, WD_SPAN(t->svn2));
	if (t->qe != 0)
		r.qe_isvsvn = t->qe;
	if (t->version != 0) {
		r.version = t->version;
		r.td.is_15 = false;
	}
	r.tcb_info.from = t->from;
	r.tcb_info.to = t->to;
	return r;
}

static void
module_platform_and_quoting_enclave_make_one_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(turns); i++) {
		const struct turn *t = &turns[i];
		const struct t_recipe r = recipe_of(t);
		struct wd_claims c = { 0 };
		struct wd_diag d = { 0 };
		int result = t_judge(&r, &c, &d);

		if (result != (int)t->reason)
			print_error("%s: %d %s\n", t->what, result, d.detail);
		assert_int_equal(result, t->reason);
		if (t->status != NULL)
			expect_text(&c, WD_C_TCB_STATUS, t->status);
	}
}

static void
the_level_before_convergence_is_a_claim_too(void **state)
{
	struct t_recipe r = t_good_td();
	struct wd_claims c = { 0 };
	struct wd_span v;

	(void)state;
	r.td.tcb_svn[0] = 4;
	t_ok(t_judge(&r, &c, NULL));
	expect_text(&c, WD_C_TCB_STATUS, "TDRelaunchAdvised");
	expect_text(&c, WD_C_PLATFORM_TCB_STATUS, "UpToDate");
	expect_text(&c, WD_C_TDX_MODULE_STATUS, "OutOfDate");
	assert_true(wd_claims_get(&c, WD_C_TDX_MODULE_ADVISORY_IDS, &v));
	t_span_equal(v, WD_SPAN_LIT("INTEL-SA-9\0"));
	assert_true(wd_claims_bool(&c, WD_C_RELAUNCH_ADVISED));
}

static void
a_module_of_another_signer_or_with_attributes_is_refused(void **state)
{
	struct t_recipe r = t_good_td();

	(void)state;
	r.td.mr_signer_seam = 1;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_TDX_MODULE_MISMATCH);
	r = t_good_td();
	r.td.seam_attributes = 1;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_TDX_MODULE_MISMATCH);
	/* even where the vendor's document asks for them */
	r.tcb_info.from = "attributes\":\"00";
	r.tcb_info.to = "attributes\":\"01";
	r.td.tcb_svn[1] = 0;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_TDX_MODULE_MISMATCH);
}

static void
a_td_under_debug_is_refused_unless_the_rules_allow_it(void **state)
{
	struct t_recipe r = t_good_td();
	struct wd_claims c = { 0 };

	(void)state;
	r.td.attributes |= 1;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_DEBUG_NOT_ALLOWED);
	r.allow_debug = true;
	t_ok(t_judge(&r, &c, NULL));
	assert_true(wd_claims_bool(&c, WD_C_DEBUG));
}

static void
reserved_debug_bits_are_refused_whatever_the_rules_allow(void **state)
{
	struct t_recipe r = t_good_td();

	(void)state;
	r.allow_debug = true;
	for (unsigned bit = 1; bit < 8; bit++) {
		r.td.attributes = UINT64_C(1) << bit;
		assert_int_equal(
		    t_judge(&r, NULL, NULL), WD_R_DEBUG_NOT_ALLOWED);
	}
}

static void
a_migratable_td_says_so(void **state)
{
	struct t_recipe r = t_good_td();
	struct wd_claims c = { 0 };

	(void)state;
	r.td.attributes = UINT64_C(1) << 29;
	t_ok(t_judge(&r, &c, NULL));
	assert_true(wd_claims_bool(&c, WD_C_MIGRATABLE));
	assert_false(wd_claims_bool(&c, WD_C_SEPT_VE_DISABLE));
}

static void
the_quoting_enclave_must_be_the_one_for_tds(void **state)
{
	struct t_recipe r = t_good_td();

	(void)state;
	r.qe_identity.from = "\"TD_QE\"";
	r.qe_identity.to = "\"QE\"";
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_QE_IDENTITY_MISMATCH);
}

static void
the_report_data_of_a_td_must_be_what_is_asked_for(void **state)
{
	const struct t_recipe r = t_good_td();
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct wd_claims c = { 0 };

	(void)state;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	t_ok(wd_appraise(
	    v, WD_TEE_TDX, &w.in, w.at, WD_SPAN_LIT("\x01\x02\x03"), &c, NULL));
	assert_int_equal(wd_appraise(v, WD_TEE_TDX, &w.in, w.at,
			     WD_SPAN_LIT("\x01\x02"), &c, NULL),
	    WD_R_NONCE_MISMATCH);
}

static void
an_anchor_for_sgx_vouches_for_no_td(void **state)
{
	const struct t_recipe r = t_good_td();
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct wd_claims c = { 0 };

	(void)state;
	t_world_make(&w, &r);
	w.anchor.tee = WD_TEE_SGX;
	t_ok(wd_verifier_new(&w.rules, &v));
	assert_int_equal(
	    wd_appraise(v, WD_TEE_TDX, &w.in, w.at, wd_span(NULL, 0), &c, NULL),
	    WD_R_PCK_CHAIN_UNTRUSTED_ROOT);
}

static void
collateral_of_sgx_judges_no_td(void **state)
{
	const struct t_recipe td = t_good_td(), enclave = t_good();
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	WD_AUTO(t_world_done) struct t_world other;
	struct wd_claims c = { 0 };

	(void)state;
	t_world_make(&w, &td);
	t_world_make(&other, &enclave);
	w.in.part[WD_IN_TCB_INFO] = other.in.part[WD_IN_TCB_INFO];
	t_ok(wd_verifier_new(&w.rules, &v));
	assert_int_equal(
	    wd_appraise(v, WD_TEE_TDX, &w.in, w.at, wd_span(NULL, 0), &c, NULL),
	    WD_R_TCB_INFO_MISMATCH);
}

/* ---- event logs */

/* A log with one event, whose digest is of SHA-384, into register REG. */
struct ccel {
	uint8_t bytes[512];
	struct wd_wr wr;
};

static void
make_ccel(
    struct ccel *l, uint32_t reg, struct wd_span what, struct wd_span data)
{
	uint8_t digest[48];

	l->wr = wd_wr_fixed(l->bytes, sizeof(l->bytes));
	t_ok(wd_hash(WD_SHA384, what, digest));
	wd_wr_le32(&l->wr, 1);
	wd_wr_le32(&l->wr, WD_EV_NO_ACTION);
	wd_wr_zero(&l->wr, 20);
	wd_wr_le32(&l->wr, 33);
	wd_wr_bytes(&l->wr, WD_SPAN_LIT("Spec ID Event03\0"));
	wd_wr_zero(&l->wr, 8);
	wd_wr_le32(&l->wr, 1);
	wd_wr_le16(&l->wr, 0xc);
	wd_wr_le16(&l->wr, 48);
	wd_wr_u8(&l->wr, 0);
	wd_wr_le32(&l->wr, reg);
	wd_wr_le32(&l->wr, WD_EV_SEPARATOR);
	wd_wr_le32(&l->wr, 1);
	wd_wr_le16(&l->wr, 0xc);
	wd_wr_bytes(&l->wr, WD_SPAN(digest));
	wd_wr_le32(&l->wr, (uint32_t)data.len);
	wd_wr_bytes(&l->wr, data);
	for (size_t i = 0; i < 64; i++)
		wd_wr_u8(&l->wr, 0xff);
	t_ok(wd_wr_end(&l->wr));
}

/* A TD that measured "what" into RTMR1, with the log L. */
static struct t_recipe
measured(const struct ccel *l)
{
	struct t_recipe r = t_good_td();
	uint8_t digest[48];
	const struct wd_span parts[] = { WD_SPAN(r.td.rtmr[1]),
		WD_SPAN(digest) };

	t_ok(wd_hash(WD_SHA384, WD_SPAN_LIT("what"), digest));
	t_ok(wd_hash_parts(WD_SHA384, parts, 2, r.td.rtmr[1]));
	r.event_log = wd_wr_span(&l->wr);
	return r;
}

static void
an_event_log_must_lead_to_the_registers(void **state)
{
	struct wd_claims c = { 0 };
	struct t_recipe r;
	struct wd_span v;
	struct ccel l;
	uint64_t n;

	(void)state;
	make_ccel(&l, 2, WD_SPAN_LIT("what"), WD_SPAN_LIT("what"));
	r = measured(&l);
	t_ok(t_judge(&r, &c, NULL));
	assert_true(wd_claims_uint(&c, WD_C_EVENTS, &n));
	assert_int_equal(n, 1);
	assert_true(wd_claims_get(&c, WD_C_EVENT_LOG_PCRS_MATCHING, &v));
	t_span_equal(v, WD_SPAN_LIT("\1\0"));
	expect_text(&c, WD_C_EVENT_DATA, "rehashed");
	r.td.rtmr[1][0] ^= 1;
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_EVENT_LOG_MISMATCH);
	make_ccel(&l, 2, WD_SPAN_LIT("that"), WD_SPAN_LIT("that"));
	r = measured(&l);
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_EVENT_LOG_MISMATCH);
	make_ccel(&l, 3, WD_SPAN_LIT("what"), WD_SPAN_LIT("what"));
	r = measured(&l);
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_EVENT_LOG_MISMATCH);
}

static void
an_event_of_a_register_that_tds_lack_is_refused(void **state)
{
	static const uint32_t regs[] = { 0, 5, 23 };
	struct t_recipe r;
	struct ccel l;

	(void)state;
	for (size_t i = 0; i < WD_N(regs); i++) {
		make_ccel(&l, regs[i], WD_SPAN_LIT("what"), WD_SPAN_LIT(""));
		r = measured(&l);
		assert_int_equal(
		    t_judge(&r, NULL, NULL), WD_R_EVENT_LOG_MISMATCH);
	}
	make_ccel(&l, 24, WD_SPAN_LIT("what"), WD_SPAN_LIT(""));
	r = measured(&l);
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_EVENT_LOG_MALFORMED);
}

static void
data_of_an_event_is_untrusted_unless_it_hashes_to_its_digest(void **state)
{
	struct wd_claims c = { 0 };
	struct t_recipe r;
	struct ccel l;

	(void)state;
	make_ccel(&l, 2, WD_SPAN_LIT("what"), WD_SPAN_LIT("else"));
	r = measured(&l);
	t_ok(t_judge(&r, &c, NULL));
	expect_text(&c, WD_C_EVENT_DATA, "untrusted");
}

static void
an_empty_event_log_is_malformed(void **state)
{
	struct t_recipe r = t_good_td();

	(void)state;
	r.event_log = WD_SPAN_LIT("");
	assert_int_equal(t_judge(&r, NULL, NULL), WD_R_EVENT_LOG_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_quote_says_what_the_td_is),
		cmocka_unit_test(a_td_report_1_0_comes_in_versions_4_and_5),
		cmocka_unit_test(a_least_number_of_tdx_is_of_tdx),
		cmocka_unit_test(
		    module_platform_and_quoting_enclave_make_one_status),
		cmocka_unit_test(the_level_before_convergence_is_a_claim_too),
		cmocka_unit_test(
		    a_module_of_another_signer_or_with_attributes_is_refused),
		cmocka_unit_test(
		    a_td_under_debug_is_refused_unless_the_rules_allow_it),
		cmocka_unit_test(
		    reserved_debug_bits_are_refused_whatever_the_rules_allow),
		cmocka_unit_test(a_migratable_td_says_so),
		cmocka_unit_test(the_quoting_enclave_must_be_the_one_for_tds),
		cmocka_unit_test(
		    the_report_data_of_a_td_must_be_what_is_asked_for),
		cmocka_unit_test(an_anchor_for_sgx_vouches_for_no_td),
		cmocka_unit_test(collateral_of_sgx_judges_no_td),
		cmocka_unit_test(an_event_log_must_lead_to_the_registers),
		cmocka_unit_test(
		    an_event_of_a_register_that_tds_lack_is_refused),
		cmocka_unit_test(
		    data_of_an_event_is_untrusted_unless_it_hashes_to_its_digest),
		cmocka_unit_test(an_empty_event_log_is_malformed),
	};

	return cmocka_run_group_tests(tests, t_world_setup, NULL);
}
