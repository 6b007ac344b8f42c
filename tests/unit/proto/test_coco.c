/*
 * The Confidential Containers KBS protocol: what clients in the field send is
 * read, and everything else is refused with its number.
 */
#include "lib/t.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/reason.h"
#include "base/wr.h"
#include "crypto/jwk.h"
#include "proto/coco.h"
#include "verify/bundle.h"

#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC                                                              \
	"{\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-256\",\"kty\":\"EC\"," \
	"\"x\":\"" X "\",\"y\":\"" Y "\"}"
#define QUOTE "{\"quote\":\"AwACAA==\"}"
#define RUNTIME "{\"nonce\":\"" NONCE "\",\"tee-pubkey\":" EC "}"
#define EVIDENCE "{\"primary_evidence\":" QUOTE ",\"additional_evidence\":\"\"}"

static char text[4096];

static struct wd_span
attestation(const char *init, const char *runtime, const char *evidence)
{
	(void)snprintf(text, sizeof(text),
	    "{\"init-data\":%s,\"runtime-data\":%s,\"tee-evidence\":%s}", init,
	    runtime, evidence);
	return wd_span_text(text);
}

static struct wd_span
with_key(const char *key)
{
	static char runtime[2048];

	(void)snprintf(runtime, sizeof(runtime),
	    "{\"nonce\":\"" NONCE "\",\"tee-pubkey\":%s}", key);
	return attestation("null", runtime, EVIDENCE);
}

static struct wd_span
with_evidence(const char *primary)
{
	static char evidence[2048];

	(void)snprintf(evidence, sizeof(evidence),
	    "{\"primary_evidence\":%s,\"additional_evidence\":\"\"}", primary);
	return attestation("null", RUNTIME, evidence);
}

static void
refused(struct wd_span body, int reason)
{
	struct wd_coco_attest a = { .n_parts = 7 };

	assert_int_equal(wd_coco_attest_read(body, &a, NULL), reason);
	assert_int_equal(a.n_parts, 7); /* untouched */
}

/* ---- auth */

static int
auth(const char *body)
{
	enum wd_tee tee = WD_TEE_NONE;
	int r = wd_coco_auth_read(wd_span_text(body), &tee, NULL);

	assert_int_equal(tee, r == 0 ? WD_TEE_SGX : WD_TEE_NONE);
	return r;
}

static void
requests_of_our_version_are_read(void **state)
{
	(void)state;
	t_ok(auth("{\"version\":\"0.4.0\",\"tee\":\"sgx\",\"extra-params\":"
		  "{\"supported-hash-algorithms\":[\"sha384\"]}}"));
	t_ok(auth("{\"version\":\"0.4.0\",\"tee\":\"sgx\","
		  "\"extra-params\":\"\"}"));
	t_ok(auth("{\"version\":\"0.4.0\",\"tee\":\"sgx\"}"));
}

static void
other_versions_are_told_which_one_is_spoken(void **state)
{
	struct wd_diag d = { 0 };
	enum wd_tee tee;

	(void)state;
	assert_int_equal(auth("{\"version\":\"0.3.0\",\"tee\":\"sgx\","
			      "\"new\":1}"),
	    WD_R_VERSION);
	assert_int_equal(
	    auth("{\"version\":\"0.4.1\",\"tee\":\"sgx\"}"), WD_R_VERSION);
	assert_int_equal(
	    wd_coco_auth_read(WD_SPAN_LIT("{\"version\":\"1\"}"), &tee, &d),
	    WD_R_VERSION);
	assert_non_null(strstr(d.detail, "0.4.0"));
}

static void
bad_requests_are_refused(void **state)
{
	(void)state;
	assert_int_equal(auth("{"), WD_R_MALFORMED);
	assert_int_equal(auth("[]"), WD_R_MALFORMED);
	assert_int_equal(auth("{\"tee\":\"sgx\"}"), WD_R_MALFORMED);
	assert_int_equal(auth("{\"version\":\"0.4.0\"}"), WD_R_MALFORMED);
	assert_int_equal(
	    auth("{\"version\":4,\"tee\":\"sgx\"}"), WD_R_MALFORMED);
	assert_int_equal(auth("{\"version\":\"0.4.0\",\"tee\":\"sgx\","
			      "\"more\":1}"),
	    WD_R_UNKNOWN_MEMBER);
	assert_int_equal(auth("{\"version\":\"0.4.0\",\"tee\":\"sgx\","
			      "\"tee\":\"sgx\"}"),
	    WD_R_MALFORMED);
	assert_int_equal(auth("{\"version\":\"0.4.0\",\"tee\":"
			      "\"123456789012345678901234567890123\"}"),
	    WD_R_RANGE);
}

static void
other_tees_are_refused_by_name(void **state)
{
	(void)state;
	assert_int_equal(auth("{\"version\":\"0.4.0\",\"tee\":\"sample\"}"),
	    WD_R_TEE_NOT_SUPPORTED);
	assert_int_equal(auth("{\"version\":\"0.4.0\",\"tee\":\"SGX\"}"),
	    WD_R_TEE_NOT_SUPPORTED);
}

/* ---- attest */

static void
attestation_becomes_typed_fields(void **state)
{
	struct wd_coco_attest a;
	static const uint8_t bundle[] = { WD_IN_QUOTE, 4, 0, 0, 0, 3, 0, 2, 0 };

	(void)state;
	t_ok(wd_coco_attest_read(
	    attestation("null", RUNTIME, EVIDENCE), &a, NULL));
	assert_int_equal(a.ask.tee, WD_TEE_SGX);
	assert_int_equal(a.ask.challenge.len, 32);
	assert_int_equal(a.ask.challenge.p[31], 0x1f);
	assert_int_equal(a.ask.key_curve, WD_PKEY_P256);
	assert_int_equal(a.ask.key_alg, WD_JWE_ECDH_ES_A256KW);
	assert_int_equal(a.ask.key_x.len, 32);
	assert_int_equal(a.ask.key_x.p[0], 0x7f);
	assert_int_equal(a.ask.key_y.len, 32);
	assert_int_equal(a.ask.key_n.len, 0);
	assert_int_equal(a.ask.additional.len, 0);
	t_span_equal(a.ask.evidence, WD_SPAN(bundle));
	wd_coco_attest_done(&a);
}

static void
a_token_of_cca_is_an_array_of_bytes(void **state)
{
	static const uint8_t bundle[] = { WD_IN_TOKEN, 3, 0, 0, 0, 217, 0,
		255 };
	struct wd_coco_attest a;

	(void)state;
	t_ok(wd_coco_attest_read(
	    with_evidence("{\"token\":[217,0,255]}"), &a, NULL));
	assert_int_equal(a.ask.tee, WD_TEE_CCA);
	t_span_equal(a.ask.evidence, WD_SPAN(bundle));
	wd_coco_attest_done(&a);
	refused(with_evidence("{\"token\":[]}"), WD_R_MALFORMED);
	refused(with_evidence("{\"token\":[256]}"), WD_R_MALFORMED);
	refused(with_evidence("{\"token\":[-1]}"), WD_R_MALFORMED);
	refused(with_evidence("{\"token\":[1.5]}"), WD_R_MALFORMED);
	refused(with_evidence("{\"token\":\"2Q==\"}"), WD_R_MALFORMED);
	refused(
	    with_evidence("{\"token\":[1],\"more\":1}"), WD_R_UNKNOWN_MEMBER);
}

static void
init_data_may_be_absent_and_additional_text_is_kept(void **state)
{
	struct wd_coco_attest a;

	(void)state;
	(void)snprintf(text, sizeof(text),
	    "{\"runtime-data\":" RUNTIME ",\"tee-evidence\":"
	    "{\"primary_evidence\":" QUOTE
	    ",\"additional_evidence\":\"{ \\\"nvidia\\\": 1}\\n\"}}");
	t_ok(wd_coco_attest_read(wd_span_text(text), &a, NULL));
	t_span_equal(a.ask.additional, WD_SPAN_LIT("{ \"nvidia\": 1}\n"));
	wd_coco_attest_done(&a);
}

#define INIT(format, body) "{\"format\":" format ",\"body\":" body "}"

static void
init_data_is_taken_as_it_is(void **state)
{
	struct wd_coco_attest a;

	(void)state;
	t_ok(wd_coco_attest_read(
	    attestation(
		INIT("\"toml\"", "\"a = \\\"b\\\"\\n\""), RUNTIME, EVIDENCE),
	    &a, NULL));
	t_span_equal(a.ask.init_data, WD_SPAN_LIT("a = \"b\"\n"));
	wd_coco_attest_done(&a);
	t_ok(wd_coco_attest_read(
	    attestation("null", RUNTIME, EVIDENCE), &a, NULL));
	assert_int_equal(a.ask.init_data.len, 0);
	wd_coco_attest_done(&a);
	refused(attestation(INIT("\"json\"", "\"{}\""), RUNTIME, EVIDENCE),
	    WD_R_UNSUPPORTED);
	refused(attestation(INIT("\"toml\"", "\"\""), RUNTIME, EVIDENCE),
	    WD_R_MALFORMED);
	refused(attestation(INIT("\"toml\"", "1"), RUNTIME, EVIDENCE),
	    WD_R_MALFORMED);
	refused(attestation("{\"format\":\"toml\"}", RUNTIME, EVIDENCE),
	    WD_R_MALFORMED);
	refused(attestation("{\"format\":\"toml\",\"body\":\"x\",\"more\":1}",
		    RUNTIME, EVIDENCE),
	    WD_R_UNKNOWN_MEMBER);
	refused(attestation("\"text\"", RUNTIME, EVIDENCE), WD_R_MALFORMED);
}

static void
rsa_and_p521_keys_are_read(void **state)
{
	struct wd_coco_attest a;

	(void)state;
	t_ok(wd_coco_attest_read(
	    with_key("{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP-256\","
		     "\"n\":\"AQAB\",\"e\":\"AQAB\"}"),
	    &a, NULL));
	assert_int_equal(a.ask.key_curve, WD_PKEY_NONE);
	assert_int_equal(a.ask.key_alg, WD_JWE_RSA_OAEP_256);
	assert_int_equal(a.ask.key_n.len, 3);
	assert_int_equal(a.ask.key_e.len, 3);
	wd_coco_attest_done(&a);
	t_ok(wd_coco_attest_read(
	    with_key("{\"kty\":\"EC\",\"alg\":\"ECDH-ES+A256KW\","
		     "\"crv\":\"P-521\",\"x\":\"AQAB\",\"y\":\"AQAB\","
		     "\"kid\":\"vanishes\"}"),
	    &a, NULL));
	assert_int_equal(a.ask.key_curve, WD_PKEY_P521);
	wd_coco_attest_done(&a);
}

static void
keys_that_are_not_served_are_refused(void **state)
{
	static const char *const bad[] = {
		"{\"kty\":\"EC\",\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-384\"}",
		"{\"kty\":\"EC\",\"alg\":\"RSA-OAEP-256\",\"crv\":\"P-256\"}",
		"{\"kty\":\"RSA\",\"alg\":\"RSA1_5\",\"n\":\"AQ\",\"e\":"
		"\"AQ\"}",
		"{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP-256\",\"crv\":\"P-256\"}",
		"{\"kty\":\"AKP\",\"alg\":\"ML-KEM-768+A192KW\"}",
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		refused(with_key(bad[i]), WD_R_UNSUPPORTED);
}

static void
keys_of_a_wrong_form_are_refused(void **state)
{
	static const char *const bad[] = { "1", "{}",
		"{\"kty\":\"EC\",\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-256\","
		"\"x\":\"" X "\"}",
		"{\"kty\":\"EC\",\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-256\","
		"\"x\":\"" X "=\",\"y\":\"" Y "\"}",
		"{\"kty\":\"EC\",\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-256\","
		"\"x\":\"a+/b\",\"y\":\"" Y "\"}",
		"{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP-256\",\"n\":\"AQ\"}" };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		refused(with_key(bad[i]), WD_R_MALFORMED);
}

static void
members_of_a_wrong_size_are_out_of_range(void **state)
{
	char key[256];
	char x[96] = { 0 };

	(void)state;
	for (size_t i = 0; i < 91; i++)
		x[i] = 'A';
	(void)snprintf(key, sizeof(key),
	    "{\"kty\":\"EC\",\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-256\","
	    "\"x\":\"%s\",\"y\":\"" Y "\"}",
	    x);
	refused(with_key(key), WD_R_RANGE);
	x[90] = '\0'; /* 67 bytes in 90 digits: one too many */
	(void)snprintf(key, sizeof(key),
	    "{\"kty\":\"EC\",\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-256\","
	    "\"x\":\"%s\",\"y\":\"" Y "\"}",
	    x);
	refused(with_key(key), WD_R_RANGE);
}

static void
evidence_of_other_tees_is_refused_by_its_form(void **state)
{
	static const char *const other[] = {
		"{\"svn\":\"1\",\"report_data\":\"\"}",
		"{\"quote\":{},\"report\":[],\"vcek\":\"\"}",
	};

	(void)state;
	for (size_t i = 0; i < WD_N(other); i++)
		refused(with_evidence(other[i]), WD_R_TEE_NOT_SUPPORTED);
}

static void
is_tdx(const char *primary, struct wd_span bundle)
{
	struct wd_coco_attest a;

	t_ok(wd_coco_attest_read(with_evidence(primary), &a, NULL));
	assert_int_equal(a.ask.tee, WD_TEE_TDX);
	t_span_equal(a.ask.evidence, bundle);
	wd_coco_attest_done(&a);
}

static void
evidence_of_a_td_has_an_event_log_or_none(void **state)
{
	static const uint8_t quote[] = { WD_IN_QUOTE, 4, 0, 0, 0, 3, 0, 2, 0 };
	static const uint8_t both[] = { WD_IN_QUOTE, 4, 0, 0, 0, 3, 0, 2, 0,
		WD_IN_EVENT_LOG, 1, 0, 0, 0, 0xff };

	(void)state;
	is_tdx("{\"cc_eventlog\":null,\"quote\":\"AwACAA==\"}", WD_SPAN(quote));
	is_tdx(
	    "{\"cc_eventlog\":\"/w==\",\"quote\":\"AwACAA==\"}", WD_SPAN(both));
	refused(with_evidence("{\"cc_eventlog\":null}"), WD_R_MALFORMED);
	refused(with_evidence("{\"cc_eventlog\":1,\"quote\":\"AwACAA==\"}"),
	    WD_R_MALFORMED);
	refused(
	    with_evidence("{\"cc_eventlog\":\"/w\",\"quote\":\"AwACAA==\"}"),
	    WD_R_MALFORMED);
}

static void
a_quote_alone_is_told_by_its_header(void **state)
{
	static const uint8_t td[] = { WD_IN_QUOTE, 8, 0, 0, 0, 4, 0, 2, 0, 0x81,
		0, 0, 0 };
	struct wd_coco_attest a;

	(void)state;
	is_tdx("{\"quote\":\"BAACAIEAAAA=\"}", WD_SPAN(td));
	/* version 3 has no such field */
	t_ok(wd_coco_attest_read(
	    with_evidence("{\"quote\":\"AwACAIEAAAA=\"}"), &a, NULL));
	assert_int_equal(a.ask.tee, WD_TEE_SGX);
	wd_coco_attest_done(&a);
}

static void
evidence_of_a_wrong_form_is_refused(void **state)
{
	(void)state;
	refused(with_evidence("1"), WD_R_MALFORMED);
	refused(with_evidence("{}"), WD_R_MALFORMED);
	refused(with_evidence("{\"quote\":1}"), WD_R_MALFORMED);
	refused(with_evidence("{\"quote\":\"AwACAA\"}"), WD_R_MALFORMED);
	refused(with_evidence("{\"quote\":\"AwAC AA=\"}"), WD_R_MALFORMED);
	refused(with_evidence("{\"quote\":\"AwACAA==\",\"more\":1}"),
	    WD_R_UNKNOWN_MEMBER);
}

static void
attestations_of_a_wrong_form_are_refused(void **state)
{
	(void)state;
	refused(WD_SPAN_LIT("null"), WD_R_MALFORMED);
	refused(WD_SPAN_LIT("{}"), WD_R_MALFORMED);
	refused(WD_SPAN_LIT(""), WD_R_MALFORMED);
	refused(attestation("null", "1", EVIDENCE), WD_R_MALFORMED);
	refused(attestation("null", RUNTIME, "1"), WD_R_MALFORMED);
	refused(attestation("null", "{\"tee-pubkey\":" EC "}", EVIDENCE),
	    WD_R_MALFORMED);
	refused(attestation("null", "{\"nonce\":\"AA\",\"tee-pubkey\":" EC "}",
		    EVIDENCE),
	    WD_R_MALFORMED);
	refused(attestation("null",
		    "{\"nonce\":\"\",\"tee-pubkey\":" EC ",\"x\":1}", EVIDENCE),
	    WD_R_UNKNOWN_MEMBER);
	refused(attestation("null,\"more\":1", RUNTIME, EVIDENCE),
	    WD_R_UNKNOWN_MEMBER);
	refused(attestation(
		    "{\"format\":\"toml\",\"body\":\"\"}", RUNTIME, EVIDENCE),
	    WD_R_MALFORMED);
}

static void
no_allocation_failure_leaks_or_half_fills(void **state)
{
	struct wd_span body = attestation("null", RUNTIME, EVIDENCE);
	int r = WD_F_MEMORY;

	(void)state;
	for (uint64_t k = 1; r != 0; k++) {
		struct wd_coco_attest a = { .n_parts = 7 };

		(void)wd_alloc_fail_at(k);
		r = wd_coco_attest_read(body, &a, NULL);
		(void)wd_alloc_fail_at(0);
		if (r == 0)
			wd_coco_attest_done(&a);
		else
			assert_true(r < 0 && a.n_parts == 7);
	}
}

/* ---- answers */

static void
answers_have_the_form_clients_read(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3 };
	struct wd_msg_release release = {
		.protected = WD_SPAN_LIT("eyJ9"),
		.encrypted_key = WD_SPAN(bytes),
		.iv = WD_SPAN(bytes),
		.ciphertext = WD_SPAN(bytes),
		.tag = WD_SPAN(bytes),
	};
	struct wd_wr wr = wd_wr_growing(1000);

	(void)state;
	wd_coco_challenge_write(&wr, WD_SPAN(bytes));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT("{\"extra-params\":\"\",\"nonce\":\"AQID\"}"));
	wd_wr_done(&wr);
	wd_coco_token_write(&wr, WD_SPAN_LIT("h.p.s"));
	t_span_equal(wd_wr_span(&wr), WD_SPAN_LIT("{\"token\":\"h.p.s\"}"));
	wd_wr_done(&wr);
	wd_coco_release_write(&wr, &release);
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT("{\"protected\":\"eyJ9\",\"encrypted_key\":\"AQID\","
			"\"iv\":\"AQID\",\"ciphertext\":\"AQID\","
			"\"tag\":\"AQID\"}"));
	wd_wr_done(&wr);
}

static void
revocations_are_hex_in_the_order_they_came(void **state)
{
	uint8_t digests[64] = { 0xab, [32] = 0xcd };
	struct wd_msg_revoked m = {
		.after = 7, .all = true, .digests = WD_SPAN(digests)
	};
	struct wd_wr wr = wd_wr_growing(1000);

	(void)state;
	wd_coco_revoked_write(&wr, &m, 250);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT(
		"{\"after\":7,\"all\":true,\"revoked\":[\"ab0000000000"
		"0000000000000000000000000000000000000000000000000000"
		"\",\"cd000000000000000000000000000000000000000000000000"
		"00000000000000\"],\"seconds\":250}"));
	m.digests.len--;
	wd_coco_revoked_write(&wr, &m, 250);
	assert_true(wd_wr_end(&wr) != 0);
	wd_wr_done(&wr);
}

#define ONE "6b3a9d6e-3f0c-4d52-9c53-5d4fe3a0a5a1"
#define TWO "0d3e5bb8-56a4-4a8a-a4f4-3f4f7a1b2c3d"

static void
renewal_names_a_lease_and_its_session(void **state)
{
	static const char *const bad[] = { ONE, ONE " ", ONE "  " TWO, ONE TWO,
		ONE " " TWO " ", ONE "," TWO, "x " TWO };
	struct wd_id lease = { 0 }, session = { 0 };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(wd_coco_replaces_read(wd_span_text(bad[i]),
				     &lease, &session, NULL),
		    WD_R_MALFORMED);
	assert_true(wd_id_is_none(&lease));
	t_ok(wd_coco_replaces_read(
	    WD_SPAN_LIT(ONE " " TWO), &lease, &session, NULL));
	assert_string_equal(lease.s, ONE);
	assert_string_equal(session.s, TWO);
}

static void
errors_are_named_in_camel_case(void **state)
{
	struct wd_wr wr = wd_wr_growing(1000);

	(void)state;
	wd_coco_error_write(&wr, WD_R_NO_POLICY, WD_SPAN_LIT("a \"b\""));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT("{\"detail\":\"a \\\"b\\\"\",\"type\":"
			"\"https://github.com/confidential-containers/kbs/"
			"errors/NoPolicy\"}"));
	wd_wr_done(&wr);
	wd_coco_error_write(&wr, WD_F_MEMORY, wd_span(NULL, 0));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT("{\"detail\":\"The server could not do this; its log "
			"says why.\",\"type\":"
			"\"https://github.com/confidential-containers/kbs/"
			"errors/Fault\"}"));
	wd_wr_done(&wr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_our_version_are_read),
		cmocka_unit_test(other_versions_are_told_which_one_is_spoken),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(other_tees_are_refused_by_name),
		cmocka_unit_test(attestation_becomes_typed_fields),
		cmocka_unit_test(
		    init_data_may_be_absent_and_additional_text_is_kept),
		cmocka_unit_test(init_data_is_taken_as_it_is),
		cmocka_unit_test(rsa_and_p521_keys_are_read),
		cmocka_unit_test(keys_that_are_not_served_are_refused),
		cmocka_unit_test(keys_of_a_wrong_form_are_refused),
		cmocka_unit_test(members_of_a_wrong_size_are_out_of_range),
		cmocka_unit_test(a_token_of_cca_is_an_array_of_bytes),
		cmocka_unit_test(evidence_of_other_tees_is_refused_by_its_form),
		cmocka_unit_test(evidence_of_a_td_has_an_event_log_or_none),
		cmocka_unit_test(a_quote_alone_is_told_by_its_header),
		cmocka_unit_test(evidence_of_a_wrong_form_is_refused),
		cmocka_unit_test(attestations_of_a_wrong_form_are_refused),
		cmocka_unit_test(no_allocation_failure_leaks_or_half_fills),
		cmocka_unit_test(answers_have_the_form_clients_read),
		cmocka_unit_test(revocations_are_hex_in_the_order_they_came),
		cmocka_unit_test(renewal_names_a_lease_and_its_session),
		cmocka_unit_test(errors_are_named_in_camel_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
