/*
 * Signatures by every algorithm: round trips, published vectors, and that a
 * signature holds for one message, one algorithm and one length.
 */
#include "lib/t.h"
#include "lib/t_hex.h"

#include "base/reason.h"
#include "crypto/init.h"
#include "crypto/sig.h"
#include "jose_fixtures.h"
#include "key_fixtures.h"
#include "t_keys.h"

struct pair {
	const char *key;
	enum wd_sig_alg alg;
	size_t len;
};

static const struct pair pairs[] = {
	{ p256_pkcs8, WD_SIG_ES256, 64 },
	{ p384_sec1, WD_SIG_ES384, 96 },
	{ p521_compressed_pkcs8, WD_SIG_ES512, 132 },
	{ ed25519_pkcs8, WD_SIG_EDDSA, 64 },
	{ rsa2048_pkcs1, WD_SIG_RS256, 256 },
	{ rsa2048_pkcs1, WD_SIG_RS384, 256 },
	{ rsa2048_pkcs1, WD_SIG_RS512, 256 },
	{ rsa2048_pkcs1, WD_SIG_PS256, 256 },
	{ rsa3072_pkcs8, WD_SIG_PS384, 384 },
	{ rsa4096_pkcs8, WD_SIG_PS512, 512 },
	{ rsa4096_pkcs8, WD_SIG_RS256, 512 },
};

static const struct wd_span message = { (const uint8_t *)"message", 7 };

/* Of the pairs, read once: to check those of RSA takes long. */
static struct wd_pkey *keys[WD_N(pairs)];

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++)
		keys[i] = t_private(pairs[i].key);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++)
		wd_pkey_freep(&keys[i]);
	return 0;
}

static void
what_is_signed_verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++) {
		const struct wd_pkey *k = keys[i];
		WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(k);
		uint8_t sig[WD_SIG_MAX];
		size_t len = 0;

		t_ok(wd_sign(k, pairs[i].alg, message, sig, &len));
		assert_int_equal(len, pairs[i].len);
		t_ok(wd_sig_verify(
		    public, pairs[i].alg, message, wd_span(sig, len)));
		assert_int_equal(wd_sig_verify(public, pairs[i].alg,
				     WD_SPAN_LIT("massage"), wd_span(sig, len)),
		    WD_R_MISMATCH);
		assert_int_equal(
		    wd_sign(public, pairs[i].alg, message, sig, &len),
		    WD_R_KEY_INVALID);
	}
}

static enum wd_hash
hash_of(enum wd_sig_alg alg)
{
	switch (alg) {
	case WD_SIG_ES384:
	case WD_SIG_RS384:
	case WD_SIG_PS384:
		return WD_SHA384;
	case WD_SIG_ES512:
	case WD_SIG_RS512:
	case WD_SIG_PS512:
		return WD_SHA512;
	default:
		return WD_SHA256;
	}
}

static void
a_digest_is_signed_as_its_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++) {
		const struct wd_pkey *k = keys[i];
		enum wd_sig_alg alg = pairs[i].alg;
		bool apart = alg != WD_SIG_EDDSA;
		uint8_t digest[WD_HASH_MAX], sig[WD_SIG_MAX];
		struct wd_span d = wd_span(digest, wd_hash_len(hash_of(alg)));
		size_t len = 0;

		t_ok(wd_hash(hash_of(alg), message, digest));
		assert_int_equal(wd_sign_digest(k, alg, d, sig, &len),
		    apart ? 0 : WD_R_KEY_INVALID);
		if (!apart)
			continue;
		t_ok(wd_sig_verify(k, alg, message, wd_span(sig, len)));
		t_ok(wd_sig_verify_digest(k, alg, d, wd_span(sig, len)));
		digest[0] ^= 1;
		assert_int_equal(
		    wd_sig_verify_digest(k, alg, d, wd_span(sig, len)),
		    WD_R_MISMATCH);
		d.len--;
		assert_int_equal(
		    wd_sign_digest(k, alg, d, sig, &len), WD_R_RANGE);
		assert_int_equal(
		    wd_sig_verify_digest(k, alg, d, wd_span(sig, len)),
		    WD_R_RANGE);
	}
}

static void
kept_signer_signs_again_and_again(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(p256_pkcs8);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(k);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = t_private(rsa2048_pkcs1);
	uint8_t sig[2][WD_SIG_MAX] = { 0 };
	size_t len = 0;

	(void)state;
	t_ok(wd_pkey_keep_signer(k));
	t_ok(wd_pkey_keep_signer(k));
	for (unsigned i = 0; i < 5; i++) {
		struct wd_span digits = wd_span(&"01234"[i], 1);
		uint8_t *now = sig[i % 2];

		t_ok(wd_sign(k, WD_SIG_ES256, digits, now, &len));
		t_ok(wd_sig_verify(
		    public, WD_SIG_ES256, digits, wd_span(now, len)));
		assert_false(
		    wd_span_equal(wd_span(sig[0], len), wd_span(sig[1], len)));
	}
	assert_int_equal(wd_pkey_keep_signer(public), WD_R_KEY_INVALID);
	assert_int_equal(wd_pkey_keep_signer(rsa), WD_R_KEY_INVALID);
}

static void
damaged_signatures_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++) {
		const struct wd_pkey *k = keys[i];
		uint8_t sig[WD_SIG_MAX + 1] = { 0 };
		size_t len = 0;

		t_ok(wd_sign(k, pairs[i].alg, message, sig, &len));
		for (size_t at = 0; at < len; at += 5) {
			sig[at] ^= 0x10;
			assert_int_equal(wd_sig_verify(k, pairs[i].alg, message,
					     wd_span(sig, len)),
			    WD_R_MISMATCH);
			sig[at] ^= 0x10;
		}
		for (size_t wrong = 0; wrong <= len + 1; wrong++)
			if (wrong != len)
				assert_int_equal(
				    wd_sig_verify(k, pairs[i].alg, message,
					wd_span(sig, wrong)),
				    WD_R_MISMATCH);
	}
}

/* Each algorithm with each key that is not its own. */
static void
algorithms_do_not_pass_for_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++) {
		const struct wd_pkey *k = keys[i];
		uint8_t sig[WD_SIG_MAX];
		size_t len = 0;

		t_ok(wd_sign(k, pairs[i].alg, message, sig, &len));
		for (size_t j = 0; j < WD_N(pairs); j++) {
			bool both_rsa = wd_pkey_is_rsa(wd_pkey_alg(k)) &&
			    pairs[j].len >= 256;
			int want = both_rsa ? WD_R_MISMATCH : WD_R_KEY_INVALID;

			if (pairs[j].alg == pairs[i].alg)
				continue;
			assert_int_equal(wd_sig_verify(k, pairs[j].alg, message,
					     wd_span(sig, len)),
			    want);
		}
	}
}

/* Scheme and hash apart from the key, as TPMs tell them. */
static void
any_hash_goes_with_any_key_of_the_family(void **state)
{
	static const struct {
		enum wd_sig_alg alg;
		enum wd_sig_scheme scheme;
		enum wd_hash hash;
	} as[] = {
		{ WD_SIG_RS256, WD_SCHEME_RSASSA, WD_SHA256 },
		{ WD_SIG_RS512, WD_SCHEME_RSASSA, WD_SHA512 },
		{ WD_SIG_PS384, WD_SCHEME_RSAPSS, WD_SHA384 },
		{ WD_SIG_ES256, WD_SCHEME_ECDSA, WD_SHA256 },
		{ WD_SIG_ES512, WD_SCHEME_ECDSA, WD_SHA512 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++)
		for (size_t j = 0; j < WD_N(as); j++) {
			const struct wd_pkey *k = keys[i];
			bool fits = (as[j].scheme == WD_SCHEME_ECDSA
				? wd_pkey_is_ec(wd_pkey_alg(k))
				: wd_pkey_is_rsa(wd_pkey_alg(k)));
			uint8_t sig[WD_SIG_MAX];
			size_t len = 0;
			int want = fits ? WD_R_MISMATCH : WD_R_KEY_INVALID;

			t_ok(wd_sign(k, pairs[i].alg, message, sig, &len));
			if (pairs[i].alg == as[j].alg)
				want = 0;
			assert_int_equal(
			    wd_sig_verify_any(k, as[j].scheme, as[j].hash,
				message, wd_span(sig, len)),
			    want);
			sig[len / 2] ^= 1;
			assert_int_not_equal(
			    wd_sig_verify_any(k, as[j].scheme, as[j].hash,
				message, wd_span(sig, len)),
			    0);
			assert_int_not_equal(
			    wd_sig_verify_any(k, as[j].scheme, as[j].hash,
				message, wd_span(sig, len - 1)),
			    0);
		}
}

static void
parts_in_a_row_verify_as_the_whole(void **state)
{
	const struct wd_span parts[] = { WD_SPAN_LIT("mess"), { NULL, 0 },
		WD_SPAN_LIT("age") };

	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++) {
		const struct wd_pkey *k = keys[i];
		bool is_ec = wd_pkey_is_ec(wd_pkey_alg(k));
		uint8_t sig[WD_SIG_MAX];
		size_t len = 0;

		t_ok(wd_sign(k, pairs[i].alg, message, sig, &len));
		assert_int_equal(wd_ec_verify_parts(k, pairs[i].alg, parts, 3,
				     wd_span(sig, len)),
		    is_ec ? 0 : WD_R_KEY_INVALID);
		if (!is_ec)
			continue;
		assert_int_equal(wd_ec_verify_parts(k, pairs[i].alg, parts, 2,
				     wd_span(sig, len)),
		    WD_R_MISMATCH);
		assert_int_equal(wd_ec_verify_parts(k, pairs[i].alg, parts, 3,
				     wd_span(sig, len - 1)),
		    WD_R_MISMATCH);
	}
}

/* RFC 8032, section 7.1, test 2: deterministic, so the bytes are compared. */
static void
ed25519_matches_rfc_8032(void **state)
{
	static const char pkcs8[] =
	    "302e020100300506032b657004220420"
	    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
	static const char want_hex[] =
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
	uint8_t der[48], want[64], sig[WD_SIG_MAX];
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	size_t len = 0;

	(void)state;
	t_ok(wd_pkey_from_private(t_hex(pkcs8, der), &k));
	t_ok(wd_sign(k, WD_SIG_EDDSA, WD_SPAN_LIT("\x72"), sig, &len));
	t_span_equal(wd_span(sig, len), t_hex(want_hex, want));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_verifies),
		cmocka_unit_test(a_digest_is_signed_as_its_message),
		cmocka_unit_test(kept_signer_signs_again_and_again),
		cmocka_unit_test(damaged_signatures_are_refused),
		cmocka_unit_test(algorithms_do_not_pass_for_each_other),
		cmocka_unit_test(any_hash_goes_with_any_key_of_the_family),
		cmocka_unit_test(parts_in_a_row_verify_as_the_whole),
		cmocka_unit_test(ed25519_matches_rfc_8032),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
