/*
 * PSA tokens of three profiles.
 */
#include "verify/arm_world.h"

#include "lib/t.h"

#include "crypto/init.h"

enum { PROFILES = 3 };

static bool
text_is(const struct wd_claims *c, enum wd_claim id, const char *want)
{
	struct wd_span s;

	return wd_claims_get(c, id, &s) && wd_span_is(s, want);
}

static void
every_profile_says_the_same(void **state)
{
	static const char *const names[PROFILES] = {
		"tag:psacertified.org,2023:psa#tfm", "PSA_IOT_PROFILE_1",
		"http://arm.com/psa/2.0.0"
	};

	(void)state;
	for (unsigned p = 0; p < PROFILES; p++) {
		struct t_arm t;
		struct wd_claims c;
		struct wd_span s;
		uint64_t n = 0;

		t_arm_make(&t, WD_TEE_PSA);
		t.token.profile = p;
		t_ok(t_arm_judge(&t, &c));
		assert_true(text_is(&c, WD_C_TEE, "psa"));
		assert_true(wd_claims_bool(&c, WD_C_SOFTWARE));
		assert_true(text_is(&c, WD_C_PLATFORM_PROFILE, names[p]));
		assert_true(text_is(&c, WD_C_CLIENT_ID, "-1"));
		assert_true(wd_claims_uint(&c, WD_C_SECURITY_LIFECYCLE, &n));
		assert_int_equal(n, 0x3000);
		assert_true(wd_claims_get(&c, WD_C_INSTANCE_ID, &s));
		t_span_equal(s, WD_SPAN(t.arm.instance_id));
		assert_true(wd_claims_get(&c, WD_C_BOOT_SEED, &s));
		assert_int_equal(s.len, 32);
		assert_true(wd_claims_get(&c, WD_C_SOFTWARE_COMPONENTS, &s));
		t_arm_done(&t);
	}
}

static void
nonces_have_the_size_of_a_digest(void **state)
{
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_PSA);
	for (size_t n = 0; n <= 64; n++) {
		bool good = n == 32 || n == 48 || n == 64;

		t.token.challenge.len = n;
		assert_int_equal(
		    t_arm_judge(&t, NULL), good ? 0 : WD_R_MALFORMED);
	}
	t_arm_done(&t);
}

static void
another_nonce_is_refused(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *token = NULL;
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_PSA);
	t.token.challenge.len = 32;
	t_ok(wd_arm_token(&t.arm, &t.token, &token, NULL));
	t_ok(t_arm_judge_bytes(&t, wd_bytes_span(token), NULL));
	t.challenge[0] ^= 1;
	assert_int_equal(t_arm_judge_bytes(&t, wd_bytes_span(token), NULL),
	    WD_R_NONCE_MISMATCH);
	t.challenge[0] ^= 1;
	t.token.challenge.len = 33; /* longer than it */
	assert_int_equal(t_arm_judge_bytes(&t, wd_bytes_span(token), NULL),
	    WD_R_NONCE_MISMATCH);
	t_arm_done(&t);
}

static void
a_signature_by_another_key_is_refused(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *stranger = NULL;
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_PSA);
	t_ok(wd_pkey_generate(WD_PKEY_P384, &stranger));
	t.token.platform_signer = stranger;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_PLATFORM_BAD_SIGNATURE);
	t.jwk[0] = '\0';
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_COLLATERAL_MISSING);
	t_arm_done(&t);
}

static void
a_cca_token_is_no_psa_token(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *token = NULL;
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_CCA);
	t_ok(wd_arm_token(&t.arm, &t.token, &token, NULL));
	t.token.tee = WD_TEE_PSA;
	assert_int_equal(
	    t_arm_judge_bytes(&t, wd_bytes_span(token), NULL), WD_R_MALFORMED);
	t_arm_done(&t);
}

static void
only_a_secured_lifecycle_is_believed(void **state)
{
	struct t_arm t;
	struct wd_claims c;

	(void)state;
	t_arm_make(&t, WD_TEE_PSA);
	t.token.lifecycle = 0x2000;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_LIFECYCLE_NOT_SECURED);
	t.token.lifecycle = 0x4001;
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_DEBUG_NOT_ALLOWED);
	t.rules.allow_debug = true;
	t_ok(t_arm_judge(&t, &c));
	assert_true(wd_claims_bool(&c, WD_C_DEBUG));
	t_arm_done(&t);
}

/* By profile: what may not be missing, and what may. */
static void
every_claim_that_is_needed_is_needed_once(void **state)
{
	static const struct {
		unsigned profile;
		int64_t key;
	} needed[] = { { 0, 10 }, { 0, 256 }, { 0, 2396 }, { 0, 2394 },
		{ 0, 2395 }, { 0, 2399 }, { 1, -75008 }, { 1, -75009 },
		{ 1, -75003 }, { 1, -75001 }, { 1, -75002 }, { 1, -75004 },
		{ 1, -75006 }, { 2, 10 }, { 2, 256 }, { 2, 2396 }, { 2, 2394 },
		{ 2, 2395 }, { 2, 2399 } };
	static const struct {
		unsigned profile;
		int64_t key;
	} optional[] = { { 0, 268 }, { 1, -75000 }, { 2, 2397 } };
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_PSA);
	for (size_t i = 0; i < WD_N(needed); i++) {
		t.token.profile = needed[i].profile;
		t_arm_drop(&t, false, needed[i].key);
		assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
		t_arm_no_edits(&t);
		t_arm_twice(&t, false, needed[i].key);
		assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
		t_arm_no_edits(&t);
	}
	for (size_t i = 0; i < WD_N(optional); i++) {
		t.token.profile = optional[i].profile;
		t_arm_drop(&t, false, optional[i].key);
		t_ok(t_arm_judge(&t, NULL));
		t_arm_no_edits(&t);
	}
	t_arm_done(&t);
}

static void
a_profile_is_one_that_is_known(void **state)
{
	struct t_arm t;

	(void)state;
	t_arm_make(&t, WD_TEE_PSA);
	t_arm_set(&t, false, 265, WD_SPAN_LIT("\x61x"));
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
	t_arm_no_edits(&t);
	t_arm_drop(&t, false, 265); /* then it would be the first form */
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
	t_arm_no_edits(&t);
	t_arm_set(&t, false, -75000, WD_SPAN_LIT("\x71PSA_IOT_PROFILE_1"));
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED); /* both */
	t_arm_no_edits(&t);
	t.token.profile = 1;
	t_arm_set(&t, false, -75000, WD_SPAN_LIT("\x71PSA_IOT_PROFILE_2"));
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
	t_arm_done(&t);
}

static void
components_or_their_absence_not_both(void **state)
{
	struct t_arm t;
	struct wd_claims c;
	struct wd_span s;

	(void)state;
	t_arm_make(&t, WD_TEE_PSA);
	t.token.profile = 1;
	t_arm_set(&t, false, -75007, WD_SPAN_LIT("\x01"));
	assert_int_equal(t_arm_judge(&t, NULL), WD_R_MALFORMED);
	t_arm_drop(&t, false, -75006);
	t_ok(t_arm_judge(&t, &c));
	assert_false(wd_claims_get(&c, WD_C_SOFTWARE_COMPONENTS, &s));
	t_arm_done(&t);
}

static void
what_is_optional_becomes_a_claim(void **state)
{
	struct t_arm t;
	struct wd_claims c;

	(void)state;
	t_arm_make(&t, WD_TEE_PSA);
	t_arm_set(&t, false, 2398,
	    WD_SPAN_LIT("\x73"
			"1234567890123-12345"));
	t_arm_set(&t, false, 2400, WD_SPAN_LIT("\x66https:"));
	t_arm_set(&t, false, 2394, WD_SPAN_LIT("\x1a\x7f\xff\xff\xff"));
	t_ok(t_arm_judge(&t, &c));
	assert_true(
	    text_is(&c, WD_C_CERTIFICATION_REFERENCE, "1234567890123-12345"));
	assert_true(text_is(&c, WD_C_VERIFICATION_SERVICE, "https:"));
	assert_true(text_is(&c, WD_C_CLIENT_ID, "2147483647"));
	t_arm_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_says_the_same),
		cmocka_unit_test(nonces_have_the_size_of_a_digest),
		cmocka_unit_test(another_nonce_is_refused),
		cmocka_unit_test(a_signature_by_another_key_is_refused),
		cmocka_unit_test(a_cca_token_is_no_psa_token),
		cmocka_unit_test(only_a_secured_lifecycle_is_believed),
		cmocka_unit_test(every_claim_that_is_needed_is_needed_once),
		cmocka_unit_test(a_profile_is_one_that_is_known),
		cmocka_unit_test(components_or_their_absence_not_both),
		cmocka_unit_test(what_is_optional_becomes_a_claim),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
