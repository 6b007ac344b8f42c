/*
 * What a PKCS#11 caller gets: each mechanism over a digest verifies as the
 * algorithm over the message, and lengths that do not fit are refused.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "crypto/init.h"
#include "crypto/sig.h"
#include "key_fixtures.h"
#include "t_keys.h"

static const struct wd_span message = { (const uint8_t *)"message", 7 };

static const char *const rsa_keys[] = { rsa2048_pkcs1, rsa3072_pkcs8,
	rsa4096_pkcs8 };

static void
ecdsa_signs_the_digest(void **state)
{
	static const char *const keys[] = { p256_pkcs8, p384_sec1,
		p521_compressed_pkcs8 };
	static const enum wd_sig_alg algs[] = { WD_SIG_ES256, WD_SIG_ES384,
		WD_SIG_ES512 };
	static const enum wd_hash hashes[] = { WD_SHA256, WD_SHA384,
		WD_SHA512 };
	struct wd_raw_params params = { .kind = WD_RAW_ECDSA };

	(void)state;
	for (size_t i = 0; i < WD_N(keys); i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(keys[i]);
		uint8_t digest[WD_HASH_MAX], sig[WD_SIG_MAX];
		size_t len = 0;

		t_ok(wd_hash(hashes[i], message, digest));
		t_ok(wd_sign_raw(k, &params,
		    wd_span(digest, wd_hash_len(hashes[i])), sig, &len));
		t_ok(wd_sig_verify(k, algs[i], message, wd_span(sig, len)));
	}
}

static void
ecdsa_takes_one_to_64_bytes(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(p256_pkcs8);
	struct wd_raw_params params = { .kind = WD_RAW_ECDSA };
	uint8_t digest[65] = { 1 };
	uint8_t sig[WD_SIG_MAX];
	size_t len = 7;

	(void)state;
	assert_int_equal(
	    wd_sign_raw(k, &params, wd_span(digest, 0), sig, &len), WD_R_RANGE);
	assert_int_equal(
	    wd_sign_raw(k, &params, WD_SPAN(digest), sig, &len), WD_R_RANGE);
	assert_int_equal(len, 7);
	t_ok(wd_sign_raw(k, &params, wd_span(digest, 1), sig, &len));
	t_ok(wd_sign_raw(k, &params, wd_span(digest, 64), sig, &len));
}

/* DigestInfo of RFC 8017, section 9.2, note 1, for SHA-256. */
static void
pkcs1_signs_a_digest_info(void **state)
{
	uint8_t info[51] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
		0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
		0x20 };
	struct wd_raw_params params = { .kind = WD_RAW_RSA_PKCS1 };

	(void)state;
	t_ok(wd_hash(WD_SHA256, message, info + 19));
	for (size_t i = 0; i < WD_N(rsa_keys); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *k = t_private(rsa_keys[i]);
		uint8_t sig[WD_SIG_MAX];
		size_t len = 0;

		t_ok(wd_sign_raw(k, &params, WD_SPAN(info), sig, &len));
		t_ok(
		    wd_sig_verify(k, WD_SIG_RS256, message, wd_span(sig, len)));
	}
}

static void
pkcs1_takes_what_its_padding_leaves(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(rsa2048_pkcs1);
	struct wd_raw_params params = { .kind = WD_RAW_RSA_PKCS1 };
	uint8_t info[246] = { 1 };
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	(void)state;
	t_ok(wd_sign_raw(k, &params, wd_span(info, 245), sig, &len));
	assert_int_equal(
	    wd_sign_raw(k, &params, WD_SPAN(info), sig, &len), WD_R_RANGE);
	assert_int_equal(
	    wd_sign_raw(k, &params, wd_span(info, 0), sig, &len), WD_R_RANGE);
}

static void
pss_with_a_salt_as_long_as_the_hash_is_ps256(void **state)
{
	struct wd_raw_params params = { WD_RAW_RSA_PSS, WD_SHA256, WD_SHA256,
		32 };
	uint8_t digest[32];

	(void)state;
	t_ok(wd_hash(WD_SHA256, message, digest));
	for (size_t i = 0; i < WD_N(rsa_keys); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *k = t_private(rsa_keys[i]);
		uint8_t sig[WD_SIG_MAX];
		size_t len = 0;

		t_ok(wd_sign_raw(k, &params, WD_SPAN(digest), sig, &len));
		t_ok(
		    wd_sig_verify(k, WD_SIG_PS256, message, wd_span(sig, len)));
	}
}

struct pss_case {
	struct wd_raw_params params;
	size_t digest_len;
	int want;
};

static void
pss_checks_hash_salt_and_digest(void **state)
{
	static const struct pss_case cases[] = {
		{ { WD_RAW_RSA_PSS, WD_SHA512, WD_SHA256, 0 }, 64, 0 },
		{ { WD_RAW_RSA_PSS, WD_SHA512, WD_SHA512, 64 }, 64, 0 },
		{ { WD_RAW_RSA_PSS, WD_SHA512, WD_SHA512, 65 }, 64,
		    WD_R_RANGE },
		{ { WD_RAW_RSA_PSS, WD_SHA256, WD_SHA256, 33 }, 32,
		    WD_R_RANGE },
		{ { WD_RAW_RSA_PSS, WD_SHA256, WD_SHA256, SIZE_MAX }, 32,
		    WD_R_RANGE },
		{ { WD_RAW_RSA_PSS, WD_SHA256, WD_SHA256, 32 }, 31,
		    WD_R_RANGE },
		{ { WD_RAW_RSA_PSS, WD_SHA256, WD_SHA256, 32 }, 48,
		    WD_R_RANGE },
		{ { WD_RAW_RSA_PSS, WD_SHA1, WD_SHA1, 20 }, 20, WD_R_RANGE },
		{ { WD_RAW_RSA_PSS, WD_SHA256, WD_SHA1, 32 }, 32, WD_R_RANGE },
	};
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(rsa2048_pkcs1);
	uint8_t digest[64] = { 1 };
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < WD_N(cases); i++)
		assert_int_equal(
		    wd_sign_raw(k, &cases[i].params,
			wd_span(digest, cases[i].digest_len), sig, &len),
		    cases[i].want);
}

static void
eddsa_signs_the_message(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(ed25519_pkcs8);
	struct wd_raw_params params = { .kind = WD_RAW_EDDSA };
	uint8_t sig[WD_SIG_MAX];
	size_t len = 0;

	(void)state;
	t_ok(wd_sign_raw(k, &params, message, sig, &len));
	t_ok(wd_sig_verify(k, WD_SIG_EDDSA, message, wd_span(sig, len)));
	t_ok(wd_sign_raw(k, &params, wd_span(NULL, 0), sig, &len));
}

static void
mechanisms_must_fit_the_key(void **state)
{
	static const char *const keys[] = { p256_pkcs8, rsa2048_pkcs1,
		rsa2048_pkcs1, ed25519_pkcs8 };
	uint8_t digest[32] = { 1 };
	uint8_t sig[WD_SIG_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < WD_N(keys); i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(keys[i]);
		WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(k);

		for (size_t kind = 0; kind < WD_N(keys); kind++) {
			struct wd_raw_params params = { (enum wd_raw_sig)kind,
				WD_SHA256, WD_SHA256, 32 };
			int want = keys[kind] == keys[i] ? 0 : WD_R_KEY_INVALID;

			assert_int_equal(
			    wd_sign_raw(k, &params, WD_SPAN(digest), sig, &len),
			    want);
			assert_int_equal(wd_sign_raw(public, &params,
					     WD_SPAN(digest), sig, &len),
			    WD_R_KEY_INVALID);
		}
	}
}

/* The same key by turns with other parameters and data that does not fit. */
static void
a_signer_signs_many_times(void **state)
{
	static const enum wd_sig_alg algs[] = { WD_SIG_PS256, WD_SIG_PS384,
		WD_SIG_PS512 };
	static const enum wd_hash hashes[] = { WD_SHA256, WD_SHA384,
		WD_SHA512 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(rsa2048_pkcs1);
	WD_AUTO(wd_signer_freep) struct wd_signer *s = wd_signer_new(k);

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		enum wd_hash hash = hashes[i / 2 % 3];
		struct wd_raw_params params = { WD_RAW_RSA_PSS, hash, hash,
			wd_hash_len(hash) };
		uint8_t digest[WD_HASH_MAX], sig[WD_SIG_MAX];
		size_t len = 7;

		t_ok(wd_hash(hash, message, digest));
		assert_int_equal(
		    wd_signer_sign(s, &params, wd_span(digest, 3), sig, &len),
		    WD_R_RANGE);
		assert_int_equal(len, 7);
		t_ok(wd_signer_sign(
		    s, &params, wd_span(digest, wd_hash_len(hash)), sig, &len));
		t_ok(wd_sig_verify(
		    k, algs[i / 2 % 3], message, wd_span(sig, len)));
		params.kind = WD_RAW_ECDSA;
		assert_int_equal(
		    wd_signer_sign(s, &params, wd_span(digest, 32), sig, &len),
		    WD_R_KEY_INVALID);
		params.kind = WD_RAW_RSA_PKCS1;
		if (i % 2 == 0)
			t_ok(wd_signer_sign(
			    s, &params, wd_span(digest, 32), sig, &len));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdsa_signs_the_digest),
		cmocka_unit_test(ecdsa_takes_one_to_64_bytes),
		cmocka_unit_test(pkcs1_signs_a_digest_info),
		cmocka_unit_test(pkcs1_takes_what_its_padding_leaves),
		cmocka_unit_test(pss_with_a_salt_as_long_as_the_hash_is_ps256),
		cmocka_unit_test(pss_checks_hash_salt_and_digest),
		cmocka_unit_test(eddsa_signs_the_message),
		cmocka_unit_test(mechanisms_must_fit_the_key),
		cmocka_unit_test(a_signer_signs_many_times),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
