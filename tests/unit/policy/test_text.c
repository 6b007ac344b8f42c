/*
 * Policies as texts: the canonical form with its version, and the way back to
 * the schema a policy came in.
 */
#include "fixture.h"

#include "base/alloc.h"
#include "codec/hex.h"
#include "crypto/init.h"

static const char full[] =
    "{\"accept_software\":true,\"all\":[{\"claim\":\"mrsigner\",\"in\":[\"" T32
    "\"]},{\"any\":[{\"claim\":\"isv_svn\",\"ge\":3},{\"not\":{\"claim\":"
    "\"smt_enabled\",\"is\":true}},{\"all\":[{\"claim\":\"pck_ca\",\"eq\":"
    "\"platform\"}]}]},{\"client\":\"issuer_cn\",\"in\":[\"CM\xc3\x84\",\"a\\\""
    "b\"]},{\"any_of\":[\"nginx\"],\"client\":\"permissions\"},{\"claim\":"
    "\"tcb_date\",\"ge\":\"2025-01-01T00:00:00Z\"}],\"allow_debug\":true,"
    "\"lease_seconds\":60,\"not_after\":\"2030-01-01T00:00:00Z\",\"not_"
    "before\":"
    "\"2025-01-01T00:00:00Z\",\"rejected_advisories\":[\"INTEL-SA-00615\"],"
    "\"tcb_statuses\":[\"UpToDate\",\"OutOfDate\"],\"tee\":\"sgx\",\"warder\":"
    "1}";

static void
text_of(const struct wd_policy *p, struct wd_wr *wr)
{
	wd_policy_text(p, wr);
	t_ok(wd_wr_end(wr));
}

static void
canonical_text_comes_back_as_it_was(void **state)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(full);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);

	(void)state;
	text_of(p, &wr);
	t_span_equal(wd_wr_span(&wr), WD_SPAN_LIT(full));
}

/* The JSON library agrees that the text is canonical. */
static void
the_text_is_canonical_json(void **state)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *again = NULL;

	(void)state;
	t_ok(wd_json_parse(WD_SPAN_LIT(full), NULL, &doc));
	t_ok(wd_json_canonical(wd_json_root(doc), &again));
	t_span_equal(wd_bytes_span(again), WD_SPAN_LIT(full));
}

static void
defaults_are_spelt_out(void **state)
{
	WD_AUTO(wd_policy_freep)
	struct wd_policy *p = t_parse("{\"tee\":\"sgx\",\"warder\":1,\"all\":[{"
				      "\"ge\":3,\"claim\":\"isv_svn\"}]}");
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);

	(void)state;
	text_of(p, &wr);
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT(
		"{\"accept_software\":false,\"all\":[{\"claim\":\"isv_svn"
		"\",\"ge\":3}],\"allow_debug\":false,\"lease_seconds\":"
		"600,\"tcb_statuses\":[\"UpToDate\",\"SWHardeningNeeded"
		"\"],\"tee\":\"sgx\",\"warder\":1}"));
}

/* SHA-256 of the text above, computed with another program. */
static void
the_version_is_the_digest_of_the_text(void **state)
{
	WD_AUTO(wd_policy_freep)
	struct wd_policy *p = t_parse("{\"tee\":\"sgx\",\"warder\":1,\"all\":[{"
				      "\"ge\":3,\"claim\":\"isv_svn\"}]}");
	uint8_t version[32];
	char text[65];

	(void)state;
	t_ok(wd_policy_version(p, version));
	wd_hex_format(WD_SPAN(version), text);
	assert_string_equal(text,
	    "c7972e83bd6fc9d0191583ebc3dabf1f0d8967399d087b14bca9df0200cbddcd");
}

static void
version_of(const char *json, uint8_t version[32])
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(json);

	t_ok(wd_policy_version(p, version));
}

static void
versions_follow_the_meaning(void **state)
{
	static const char *const same[] = {
		"{\"warder\":1,\"tee\":\"sgx\",\"all\":[{\"claim\":"
		"\"mrsigner\","
		"\"in\":[\"" T32 "\"]}]}",
		" {\"all\": [{\"in\":[\"" T32 "\"], \"claim\":\"mrsigner\"}],"
		"\"allow_debug\":false,\"lease_seconds\":600,"
		"\"tcb_statuses\":[\"SWHardeningNeeded\",\"UpToDate\"],"
		"\"tee\":\"sgx\",\"warder\":1}",
		"{\"sgx_enclave_issuer_anyof\":[\"" T32 "\"]}",
	};
	static const char *const others[] = {
		"{\"warder\":1,\"tee\":\"sgx\",\"all\":[{\"claim\":"
		"\"mrsigner\","
		"\"in\":[\"" F32 "\"]}]}",
		"{\"warder\":1,\"tee\":\"sgx\",\"all\":[{\"claim\":"
		"\"mrenclave\""
		",\"in\":[\"" T32 "\"]}]}",
		"{\"warder\":1,\"tee\":\"sgx\",\"lease_seconds\":601,\"all\":[{"
		"\"claim\":\"mrsigner\",\"in\":[\"" T32 "\"]}]}",
	};
	uint8_t first[32], other[32];

	(void)state;
	version_of(same[0], first);
	for (size_t i = 1; i < WD_N(same); i++) {
		version_of(same[i], other);
		t_span_equal(WD_SPAN(first), WD_SPAN(other));
	}
	for (size_t i = 0; i < WD_N(others); i++) {
		version_of(others[i], other);
		assert_memory_not_equal(first, other, sizeof(first));
	}
}

#define STAMP                                      \
	"\"created_at\":\"2025-07-01T00:00:00Z\"," \
	"\"id\":\"01234567-89ab-4cde-8f01-23456789abcd\""

/* What is posted, and what is shown then. */
static const struct {
	const char *posted, *shown;
} isecl[] = {
	{ "{\"sgx_enclave_issuer_anyof\":[\"" T32 "\"]}",
	    "{" STAMP ",\"sgx_enclave_issuer_anyof\":[\"" T32 "\"]}" },
	{ "{\"attestation_type_anyof\":[\"SGX\"],"
	  "\"client_permissions_allof\":[\"nginx\",\"USA\"],"
	  "\"client_permissions_anyof\":[\"b\",\"a\"],"
	  "\"sgx_config_id_anyof\":[\"" T64 "\"],\"sgx_config_id_svn\":5,"
	  "\"sgx_enclave_issuer_anyof\":[\"" T32 "\"],"
	  "\"sgx_enclave_issuer_extended_product_id_anyof\":[\"" T16 "\"],"
	  "\"sgx_enclave_issuer_product_id\":5,"
	  "\"sgx_enclave_issuer_product_id_anyof\":[5,6],"
	  "\"sgx_enclave_measurement_anyof\":[\"" T32 "\"],"
	  "\"sgx_enclave_svn_minimum\":1,\"sgx_enforce_tcb_up_to_date\":false,"
	  "\"tls_client_certificate_issuer_cn_anyof\":[\"CMSCA\"]}",
	    "{\"attestation_type_anyof\":[\"SGX\"],"
	    "\"client_permissions_allof\":[\"nginx\",\"USA\"],"
	    "\"client_permissions_anyof\":[\"b\",\"a\"]," STAMP
	    ",\"sgx_config_id_anyof\":[\"" T64 "\"],\"sgx_config_id_svn\":5,"
	    "\"sgx_enclave_issuer_anyof\":[\"" T32 "\"],"
	    "\"sgx_enclave_issuer_extended_product_id_anyof\":[\"" T16 "\"],"
	    "\"sgx_enclave_issuer_product_id\":5,"
	    "\"sgx_enclave_issuer_product_id_anyof\":[5,6],"
	    "\"sgx_enclave_measurement_anyof\":[\"" T32 "\"],"
	    "\"sgx_enclave_svn_minimum\":1,\"sgx_enforce_tcb_up_to_date\":"
	    "false,"
	    "\"tls_client_certificate_issuer_cn_anyof\":[\"CMSCA\"]}" },
	{ "{\"attestation_type\":[\"SGX\"],\"cert_issuer\":[\"CMSCA\"],\"sgx\":"
	  "{"
	  "\"attributes\":{\"client_permissions\":[\"nginx\"],"
	  "\"enforce_tcb_upto_date\":true,\"isvprodid\":[5],\"isvsvn\":1,"
	  "\"mrenclave\":[\"" T32 "\"],\"mrsigner\":[\"" T32 "\"]}}}",
	    "{\"attestation_type\":[\"SGX\"],\"cert_issuer\":[\"CMSCA\"]," STAMP
	    ",\"sgx\":{"
	    "\"attributes\":{\"client_permissions\":[\"nginx\"],"
	    "\"enforce_tcb_upto_date\":true,\"isvprodid\":[5],\"isvsvn\":1,"
	    "\"mrenclave\":[\"" T32 "\"],\"mrsigner\":[\"" T32 "\"]}},"
	    "\"updated_at\":\"2025-07-01T00:00:05Z\"}" },
	{ "{\"attestation_type\":\"SGX\",\"sgx\":{\"attributes\":{\"mrsigner\":"
	  "[\"" T32 "\"]}}}",
	    "{\"attestation_type\":\"SGX\"," STAMP
	    ",\"sgx\":{\"attributes\":{\"mrsigner\":[\"" T32 "\"]}},"
	    "\"updated_at\":\"2025-07-01T00:00:05Z\"}" },
};

static void
isecl_policies_are_shown_as_they_came(void **state)
{
	struct wd_policy_dates dates = { .created = t_now,
		.updated = t_now + 5 };

	(void)state;
	assert_true(wd_id_parse(
	    WD_SPAN_LIT("01234567-89ab-4cde-8f01-23456789abcd"), &dates.id));
	for (size_t i = 0; i < WD_N(isecl); i++) {
		WD_AUTO(wd_policy_freep)
		struct wd_policy *p = t_parse(isecl[i].posted);
		WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);

		wd_policy_text_as_given(p, &dates, &wr);
		t_ok(wd_wr_end(&wr));
		t_span_equal(wd_wr_span(&wr), wd_span_text(isecl[i].shown));
	}
}

/* An ISecL policy in Warder's form means the same: it judges by that text. */
static void
isecl_policies_have_a_text_in_warders_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(isecl); i++) {
		WD_AUTO(wd_policy_freep)
		struct wd_policy *p = t_parse(isecl[i].posted);
		WD_AUTO(wd_policy_freep) struct wd_policy *own = NULL;
		WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);
		uint8_t a[32], b[32];

		text_of(p, &wr);
		t_ok(wd_policy_parse(wd_wr_span(&wr), NULL, &own));
		assert_int_equal(own->head.schema, WD_SCHEMA_WARDER);
		t_ok(wd_policy_version(p, a));
		t_ok(wd_policy_version(own, b));
		t_span_equal(WD_SPAN(a), WD_SPAN(b));
	}
}

static void
warders_form_is_shown_as_itself(void **state)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(full);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);
	struct wd_policy_dates dates = { 0 };

	(void)state;
	wd_policy_text_as_given(p, &dates, &wr);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr), WD_SPAN_LIT(full));
}

static void
every_failed_allocation_is_a_fault(void **state)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = t_parse(full);
	bool fired = true;

	(void)state;
	for (uint64_t k = 1; fired; k++) {
		uint8_t version[32];
		int r;

		(void)wd_alloc_fail_at(k);
		r = wd_policy_version(p, version);
		fired = wd_alloc_fail_at(0) != 0;
		assert_true(fired ? r < 0 : r == 0);
	}
}

static int
prepare(void **state)
{
	(void)state;
	return wd_crypto_init(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_text_comes_back_as_it_was),
		cmocka_unit_test(the_text_is_canonical_json),
		cmocka_unit_test(defaults_are_spelt_out),
		cmocka_unit_test(the_version_is_the_digest_of_the_text),
		cmocka_unit_test(versions_follow_the_meaning),
		cmocka_unit_test(isecl_policies_are_shown_as_they_came),
		cmocka_unit_test(isecl_policies_have_a_text_in_warders_form),
		cmocka_unit_test(warders_form_is_shown_as_itself),
		cmocka_unit_test(every_failed_allocation_is_a_fault),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
