/*
 * Agreement on a secret, and RSA-OAEP.
 */
#include "lib/t.h"
#include "lib/t_hex.h"

#include "base/reason.h"
#include "crypto/ecdh.h"
#include "crypto/init.h"
#include "jose_fixtures.h"
#include "key_fixtures.h"
#include "t_keys.h"

/* RFC 7518, appendix C. */
static void
both_sides_agree_on_z_of_rfc_7518(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *alice = t_private(key_alice);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *bob = t_private(key_bob);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *bob_public = t_public_of(bob);
	WD_AUTO(wd_secret_freep) struct wd_secret *z = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *z2 = NULL;
	uint8_t want[32];

	(void)state;
	t_ok(wd_ecdh(alice, bob_public, &z));
	t_span_equal(wd_secret_borrow(z),
	    t_hex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798"
		  "cfe90c4",
		want));
	t_ok(wd_ecdh(bob, alice, &z2));
	t_span_equal(wd_secret_borrow(z2), WD_SPAN(want));
}

/* One in 256 P-256 secrets starts with a zero byte: it must be kept. */
static void
z_is_always_as_long_as_the_curve(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *p521 = t_private(key_p521);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *bob = t_private(key_bob);
	WD_AUTO(wd_secret_freep) struct wd_secret *long_z = NULL;
	bool seen_zero = false;

	(void)state;
	t_ok(wd_ecdh(p521, p521, &long_z));
	assert_int_equal(wd_secret_len(long_z), 66);
	for (size_t i = 0; i < 20000 && !seen_zero; i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *z = NULL;

		t_ok(wd_pkey_generate(WD_PKEY_P256, &k));
		t_ok(wd_ecdh(k, bob, &z));
		assert_int_equal(wd_secret_len(z), 32);
		seen_zero = wd_secret_borrow(z).p[0] == 0;
	}
	assert_true(seen_zero);
}

static void
keys_that_do_not_agree_are_refused(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *p256 = t_private(key_bob);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(p256);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *p521 = t_private(key_p521);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = t_private(key_rsa);
	struct wd_secret *z = NULL;

	(void)state;
	assert_int_equal(wd_ecdh(p256, p521, &z), WD_R_KEY_INVALID);
	assert_int_equal(wd_ecdh(public, p256, &z), WD_R_KEY_INVALID);
	assert_int_equal(wd_ecdh(rsa, rsa, &z), WD_R_KEY_INVALID);
	assert_null(z);
}

static const char *const rsa_keys[] = { rsa2048_pkcs1, rsa3072_pkcs8,
	rsa4096_pkcs8 };

static void
oaep_opens_what_it_sealed(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(rsa_keys); i++) {
		WD_AUTO(wd_pkey_freep)
		struct wd_pkey *k = t_private(rsa_keys[i]);
		WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(k);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *cipher = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

		t_ok(wd_oaep256_encrypt(
		    public, WD_SPAN_LIT("a secret"), &cipher));
		t_ok(wd_oaep256_decrypt(k, wd_bytes_span(cipher), &plain));
		t_span_equal(wd_secret_borrow(plain), WD_SPAN_LIT("a secret"));
		cipher->p[cipher->len / 2] ^= 1;
		plain = wd_secret_free(plain);
		assert_int_equal(
		    wd_oaep256_decrypt(k, wd_bytes_span(cipher), &plain),
		    WD_R_TAMPERED);
		cipher->len--;
		assert_int_equal(
		    wd_oaep256_decrypt(k, wd_bytes_span(cipher), &plain),
		    WD_R_TAMPERED);
		assert_int_equal(
		    wd_oaep256_decrypt(public, wd_bytes_span(cipher), &plain),
		    WD_R_KEY_INVALID);
		assert_null(plain);
	}
}

static void
oaep_takes_what_its_padding_leaves(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(rsa2048_pkcs1);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *ec = t_private(key_bob);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *cipher = NULL;
	struct wd_bytes *none = NULL;
	struct wd_secret *plain = NULL;
	static const uint8_t zeros[191];

	(void)state;
	t_ok(wd_oaep256_encrypt(k, wd_span(zeros, 190), &cipher));
	assert_int_equal(
	    wd_oaep256_encrypt(k, WD_SPAN(zeros), &none), WD_R_RANGE);
	assert_int_equal(
	    wd_oaep256_encrypt(ec, wd_span(zeros, 1), &none), WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_oaep256_decrypt(ec, WD_SPAN(zeros), &plain), WD_R_KEY_INVALID);
	assert_null(none);
	assert_null(plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_agree_on_z_of_rfc_7518),
		cmocka_unit_test(z_is_always_as_long_as_the_curve),
		cmocka_unit_test(keys_that_do_not_agree_are_refused),
		cmocka_unit_test(oaep_opens_what_it_sealed),
		cmocka_unit_test(oaep_takes_what_its_padding_leaves),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
