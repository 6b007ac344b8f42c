/*
 * Key derivation against published vectors and against the definitions.
 */
#include "lib/t.h"
#include "lib/t_hex.h"

#include "base/reason.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/kdf.h"

/* RFC 5869, appendix A.3: no salt, no info. */
static void
hkdf_matches_rfc_5869(void **state)
{
	uint8_t ikm[22], want[42];
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(ikm); i++)
		ikm[i] = 0x0b;
	t_ok(wd_hkdf(WD_SPAN(ikm), "", wd_span(NULL, 0), 42, &got));
	t_span_equal(wd_secret_borrow(got),
	    t_hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c73"
		  "8d2d9d201395faa4b61a96c8",
		want));
}

/* The definition of RFC 5869 for one block: T(1) = HMAC(PRK, info || 1). */
static void
hkdf_takes_label_and_context_in_a_row(void **state)
{
	static const uint8_t no_salt[32];
	static const uint8_t one = 1;
	struct wd_span key = WD_SPAN_LIT("a key of any length");
	struct wd_span info[] = { WD_SPAN_LIT("warder/1/test"),
		WD_SPAN_LIT("context"), { &one, 1 } };
	uint8_t prk[32], want[32];
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;

	(void)state;
	t_ok(wd_hmac_sha256(WD_SPAN(no_salt), &key, 1, prk));
	t_ok(wd_hmac_sha256(WD_SPAN(prk), info, 3, want));
	t_ok(wd_hkdf(key, "warder/1/test", info[1], 32, &got));
	t_span_equal(wd_secret_borrow(got), WD_SPAN(want));
}

static void
hkdf_cannot_give_more_than_255_blocks(void **state)
{
	struct wd_secret *got = NULL;

	(void)state;
	assert_int_equal(wd_hkdf(WD_SPAN_LIT("key"), "x", wd_span(NULL, 0),
			     255 * 32 + 1, &got),
	    WD_F_CRYPTO);
	assert_null(got);
	t_ok(
	    wd_hkdf(WD_SPAN_LIT("key"), "x", wd_span(NULL, 0), 255 * 32, &got));
	got = wd_secret_free(got);
}

static struct wd_scrypt
cheap(void)
{
	struct wd_scrypt s = { .n = 1024, .r = 8, .p = 2 };

	for (uint8_t i = 0; i < sizeof(s.salt); i++)
		s.salt[i] = i;
	return s;
}

/* Computed with an implementation of RFC 7914 that shares no code with
 * libcrypto and itself matches the vectors of that document. */
static void
scrypt_matches_an_independent_implementation(void **state)
{
	struct wd_scrypt s = cheap();
	uint8_t want[32];
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;

	(void)state;
	t_ok(wd_scrypt(WD_SPAN_LIT("password"), &s, &got));
	t_span_equal(wd_secret_borrow(got),
	    t_hex("a0fab8a49dc0270b6ebfe4cc7dd566546043a30a94fe06798664b6b77a2b"
		  "6e1f",
		want));
}

static void
scrypt_depends_on_every_parameter(void **state)
{
	struct wd_scrypt variants[4] = { cheap(), cheap(), cheap(), cheap() };
	WD_AUTO(wd_secret_freep) struct wd_secret *first = NULL;

	(void)state;
	variants[1].n = 2048;
	variants[2].p = 1;
	variants[3].salt[31] ^= 1;
	t_ok(wd_scrypt(WD_SPAN_LIT("password"), &variants[0], &first));
	for (size_t i = 1; i < WD_N(variants); i++) {
		WD_AUTO(wd_secret_freep) struct wd_secret *other = NULL;

		t_ok(wd_scrypt(WD_SPAN_LIT("password"), &variants[i], &other));
		assert_false(wd_ct_equal(
		    wd_secret_borrow(first), wd_secret_borrow(other)));
	}
}

struct cost {
	uint64_t n;
	uint32_t r, p;
};

static void
scrypt_refuses_costs_out_of_range(void **state)
{
	static const struct cost costs[] = { { 0, 8, 1 }, { 512, 8, 1 },
		{ 1025, 8, 1 }, { 1u << 21, 8, 1 }, { 1024, 7, 1 },
		{ 1024, 9, 1 }, { 1024, 8, 0 }, { 1024, 8, 5 },
		{ UINT64_C(1) << 42, 8, 1 } };
	struct wd_secret *got = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(costs); i++) {
		struct wd_scrypt s = { costs[i].n, costs[i].r, costs[i].p,
			{ 0 } };

		assert_int_equal(
		    wd_scrypt(WD_SPAN_LIT("x"), &s, &got), WD_R_RANGE);
	}
	assert_null(got);
}

static void
an_empty_passphrase_is_a_passphrase(void **state)
{
	struct wd_scrypt s = cheap();
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;

	(void)state;
	t_ok(wd_scrypt(wd_span(NULL, 0), &s, &got));
	assert_int_equal(wd_secret_len(got), 32);
}

/* Z of RFC 7518, appendix C, through the definition of section 4.6.2. */
static void
concat_kdf_matches_its_definition(void **state)
{
	uint8_t z[32], want[32];
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;

	(void)state;
	t_ok(wd_concat_kdf(
	    t_hex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798"
		  "cfe90c4",
		z),
	    "ECDH-ES+A256KW", 32, &got));
	t_span_equal(wd_secret_borrow(got),
	    t_hex("89ab838633757805bd678cb164f2427776824e8f784152f2374709644992"
		  "1f46",
		want));
}

static void
concat_kdf_gives_one_block_at_most(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *got = NULL;
	struct wd_secret *none = NULL;

	(void)state;
	t_ok(wd_concat_kdf(WD_SPAN_LIT("z"), "A128GCM", 16, &got));
	assert_int_equal(wd_secret_len(got), 16);
	assert_int_equal(
	    wd_concat_kdf(WD_SPAN_LIT("z"), "A128GCM", 33, &none), WD_F_BUG);
	assert_null(none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hkdf_matches_rfc_5869),
		cmocka_unit_test(hkdf_takes_label_and_context_in_a_row),
		cmocka_unit_test(hkdf_cannot_give_more_than_255_blocks),
		cmocka_unit_test(scrypt_matches_an_independent_implementation),
		cmocka_unit_test(scrypt_depends_on_every_parameter),
		cmocka_unit_test(scrypt_refuses_costs_out_of_range),
		cmocka_unit_test(an_empty_passphrase_is_a_passphrase),
		cmocka_unit_test(concat_kdf_matches_its_definition),
		cmocka_unit_test(concat_kdf_gives_one_block_at_most),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
