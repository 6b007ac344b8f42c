/*
 * JWKs: members in, canonical text and thumbprints out.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "crypto/ecdh.h"
#include "crypto/init.h"
#include "crypto/jwk.h"
#include "jose_fixtures.h"
#include "t_keys.h"

#include <string.h>

/* RFC 7515, appendix A.3. */
static const char a3_x[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
static const char a3_y[] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

/* RFC 7638, section 3.1. */
static const char rsa_n[] =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z"
    "wu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5Js"
    "GY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMic"
    "AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
    "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF"
    "Cur-kEgU8awapJzKnqDKgw";

static struct wd_pkey *
import_a3(void)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = t_b64url(a3_x);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = t_b64url(a3_y);
	struct wd_jwk jwk = { .curve = WD_PKEY_P256,
		.alg = WD_JWE_ECDH_ES_A256KW,
		.x = wd_bytes_span(x),
		.y = wd_bytes_span(y) };
	struct wd_pkey *k = NULL;

	t_ok(wd_jwk_import(&jwk, &k));
	return k;
}

static struct wd_pkey *
import_rsa(void)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = t_b64url(rsa_n);
	struct wd_jwk jwk = { .curve = WD_PKEY_NONE,
		.alg = WD_JWE_RSA_OAEP_256,
		.n = wd_bytes_span(n),
		.e = WD_SPAN_LIT("\x01\x00\x01") };
	struct wd_pkey *k = NULL;

	t_ok(wd_jwk_import(&jwk, &k));
	return k;
}

static void
expect_text(const struct wd_pkey *k, enum wd_jwe_alg alg, const char *want)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1024);

	wd_jwk_write(&wr, k, alg);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr), wd_span_text(want));
}

static void
members_are_sorted(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *ec = import_a3();
	WD_AUTO(wd_pkey_freep) struct wd_pkey *rsa = import_rsa();
	WD_AUTO(wd_wr_done) struct wd_wr want = wd_wr_growing(1024);

	(void)state;
	expect_text(ec, WD_JWE_ECDH_ES_A256KW,
	    "{\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-256\",\"kty\":\"EC\","
	    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");
	wd_wr_printf(&want,
	    "{\"alg\":\"RSA-OAEP-256\",\"e\":\"AQAB\","
	    "\"kty\":\"RSA\",\"n\":\"");
	wd_wr_text(&want, rsa_n);
	wd_wr_text(&want, "\"}");
	wd_wr_u8(&want, 0);
	t_ok(wd_wr_end(&want));
	expect_text(rsa, WD_JWE_RSA_OAEP_256, (const char *)want.p);
}

/* RFC 8037, appendix A.2 and A.3. */
static void
ed25519_is_an_okp(void **state)
{
	static const uint8_t spki[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
		0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0xd7, 0x5a, 0x98, 0x01,
		0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64,
		0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
		0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *want =
	    t_b64url("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	uint8_t got[32];

	(void)state;
	t_ok(wd_pkey_from_spki(WD_SPAN(spki), &k));
	expect_text(k, WD_JWE_NONE,
	    "{\"crv\":\"Ed25519\",\"kty\":\"OKP\","
	    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}");
	t_ok(wd_jwk_thumbprint(k, got));
	t_span_equal(WD_SPAN(got), wd_bytes_span(want));
}

static void
thumbprint_matches_rfc_7638(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = import_rsa();
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *want =
	    t_b64url("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	uint8_t got[32];

	(void)state;
	t_ok(wd_jwk_thumbprint(k, got));
	t_span_equal(WD_SPAN(got), wd_bytes_span(want));
}

static void
p521_coordinates_keep_their_zeros(void **state)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = t_private(key_p521);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1024);

	(void)state;
	wd_jwk_write(&wr, k, WD_JWE_NONE);
	t_ok(wd_wr_end(&wr));
	assert_int_equal(wr.len,
	    sizeof("{\"crv\":\"P-521\",\"kty\":\"EC\",\"x\":\"\",\"y\":\"\"}") -
		1 + 2 * 88);
}

struct refused {
	enum wd_pkey_alg curve;
	enum wd_jwe_alg alg;
};

static void
pairs_that_are_not_served_are_unsupported(void **state)
{
	static const struct refused pairs[] = {
		{ WD_PKEY_P256, WD_JWE_NONE },
		{ WD_PKEY_NONE, WD_JWE_NONE },
		{ WD_PKEY_P384, WD_JWE_ECDH_ES_A256KW },
		{ WD_PKEY_ED25519, WD_JWE_ECDH_ES_A256KW },
		{ WD_PKEY_NONE, WD_JWE_ECDH_ES_A256KW },
		{ WD_PKEY_P256, WD_JWE_RSA_OAEP_256 },
		{ WD_PKEY_RSA2048, WD_JWE_RSA_OAEP_256 },
	};
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = t_b64url(a3_x);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = t_b64url(a3_y);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = t_b64url(rsa_n);
	struct wd_pkey *k = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++) {
		struct wd_jwk jwk = { pairs[i].curve, pairs[i].alg,
			wd_bytes_span(x), wd_bytes_span(y), wd_bytes_span(n),
			WD_SPAN_LIT("\x01\x00\x01") };

		assert_int_equal(wd_jwk_import(&jwk, &k), WD_R_UNSUPPORTED);
	}
	assert_null(k);
}

static void
bad_parts_are_invalid_keys(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = t_b64url(a3_x);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = t_b64url(a3_y);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = t_b64url(rsa_n);
	struct wd_jwk ec = { .curve = WD_PKEY_P256,
		.alg = WD_JWE_ECDH_ES_A256KW,
		.x = wd_bytes_span(x),
		.y = wd_bytes_span(x) };
	struct wd_jwk rsa = { .alg = WD_JWE_RSA_OAEP_256,
		.n = wd_bytes_span(y),
		.e = WD_SPAN_LIT("\x03") };
	struct wd_pkey *k = NULL;

	(void)state;
	assert_int_equal(wd_jwk_import(&ec, &k), WD_R_KEY_INVALID);
	assert_int_equal(wd_jwk_import(&rsa, &k), WD_R_KEY_INVALID);
	rsa.n = wd_bytes_span(n);
	rsa.e = WD_SPAN_LIT("\x01");
	assert_int_equal(wd_jwk_import(&rsa, &k), WD_R_KEY_INVALID);
	assert_null(k);
}

/* Of coordinates beyond the field, and one bit away from every good point. */
static void
points_off_the_curve_are_no_keys(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = t_b64url(a3_x);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = t_b64url(a3_y);
	struct wd_jwk jwk = { .curve = WD_PKEY_P256,
		.alg = WD_JWE_ECDH_ES_A256KW,
		.x = wd_bytes_span(x),
		.y = wd_bytes_span(y) };
	struct wd_pkey *k = NULL;
	uint8_t most[32];

	(void)state;
	for (size_t bit = 0; bit < 256; bit++) {
		y->p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(wd_jwk_import(&jwk, &k), WD_R_KEY_INVALID);
		y->p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memset(most, 0xff, sizeof(most));
	jwk.x = WD_SPAN(most);
	assert_int_equal(wd_jwk_import(&jwk, &k), WD_R_KEY_INVALID);
	memset(most, 0, sizeof(most));
	jwk.y = WD_SPAN(most);
	assert_int_equal(wd_jwk_import(&jwk, &k), WD_R_KEY_INVALID);
	assert_null(k);
}

static void
a_recipient_is_the_same_key_as_any_other_of_its_point(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *x = t_b64url(a3_x);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *y = t_b64url(a3_y);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *ours = import_a3();
	WD_AUTO(wd_pkey_freep) struct wd_pkey *whole = NULL, *other = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *z = NULL;

	(void)state;
	t_ok(wd_pkey_ec_public(
	    WD_PKEY_P256, wd_bytes_span(x), wd_bytes_span(y), &whole));
	t_ok(wd_pkey_generate(WD_PKEY_P256, &other));
	assert_true(wd_pkey_same_public(ours, whole));
	assert_false(wd_pkey_same_public(ours, other));
	t_ok(wd_ecdh(other, ours, &z));
	assert_int_equal(wd_secret_len(z), 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_sorted),
		cmocka_unit_test(ed25519_is_an_okp),
		cmocka_unit_test(thumbprint_matches_rfc_7638),
		cmocka_unit_test(p521_coordinates_keep_their_zeros),
		cmocka_unit_test(pairs_that_are_not_served_are_unsupported),
		cmocka_unit_test(bad_parts_are_invalid_keys),
		cmocka_unit_test(points_off_the_curve_are_no_keys),
		cmocka_unit_test(
		    a_recipient_is_the_same_key_as_any_other_of_its_point),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
