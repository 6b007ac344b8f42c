/*
 * CCA tokens: two signatures, and the realm's key bound by the platform.
 */
#include "verify/arm_world.h"

#include "lib/t.h"

#include "codec/cbor.h"
#include "crypto/init.h"
#include "verify/collateral.h"

#include <string.h>

static bool
text_is(const struct wd_claims *c, enum wd_claim id, const char *want)
{
	struct wd_span s;

	return wd_claims_get(c, id, &s) && wd_span_is(s, want);
}

static void
a_good_token_says_what_it_says(void **state)
{
	struct t_arm t;
	struct wd_claims c;
	struct wd_span s;
	uint64_t n = 0;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t.token.measurement[0] = 7;
	t_ok(t_arm_judge(&t, &c));
	assert_true(text_is(&c, WD_C_TEE, "cca"));
	assert_true(wd_claims_bool(&c, WD_C_SOFTWARE));
	assert_false(wd_claims_bool(&c, WD_C_DEBUG));
	assert_true(
	    text_is(&c, WD_C_PLATFORM_PROFILE, "http://arm.com/CCA-SSD/1.0.0"));
	assert_true(text_is(&c, WD_C_RAK_ENCODING, "raw point"));
	assert_true(text_is(&c, WD_C_MEASURED_HASH, "sha-512"));
	assert_true(wd_claims_uint(&c, WD_C_SECURITY_LIFECYCLE, &n));
	assert_int_equal(n, 0x3000);
	assert_true(wd_claims_get(&c, WD_C_REPORT_DATA, &s));
	t_span_equal(s, WD_SPAN(t.challenge));
	assert_true(wd_claims_get(&c, WD_C_REALM_INITIAL_MEASUREMENT, &s));
	t_span_equal(s, WD_SPAN(t.token.measurement));
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_ID, &s));
	t_span_equal(s, WD_SPAN(t.arm.instance_id));
	assert_true(wd_claims_get(&c, WD_C_SOFTWARE_COMPONENTS, &s));
	assert_int_equal(s.len, 2 * (64 + 1 + 64 + 1) + 3 + 5);
	assert_false(wd_claims_get(&c, WD_C_REALM_PROFILE, &s));
	t_arm_done(&t);
}

static void
the_named_profile_has_a_cose_key(void **state)
{
	struct t_arm t;
	struct wd_claims c;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t.token.named = true;
	t_ok(t_arm_judge(&t, &c));
	assert_true(text_is(
	    &c, WD_C_PLATFORM_PROFILE, "tag:arm.com,2023:cca_platform#1.0.0"));
	assert_true(
	    text_is(&c, WD_C_REALM_PROFILE, "tag:arm.com,2023:realm#1.0.0"));
	assert_true(text_is(&c, WD_C_RAK_ENCODING, "COSE_Key"));
	t_arm_done(&t);
}

/* Each form of key in the other's profile. The platform binds it, so that
 * nothing else is wrong. */
static void
a_key_in_another_form_is_refused(void **state)
{
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t_arm_set(&t, true, 265,
	    WD_SPAN_LIT("\x78\x1c"
			"tag:arm.com,2023:realm#1.0.0"));
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
	t_arm_no_edits(&t);
	t.token.named = true;
	t_arm_drop(&t, true, 265);
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
	t_arm_done(&t);
}

static void
signatures_by_others_are_refused(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *stranger = NULL;
	struct t_arm t;

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_P384, &stranger));
	t_arm_make(&t, WD_TEE_CCA);
	t.token.platform_signer = stranger;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_PLATFORM_BAD_SIGNATURE);
	t.token.platform_signer = NULL;
	t.token.realm_signer = stranger;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_REALM_BAD_SIGNATURE);
	t.token.realm_signer = t.arm.cpak;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_REALM_BAD_SIGNATURE);
	t.token.realm_signer = NULL;
	t.token.bound = stranger;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_REALM_KEY_BINDING);
	t_arm_done(&t);
}

/* The platform of one token, the realm of another: each is genuine. */
static void
parts_of_two_tokens_do_not_make_a_third(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *mine = NULL, *theirs = NULL;
	struct t_arm t, u;
	size_t i = 0;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t_arm_make(&u, WD_TEE_CCA);
	u.arm.instance_id[0] = 1;
	t_ok(wd_arm_token(&t.arm, &t.token, &mine, NULL));
	t_ok(wd_arm_token(&u.arm, &u.token, &theirs, NULL));
	assert_int_equal(mine->len, theirs->len);
	/* from the key 44241 on */
	while (!wd_span_equal(
	    wd_span(mine->p + i, 3), WD_SPAN_LIT("\x19\xac\xd1")))
		i++;
	wd_copy(mine->p + i, wd_span(theirs->p + i, theirs->len - i));
	assert_int_equal(t_arm_judge_bytes(&t, wd_bytes_span(mine), NULL),
	    WD_R_REALM_KEY_BINDING);
	t_arm_done(&t);
	t_arm_done(&u);
}

static void
the_hash_of_the_binding_is_one_that_is_known(void **state)
{
	static const char *const bad[] = { "\x65sha-1", "\x67SHA-256",
		"\x66sha256", "\x67sha-512" };
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	for (size_t i = 0; i < WD_N(bad); i++) {
		t_arm_set(&t, true, 44240, wd_span_text(bad[i]));
		assert_int_equal(t_arm_judge(&t, NULL), WD_R_REALM_KEY_BINDING);
		t_arm_no_edits(&t);
	}
	t_arm_done(&t);
}

static void
only_a_secured_lifecycle_is_believed(void **state)
{
	static const struct {
		uint16_t lifecycle;
		int strict, lenient; /* with debugging allowed */
	} rows[] = {
		{ 0x3000, 0, 0 },
		{ 0x30ff, 0, 0 },
		{ 0x2fff, WD_R_LIFECYCLE_NOT_SECURED,
		    WD_R_LIFECYCLE_NOT_SECURED },
		{ 0x3100, WD_R_LIFECYCLE_NOT_SECURED,
		    WD_R_LIFECYCLE_NOT_SECURED },
		{ 0x0001, WD_R_LIFECYCLE_NOT_SECURED,
		    WD_R_LIFECYCLE_NOT_SECURED },
		{ 0x4000, WD_R_DEBUG_NOT_ALLOWED, 0 },
		{ 0x5000, WD_R_LIFECYCLE_NOT_SECURED,
		    WD_R_LIFECYCLE_NOT_SECURED },
		{ 0x60ff, WD_R_LIFECYCLE_NOT_SECURED,
		    WD_R_LIFECYCLE_NOT_SECURED },
		{ 0x6100, WD_R_MALFORMED, WD_R_MALFORMED },
	};
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_claims c;

		t.token.lifecycle = rows[i].lifecycle;
		t.rules.allow_debug = false;
		assert_int_equal(t_arm_judge(&t, NULL), rows[i].strict);
		t.rules.allow_debug = true;
		assert_int_equal(t_arm_judge(&t, &c), rows[i].lenient);
		if (rows[i].lenient == 0)
			assert_int_equal(wd_claims_bool(&c, WD_C_DEBUG),
			    rows[i].strict != 0);
	}
	t_arm_done(&t);
}

static void
another_challenge_is_refused(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *token = NULL;
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t_ok(wd_arm_token(&t.arm, &t.token, &token, NULL));
	t.challenge[63] ^= 1;
	assert_int_equal(t_arm_judge_bytes(&t, wd_bytes_span(token), NULL),
	    WD_R_NONCE_MISMATCH);
	t.token.challenge.len = 63; /* the last byte is not zero */
	assert_int_equal(t_arm_judge_bytes(&t, wd_bytes_span(token), NULL),
	    WD_R_NONCE_MISMATCH);
	t.token.challenge.len = 0; /* not asked for */
	t_ok(t_arm_judge_bytes(&t, wd_bytes_span(token), NULL));
	t_arm_done(&t);
}

static void
every_claim_is_needed_once(void **state)
{
	static const struct {
		bool realm;
		int64_t key;
	} claims[] = { { false, 265 }, { false, 10 }, { false, 2396 },
		{ false, 256 }, { false, 2401 }, { false, 2395 },
		{ false, 2402 }, { false, 2399 }, { true, 10 }, { true, 44235 },
		{ true, 44236 }, { true, 44237 }, { true, 44238 },
		{ true, 44239 }, { true, 44240 } };
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	for (size_t i = 0; i < WD_N(claims); i++) {
		t_arm_drop(&t, claims[i].realm, claims[i].key);
		assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
		t_arm_no_edits(&t);
		t_arm_twice(&t, claims[i].realm, claims[i].key);
		assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
		t_arm_no_edits(&t);
	}
	t_arm_done(&t);
}

#define COMPONENT_END                      \
	"\x02\x58\x20"                     \
	"0123456789abcdef0123456789abcdef" \
	"\x05\x58\x20"                     \
	"0123456789abcdef0123456789abcdef"

static void
claims_of_another_form_are_refused(void **state)
{
	const struct {
		bool realm;
		int64_t key;
		struct wd_span value;
	} bad[] = {
		{ false, 265, WD_SPAN_LIT("\x6ahttp://arm") },
		{ false, 265, WD_SPAN_LIT("\x40") },
		{ false, 10, WD_SPAN_LIT("\x41x") },
		{ false, 2396, WD_SPAN_LIT("\x41x") },
		{ false, 256,
		    WD_SPAN_LIT("\x58\x20"
				"0123456789abcdef0123456789abcdef") },
		{ false, 256,
		    WD_SPAN_LIT("\x58\x21\x02"
				"0123456789abcdef0123456789abcdef") },
		{ false, 2395, WD_SPAN_LIT("\x20") },
		{ false, 2395,
		    WD_SPAN_LIT("\x64"
				"3000") },
		{ false, 2402, WD_SPAN_LIT("\x07") },
		{ false, 2402, WD_SPAN_LIT("\x62\xc3\xa9") },
		{ false, 2399, WD_SPAN_LIT("\x80") },
		{ false, 2399, WD_SPAN_LIT("\xa0") },
		{ false, 2399, WD_SPAN_LIT("\x81\xa0") },
		{ false, 2399, WD_SPAN_LIT("\x81\x01") },
		{ false, 2399,
		    WD_SPAN_LIT("\x81\xa1\x02\x58\x20"
				"0123456789abcdef0123456789abcdef") },
		{ false, 2399, WD_SPAN_LIT("\x81\xa3\x01\x01" COMPONENT_END) },
		{ true, 265, WD_SPAN_LIT("\x61x") },
		{ true, 10,
		    WD_SPAN_LIT("\x58\x20"
				"0123456789abcdef0123456789abcdef") },
		{ true, 44235, WD_SPAN_LIT("\x40") },
		{ true, 44238, WD_SPAN_LIT("\x41x") },
		{ true, 44239, WD_SPAN_LIT("\x83\x40\x40\x40") },
		{ true, 44239, WD_SPAN_LIT("\x84\x40\x40\x40\x40") },
		{ true, 44237, WD_SPAN_LIT("\xa0") },
	};
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	for (size_t i = 0; i < WD_N(bad); i++) {
		int r;

		t_arm_set(&t, bad[i].realm, bad[i].key, bad[i].value);
		r = t_arm_judge(&t, NULL);
		if (r != WD_R_MALFORMED)
			print_message("row %zu\n", i);
		assert_int_equal(r, WD_R_MALFORMED);
		t_arm_no_edits(&t);
	}
	t_arm_done(&t);
}

static void
unknown_claims_change_nothing(void **state)
{
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t_arm_set(&t, false, 77777, WD_SPAN_LIT("\x82\x01\xa1\x01\x02"));
	t_arm_set(&t, true, -9, WD_SPAN_LIT("\xf6"));
	t_ok(t_arm_judge(&t, NULL));
	t_arm_set(&t, false, 2400, WD_SPAN_LIT("\x66https:"));
	t_ok(t_arm_judge(&t, NULL));
	t_arm_done(&t);
}

static void
what_does_not_fit_into_claims_is_refused(void **state)
{
	struct t_arm t;
	uint8_t buf[4096];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	wd_cbor_write_head(&wr, WD_CBOR_ARRAY, 48);
	for (int i = 0; i < 48; i++)
		wd_wr_bytes(&wr, WD_SPAN_LIT("\xa2" COMPONENT_END));
	t_arm_set(&t, false, 2399, wd_wr_span(&wr));
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
	t_arm_done(&t);
}

static void
frames_of_another_form_are_refused(void **state)
{
	const struct wd_span bad[] = {
		WD_SPAN_LIT(""),
		WD_SPAN_LIT("\xd9\x01\x8f"),
		WD_SPAN_LIT("\xd9\x01\x8f\xa0"),
		WD_SPAN_LIT("\xd9\x01\x8f\x82\x41x\x41x"),
		WD_SPAN_LIT(
		    "\xd9\x03\x8b\xa2\x19\xac\xca\x41x\x19\xac\xd1\x41x"),
		WD_SPAN_LIT("\xd9\x01\x8f\xa1\x19\xac\xca\x41x"),
		WD_SPAN_LIT(
		    "\xd9\x01\x8f\xa2\x19\xac\xca\x41x\x19\xac\xca\x41x"),
		WD_SPAN_LIT("\xd9\x01\x8f\xa3\x19\xac\xca\x41x\x19\xac\xd1\x41x"
			    "\x01\x02"),
		WD_SPAN_LIT("\xd9\x01\x8f\xbf\x19\xac\xca\x41x\x19\xac\xd1\x41x"
			    "\xff"),
	};
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(
		    t_arm_judge_bytes(&t, bad[i], NULL), WD_R_MALFORMED);
	t_arm_done(&t);
}

/* ---- the key */

static void
replace(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from);
	char rest[T_JWK];

	assert_non_null(at);
	assert_true(wd_span_to_text(
	    wd_span_text(at + strlen(from)), rest, sizeof(rest)));
	assert_true(
	    wd_span_to_text(wd_span_text(to), at, T_JWK - (size_t)(at - text)));
	at += strlen(to);
	assert_true(wd_span_to_text(
	    wd_span_text(rest), at, T_JWK - (size_t)(at - text)));
}

static void
keys_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} bad[] = {
		{ "\"kty\":\"EC\"", "\"kty\":\"RSA\"" },
		{ "\"crv\":\"P-384\"", "\"crv\":\"P-256\"" },
		{ "\"crv\":\"P-384\"", "\"crv\":\"secp256k1\"" },
		{ "\"crv\":\"P-384\"", "\"d\":\"AAAA\",\"crv\":\"P-384\"" },
		{ "\"x\":\"", "\"x\":\"AAAA" },
		{ "\"x\":\"", "\"z\":\"" },
		{ "\"x\":\"", "\"x\":\"+" },
		{ "\"instance_id\":\"01", "\"instance_id\":\"" },
		{ "\"software\":true", "\"software\":1" },
		{ "\"tee\":\"cca\"", "\"tee\":\"sgx\"" },
		{ "{", "[{" },
	};
	struct t_arm t;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		t_arm_make(&t, WD_TEE_CCA);
		replace(t.jwk, bad[i].from, bad[i].to);
		assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
		t_arm_done(&t);
	}
}

static void
without_the_key_of_its_platform_nothing_is_believed(void **state)
{
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	replace(t.jwk, "\"instance_id\":\"01", "\"instance_id\":\"02");
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_PLATFORM_BAD_SIGNATURE);
	t.jwk[0] = '\0';
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_COLLATERAL_MISSING);
	t_arm_done(&t);
}

static void
a_software_key_needs_an_anchor(void **state)
{
	struct t_arm t;
	struct wd_claims c;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t.rules.n_anchors = 0;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_CHAIN_UNTRUSTED_ROOT);
	t.rules.n_anchors = 1;
	t.anchor.tee = WD_TEE_SGX;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_CHAIN_UNTRUSTED_ROOT);
	t.anchor.tee = WD_TEE_CCA;
	t.anchor.sha256[5] ^= 1;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_CHAIN_UNTRUSTED_ROOT);
	/* A key that somebody else gives as a maker's is theirs to vouch for.*/
	replace(t.jwk, "\"software\":true,", "");
	t_ok(t_arm_judge(&t, &c));
	assert_false(wd_claims_bool(&c, WD_C_SOFTWARE));
	t_arm_done(&t);
}

/* ---- the key as collateral */

static int
check_doc(struct t_arm *t, struct wd_doc_info *ret)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;

	t_ok(wd_verifier_new(&t->rules, &v));
	return wd_doc_check(v, WD_IN_CPAK, wd_span_text(t->jwk),
	    wd_span(NULL, 0), 1906502400, ret, NULL);
}

static void
a_key_is_stored_for_its_platform(void **state)
{
	struct t_arm t;
	struct wd_doc_info info = { 0 };

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t_ok(check_doc(&t, &info));
	assert_int_equal(info.id.role, WD_IN_CPAK);
	assert_int_equal(info.id.tee, WD_TEE_CCA);
	assert_false(wd_span_is_zero(WD_SPAN(info.id.scope)));
	assert_true(info.software);
	assert_int_equal(info.issue_date, 1906502400);
	replace(t.jwk, "\"instance_id\"", "\"instance_ip\"");
	assert_int_equal(check_doc(&t, &info), WD_R_MALFORMED);
	t_arm_done(&t);
	t_arm_make(&t, WD_TEE_CCA);
	t.rules.n_anchors = 0;
	assert_int_equal(check_doc(&t, &info), WD_R_CHAIN_UNTRUSTED_ROOT);
	t_arm_done(&t);
}

static void
a_key_serves_the_tee_it_was_imported_for(void **state)
{
	struct wd_doc_info info = { 0 };
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	replace(t.jwk, "\"tee\":\"cca\"", "\"tee\":\"psa\"");
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_PLATFORM_BAD_SIGNATURE);
	assert_int_equal(check_doc(&t, &info), WD_R_CHAIN_UNTRUSTED_ROOT);
	t.anchor.tee = WD_TEE_PSA;
	t_ok(check_doc(&t, &info));
	assert_int_equal(info.id.tee, WD_TEE_PSA);
	t.anchor.tee = WD_TEE_CCA;
	/* Given by hand it may be silent; to be stored it may not. */
	replace(t.jwk, "\"tee\":\"psa\",", "");
	t_ok(t_arm_judge(&t, NULL));
	assert_int_equal(check_doc(&t, &info), WD_R_MALFORMED);
	t_arm_done(&t);
}

/* Of two stored keys the one of the token's platform is chosen. */
static void
a_token_finds_the_key_of_its_platform(void **state)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *token = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(8192);
	struct t_arm t, other;
	struct wd_doc_info info = { 0 };
	struct wd_inputs in = { 0 };

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t_arm_make(&other, WD_TEE_CCA);
	wd_snapshot_begin(&wr);
	t_ok(check_doc(&other, &info));
	wd_snapshot_add(&wr, &info, wd_span_text(other.jwk));
	t_ok(check_doc(&t, &info));
	wd_snapshot_add(&wr, &info, wd_span_text(t.jwk));
	t_ok(wd_wr_end(&wr));
	t_ok(wd_snapshot_check(wd_wr_span(&wr)));
	t_ok(wd_arm_token(&t.arm, &t.token, &token, NULL));
	in.part[WD_IN_TOKEN] = wd_bytes_span(token);
	t_ok(wd_verifier_new(&t.rules, &v));
	t_ok(wd_snapshot_select(
	    v, wd_wr_span(&wr), WD_TEE_CCA, 1906502400, &in, NULL));
	t_span_equal(in.part[WD_IN_CPAK], wd_span_text(t.jwk));
	t_arm_done(&t);
	t_arm_done(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_token_says_what_it_says),
		cmocka_unit_test(the_named_profile_has_a_cose_key),
		cmocka_unit_test(a_key_in_another_form_is_refused),
		cmocka_unit_test(signatures_by_others_are_refused),
		cmocka_unit_test(parts_of_two_tokens_do_not_make_a_third),
		cmocka_unit_test(the_hash_of_the_binding_is_one_that_is_known),
		cmocka_unit_test(only_a_secured_lifecycle_is_believed),
		cmocka_unit_test(another_challenge_is_refused),
		cmocka_unit_test(every_claim_is_needed_once),
		cmocka_unit_test(claims_of_another_form_are_refused),
		cmocka_unit_test(unknown_claims_change_nothing),
		cmocka_unit_test(what_does_not_fit_into_claims_is_refused),
		cmocka_unit_test(frames_of_another_form_are_refused),
		cmocka_unit_test(keys_that_are_none_are_refused),
		cmocka_unit_test(
		    without_the_key_of_its_platform_nothing_is_believed),
		cmocka_unit_test(a_software_key_needs_an_anchor),
		cmocka_unit_test(a_key_is_stored_for_its_platform),
		cmocka_unit_test(a_key_serves_the_tee_it_was_imported_for),
		cmocka_unit_test(a_token_finds_the_key_of_its_platform),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
