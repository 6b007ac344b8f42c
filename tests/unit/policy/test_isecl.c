/*
 * Each member of both ISecL schemas: once it accepts, once it alone denies.
 * Names that begin with w and a number are failures of the upstream servers
 * that must not come back.
 */
#include "fixture.h"

#define V3(more) "{\"sgx_enclave_issuer_anyof\":[\"" T32 "\"]" more "}"
#define V5_TOP(top, more)                     \
	"{\"attestation_type\":[\"SGX\"]" top \
	",\"sgx\":{\"attributes\":{\"mrsigner\":[\"" T32 "\"]" more "}}}"
#define V5(more) V5_TOP("", more)

struct row {
	const char *json;
	int want;
};

static void
judge_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (t_judge(rows[i].json, NULL) != rows[i].want)
			fail_msg("%s: %d, not %d", rows[i].json,
			    t_judge(rows[i].json, NULL), rows[i].want);
}

static const struct row v3_rows[] = {
	{ V3(""), 0 },
	{ V3(",\"attestation_type_anyof\":[\"SGX\"]"), 0 },
	{ "{\"sgx_enclave_issuer_anyof\":[\"" F32 "\",\"" T32 "\"]}", 0 },
	{ "{\"SGX_Enclave_Issuer_AnyOf\":[\"" T32 "\"]}", 0 },
	{ "{\"sgx_enclave_issuer_anyof\":[\"" F32 "\"]}",
	    WD_R_SIGNER_MISMATCH },
	{ V3(",\"sgx_enclave_issuer_product_id\":5"), 0 },
	{ V3(",\"sgx_enclave_issuer_product_id\":4"),
	    WD_R_ISV_PRODUCT_MISMATCH },
	{ V3(",\"sgx_enclave_issuer_product_id\":6"),
	    WD_R_ISV_PRODUCT_MISMATCH },
	{ V3(",\"sgx_enclave_issuer_product_id_anyof\":[4,5]"), 0 },
	{ V3(",\"sgx_enclave_issuer_product_id_anyof\":[4,6]"),
	    WD_R_ISV_PRODUCT_MISMATCH },
	{ V3(",\"sgx_enclave_issuer_extended_product_id_anyof\":[\"" T16 "\"]"),
	    0 },
	{ V3(",\"sgx_enclave_issuer_extended_product_id_anyof\":[\"" F16 "\"]"),
	    WD_R_ISV_PRODUCT_MISMATCH },
	{ V3(",\"sgx_enclave_measurement_anyof\":[\"" F32 "\",\"" T32 "\"]"),
	    0 },
	{ "{\"sgx_enclave_measurement_anyof\":[\"" T32 "\"]}", 0 },
	{ V3(",\"sgx_enclave_svn_minimum\":5"), 0 },
	{ V3(",\"sgx_enclave_svn_minimum\":0"), 0 },
	{ V3(",\"sgx_enclave_svn_minimum\":6"), WD_R_SVN_BELOW_MINIMUM },
	{ V3(",\"sgx_config_id_anyof\":[\"" T64 "\"]"), 0 },
	{ V3(",\"sgx_config_id_anyof\":[\"" F64 "\"]"), WD_R_POLICY_CLAUSE },
	{ V3(",\"sgx_config_id_svn\":5"), 0 },
	{ V3(",\"sgx_config_id_svn\":4"), WD_R_POLICY_CLAUSE },
	{ V3(",\"tls_client_certificate_issuer_cn_anyof\":[\"x\",\"CMSCA\"]"),
	    0 },
	{ V3(",\"tls_client_certificate_issuer_cn_anyof\":[\"cmsca\"]"),
	    WD_R_CLIENT_IDENTITY_MISMATCH },
	{ V3(",\"client_permissions_anyof\":[\"apache\",\"USA\"]"), 0 },
	{ V3(",\"client_permissions_anyof\":[\"apache\",\"US\"]"),
	    WD_R_CLIENT_IDENTITY_MISMATCH },
	{ V3(",\"client_permissions_allof\":[\"nginx\",\"USA\"]"), 0 },
	{ V3(",\"client_permissions_allof\":[\"nginx\",\"EU\"]"),
	    WD_R_CLIENT_IDENTITY_MISMATCH },
	{ V3(",\"sgx_enforce_tcb_up_to_date\":true"), 0 },
	{ V3(",\"sgx_enforce_tcb_up_to_date\":false"), 0 },
};

static void
v3_members_accept_and_deny(void **state)
{
	(void)state;
	judge_rows(v3_rows, WD_N(v3_rows));
}

static const struct row v5_rows[] = {
	{ V5(""), 0 },
	{ "{\"attestation_type\":\"SGX\",\"sgx\":{\"attributes\":{"
	  "\"mrsigner\":[\"" T32 "\"]}}}",
	    0 },
	{ "{\"Attestation_Type\":[\"SGX\"],\"SGX\":{\"Attributes\":{"
	  "\"MrSigner\":[\"" T32 "\"]}}}",
	    0 },
	{ "{\"attestation_type\":[\"SGX\"],\"sgx\":{\"attributes\":{"
	  "\"mrsigner\":[\"" F32 "\"]}}}",
	    WD_R_SIGNER_MISMATCH },
	{ V5(",\"isvprodid\":[4,5]"), 0 },
	{ V5(",\"isvprodid\":[4]"), WD_R_ISV_PRODUCT_MISMATCH },
	{ V5(",\"mrenclave\":[\"" T32 "\"]"), 0 },
	{ "{\"attestation_type\":[\"SGX\"],\"sgx\":{\"attributes\":{"
	  "\"mrenclave\":[\"" T32 "\"]}}}",
	    0 },
	{ V5(",\"isvsvn\":5"), 0 },
	{ V5(",\"isvsvn\":6"), WD_R_SVN_BELOW_MINIMUM },
	{ V5(",\"client_permissions\":[\"nginx\"]"), 0 },
	{ V5_TOP(",\"cert_issuer\":[\"CMSCA\"]", ""), 0 },
	{ V5_TOP(",\"cert_issuer\":[\"other\"]", ""),
	    WD_R_CLIENT_IDENTITY_MISMATCH },
	{ V5(",\"enforce_tcb_upto_date\":true"), 0 },
	{ V5(",\"enforce_tcb_upto_date\":false"), 0 },
};

static void
v5_members_accept_and_deny(void **state)
{
	(void)state;
	judge_rows(v5_rows, WD_N(v5_rows));
}

static void
w4_measurement_is_enforced(void **state)
{
	(void)state;
	assert_int_equal(
	    t_judge(
		V3(",\"sgx_enclave_measurement_anyof\":[\"" F32 "\"]"), NULL),
	    WD_R_MEASUREMENT_MISMATCH);
	assert_int_equal(
	    t_judge("{\"sgx_enclave_measurement_anyof\":[\"" F32 "\"]}", NULL),
	    WD_R_MEASUREMENT_MISMATCH);
	assert_int_equal(t_judge(V5(",\"mrenclave\":[\"" F32 "\"]"), NULL),
	    WD_R_MEASUREMENT_MISMATCH);
}

/* Upstream compared for equality, and read hex digits as decimal ones. */
static void
w5_isvsvn_is_a_minimum_compared_as_number(void **state)
{
	static const uint64_t enough[] = { 10, 11, 15, 16, 63, 64, 256, 65535 };
	static const uint64_t short_of[] = { 0, 1, 9 };
	struct change svn = { .id = WD_C_ISVSVN };

	(void)state;
	for (size_t i = 0; i < WD_N(enough); i++) {
		svn.number = enough[i];
		t_ok(t_judge(V3(",\"sgx_enclave_svn_minimum\":10"), &svn));
		t_ok(t_judge(V5(",\"isvsvn\":10"), &svn));
	}
	for (size_t i = 0; i < WD_N(short_of); i++) {
		svn.number = short_of[i];
		assert_int_equal(
		    t_judge(V3(",\"sgx_enclave_svn_minimum\":10"), &svn),
		    WD_R_SVN_BELOW_MINIMUM);
		assert_int_equal(t_judge(V5(",\"isvsvn\":10"), &svn),
		    WD_R_SVN_BELOW_MINIMUM);
	}
}

static void
w5_product_ids_are_compared_as_numbers(void **state)
{
	struct change id = { .id = WD_C_ISVPRODID, .number = 10 };

	(void)state;
	t_ok(t_judge(V3(",\"sgx_enclave_issuer_product_id\":10"), &id));
	t_ok(t_judge(V5(",\"isvprodid\":[10]"), &id));
	id.number = 16;
	assert_int_equal(
	    t_judge(V3(",\"sgx_enclave_issuer_product_id\":10"), &id),
	    WD_R_ISV_PRODUCT_MISMATCH);
}

/* What true, absent and false accept of each status. */
static const struct {
	const char *status;
	bool when_true, when_absent, when_false;
} statuses[] = {
	{ "UpToDate", true, true, true },
	{ "SWHardeningNeeded", false, true, true },
	{ "ConfigurationNeeded", false, false, true },
	{ "ConfigurationAndSWHardeningNeeded", false, false, true },
	{ "OutOfDate", false, false, true },
	{ "OutOfDateConfigurationNeeded", false, false, true },
	{ "TDRelaunchAdvised", false, false, true },
	{ "TDRelaunchAdvisedConfigurationNeeded", false, false, true },
	{ "Revoked", false, false, false },
	{ "", false, false, false },
	{ "uptodate", false, false, false },
	{ "SomethingNew", false, false, false },
};

static void
expect_status(const char *json, const char *status, bool accepted)
{
	struct change c = { .id = WD_C_TCB_STATUS, .value = status };

	assert_int_equal(
	    t_judge(json, &c), accepted ? 0 : WD_R_TCB_STATUS_NOT_ACCEPTED);
}

static void
w6_every_tcb_status_is_judged(void **state)
{
	struct change gone = { .id = WD_C_TCB_STATUS, .absent = true };

	(void)state;
	for (size_t i = 0; i < WD_N(statuses); i++) {
		const char *s = statuses[i].status;

		expect_status(V3(",\"sgx_enforce_tcb_up_to_date\":true"), s,
		    statuses[i].when_true);
		expect_status(V3(""), s, statuses[i].when_absent);
		expect_status(V3(",\"sgx_enforce_tcb_up_to_date\":false"), s,
		    statuses[i].when_false);
		expect_status(V5(",\"enforce_tcb_upto_date\":true"), s,
		    statuses[i].when_true);
		expect_status(V5(""), s, statuses[i].when_absent);
		expect_status(V5(",\"enforce_tcb_upto_date\":false"), s,
		    statuses[i].when_false);
	}
	assert_int_equal(
	    t_judge(V3(",\"sgx_enforce_tcb_up_to_date\":false"), &gone),
	    WD_R_TCB_STATUS_NOT_ACCEPTED);
}

static void
w9_client_permissions_are_enforced(void **state)
{
	(void)state;
	assert_int_equal(
	    t_judge(V5(",\"client_permissions\":[\"apache\"]"), NULL),
	    WD_R_CLIENT_IDENTITY_MISMATCH);
}

static void
w9_an_empty_issuer_list_is_refused(void **state)
{
	(void)state;
	assert_int_equal(
	    t_refused(V5_TOP(",\"cert_issuer\":[]", "")), WD_R_MALFORMED);
	assert_int_equal(
	    t_refused(V3(",\"tls_client_certificate_issuer_cn_anyof\":[]")),
	    WD_R_MALFORMED);
}

static void
w9_absent_members_do_not_constrain(void **state)
{
	struct change svn = { .id = WD_C_ISVSVN, .number = 0 };

	(void)state;
	t_ok(t_judge(V5(""), &svn));
	t_ok(t_judge(V3(""), &svn));
}

static void
a_door_without_client_certificate_is_named(void **state)
{
	static const char *const policies[] = {
		V3(",\"tls_client_certificate_issuer_cn_anyof\":[\"CMSCA\"]"),
		V3(",\"client_permissions_anyof\":[\"nginx\"]"),
		V3(",\"client_permissions_allof\":[\"nginx\"]"),
		V5_TOP(",\"cert_issuer\":[\"CMSCA\"]", ""),
		V5(",\"client_permissions\":[\"nginx\"]"),
	};

	(void)state;
	for (size_t i = 0; i < WD_N(policies); i++)
		assert_int_equal(t_judge_as(policies[i], NULL, NULL, t_now),
		    WD_R_CLIENT_IDENTITY_MISSING);
	t_ok(t_judge_as(V3(""), NULL, NULL, t_now));
}

static void
neither_software_nor_debug_is_ever_accepted(void **state)
{
	struct change software = { .id = WD_C_SOFTWARE, .number = 1 };
	struct change debug = { .id = WD_C_DEBUG, .number = 1 };

	(void)state;
	assert_int_equal(
	    t_judge(V3(""), &software), WD_R_SOFTWARE_NOT_ACCEPTED);
	assert_int_equal(
	    t_judge(V5(""), &software), WD_R_SOFTWARE_NOT_ACCEPTED);
	assert_int_equal(t_judge(V3(""), &debug), WD_R_POLICY_DEBUG);
	assert_int_equal(t_judge(V5(""), &debug), WD_R_POLICY_DEBUG);
}

#define T48 T32 T16
#define TDX(more)                                                   \
	"{\"attestation_type\":[\"TDX\"],\"tdx\":{\"attributes\":{" \
	"\"mrtd\":[\"" T48 "\"]" more "}}}"
#define O48                                                          \
	"2222222222222222222222222222222222222222222222222222222222" \
	"22222222222222222222222222222222222222"

/* A TD whose claims are all 11, or CHANGE, whose policy says MORE too. */
static int
judge_td(const char *json, enum wd_claim id, uint64_t number)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(json);
	size_t n;
	const struct wd_claim_row *rows = wd_claim_rows(&n);
	struct wd_claims c = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct change x = t_plain(&rows[i]);

		if (rows[i].id == WD_C_TEE)
			x.value = "tdx";
		if (rows[i].id == id)
			x.number = number;
		t_ok(t_put_plain(&c, &rows[i], x.value, x.number));
	}
	return wd_policy_eval(p, &c, NULL, t_now, NULL);
}

static void
policies_for_tds_are_enforced_member_by_member(void **state)
{
	static const struct {
		const char *good, *bad;
		enum wd_reason reason;
	} rows[] = {
		{ TDX(",\"mrseam\":[\"" T48 "\"]"),
		    TDX(",\"mrseam\":[\"" O48 "\"]"),
		    WD_R_MEASUREMENT_MISMATCH },
		{ TDX(",\"mrsignerseam\":[\"" O48 "\",\"" T48 "\"]"),
		    TDX(",\"mrsignerseam\":[\"" O48 "\"]"),
		    WD_R_SIGNER_MISMATCH },
		{ TDX(",\"rtmr0\":\"" T48 "\""), TDX(",\"rtmr0\":\"" O48 "\""),
		    WD_R_MEASUREMENT_MISMATCH },
		{ TDX(",\"rtmr1\":\"" T48 "\""), TDX(",\"rtmr1\":\"" O48 "\""),
		    WD_R_MEASUREMENT_MISMATCH },
		{ TDX(",\"rtmr2\":\"" T48 "\""), TDX(",\"rtmr2\":\"" O48 "\""),
		    WD_R_MEASUREMENT_MISMATCH },
		{ TDX(",\"rtmr3\":\"" T48 "\""), TDX(",\"rtmr3\":\"" O48 "\""),
		    WD_R_MEASUREMENT_MISMATCH },
		{ TDX(",\"seamsvn\":5"), TDX(",\"seamsvn\":6"),
		    WD_R_SVN_BELOW_MINIMUM },
	};

	(void)state;
	t_ok(judge_td(TDX(""), 0, 0));
	assert_int_equal(
	    judge_td(TDX(""), WD_C_MRTD, 0x22), WD_R_MEASUREMENT_MISMATCH);
	assert_int_equal(t_judge(TDX(""), NULL), WD_R_TEE_MISMATCH);
	for (size_t i = 0; i < WD_N(rows); i++) {
		t_ok(judge_td(rows[i].good, 0, 0));
		assert_int_equal(judge_td(rows[i].bad, 0, 0), rows[i].reason);
	}
}

static void
another_tee_is_refused(void **state)
{
	struct change tdx = { .id = WD_C_TEE, .value = "tdx" };

	(void)state;
	assert_int_equal(t_judge(V3(""), &tdx), WD_R_TEE_MISMATCH);
	assert_int_equal(t_judge(V5(""), &tdx), WD_R_TEE_MISMATCH);
}

static const struct row refusals[] = {
	{ "{}", WD_R_MALFORMED },
	{ "[]", WD_R_MALFORMED },
	{ "{\"sgx_enclave_svn_minimum\":1}", WD_R_MALFORMED },
	{ "{\"sgx_enclave_issuer_product_id\":1}", WD_R_MALFORMED },
	{ V3(",\"other\":1"), WD_R_UNKNOWN_MEMBER },
	{ V3(",\"id\":\"01234567-89ab-4cde-8f01-23456789abcd\""),
	    WD_R_UNKNOWN_MEMBER },
	{ V3(",\"created_at\":\"2025-07-01T00:00:00Z\""), WD_R_UNKNOWN_MEMBER },
	{ V3(",\"updated_at\":\"2025-07-01T00:00:00Z\""), WD_R_UNKNOWN_MEMBER },
	{ V3(",\"tls_client_certificate_san_anyof\":[\"x\"]"),
	    WD_R_UNKNOWN_MEMBER },
	{ V3(",\"attestation_type_anyof\":[\"SW\"]"), WD_R_MALFORMED },
	{ V3(",\"attestation_type_anyof\":[\"SGX\",\"SW\"]"), WD_R_MALFORMED },
	{ V3(",\"attestation_type_anyof\":[]"), WD_R_MALFORMED },
	{ V3(",\"attestation_type_anyof\":\"SGX\""), WD_R_MALFORMED },
	{ V3(",\"attestation_type_anyof\":[1]"), WD_R_MALFORMED },
	{ V3(",\"attestation_type_anyof\":[\"sgx\"]"), WD_R_MALFORMED },
	{ V3(",\"attestation_type_anyof\":[\"TDX\"]"), WD_R_UNSUPPORTED },
	{ "{\"sgx_enclave_issuer_anyof\":[]}", WD_R_MALFORMED },
	{ "{\"sgx_enclave_issuer_anyof\":\"" T32 "\"}", WD_R_MALFORMED },
	{ "{\"sgx_enclave_issuer_anyof\":[\"" T16 "\"]}", WD_R_MALFORMED },
	{ "{\"sgx_enclave_issuer_anyof\":[\"" T64 T64 T64 "\"]}",
	    WD_R_MALFORMED },
	{ "{\"sgx_enclave_issuer_anyof\":[\"" T16 T16 "x\"]}", WD_R_MALFORMED },
	{ "{\"sgx_enclave_issuer_anyof\":[17]}", WD_R_MALFORMED },
	{ "{\"sgx_enclave_issuer_anyof\":[\"" T32 "\",\"" T32 "\"]}",
	    WD_R_MALFORMED },
	{ V3(",\"sgx_enclave_measurement_anyof\":[]"), WD_R_MALFORMED },
	{ V3(",\"sgx_enclave_issuer_product_id\":[5]"), WD_R_MALFORMED },
	{ V3(",\"sgx_enclave_issuer_product_id\":\"5\""), WD_R_MALFORMED },
	{ V3(",\"sgx_enclave_issuer_product_id\":65536"), WD_R_RANGE },
	{ V3(",\"sgx_enclave_issuer_product_id\":-1"), WD_R_RANGE },
	{ V3(",\"sgx_enclave_svn_minimum\":65536"), WD_R_RANGE },
	{ V3(",\"sgx_enclave_svn_minimum\":\"0a\""), WD_R_MALFORMED },
	{ V3(",\"sgx_enclave_svn_minimum\":1.0"), WD_R_MALFORMED },
	{ V3(",\"sgx_enclave_svn_minimum\":null"), WD_R_MALFORMED },
	{ V3(",\"sgx_enforce_tcb_up_to_date\":\"true\""), WD_R_MALFORMED },
	{ V3(",\"sgx_enforce_tcb_up_to_date\":null"), WD_R_MALFORMED },
	{ V3(",\"client_permissions_anyof\":[]"), WD_R_MALFORMED },
	{ V3(",\"client_permissions_anyof\":[\"\"]"), WD_R_MALFORMED },
	{ V3(",\"client_permissions_anyof\":[\"a\\nb\"]"), WD_R_MALFORMED },
	{ V3(",\"client_permissions_allof\":[1]"), WD_R_MALFORMED },
	{ V3(",\"SGX_ENCLAVE_ISSUER_ANYOF\":[\"" T32 "\"]"), WD_R_MALFORMED },
	{ "{\"attestation_type\":[\"SGX\"]}", WD_R_MALFORMED },
	{ "{\"attestation_type\":[\"SGX\"],\"sgx\":{}}", WD_R_MALFORMED },
	{ "{\"attestation_type\":[\"SGX\"],\"sgx\":{\"attributes\":{}}}",
	    WD_R_MALFORMED },
	{ "{\"sgx\":{\"attributes\":{\"mrsigner\":[\"" T32 "\"]}}}",
	    WD_R_MALFORMED },
	{ "{\"attestation_type\":[\"TDX\"],\"tdx\":{\"attributes\":{"
	  "\"mrsignerseam\":[\"" T32 T16 "\"]}}}",
	    WD_R_MALFORMED },
	{ "{\"attestation_type\":\"TDX\",\"tdx\":{\"attributes\":{}}}",
	    WD_R_MALFORMED },
	{ "{\"attestation_type\":\"TDX\",\"tdx\":{\"attributes\":{"
	  "\"mrtd\":[\"" T32 "\"]}}}",
	    WD_R_MALFORMED },
	{ "{\"attestation_type\":\"TDX\",\"sgx\":{\"attributes\":{"
	  "\"mrsigner\":[\"" T32 "\"]}}}",
	    WD_R_MALFORMED },
	{ TDX(",\"mrenclave\":[\"" T32 "\"]"), WD_R_UNKNOWN_MEMBER },
	{ TDX(",\"seamsvn\":256"), WD_R_RANGE },
	{ TDX(",\"rtmr0\":[\"" T48 "\"]"), WD_R_MALFORMED },
	{ TDX(",\"mrseam\":[]"), WD_R_MALFORMED },
	{ "{\"attestation_type\":[\"SW\"],\"sgx\":{\"attributes\":{"
	  "\"mrsigner\":[\"" T32 "\"]}}}",
	    WD_R_MALFORMED },
	{ "{\"attestation_type\":[\"SGX\",\"SGX\"],\"sgx\":{\"attributes\":{"
	  "\"mrsigner\":[\"" T32 "\"]}}}",
	    WD_R_MALFORMED },
	{ "{\"attestation_type\":7,\"sgx\":{\"attributes\":{\"mrsigner\":["
	  "\"" T32 "\"]}}}",
	    WD_R_MALFORMED },
	{ V5_TOP(",\"tdx\":{}", ""), WD_R_UNKNOWN_MEMBER },
	{ V5_TOP(",\"other\":1", ""), WD_R_UNKNOWN_MEMBER },
	{ V5_TOP(",\"id\":\"x\"", ""), WD_R_UNKNOWN_MEMBER },
	{ V5_TOP(",\"created_at\":\"x\"", ""), WD_R_UNKNOWN_MEMBER },
	{ V5_TOP(",\"updated_at\":\"x\"", ""), WD_R_UNKNOWN_MEMBER },
	{ V5(",\"other\":1"), WD_R_UNKNOWN_MEMBER },
	{ V5(",\"isvprodid\":5"), WD_R_MALFORMED },
	{ V5(",\"isvprodid\":[]"), WD_R_MALFORMED },
	{ V5(",\"isvprodid\":[65536]"), WD_R_RANGE },
	{ V5(",\"isvsvn\":\"5\""), WD_R_MALFORMED },
	{ V5(",\"isvsvn\":65536"), WD_R_RANGE },
	{ V5(",\"mrenclave\":[]"), WD_R_MALFORMED },
	{ V5(",\"client_permissions\":[]"), WD_R_MALFORMED },
	{ V5(",\"enforce_tcb_upto_date\":1"), WD_R_MALFORMED },
	{ "{\"attestation_type\":[\"SGX\"],\"sgx\":{\"policy_ids\":[\"x\"],"
	  "\"attributes\":{\"mrsigner\":[\"" T32 "\"]}}}",
	    WD_R_UNSUPPORTED },
	{ "{\"attestation_type\":[\"SGX\"],\"sgx\":{\"policy_ids\":[\"x\"]}}",
	    WD_R_UNSUPPORTED },
	{ "{\"attestation_type\":[\"SGX\"],\"sgx\":{\"policy_ids\":[],"
	  "\"attributes\":{\"mrsigner\":[\"" T32 "\"]}}}",
	    WD_R_MALFORMED },
	{ "{\"attestation_type\":[\"SGX\"],\"sgx\":{\"other\":1,"
	  "\"attributes\":{\"mrsigner\":[\"" T32 "\"]}}}",
	    WD_R_UNKNOWN_MEMBER },
};

static void
what_is_not_enforced_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(refusals); i++)
		if (t_refused(refusals[i].json) != refusals[i].want)
			fail_msg("%s: %d, not %d", refusals[i].json,
			    t_refused(refusals[i].json), refusals[i].want);
}

static void
the_sentence_says_why_sw_is_refused(void **state)
{
	struct wd_policy *p = NULL;
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(
	    wd_policy_parse(
		WD_SPAN_LIT(V3(",\"attestation_type_anyof\":[\"SW\"]")), &d,
		&p),
	    WD_R_MALFORMED);
	assert_non_null(strstr(d.detail, "without attestation"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v3_members_accept_and_deny),
		cmocka_unit_test(v5_members_accept_and_deny),
		cmocka_unit_test(w4_measurement_is_enforced),
		cmocka_unit_test(w5_isvsvn_is_a_minimum_compared_as_number),
		cmocka_unit_test(w5_product_ids_are_compared_as_numbers),
		cmocka_unit_test(w6_every_tcb_status_is_judged),
		cmocka_unit_test(w9_client_permissions_are_enforced),
		cmocka_unit_test(w9_an_empty_issuer_list_is_refused),
		cmocka_unit_test(w9_absent_members_do_not_constrain),
		cmocka_unit_test(a_door_without_client_certificate_is_named),
		cmocka_unit_test(neither_software_nor_debug_is_ever_accepted),
		cmocka_unit_test(
		    policies_for_tds_are_enforced_member_by_member),
		cmocka_unit_test(another_tee_is_refused),
		cmocka_unit_test(what_is_not_enforced_is_refused),
		cmocka_unit_test(the_sentence_says_why_sw_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
