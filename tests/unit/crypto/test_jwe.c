/*
 * JWE: what others sealed opens, the header has the bytes clients re-create,
 * and no damaged part goes unnoticed.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "base/wr.h"
#include "crypto/init.h"
#include "crypto/jwe.h"
#include "jose_fixtures.h"
#include "t_keys.h"

static const char secret[] = "released to one recipient";

/* A fixture with its keys. */
struct sealed {
	struct wd_pkey *own, *epk;
	enum wd_jwe_alg alg;
	struct wd_jwe jwe;
};

static void
sealed_done(struct sealed *s)
{
	s->own = wd_pkey_free(s->own);
	s->epk = wd_pkey_free(s->epk);
	wd_jwe_done(&s->jwe);
}

static struct wd_pkey *
epk_of(const struct jwe_fixture *f, const struct wd_pkey *own)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = t_b64url(f->epk_x);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = t_b64url(f->epk_y);
	struct wd_pkey *k = NULL;

	if (x->len == 0)
		return NULL;
	t_ok(wd_pkey_ec_public(
	    wd_pkey_alg(own), wd_bytes_span(x), wd_bytes_span(y), &k));
	return k;
}

static struct sealed
sealed_of(const struct jwe_fixture *f)
{
	struct sealed s = { .own = t_private(f->key) };

	s.epk = epk_of(f, s.own);
	s.alg = s.epk != NULL ? WD_JWE_ECDH_ES_A256KW : WD_JWE_RSA_OAEP_256;
	s.jwe.protected_b64 = wd_bytes_copy(wd_span_text(f->protected_b64));
	s.jwe.encrypted_key = t_b64url(f->encrypted_key);
	s.jwe.iv = t_b64url(f->iv);
	s.jwe.ciphertext = t_b64url(f->ciphertext);
	s.jwe.tag = t_b64url(f->tag);
	return s;
}

static void
what_others_sealed_opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(jwe_fixtures); i++) {
		WD_AUTO(sealed_done)
		struct sealed s = sealed_of(&jwe_fixtures[i]);
		WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

		t_ok(wd_jwe_open(s.own, s.alg, s.epk, &s.jwe, &plain));
		t_span_equal(wd_secret_borrow(plain), wd_span_text(secret));
	}
}

/* The ephemeral key, read back from a header that must have just this form. */
static struct wd_pkey *
epk_from_header(
    const struct wd_jwe *jwe, enum wd_pkey_alg curve, const char *crv)
{
	size_t half = (wd_pkey_coordinate_len(curve) * 8 + 5) / 6;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *header = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr want = wd_wr_growing(1024);
	struct wd_pkey *k = NULL;
	uint8_t x[66], y[66];
	struct wd_span x64, y64;
	size_t start;

	t_ok(wd_b64url_decode(wd_bytes_span(jwe->protected_b64), &header));
	wd_wr_printf(&want,
	    "{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":"
	    "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"",
	    crv);
	start = want.len;
	assert_int_equal(header->len, start + 2 * half + 10);
	x64 = wd_span(header->p + start, half);
	y64 = wd_span(header->p + start + half + 7, half);
	wd_wr_bytes(&want, x64);
	wd_wr_text(&want, "\",\"y\":\"");
	wd_wr_bytes(&want, y64);
	wd_wr_text(&want, "\"}}");
	t_span_equal(wd_bytes_span(header), wd_wr_span(&want));
	t_ok(wd_b64url_decode_exact(x64, x, wd_pkey_coordinate_len(curve)));
	t_ok(wd_b64url_decode_exact(y64, y, wd_pkey_coordinate_len(curve)));
	t_ok(wd_pkey_ec_public(curve, wd_span(x, wd_pkey_coordinate_len(curve)),
	    wd_span(y, wd_pkey_coordinate_len(curve)), &k));
	return k;
}

struct recipient {
	const char *key;
	const char *crv; /* NULL for RSA */
};

static const struct recipient recipients[] = {
	{ key_bob, "P-256" },
	{ key_p521, "P-521" },
	{ key_rsa, NULL },
};

static struct sealed
seal_to(const struct recipient *to)
{
	struct sealed s = { .own = t_private(to->key) };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = t_public_of(s.own);

	s.alg = to->crv != NULL ? WD_JWE_ECDH_ES_A256KW : WD_JWE_RSA_OAEP_256;
	t_ok(wd_jwe_seal(public, s.alg, wd_span_text(secret), &s.jwe));
	if (to->crv != NULL)
		s.epk = epk_from_header(&s.jwe, wd_pkey_alg(s.own), to->crv);
	return s;
}

static void
what_is_sealed_opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(recipients); i++) {
		WD_AUTO(sealed_done) struct sealed s = seal_to(&recipients[i]);
		WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

		t_ok(wd_jwe_open(s.own, s.alg, s.epk, &s.jwe, &plain));
		t_span_equal(wd_secret_borrow(plain), wd_span_text(secret));
	}
}

static void
rsa_header_has_two_members(void **state)
{
	WD_AUTO(sealed_done) struct sealed s = seal_to(&recipients[2]);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *header = NULL;

	(void)state;
	t_ok(wd_b64url_decode(wd_bytes_span(s.jwe.protected_b64), &header));
	t_span_equal(wd_bytes_span(header),
	    WD_SPAN_LIT("{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\"}"));
}

static void
sealing_twice_shares_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(recipients); i++) {
		WD_AUTO(sealed_done) struct sealed a = seal_to(&recipients[i]);
		WD_AUTO(sealed_done) struct sealed b = seal_to(&recipients[i]);

		assert_false(wd_span_equal(
		    wd_bytes_span(a.jwe.iv), wd_bytes_span(b.jwe.iv)));
		assert_false(wd_span_equal(wd_bytes_span(a.jwe.ciphertext),
		    wd_bytes_span(b.jwe.ciphertext)));
		assert_false(wd_span_equal(wd_bytes_span(a.jwe.encrypted_key),
		    wd_bytes_span(b.jwe.encrypted_key)));
		if (a.epk != NULL)
			assert_false(wd_pkey_same_public(a.epk, b.epk));
	}
}

static void
expect_tampered(const struct sealed *s)
{
	struct wd_secret *plain = NULL;

	assert_int_equal(wd_jwe_open(s->own, s->alg, s->epk, &s->jwe, &plain),
	    WD_R_TAMPERED);
	assert_null(plain);
}

static void
flip_each_bit(const struct sealed *s, struct wd_bytes *part)
{
	for (size_t bit = 0; bit < part->len * 8; bit++) {
		part->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		expect_tampered(s);
		part->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
every_flipped_bit_of_every_part_is_refused(void **state)
{
	WD_AUTO(sealed_done) struct sealed s = sealed_of(&jwe_fixtures[0]);

	(void)state;
	flip_each_bit(&s, s.jwe.protected_b64);
	flip_each_bit(&s, s.jwe.encrypted_key);
	flip_each_bit(&s, s.jwe.iv);
	flip_each_bit(&s, s.jwe.ciphertext);
	flip_each_bit(&s, s.jwe.tag);
}

/* Decryption costs, so one bit a byte. */
static void
a_flipped_bit_of_an_rsa_key_is_refused(void **state)
{
	WD_AUTO(sealed_done) struct sealed s = sealed_of(&jwe_fixtures[2]);
	struct wd_bytes *part = s.jwe.encrypted_key;

	(void)state;
	for (size_t i = 0; i < part->len; i++) {
		part->p[i] ^= (uint8_t)(1u << i % 8);
		expect_tampered(&s);
		part->p[i] ^= (uint8_t)(1u << i % 8);
	}
}

/* A part that lost its last byte, or is missing. */
static void
short_parts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(jwe_fixtures); i++) {
		WD_AUTO(sealed_done)
		struct sealed s = sealed_of(&jwe_fixtures[i]);
		struct wd_bytes **parts[] = { &s.jwe.protected_b64,
			&s.jwe.encrypted_key, &s.jwe.iv, &s.jwe.ciphertext,
			&s.jwe.tag };

		for (size_t j = 0; j < WD_N(parts); j++) {
			struct wd_bytes *part = *parts[j];

			part->len--;
			expect_tampered(&s);
			part->len++;
			*parts[j] = NULL;
			expect_tampered(&s);
			*parts[j] = part;
		}
	}
}

static void
another_ephemeral_key_is_refused(void **state)
{
	WD_AUTO(sealed_done) struct sealed s = sealed_of(&jwe_fixtures[0]);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *p521 = t_private(key_p521);
	struct wd_secret *plain = NULL;

	(void)state;
	s.epk = wd_pkey_free(s.epk);
	assert_int_equal(
	    wd_jwe_open(s.own, s.alg, NULL, &s.jwe, &plain), WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_jwe_open(s.own, s.alg, p521, &s.jwe, &plain), WD_R_KEY_INVALID);
	s.epk = t_private(key_alice);
	expect_tampered(&s);
}

static void
keys_must_fit_the_algorithm(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *ec = t_private(key_bob);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = t_private(key_rsa);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *p384 = NULL;
	struct wd_span s = wd_span_text(secret);
	struct wd_jwe jwe = { 0 };
	struct wd_secret *plain = NULL;

	(void)state;
	t_ok(wd_pkey_generate(WD_PKEY_P384, &p384));
	assert_int_equal(
	    wd_jwe_seal(ec, WD_JWE_NONE, s, &jwe), WD_R_UNSUPPORTED);
	assert_int_equal(
	    wd_jwe_seal(ec, WD_JWE_RSA_OAEP_256, s, &jwe), WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_jwe_seal(rsa, WD_JWE_ECDH_ES_A256KW, s, &jwe), WD_R_KEY_INVALID);
	assert_int_equal(wd_jwe_seal(p384, WD_JWE_ECDH_ES_A256KW, s, &jwe),
	    WD_R_KEY_INVALID);
	assert_int_equal(wd_jwe_open(rsa, WD_JWE_NONE, NULL, &jwe, &plain),
	    WD_R_UNSUPPORTED);
	assert_int_equal(
	    wd_jwe_open(rsa, WD_JWE_ECDH_ES_A256KW, ec, &jwe, &plain),
	    WD_R_KEY_INVALID);
	assert_null(jwe.protected_b64);
	assert_null(plain);
}

static void
nothing_can_be_sealed_too(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = t_private(key_rsa);
	WD_AUTO(wd_jwe_done) struct wd_jwe jwe = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	(void)state;
	t_ok(wd_jwe_seal(rsa, WD_JWE_RSA_OAEP_256, wd_span(NULL, 0), &jwe));
	t_ok(wd_jwe_open(rsa, WD_JWE_RSA_OAEP_256, NULL, &jwe, &plain));
	assert_int_equal(wd_secret_len(plain), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_sealed_opens),
		cmocka_unit_test(what_is_sealed_opens),
		cmocka_unit_test(rsa_header_has_two_members),
		cmocka_unit_test(sealing_twice_shares_nothing),
		cmocka_unit_test(every_flipped_bit_of_every_part_is_refused),
		cmocka_unit_test(a_flipped_bit_of_an_rsa_key_is_refused),
		cmocka_unit_test(short_parts_are_refused),
		cmocka_unit_test(another_ephemeral_key_is_refused),
		cmocka_unit_test(keys_must_fit_the_algorithm),
		cmocka_unit_test(nothing_can_be_sealed_too),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
