/*
 * Keys in two layers: what an HSM makes opens, and whatever else comes is
 * refused for one reason.
 */
#include "lib/t.h"
#include "lib/t_wrapped.h"

#include "base/reason.h"
#include "crypto/init.h"
#include "t_keys.h"

static const uint8_t secret[] = "a key of twenty-nine bytes...";

static struct {
	struct wd_pkey *own, *other;
} keys;

static int
set_up(void **state)
{
	(void)state;
	t_ok(wd_crypto_init(NULL));
	t_ok(wd_pkey_generate(WD_PKEY_RSA2048, &keys.own));
	t_ok(wd_pkey_generate(WD_PKEY_RSA2048, &keys.other));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	wd_pkey_freep(&keys.own);
	wd_pkey_freep(&keys.other);
	return 0;
}

static struct wd_bytes *
wrapped(enum wd_hash hash)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *client = t_public_of(keys.own);
	struct wd_bytes *b = NULL;

	t_ok(t_wrap(client, hash, WD_SPAN(secret), &b));
	return b;
}

static int
open_as(const struct wd_pkey *own, enum wd_wrap wrap, struct wd_span bytes)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	int r = wd_wrapped_open(own, wrap, bytes, &key);

	assert_int_equal(r == 0, key != NULL);
	if (r == 0)
		t_span_equal(wd_secret_borrow(key), WD_SPAN(secret));
	return r;
}

static void
what_is_wrapped_opens(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = wrapped(WD_SHA256);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = wrapped(WD_SHA1);

	(void)state;
	assert_int_equal(a->len, 256 + 8 + 32);
	assert_true(wd_wrapped_fits(keys.own, wd_bytes_span(a)));
	t_ok(open_as(keys.own, WD_WRAP_OAEP_SHA256, wd_bytes_span(a)));
	t_ok(open_as(keys.own, WD_WRAP_OAEP_SHA1, wd_bytes_span(b)));
}

static void
another_key_or_hash_does_not_open_it(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = wrapped(WD_SHA256);
	struct wd_span s = wd_bytes_span(a);

	(void)state;
	assert_int_equal(
	    open_as(keys.other, WD_WRAP_OAEP_SHA256, s), WD_R_TAMPERED);
	assert_int_equal(
	    open_as(keys.own, WD_WRAP_OAEP_SHA1, s), WD_R_TAMPERED);
	assert_int_equal(open_as(keys.own, WD_WRAP_NONE, s), WD_R_UNSUPPORTED);
}

static void
only_private_rsa_keys_open(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = wrapped(WD_SHA256);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(keys.own);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *ec = NULL;
	struct wd_span s = wd_bytes_span(a);

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_P256, &ec));
	assert_int_equal(
	    open_as(public, WD_WRAP_OAEP_SHA256, s), WD_R_KEY_INVALID);
	assert_int_equal(open_as(ec, WD_WRAP_OAEP_SHA256, s), WD_R_KEY_INVALID);
	assert_false(wd_wrapped_fits(ec, s));
}

static void
every_length_but_its_own_is_refused(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = wrapped(WD_SHA256);
	uint8_t longer[WD_WRAPPED_MAX + 8] = { 0 };

	(void)state;
	wd_copy(longer, wd_bytes_span(a));
	for (size_t n = 0; n < a->len + 24; n++)
		if (n != a->len)
			assert_int_equal(open_as(keys.own, WD_WRAP_OAEP_SHA256,
					     wd_span(longer, n)),
			    WD_R_TAMPERED);
	assert_false(wd_wrapped_fits(keys.own, wd_span(longer, 256)));
	assert_false(wd_wrapped_fits(keys.own, wd_span(longer, 256 + 8)));
	assert_false(wd_wrapped_fits(keys.own, wd_span(longer, 256 + 17)));
	assert_true(wd_wrapped_fits(keys.own, wd_span(longer, 256 + 16)));
	assert_true(wd_wrapped_fits(keys.own, wd_span(longer, WD_WRAPPED_MAX)));
	assert_false(wd_wrapped_fits(keys.own, WD_SPAN(longer)));
}

static void
flipped_bits_are_refused(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = wrapped(WD_SHA256);

	(void)state;
	for (size_t i = 0; i < a->len; i++) {
		a->p[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(
		    open_as(keys.own, WD_WRAP_OAEP_SHA256, wd_bytes_span(a)),
		    WD_R_TAMPERED);
		a->p[i] ^= (uint8_t)(1u << i % 8);
	}
}

/* An AES key of another size is none that was agreed on. */
static void
first_layer_holds_256_bits(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *first = NULL, *second = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *both = NULL;
	const uint8_t kek[32] = { 7 };

	(void)state;
	t_ok(wd_oaep_encrypt(keys.own, WD_SHA256, wd_span(kek, 16), &first));
	t_ok(wd_aes_wrap_padded(WD_SPAN(kek), WD_SPAN(secret), &second));
	both = wd_bytes_new(first->len + second->len);
	assert_non_null(both);
	wd_copy(both->p, wd_bytes_span(first));
	wd_copy(both->p + first->len, wd_bytes_span(second));
	assert_int_equal(
	    open_as(keys.own, WD_WRAP_OAEP_SHA256, wd_bytes_span(both)),
	    WD_R_TAMPERED);
}

static void
names_say_the_hash(void **state)
{
	(void)state;
	assert_null(wd_wrap_name(WD_WRAP_NONE));
	assert_string_equal(
	    wd_wrap_name(WD_WRAP_OAEP_SHA256), "RSA-OAEP-256+A256KWP");
	assert_string_equal(
	    wd_wrap_name(WD_WRAP_OAEP_SHA1), "RSA-OAEP-SHA1+A256KWP");
	assert_int_equal(wd_wrap_by_name(WD_SPAN_LIT("RSA-OAEP-256+A256KWP")),
	    WD_WRAP_OAEP_SHA256);
	assert_int_equal(wd_wrap_by_name(WD_SPAN_LIT("RSA-OAEP-SHA1+A256KWP")),
	    WD_WRAP_OAEP_SHA1);
	assert_int_equal(
	    wd_wrap_by_name(WD_SPAN_LIT(WD_WRAP_ASKED)), WD_WRAP_NONE);
	assert_int_equal(wd_wrap_by_name(WD_SPAN_LIT("")), WD_WRAP_NONE);
}

static size_t
trimmed(struct wd_span key)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_copy(key);

	assert_non_null(s);
	wd_wrapped_trim(s);
	return wd_secret_len(s);
}

static void
zeros_behind_a_private_key_are_cut_off(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
	uint8_t room[256] = { 0 };
	size_t len;

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_P256, &k));
	t_ok(wd_pkey_to_pkcs8(k, &der));
	len = wd_secret_len(der);
	wd_copy(room, wd_secret_borrow(der));
	for (size_t n = 0; n < 8; n++)
		assert_int_equal(trimmed(wd_span(room, len + n)), len);
	assert_int_equal(trimmed(wd_span(room, len + 8)), len + 8);
	assert_int_equal(trimmed(wd_span(room, len - 1)), len - 1);
	room[len] = 1;
	assert_int_equal(trimmed(wd_span(room, len + 4)), len + 4);
	assert_int_equal(trimmed(wd_span(room + 1, 32)), 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrapped_opens),
		cmocka_unit_test(another_key_or_hash_does_not_open_it),
		cmocka_unit_test(only_private_rsa_keys_open),
		cmocka_unit_test(every_length_but_its_own_is_refused),
		cmocka_unit_test(flipped_bits_are_refused),
		cmocka_unit_test(first_layer_holds_256_bits),
		cmocka_unit_test(names_say_the_hash),
		cmocka_unit_test(zeros_behind_a_private_key_are_cut_off),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
