/*
 * AES-256-GCM and AES key wrap against published vectors, and that no flipped
 * bit passes.
 */
#include "lib/t.h"
#include "lib/t_hex.h"

#include "base/reason.h"
#include "crypto/aead.h"
#include "crypto/init.h"

static const uint8_t key[32] = { 1, 2, 3 };
static const struct wd_span aad = { (const uint8_t *)"aad", 3 };
static const struct wd_span plain = { (const uint8_t *)"a secret", 8 };

/* The GCM specification (as submitted to NIST), test case 16. */
static const char gcm_key[] =
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
static const char gcm_nonce[] = "cafebabefacedbaddecaf888";
static const char gcm_aad[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
static const char gcm_plain[] =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
static const char gcm_cipher[] =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662";
static const char gcm_tag[] = "76fc6ece0f4e1768cddf8853bb2d551b";

static void
gcm_matches_its_specification(void **state)
{
	uint8_t k[32], n[12], a[20], p[60], c[60], t[16], got[60], tag[16];
	struct wd_span ks = t_hex(gcm_key, k);
	struct wd_span as = t_hex(gcm_aad, a);
	struct wd_span ps = t_hex(gcm_plain, p);
	struct wd_span cs = t_hex(gcm_cipher, c);
	WD_AUTO(wd_secret_freep) struct wd_secret *opened = NULL;

	(void)state;
	(void)t_hex(gcm_nonce, n);
	t_ok(wd_gcm_encrypt(ks, n, as, ps, got, tag));
	t_span_equal(WD_SPAN(got), cs);
	t_span_equal(WD_SPAN(tag), t_hex(gcm_tag, t));
	t_ok(wd_gcm_decrypt(ks, n, as, cs, tag, &opened));
	t_span_equal(wd_secret_borrow(opened), ps);
}

/* C2SP, XAES-256-GCM.md, test vectors: the top bit of L is clear in the first
 * and set in the second. */
static void
xaes_matches_its_specification(void **state)
{
	static const struct {
		uint8_t key;
		const char *aad, *sealed;
	} vectors[] = {
		{ 1, "",
		    "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e227"
		    "1" },
		{ 3, "c2sp.org/XAES-256-GCM",
		    "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769"
		    "d" },
	};
	struct wd_span text = WD_SPAN_LIT("XAES-256-GCM");
	static const char nonce[] = "ABCDEFGHIJKLMNOPQRSTUVWX";
	uint8_t k[32], got[12 + 16], want[12 + 16];

	(void)state;
	for (size_t i = 0; i < WD_N(vectors); i++) {
		for (size_t n = 0; n < sizeof(k); n++)
			k[n] = vectors[i].key;
		t_ok(wd_xaes_seal_with(WD_SPAN(k), (const uint8_t *)nonce,
		    wd_span_text(vectors[i].aad), text, got, got + 12));
		t_span_equal(WD_SPAN(got), t_hex(vectors[i].sealed, want));
	}
}

static void
what_xaes_seals_opens_and_nothing_else(void **state)
{
	static const size_t lens[] = { 0, 1, 16, 4096 };
	static const uint8_t zeros[4096];
	static const uint8_t other[32] = { 9 };

	(void)state;
	for (size_t i = 0; i < WD_N(lens); i++) {
		struct wd_span p = wd_span(zeros, lens[i]);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *s = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *o = NULL;

		t_ok(wd_xaes_seal(WD_SPAN(key), aad, p, &s));
		assert_int_equal(s->len, p.len + WD_XAES_EXTRA);
		t_ok(wd_xaes_open(WD_SPAN(key), aad, wd_bytes_span(s), &o));
		t_span_equal(wd_secret_borrow(o), p);
		o = wd_secret_free(o);
		assert_int_equal(
		    wd_xaes_open(WD_SPAN(other), aad, wd_bytes_span(s), &o),
		    WD_R_TAMPERED);
		assert_int_equal(
		    wd_xaes_open(WD_SPAN(key), plain, wd_bytes_span(s), &o),
		    WD_R_TAMPERED);
	}
}

static void
no_bit_and_no_length_of_what_xaes_sealed_may_differ(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *s = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *o = NULL;

	(void)state;
	t_ok(wd_xaes_seal(WD_SPAN(key), aad, plain, &s));
	for (size_t i = 0; i < 8 * s->len; i++) {
		s->p[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(
		    wd_xaes_open(WD_SPAN(key), aad, wd_bytes_span(s), &o),
		    WD_R_TAMPERED);
		s->p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t len = 0; len < s->len; len++)
		assert_int_equal(
		    wd_xaes_open(WD_SPAN(key), aad, wd_span(s->p, len), &o),
		    WD_R_TAMPERED);
	assert_null(o);
}

static void
xaes_nonces_are_drawn_anew(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL, *b = NULL;

	(void)state;
	t_ok(wd_xaes_seal(WD_SPAN(key), aad, plain, &a));
	t_ok(wd_xaes_seal(WD_SPAN(key), aad, plain, &b));
	assert_false(wd_span_equal(wd_bytes_span(a), wd_bytes_span(b)));
}

static void
what_is_sealed_opens(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 4096 };
	static const uint8_t zeros[4096];

	(void)state;
	for (size_t i = 0; i < WD_N(lens); i++) {
		struct wd_span p = wd_span(zeros, lens[i]);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *opened = NULL;

		t_ok(wd_aead_seal(WD_SPAN(key), aad, p, &sealed));
		assert_int_equal(sealed->len, lens[i] + WD_AEAD_EXTRA);
		t_ok(wd_aead_open(
		    WD_SPAN(key), aad, wd_bytes_span(sealed), &opened));
		t_span_equal(wd_secret_borrow(opened), p);
	}
}

static void
sealing_twice_gives_other_bytes(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	(void)state;
	t_ok(wd_aead_seal(WD_SPAN(key), aad, plain, &a));
	t_ok(wd_aead_seal(WD_SPAN(key), aad, plain, &b));
	assert_false(wd_span_equal(wd_span(a->p, 12), wd_span(b->p, 12)));
	assert_false(
	    wd_span_equal(wd_span(a->p + 12, 8), wd_span(b->p + 12, 8)));
}

static void
every_flipped_bit_and_length_is_refused(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	struct wd_secret *opened = NULL;

	(void)state;
	t_ok(wd_aead_seal(WD_SPAN(key), aad, plain, &sealed));
	for (size_t bit = 0; bit < sealed->len * 8; bit++) {
		sealed->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(wd_aead_open(WD_SPAN(key), aad,
				     wd_bytes_span(sealed), &opened),
		    WD_R_TAMPERED);
		sealed->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < sealed->len; len++)
		assert_int_equal(wd_aead_open(WD_SPAN(key), aad,
				     wd_span(sealed->p, len), &opened),
		    WD_R_TAMPERED);
	assert_null(opened);
}

static void
another_key_or_aad_is_refused(void **state)
{
	uint8_t other[32] = { 9 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	struct wd_secret *opened = NULL;
	struct wd_span s;

	(void)state;
	t_ok(wd_aead_seal(WD_SPAN(key), aad, plain, &sealed));
	s = wd_bytes_span(sealed);
	assert_int_equal(
	    wd_aead_open(WD_SPAN(other), aad, s, &opened), WD_R_TAMPERED);
	assert_int_equal(
	    wd_aead_open(WD_SPAN(key), wd_span(NULL, 0), s, &opened),
	    WD_R_TAMPERED);
	assert_int_equal(
	    wd_aead_open(WD_SPAN(key), WD_SPAN_LIT("aae"), s, &opened),
	    WD_R_TAMPERED);
	assert_null(opened);
}

static void
keys_of_another_size_are_our_bug(void **state)
{
	struct wd_bytes *sealed = NULL;
	struct wd_secret *opened = NULL;
	uint8_t wrapped[40] = { 0 };
	struct wd_span half = wd_span(key, 16);

	(void)state;
	assert_int_equal(wd_aead_seal(half, aad, plain, &sealed), WD_F_BUG);
	assert_int_equal(
	    wd_aead_open(half, aad, WD_SPAN(wrapped), &opened), WD_F_BUG);
	assert_int_equal(wd_aes_wrap(half, WD_SPAN(key), wrapped), WD_F_BUG);
	assert_int_equal(wd_aes_wrap(WD_SPAN(key), half, wrapped), WD_F_BUG);
	assert_int_equal(
	    wd_aes_unwrap(half, WD_SPAN(wrapped), &opened), WD_F_BUG);
	assert_null(sealed);
	assert_null(opened);
}

/* RFC 3394, section 4.6. */
static const char kw_kek[] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char kw_key[] =
    "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f";
static const char kw_wrapped[] =
    "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43b"
    "fb988b9b7a02dd21";

static void
key_wrap_matches_rfc_3394(void **state)
{
	uint8_t kek[32], k[32], w[40], got[40];
	struct wd_span ws = t_hex(kw_wrapped, w);
	WD_AUTO(wd_secret_freep) struct wd_secret *opened = NULL;

	(void)state;
	t_ok(wd_aes_wrap(t_hex(kw_kek, kek), t_hex(kw_key, k), got));
	t_span_equal(WD_SPAN(got), ws);
	t_ok(wd_aes_unwrap(WD_SPAN(kek), ws, &opened));
	t_span_equal(wd_secret_borrow(opened), WD_SPAN(k));
}

/* RFC 3394, 4.3 and 4.5: shorter keys under a KEK of 256 bits. */
static void
wrapped_keys_of_any_length_unwrap(void **state)
{
	static const struct {
		const char *wrapped, *key;
	} rows[] = {
		{ "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7",
		    "00112233445566778899aabbccddeeff" },
		{ "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b25"
		  "4da1",
		    "00112233445566778899aabbccddeeff0001020304050607" },
	};
	uint8_t kek[32], w[40], k[32];
	struct wd_span with = t_hex(kw_kek, kek);

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		WD_AUTO(wd_secret_freep) struct wd_secret *opened = NULL;
		struct wd_span ws = t_hex(rows[i].wrapped, w);

		t_ok(wd_aes_unwrap_any(with, ws, &opened));
		t_span_equal(wd_secret_borrow(opened), t_hex(rows[i].key, k));
	}
}

static void
wraps_of_no_length_are_refused(void **state)
{
	static const uint8_t zeros[48];
	uint8_t kek[32];
	struct wd_secret *opened = NULL;

	(void)state;
	for (size_t n = 0; n <= sizeof(zeros); n++)
		assert_int_equal(wd_aes_unwrap_any(t_hex(kw_kek, kek),
				     wd_span(zeros, n), &opened),
		    WD_R_TAMPERED);
	assert_int_equal(
	    wd_aes_unwrap_any(wd_span(kek, 16), WD_SPAN(zeros), &opened),
	    WD_F_BUG);
	assert_null(opened);
}

static void
damaged_wraps_are_refused(void **state)
{
	uint8_t kek[32], w[48];
	struct wd_span ws = t_hex(kw_wrapped, w);
	struct wd_secret *opened = NULL;

	(void)state;
	(void)t_hex(kw_kek, kek);
	for (size_t bit = 0; bit < ws.len * 8; bit++) {
		w[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(
		    wd_aes_unwrap(WD_SPAN(kek), ws, &opened), WD_R_TAMPERED);
		w[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len <= sizeof(w); len++)
		if (len != 40)
			assert_int_equal(wd_aes_unwrap(WD_SPAN(kek),
					     wd_span(w, len), &opened),
			    WD_R_TAMPERED);
	assert_null(opened);
}

/* That others unwrap it, a Vault shows. */
static void
padding_makes_whole_blocks(void **state)
{
	static const struct {
		size_t key, wrapped;
	} sizes[] = { { 1, 16 }, { 8, 16 }, { 9, 24 }, { 32, 40 },
		{ 1217, 1232 } };
	const uint8_t kek[32] = { 1 };
	const uint8_t longest[1217] = { 2 };

	(void)state;
	for (size_t i = 0; i < WD_N(sizes); i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL, *b = NULL;

		t_ok(wd_aes_wrap_padded(
		    WD_SPAN(kek), wd_span(longest, sizes[i].key), &a));
		t_ok(wd_aes_wrap_padded(
		    WD_SPAN(kek), wd_span(longest, sizes[i].key), &b));
		assert_int_equal(a->len, sizes[i].wrapped);
		t_span_equal(wd_bytes_span(a), wd_bytes_span(b));
	}
}

static void
nothing_and_other_keys_do_not_wrap(void **state)
{
	const uint8_t kek[32] = { 1 };
	struct wd_bytes *b = NULL;

	(void)state;
	assert_int_equal(
	    wd_aes_wrap_padded(WD_SPAN(kek), wd_span(kek, 0), &b), WD_F_BUG);
	assert_int_equal(
	    wd_aes_wrap_padded(wd_span(kek, 16), WD_SPAN(kek), &b), WD_F_BUG);
	assert_null(b);
}

/* Computed with another implementation of RFC 5649. */
static const char padded_7[] = "1c743a9078d99a084982b89faade8750";
static const char padded_20[] =
    "22d7fffc96b7adad9391ac9230d46b810e82e0f101f19e83e358f32ac9d407b6";

static void
padded_wraps_of_others_unwrap(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *a = NULL, *b = NULL;
	uint8_t kek[32], seven[16], twenty[32];

	(void)state;
	for (size_t i = 0; i < sizeof(kek); i++)
		kek[i] = (uint8_t)i;
	t_ok(wd_aes_unwrap_padded(WD_SPAN(kek), t_hex(padded_7, seven), &a));
	t_span_equal(wd_secret_borrow(a), WD_SPAN_LIT("sevenby"));
	t_ok(wd_aes_unwrap_padded(WD_SPAN(kek), t_hex(padded_20, twenty), &b));
	t_span_equal(wd_secret_borrow(b), wd_span(kek, 20));
}

static void
padded_wraps_of_any_length_unwrap(void **state)
{
	const uint8_t kek[32] = { 1 };
	const uint8_t longest[2400] = { 2 };

	(void)state;
	for (size_t n = 1; n < sizeof(longest); n += n < 40 ? 1 : 97) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *w = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;

		t_ok(wd_aes_wrap_padded(WD_SPAN(kek), wd_span(longest, n), &w));
		t_ok(wd_aes_unwrap_padded(WD_SPAN(kek), wd_bytes_span(w), &s));
		t_span_equal(wd_secret_borrow(s), wd_span(longest, n));
	}
}

static void
damaged_padded_wraps_are_refused(void **state)
{
	struct wd_secret *opened = NULL;
	const uint8_t other[32] = { 9 };
	uint8_t kek[32], w[40] = { 0 };
	struct wd_span ws;

	(void)state;
	for (size_t i = 0; i < sizeof(kek); i++)
		kek[i] = (uint8_t)i;
	ws = t_hex(padded_20, w);
	for (size_t bit = 0; bit < 8 * ws.len; bit++) {
		w[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(
		    wd_aes_unwrap_padded(WD_SPAN(kek), ws, &opened),
		    WD_R_TAMPERED);
		w[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len <= sizeof(w); len++)
		if (len != ws.len)
			assert_int_equal(wd_aes_unwrap_padded(WD_SPAN(kek),
					     wd_span(w, len), &opened),
			    WD_R_TAMPERED);
	assert_int_equal(
	    wd_aes_unwrap_padded(WD_SPAN(other), ws, &opened), WD_R_TAMPERED);
	assert_int_equal(
	    wd_aes_unwrap_padded(wd_span(kek, 16), ws, &opened), WD_F_BUG);
	assert_null(opened);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gcm_matches_its_specification),
		cmocka_unit_test(xaes_matches_its_specification),
		cmocka_unit_test(what_xaes_seals_opens_and_nothing_else),
		cmocka_unit_test(
		    no_bit_and_no_length_of_what_xaes_sealed_may_differ),
		cmocka_unit_test(xaes_nonces_are_drawn_anew),
		cmocka_unit_test(what_is_sealed_opens),
		cmocka_unit_test(sealing_twice_gives_other_bytes),
		cmocka_unit_test(every_flipped_bit_and_length_is_refused),
		cmocka_unit_test(another_key_or_aad_is_refused),
		cmocka_unit_test(keys_of_another_size_are_our_bug),
		cmocka_unit_test(key_wrap_matches_rfc_3394),
		cmocka_unit_test(wrapped_keys_of_any_length_unwrap),
		cmocka_unit_test(wraps_of_no_length_are_refused),
		cmocka_unit_test(damaged_wraps_are_refused),
		cmocka_unit_test(padding_makes_whole_blocks),
		cmocka_unit_test(nothing_and_other_keys_do_not_wrap),
		cmocka_unit_test(padded_wraps_of_others_unwrap),
		cmocka_unit_test(padded_wraps_of_any_length_unwrap),
		cmocka_unit_test(damaged_padded_wraps_are_refused),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
