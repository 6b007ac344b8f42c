/*
 * The client's side of the KBS protocol: what we say is what our own server
 * reads, and what a server says is taken apart or refused with its number.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "crypto/jwk.h"
#include "proto/coco.h"
#include "proto/coco_client.h"
#include "proto/use_json.h"

#include <stdio.h>
#include <string.h>

static struct wd_span
span(const char *text)
{
	return wd_span_text(text);
}

/* ---- what we say */

static void
request_is_what_servers_read(void **state)
{
	char buf[256];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	enum wd_tee tee = WD_TEE_NONE;

	(void)state;
	wd_coco_request_write(&wr, WD_TEE_SGX);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr),
	    span("{\"extra-params\":\"\",\"tee\":\"sgx\","
		 "\"version\":\"0.4.0\"}"));
	t_ok(wd_coco_auth_read(wd_wr_span(&wr), &tee, NULL));
	assert_int_equal(tee, WD_TEE_SGX);
}

static struct wd_msg_link_attest_ask
an_attestation(void)
{
	struct wd_msg_link_attest_ask m = { .tee = WD_TEE_SGX,
		.challenge = WD_SPAN_LIT("0123456789abcdef0123456789abcdef"),
		.evidence = WD_SPAN_LIT("\0\5\0\0\0quote") };

	memset(m.key_x.b, 0x11, sizeof(m.key_x.b));
	memset(m.key_y.b, 0xfe, sizeof(m.key_y.b));
	return m;
}

static void
attestation_is_what_servers_read(void **state)
{
	char buf[2048];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_msg_link_attest_ask m = an_attestation();
	struct wd_coco_attest a;

	(void)state;
	wd_coco_attestation_write(&wr, &m);
	t_ok(wd_wr_end(&wr));
	t_ok(wd_coco_attest_read(wd_wr_span(&wr), &a, NULL));
	assert_int_equal(a.ask.tee, WD_TEE_SGX);
	t_span_equal(a.ask.challenge, m.challenge);
	t_span_equal(a.ask.evidence, m.evidence);
	t_span_equal(a.ask.key_x, WD_SPAN(m.key_x.b));
	t_span_equal(a.ask.key_y, WD_SPAN(m.key_y.b));
	assert_int_equal(a.ask.additional.len, 0);
	wd_coco_attest_done(&a);
}

static void
attestation_of_an_rsa_key_is_what_servers_read(void **state)
{
	uint8_t n[256];
	char buf[4096];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_msg_link_attest_ask m = an_attestation();
	struct wd_coco_attest a;

	(void)state;
	memset(n, 0xb7, sizeof(n));
	m.key_n = WD_SPAN(n);
	m.key_e = WD_SPAN_LIT("\1\0\1");
	wd_coco_attestation_write(&wr, &m);
	t_ok(wd_wr_end(&wr));
	t_ok(wd_coco_attest_read(wd_wr_span(&wr), &a, NULL));
	assert_int_equal(a.ask.key_curve, 0);
	assert_int_equal(a.ask.key_alg, WD_JWE_RSA_OAEP_256);
	t_span_equal(a.ask.key_n, WD_SPAN(n));
	t_span_equal(a.ask.key_e, WD_SPAN_LIT("\1\0\1"));
	wd_coco_attest_done(&a);
}

static void
tee_without_a_form_of_evidence_is_not_written(void **state)
{
	char buf[2048];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_msg_link_attest_ask m = an_attestation();

	(void)state;
	m.tee = WD_TEE_NONE;
	wd_coco_attestation_write(&wr, &m);
	assert_int_equal(wd_wr_end(&wr), WD_R_TOO_LARGE);
}

/* ---- challenges */

static void
challenge_is_read(void **state)
{
	static const char *const good[] = {
		"{\"nonce\":\"AAEC\",\"extra-params\":\"\"}",
		"{\"nonce\":\"AAEC\"}",
		"{\"nonce\":\"AAEC\",\"extra-params\":{\"a\":1},\"new\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < WD_N(good); i++) {
		struct wd_bytes *b = NULL;

		t_ok(wd_coco_challenge_read(span(good[i]), &b, NULL));
		t_span_equal(wd_bytes_span(b), WD_SPAN_LIT("\x00\x01\x02"));
		wd_bytes_freep(&b);
	}
}

static void
other_challenges_are_refused(void **state)
{
	static const struct {
		const char *text;
		int r;
	} bad[] = {
		{ "", WD_R_MALFORMED },
		{ "[]", WD_R_MALFORMED },
		{ "{}", WD_R_MALFORMED },
		{ "{\"nonce\":1}", WD_R_MALFORMED },
		{ "{\"nonce\":\"AA=E\"}", WD_R_MALFORMED },
		{ "{\"nonce\":\"AAE\"}", WD_R_MALFORMED },
		{ "{\"nonce\":\"AAEC\",\"nonce\":\"AAEC\"}", WD_R_MALFORMED },
		{ "{\"nonce\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "\"}",
		    WD_R_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		struct wd_bytes *b = NULL;

		assert_int_equal(
		    wd_coco_challenge_read(span(bad[i].text), &b, NULL),
		    bad[i].r);
		assert_null(b);
	}
}

/* ---- releases */

/* {"alg":"ECDH-ES+A256KW","enc":"A256GCM","epk":{"crv":"P-256","kty":"EC",
 *  "x":43 times A,"y":42 times A and E}} */
#define HEADER                                                              \
	"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOnsiY" \
	"3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiJBQUFBQUFBQUFBQUFBQUFBQUFBQU" \
	"FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwieSI6IkFBQUFBQUFBQUFBQUFBQUFBQUF" \
	"BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUUifX0"

static const char *
release(const char *protected, const char *key, const char *iv,
    const char *cipher, const char *tag)
{
	static char text[4096];

	(void)snprintf(text, sizeof(text),
	    "{\"protected\":\"%s\",\"encrypted_key\":\"%s\",\"iv\":\"%s\","
	    "\"ciphertext\":\"%s\",\"tag\":\"%s\"}",
	    protected, key, iv, cipher, tag);
	return text;
}

static void
release_is_taken_apart(void **state)
{
	struct wd_coco_jwe jwe;
	uint8_t y[32] = { [31] = 1 };

	(void)state;
	t_ok(wd_coco_jwe_read(
	    span(release(HEADER, "AQI", "AwQ", "BQYH", "CA")), &jwe, NULL));
	t_span_equal(jwe.m.protected, span(HEADER));
	assert_true(wd_span_is_zero(WD_SPAN(jwe.m.epk_x.b)));
	t_span_equal(WD_SPAN(jwe.m.epk_y.b), WD_SPAN(y));
	t_span_equal(jwe.m.encrypted_key, WD_SPAN_LIT("\1\2"));
	t_span_equal(jwe.m.iv, WD_SPAN_LIT("\3\4"));
	t_span_equal(jwe.m.ciphertext, WD_SPAN_LIT("\5\6\7"));
	t_span_equal(jwe.m.tag, WD_SPAN_LIT("\10"));
	wd_coco_jwe_done(&jwe);
}

/* {"alg":"RSA-OAEP-256","enc":"A256GCM"} */
#define RSA_HEADER "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0"

static void
release_for_an_rsa_key_has_no_ephemeral_key(void **state)
{
	struct wd_coco_jwe jwe;

	(void)state;
	t_ok(wd_coco_jwe_read(
	    span(release(RSA_HEADER, "AQI", "AwQ", "BQYH", "CA")), &jwe, NULL));
	t_span_equal(jwe.m.protected, span(RSA_HEADER));
	t_span_equal(jwe.m.encrypted_key, WD_SPAN_LIT("\1\2"));
	assert_true(wd_span_is_zero(WD_SPAN(jwe.m.epk_x.b)));
	assert_true(wd_span_is_zero(WD_SPAN(jwe.m.epk_y.b)));
	wd_coco_jwe_done(&jwe);
}

static void
is_refused(const char *text, int reason)
{
	struct wd_coco_jwe jwe = { .n_parts = 77 };

	assert_int_equal(wd_coco_jwe_read(span(text), &jwe, NULL), reason);
	assert_int_equal(jwe.n_parts, 77);
}

static void
other_releases_are_refused(void **state)
{
	(void)state;
	is_refused("", WD_R_MALFORMED);
	is_refused("{}", WD_R_MALFORMED);
	is_refused("[[[[[[[[[[[[[[[[[[[[[[[[", WD_R_MALFORMED);
	is_refused(release("", "", "", "", ""), WD_R_MALFORMED);
	is_refused(release("A", "", "", "", ""), WD_R_MALFORMED);
	is_refused(release("e30", "", "", "", ""), WD_R_MALFORMED);
	is_refused(release(HEADER, "A=", "", "", ""), WD_R_MALFORMED);
	is_refused(
	    release(HEADER, "", "AAAAAAAAAAAAAAAAA", "", ""), WD_R_RANGE);
	is_refused(
	    release(HEADER, "", "", "", "AAAAAAAAAAAAAAAAAAAAAAA"), WD_R_RANGE);
	is_refused("{\"protected\":\"" HEADER
		   "\",\"encrypted_key\":\"\",\"iv\":\"\",\"ciphertext\":"
		   "\"\",\"tag\":\"\",\"aad\":\"\"}",
	    WD_R_UNKNOWN_MEMBER);
}

/* Headers as JSON, in base64url. */
static void
other_headers_are_refused(void **state)
{
	static const struct {
		const char *header;
		int r;
	} bad[] = {
		/* {"alg":"RSA1_5","enc":"A256GCM"} */
		{ "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMjU2R0NNIn0",
		    WD_R_UNSUPPORTED },
		/* {"alg":"RSA-OAEP-256","enc":"A128GCM"} */
		{ "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMTI4R0NNIn0",
		    WD_R_UNSUPPORTED },
		/* {"alg":"RSA-OAEP-256","enc":"A256GCM","epk":{}} */
		{ "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIiwiZXBrIj"
		  "p7fX0",
		    WD_R_UNKNOWN_MEMBER },
		/* {"alg":"ECDH-ES+A256KW","enc":"A256GCM"} */
		{ "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00ifQ",
		    WD_R_MALFORMED },
		/* {"alg":"ECDH-ES+A256KW","enc":"A256GCM","epk":{"crv":
		 *  "P-521","kty":"EC","x":"AA","y":"AA"}} */
		{ "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGs"
		  "iOnsiY3J2IjoiUC01MjEiLCJrdHkiOiJFQyIsIngiOiJBQSIsInkiOiJBQS"
		  "J9fQ",
		    WD_R_UNSUPPORTED },
		/* the same with "P-256" */
		{ "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGs"
		  "iOnsiY3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiJBQSIsInkiOiJBQS"
		  "J9fQ",
		    WD_R_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		is_refused(release(bad[i].header, "AQI", "AwQ", "BQYH", "CA"),
		    bad[i].r);
}

/* ---- errors */

static void
error_of_a_server_becomes_its_reason(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
		int r;
		const char *detail;
	} rows[] = {
		{ 403,
		    "{\"type\":\"https://x/errors/NoPolicy\","
		    "\"detail\":\"say\"}",
		    WD_R_NO_POLICY, "say" },
		{ 503, "{\"type\":\"x/Sealed\",\"detail\":\"\"}", WD_R_SEALED,
		    "the server answered with status 503" },
		{ 401, "{\"type\":\"x/Strange\",\"detail\":\"a\\tb\"}",
		    WD_R_CREDENTIAL_INVALID, "a?b" },
		{ 401, "{\"type\":7}", WD_R_CREDENTIAL_INVALID,
		    "the server answered with status 401" },
		{ 403, "<html>", WD_R_PERMISSION,
		    "the server answered with status 403" },
		{ 404, "", WD_R_NOT_FOUND,
		    "the server answered with status 404" },
		{ 302, "", WD_R_UNAVAILABLE,
		    "the server answered with status 302" },
		{ 500, "{\"type\":\"x/Fault\"}", WD_R_UNAVAILABLE,
		    "the server answered with status 500" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_diag d = { 0 };

		assert_int_equal(
		    wd_coco_error_read(rows[i].status, span(rows[i].body), &d),
		    rows[i].r);
		assert_string_equal(d.detail, rows[i].detail);
	}
}

/* ---- keys that stay in the server */

static void
a_signature_is_asked_for_as_servers_read_it(void **state)
{
	struct wd_msg_link_sign_ask m = { .version = 3,
		.sig = WD_KEYSIG_ES256,
		.hashed = true,
		.input = WD_SPAN_LIT("\xfb\xff") };
	WD_AUTO(wd_use_body_done) struct wd_use_body b = { 0 };
	WD_AUTO(wd_use_body_done) struct wd_use_body c = { 0 };
	char buf[256];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	(void)state;
	wd_coco_sign_write(&wr, &m);
	t_ok(wd_wr_end(&wr));
	t_ok(wd_use_read(
	    wd_wr_span(&wr), WD_KEYUSE_SIGN, WD_USE_B64URL, &b, NULL));
	assert_int_equal(b.sig, WD_KEYSIG_ES256);
	assert_int_equal(b.version, 3);
	assert_true(b.hashed);
	t_span_equal(wd_secret_borrow(b.input), m.input);
	m.hashed = false;
	wr = wd_wr_fixed(buf, sizeof(buf));
	wd_coco_sign_write(&wr, &m);
	t_ok(wd_use_read(
	    wd_wr_span(&wr), WD_KEYUSE_SIGN, WD_USE_B64URL, &c, NULL));
	assert_false(c.hashed);
	m.sig = 200;
	wd_coco_sign_write(&wr, &m);
	assert_int_not_equal(wd_wr_end(&wr), 0);
}

static void
a_signature_is_read_or_refused(void **state)
{
	static const struct {
		const char *body;
		int r;
	} rows[] = {
		{ "", WD_R_MALFORMED },
		{ "[]", WD_R_MALFORMED },
		{ "{}", WD_R_MALFORMED },
		{ "{\"signature\":7}", WD_R_MALFORMED },
		{ "{\"signature\":\"YQ==\"}", WD_R_MALFORMED },
		{ "{\"signature\":\"Y\"}", WD_R_MALFORMED },
	};
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sig = NULL;
	char body[1024];

	(void)state;
	t_ok(wd_coco_signed_read(
	    span("{\"algorithm\":\"ES256\",\"signature\":\"-_8\","
		 "\"version\":1}"),
	    &sig, NULL));
	t_span_equal(wd_bytes_span(sig), WD_SPAN_LIT("\xfb\xff"));
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_diag d = { 0 };

		assert_int_equal(
		    wd_coco_signed_read(span(rows[i].body), &sig, &d),
		    rows[i].r);
	}
	(void)snprintf(body, sizeof(body), "{\"signature\":\"%0684d\"}", 0);
	assert_int_equal(
	    wd_coco_signed_read(span(body), &sig, NULL), WD_R_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_is_what_servers_read),
		cmocka_unit_test(attestation_is_what_servers_read),
		cmocka_unit_test(
		    attestation_of_an_rsa_key_is_what_servers_read),
		cmocka_unit_test(tee_without_a_form_of_evidence_is_not_written),
		cmocka_unit_test(challenge_is_read),
		cmocka_unit_test(other_challenges_are_refused),
		cmocka_unit_test(release_is_taken_apart),
		cmocka_unit_test(release_for_an_rsa_key_has_no_ephemeral_key),
		cmocka_unit_test(other_releases_are_refused),
		cmocka_unit_test(other_headers_are_refused),
		cmocka_unit_test(error_of_a_server_becomes_its_reason),
		cmocka_unit_test(a_signature_is_asked_for_as_servers_read_it),
		cmocka_unit_test(a_signature_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
