/*
 * Keys: the forms people bring, the ones refused, and that what is written is
 * what was read.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "codec/pem.h"
#include "crypto/init.h"
#include "crypto/pkey.h"
#include "crypto/sig.h"
#include "jose_fixtures.h"
#include "key_fixtures.h"
#include "t_keys.h"

struct accepted {
	const char *text;
	enum wd_pkey_alg alg;
};

static const struct accepted accepted[] = {
	{ rsa2048_pkcs1, WD_PKEY_RSA2048 },
	{ rsa3072_pkcs8, WD_PKEY_RSA3072 },
	{ rsa4096_pkcs8, WD_PKEY_RSA4096 },
	{ p256_sec1_with_parameters, WD_PKEY_P256 },
	{ p256_pkcs8, WD_PKEY_P256 },
	{ p384_sec1, WD_PKEY_P384 },
	{ p521_compressed_pkcs8, WD_PKEY_P521 },
	{ ed25519_pkcs8, WD_PKEY_ED25519 },
};

static void
forms_people_bring_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(accepted); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *k = t_private(accepted[i].text);

		assert_int_equal(wd_pkey_alg(k), accepted[i].alg);
		assert_true(wd_pkey_is_private(k));
	}
}

/* PKCS#8 out and in again, SubjectPublicKeyInfo out and in again. */
static void
what_is_written_is_what_was_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(accepted); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *k = t_private(accepted[i].text);
		WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(k);
		WD_AUTO(wd_pkey_freep) struct wd_pkey *again = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *der2 = NULL;

		t_ok(wd_pkey_to_pkcs8(k, &der));
		t_ok(wd_pkey_from_private(wd_secret_borrow(der), &again));
		assert_true(wd_pkey_is_private(again));
		assert_false(wd_pkey_is_private(public));
		assert_true(wd_pkey_same_public(k, again));
		assert_true(wd_pkey_same_public(k, public));
		t_ok(wd_pkey_to_pkcs8(again, &der2));
		t_span_equal(wd_secret_borrow(der), wd_secret_borrow(der2));
		assert_int_equal(
		    wd_pkey_to_pkcs8(public, &der2), WD_R_KEY_INVALID);
	}
}

struct refused {
	const char *name, *text;
	int want;
};

static void
other_keys_are_refused(void **state)
{
	static const struct refused refused[] = {
		{ "encrypted PKCS#8", rsa2048_encrypted_pkcs8, WD_R_MALFORMED },
		{ "encrypted PKCS#1", rsa2048_encrypted_pkcs1, WD_R_MALFORMED },
		{ "public", p256_public, WD_R_MALFORMED },
		{ "explicit curve", p256_explicit, WD_R_KEY_INVALID },
		{ "secp256k1", secp256k1_pkcs8, WD_R_KEY_INVALID },
		{ "x25519", x25519_pkcs8, WD_R_KEY_INVALID },
		{ "rsa 1024", rsa1024_pkcs8, WD_R_KEY_INVALID },
		{ "three primes", rsa2048_three_primes, WD_R_KEY_INVALID },
		{ "nothing", "", WD_R_MALFORMED },
		{ "text", "hello", WD_R_MALFORMED },
		{ "a lone byte", "0", WD_R_MALFORMED },
	};
	struct wd_pkey *k = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(refused); i++) {
		int r = wd_pkey_from_private(wd_span_text(refused[i].text), &k);

		if (r != refused[i].want)
			fail_msg("%s: %d", refused[i].name, r);
	}
	assert_null(k);
}

static void
what_follows_a_key_is_refused(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr two = wd_wr_growing(4096);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(p256_pkcs8);
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *longer = NULL;
	struct wd_pkey *none = NULL;

	(void)state;
	wd_wr_text(&two, p256_pkcs8);
	wd_wr_text(&two, p256_pkcs8);
	assert_int_equal(
	    wd_pkey_from_private(wd_wr_span(&two), &none), WD_R_MALFORMED);
	t_ok(wd_pkey_to_pkcs8(k, &der));
	longer = wd_bytes_new(wd_secret_len(der) + 1);
	wd_copy(longer->p, wd_secret_borrow(der));
	assert_int_equal(
	    wd_pkey_from_private(wd_bytes_span(longer), &none), WD_R_MALFORMED);
	assert_null(none);
}

static struct wd_bytes *
der_of(const char *pem, const char *label)
{
	struct wd_rd rd = wd_rd(wd_span_text(pem));
	struct wd_bytes *der = NULL;

	t_ok(wd_pem_next(&rd, label, &der));
	return der;
}

/*
 * A wrong CRT part lets one signature give away a prime, so every number of
 * the key counts: each byte of it, flipped, must be noticed.
 */
static void
inconsistent_rsa_parts_are_refused(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(rsa2048_pkcs1, "RSA PRIVATE KEY");

	(void)state;
	for (size_t i = 11; i < der->len; i += 97) {
		struct wd_pkey *k = NULL;
		int r;

		der->p[i] ^= 0x02;
		r = wd_pkey_from_private(wd_bytes_span(der), &k);
		assert_true(r == WD_R_KEY_INVALID || r == WD_R_MALFORMED);
		assert_null(k);
		der->p[i] ^= 0x02;
	}
}

static void
private_halves_of_known_keys_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(accepted); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *k = t_private(accepted[i].text);
		WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(k);
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *other =
		    t_private(accepted[(i + 2) % WD_N(accepted)].text);
		WD_AUTO(wd_pkey_freep) struct wd_pkey *again = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;

		t_ok(wd_pkey_to_pkcs8(k, &der));
		assert_int_equal(
		    wd_pkey_from_known(wd_secret_borrow(der), other, &again),
		    WD_R_MISMATCH);
		assert_null(again);
		t_ok(wd_pkey_from_known(wd_secret_borrow(der), public, &again));
		assert_true(wd_pkey_is_private(again));
	}
}

/* As above; only the text of the version, and bits of the modulus, are others'
 * to refuse. */
static void
inconsistent_halves_of_known_keys_are_refused(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(rsa2048_pkcs1, "RSA PRIVATE KEY");
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(rsa2048_pkcs1);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(k);

	(void)state;
	for (size_t i = 11; i < der->len; i += 3) {
		struct wd_pkey *again = NULL;

		der->p[i] ^= 0x02;
		assert_true(
		    wd_pkey_from_known(wd_bytes_span(der), public, &again) > 0);
		assert_null(again);
		der->p[i] ^= 0x02;
	}
}

/* SEC1 holds the scalar from byte 7 on and the point at its end. */
static void
inconsistent_ec_parts_are_refused(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(p384_sec1, "EC PRIVATE KEY");
	size_t at[] = { 20, der->len - 60, der->len - 1 };
	struct wd_pkey *k = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(at); i++) {
		int r;

		der->p[at[i]] ^= 0x02;
		r = wd_pkey_from_private(wd_bytes_span(der), &k);
		assert_true(r == WD_R_KEY_INVALID || r == WD_R_MALFORMED);
		der->p[at[i]] ^= 0x02;
	}
	assert_null(k);
}

static void
truncated_keys_are_refused(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *der = der_of(p384_sec1, "EC PRIVATE KEY");
	struct wd_pkey *k = NULL;

	(void)state;
	for (size_t len = 0; len < der->len; len++)
		assert_int_equal(wd_pkey_from_private(wd_span(der->p, len), &k),
		    WD_R_MALFORMED);
	assert_null(k);
}

static void
public_parts_make_the_same_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(accepted); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *k = t_private(accepted[i].text);
		WD_AUTO(wd_pkey_freep) struct wd_pkey *again = NULL;
		WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL;
		WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
		enum wd_pkey_alg alg = accepted[i].alg;

		t_ok(wd_pkey_public_parts(k, &a, &b));
		assert_int_equal(b->len == 0, alg == WD_PKEY_ED25519);
		if (alg == WD_PKEY_ED25519)
			continue;
		if (wd_pkey_is_rsa(alg))
			t_ok(wd_pkey_rsa_public(
			    wd_bytes_span(a), wd_bytes_span(b), &again));
		else
			t_ok(wd_pkey_ec_public(
			    alg, wd_bytes_span(a), wd_bytes_span(b), &again));
		assert_true(wd_pkey_same_public(k, again));
	}
}

static void
different_keys_are_not_the_same(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *a = t_private(key_alice);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *b = t_private(key_bob);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = t_private(key_rsa);

	(void)state;
	assert_true(wd_pkey_same_public(a, a));
	assert_false(wd_pkey_same_public(a, b));
	assert_false(wd_pkey_same_public(a, rsa));
}

struct exponent {
	struct wd_span e;
	int want;
};

#define B(literal)                                              \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

static void
rsa_exponents_are_odd_and_of_32_bits(void **state)
{
	static const struct exponent cases[] = {
		{ B("\x03"), 0 },
		{ B("\xff\xff\xff\xff"), 0 },
		{ B("\x01"), WD_R_KEY_INVALID },
		{ B("\x04"), WD_R_KEY_INVALID },
		{ B("\x00\x03"), WD_R_KEY_INVALID },
		{ B("\x01\x00\x00\x00\x01"), WD_R_KEY_INVALID },
		{ B(""), WD_R_KEY_INVALID },
	};
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(key_rsa);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *e = NULL;

	(void)state;
	t_ok(wd_pkey_public_parts(k, &n, &e));
	for (size_t i = 0; i < WD_N(cases); i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *made = NULL;

		assert_int_equal(
		    wd_pkey_rsa_public(wd_bytes_span(n), cases[i].e, &made),
		    cases[i].want);
	}
}

static void
rsa_moduli_are_of_three_sizes_and_odd(void **state)
{
	static uint8_t n[600];
	struct wd_span e = WD_SPAN_LIT("\x01\x00\x01");
	struct wd_pkey *k = NULL;

	(void)state;
	n[0] = 0x80;
	for (size_t len = 0; len <= sizeof(n); len++) {
		int fits = len == 256 || len == 384 || len == 512;
		int want = fits ? 0 : WD_R_KEY_INVALID;

		if (len > 1)
			n[len - 1] = 1;
		assert_int_equal(
		    wd_pkey_rsa_public(wd_span(n, len), e, &k), want);
		k = wd_pkey_free(k);
		if (len > 1)
			n[len - 1] = 0;
	}
	assert_int_equal(
	    wd_pkey_rsa_public(wd_span(n, 256), e, &k), WD_R_KEY_INVALID);
	n[0] = 0x7f;
	n[255] = 1;
	assert_int_equal(
	    wd_pkey_rsa_public(wd_span(n, 256), e, &k), WD_R_KEY_INVALID);
}

static void
damaged_spki_is_refused(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(key_bob);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_pkey *none = NULL;

	(void)state;
	t_ok(wd_pkey_to_spki(k, &der));
	for (size_t len = 0; len < der->len; len++)
		assert_int_equal(wd_pkey_from_spki(wd_span(der->p, len), &none),
		    WD_R_MALFORMED);
	for (size_t bit = 0; bit < der->len * 8; bit++) {
		int r;

		der->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		r = wd_pkey_from_spki(wd_bytes_span(der), &none);
		assert_true(r == WD_R_MALFORMED || r == WD_R_KEY_INVALID);
		der->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_null(none);
}

/* RSA takes a second and is made by the same few lines. */
static void
generated_keys_sign(void **state)
{
	static const enum wd_pkey_alg algs[] = { WD_PKEY_P256, WD_PKEY_P384,
		WD_PKEY_P521, WD_PKEY_ED25519, WD_PKEY_RSA2048 };
	static const enum wd_sig_alg sigs[] = { WD_SIG_ES256, WD_SIG_ES384,
		WD_SIG_ES512, WD_SIG_EDDSA, WD_SIG_PS256 };

	(void)state;
	for (size_t i = 0; i < WD_N(algs); i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
		WD_AUTO(wd_pkey_freep) struct wd_pkey *public = NULL;
		uint8_t sig[WD_SIG_MAX];
		size_t len;

		t_ok(wd_pkey_generate(algs[i], &k));
		assert_int_equal(wd_pkey_alg(k), algs[i]);
		assert_true(wd_pkey_is_private(k));
		public = t_public_of(k);
		t_ok(wd_sign(k, sigs[i], WD_SPAN_LIT("m"), sig, &len));
		t_ok(wd_sig_verify(
		    public, sigs[i], WD_SPAN_LIT("m"), wd_span(sig, len)));
	}
}

static void
sizes_and_families_are_told(void **state)
{
	(void)state;
	assert_int_equal(wd_pkey_coordinate_len(WD_PKEY_P256), 32);
	assert_int_equal(wd_pkey_coordinate_len(WD_PKEY_P384), 48);
	assert_int_equal(wd_pkey_coordinate_len(WD_PKEY_P521), 66);
	assert_int_equal(wd_pkey_coordinate_len(WD_PKEY_RSA2048), 0);
	assert_int_equal(wd_pkey_coordinate_len(WD_PKEY_ED25519), 0);
	assert_int_equal(wd_pkey_coordinate_len(WD_PKEY_NONE), 0);
	assert_true(wd_pkey_is_rsa(WD_PKEY_RSA4096));
	assert_false(wd_pkey_is_rsa(WD_PKEY_P256));
	assert_true(wd_pkey_is_ec(WD_PKEY_P521));
	assert_false(wd_pkey_is_ec(WD_PKEY_ED25519));
	assert_false(wd_pkey_is_rsa(WD_PKEY_NONE));
	assert_null(wd_pkey_free(NULL));
}

static void
count(void *ctx)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	unsigned *n = ctx;

	/* Everything here may be used, another key made for one. */
	if ((*n)++ == 0)
		t_ok(wd_pkey_generate(WD_PKEY_P256, &k));
}

static void
other_work_is_done_while_rsa_keys_are_made(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	struct wd_pkey *none = NULL;
	unsigned n = 0;

	(void)state;
	t_ok(wd_pkey_generate_rsa(WD_PKEY_RSA2048, count, &n, &k));
	assert_int_equal(wd_pkey_alg(k), WD_PKEY_RSA2048);
	assert_true(wd_pkey_is_private(k));
	assert_true(n > 1);
	assert_int_equal(
	    wd_pkey_generate_rsa(WD_PKEY_P256, count, &n, &none), WD_F_BUG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_people_bring_are_read),
		cmocka_unit_test(what_is_written_is_what_was_read),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(what_follows_a_key_is_refused),
		cmocka_unit_test(inconsistent_rsa_parts_are_refused),
		cmocka_unit_test(private_halves_of_known_keys_are_read),
		cmocka_unit_test(inconsistent_halves_of_known_keys_are_refused),
		cmocka_unit_test(inconsistent_ec_parts_are_refused),
		cmocka_unit_test(truncated_keys_are_refused),
		cmocka_unit_test(public_parts_make_the_same_key),
		cmocka_unit_test(different_keys_are_not_the_same),
		cmocka_unit_test(rsa_exponents_are_odd_and_of_32_bits),
		cmocka_unit_test(rsa_moduli_are_of_three_sizes_and_odd),
		cmocka_unit_test(damaged_spki_is_refused),
		cmocka_unit_test(generated_keys_sign),
		cmocka_unit_test(other_work_is_done_while_rsa_keys_are_made),
		cmocka_unit_test(sizes_and_families_are_told),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
