/*
 * ECDSA verification with raw signatures, and the import of points it rests on.
 */
#include "lib/t.h"
#include "lib/t_hex.h"

#include "base/reason.h"
#include "crypto/init.h"
#include "crypto/sig.h"

/* RFC 6979, appendix A.2.5 and A.2.6: message "sample". */
struct vector {
	enum wd_pkey_alg curve;
	enum wd_sig_alg alg;
	const char *x, *y, *rs;
};

static const struct vector vectors[] = {
	{ WD_PKEY_P256, WD_SIG_ES256,
	    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
	    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
	    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
	    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda"
	    "8" },
	{ WD_PKEY_P384, WD_SIG_ES384,
	    "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
	    "def8f0ea9055866064a254515480bc13",
	    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
	    "288b231c3ae0d4fe7344fd2533264720",
	    "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
	    "81a648152e44acf96e36dd1e80fabe46"
	    "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
	    "a329c145786e679e7b82c71a38628ac8" },
};

static const char p256_order[] =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

static struct wd_pkey *
key_of(const struct vector *v)
{
	uint8_t x[66], y[66];
	struct wd_pkey *k = NULL;

	t_ok(wd_pkey_ec_public(v->curve, t_hex(v->x, x), t_hex(v->y, y), &k));
	return k;
}

static void
published_signatures_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(vectors); i++) {
		const struct vector *v = &vectors[i];
		WD_AUTO(wd_pkey_freep) struct wd_pkey *k = key_of(v);
		uint8_t buf[132];
		struct wd_span rs = t_hex(v->rs, buf);

		t_ok(wd_sig_verify(k, v->alg, WD_SPAN_LIT("sample"), rs));
		assert_int_equal(
		    wd_sig_verify(k, v->alg, WD_SPAN_LIT("Sample"), rs),
		    WD_R_MISMATCH);
	}
}

static void
every_flipped_bit_is_refused(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = key_of(&vectors[0]);
	uint8_t rs[64];

	(void)state;
	(void)t_hex(vectors[0].rs, rs);
	for (size_t bit = 0; bit < 512; bit++) {
		rs[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(wd_p256_verify(k, WD_SPAN_LIT("sample"), rs),
		    WD_R_MISMATCH);
		rs[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	t_ok(wd_p256_verify(k, WD_SPAN_LIT("sample"), rs));
}

static void
parts_verify_like_the_whole(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = key_of(&vectors[0]);
	struct wd_span parts[] = { WD_SPAN_LIT("sam"), WD_SPAN_LIT("ple") };
	uint8_t rs[64];

	(void)state;
	(void)t_hex(vectors[0].rs, rs);
	t_ok(wd_p256_verify_parts(k, parts, 2, rs));
	assert_int_equal(wd_p256_verify_parts(k, parts, 1, rs), WD_R_MISMATCH);
}

/* r and s must be in 1..n-1: zero, n, and value + n where that fits. */
static void
numbers_out_of_range_are_refused(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = key_of(&vectors[0]);
	uint8_t good[64], order[32], bad[64];
	struct wd_span n = t_hex(p256_order, order);
	static const uint8_t zero[32];

	(void)state;
	(void)t_hex(vectors[0].rs, good);
	for (size_t half = 0; half < 64; half += 32) {
		const struct wd_span out[] = { WD_SPAN(zero), n };

		for (size_t i = 0; i < WD_N(out); i++) {
			wd_copy(bad, WD_SPAN(good));
			wd_copy(bad + half, out[i]);
			assert_int_equal(
			    wd_p256_verify(k, WD_SPAN_LIT("sample"), bad),
			    WD_R_MISMATCH);
		}
	}
}

static void
wrong_lengths_are_refused(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = key_of(&vectors[0]);
	uint8_t rs[65] = { 0 };

	(void)state;
	(void)t_hex(vectors[0].rs, rs);
	for (size_t len = 0; len <= 65; len++) {
		int want = len == 64 ? 0 : WD_R_MISMATCH;

		assert_int_equal(wd_sig_verify(k, WD_SIG_ES256,
				     WD_SPAN_LIT("sample"), wd_span(rs, len)),
		    want);
	}
}

static void
algorithm_must_fit_the_key(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *p384 = key_of(&vectors[1]);
	uint8_t rs[96] = { 1 };

	(void)state;
	assert_int_equal(wd_sig_verify(p384, WD_SIG_ES256, WD_SPAN_LIT("m"),
			     wd_span(rs, 64)),
	    WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_sig_verify(p384, WD_SIG_RS256, WD_SPAN_LIT("m"), WD_SPAN(rs)),
	    WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_p256_verify(p384, WD_SPAN_LIT("m"), rs), WD_R_KEY_INVALID);
}

static void
points_off_the_curve_are_refused(void **state)
{
	uint8_t x[32], y[32], zero[33] = { 0 };
	struct wd_span sx = t_hex(vectors[0].x, x);
	struct wd_span sy = t_hex(vectors[0].y, y);
	struct wd_pkey *k = NULL;

	(void)state;
	y[31] ^= 1;
	assert_int_equal(
	    wd_pkey_ec_public(WD_PKEY_P256, sx, sy, &k), WD_R_KEY_INVALID);
	y[31] ^= 1;
	assert_int_equal(wd_pkey_ec_public(WD_PKEY_P256, wd_span(zero, 32),
			     wd_span(zero, 32), &k),
	    WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_pkey_ec_public(WD_PKEY_P256, wd_span(x, 31), sy, &k),
	    WD_R_KEY_INVALID);
	assert_int_equal(wd_pkey_ec_public(WD_PKEY_P256, sx, WD_SPAN(zero), &k),
	    WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_pkey_ec_public(WD_PKEY_P384, sx, sy, &k), WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_pkey_ec_public(WD_PKEY_RSA2048, sx, sy, &k), WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_pkey_ec_public(WD_PKEY_NONE, sx, sy, &k), WD_R_KEY_INVALID);
	assert_null(k);
}

/* A coordinate of p + x is the same point to a lenient reader. */
static void
coordinates_above_the_field_are_refused(void **state)
{
	uint8_t x[32], y[32];
	struct wd_pkey *k = NULL;

	(void)state;
	/* x = 5 + p; x = 5 is on the curve with this y. */
	(void)t_hex(
	    "ffffffff00000001000000000000000000000001000000000000000000000004",
	    x);
	(void)t_hex(
	    "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
	    y);
	assert_int_equal(
	    wd_pkey_ec_public(WD_PKEY_P256, WD_SPAN(x), WD_SPAN(y), &k),
	    WD_R_KEY_INVALID);
	(void)t_hex(
	    "0000000000000000000000000000000000000000000000000000000000000005",
	    x);
	t_ok(wd_pkey_ec_public(WD_PKEY_P256, WD_SPAN(x), WD_SPAN(y), &k));
	k = wd_pkey_free(k);
}

/*
 * By the key whose private half is 1, so that its point is the generator, r is
 * chosen as minus the hash of "infinity": there is no point whose x could be
 * compared. libcrypto calls that a failure; it is a wrong signature.
 */
static void
a_sum_at_infinity_is_a_mismatch(void **state)
{
	static const struct vector generators[] = {
		{ WD_PKEY_P256, WD_SIG_ES256,
		    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d8"
		    "98c296",
		    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837"
		    "bf51f5",
		    "286678f9e5daad54e76a1f94682ed272be8dd62677b5c2df57a475972f"
		    "dff5b3"
		    "0000000000000000000000000000000000000000000000000000000000"
		    "000001" },
		{ WD_PKEY_P384, WD_SIG_ES384,
		    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082"
		    "542a38"
		    "5502f25dbf55296c3a545e3872760ab7",
		    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5"
		    "f0b8c0"
		    "0a60b1ce1d7e819d7a431d7c90ea0e5f",
		    "5e2a4bffffc08d4b04d4ead3a63714a56930eb9f9ef5c15df0e20edc6b"
		    "575d30"
		    "eac39074c27f3f80953f380ef7d0721500000000000000000000000000"
		    "000000"
		    "0000000000000000000000000000000000000000000000000000000000"
		    "000001" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(generators); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *k = key_of(&generators[i]);
		uint8_t rs[WD_SIG_MAX];

		assert_int_equal(
		    wd_sig_verify(k, generators[i].alg, WD_SPAN_LIT("infinity"),
			t_hex(generators[i].rs, rs)),
		    WD_R_MISMATCH);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_signatures_verify),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(parts_verify_like_the_whole),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(wrong_lengths_are_refused),
		cmocka_unit_test(algorithm_must_fit_the_key),
		cmocka_unit_test(points_off_the_curve_are_refused),
		cmocka_unit_test(coordinates_above_the_field_are_refused),
		cmocka_unit_test(a_sum_at_infinity_is_a_mismatch),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
