/*
 * Compact JWS: the vector of RFC 7515, and that nothing in a token decides how
 * it is checked.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "crypto/init.h"
#include "crypto/jws.h"
#include "jose_fixtures.h"
#include "t_keys.h"

/* RFC 7515, appendix A.3. */
static const char rfc_header[] = "{\"alg\":\"ES256\"}";
static const char rfc_payload[] =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
    "\"http://example.com/is_root\":true}";
static const char rfc_token[] =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q";

static void
published_token_verifies(void **state)
{
	WD_AUTO(wd_pkey_freep)
	struct wd_pkey *k = t_private(key_rfc7515_a3);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *payload = NULL;

	(void)state;
	t_ok(wd_jws_verify(
	    k, wd_span_text(rfc_header), wd_span_text(rfc_token), &payload));
	t_span_equal(wd_bytes_span(payload), wd_span_text(rfc_payload));
}

static void
what_is_signed_verifies(void **state)
{
	WD_AUTO(wd_pkey_freep)
	struct wd_pkey *k = t_private(key_rfc7515_a3);
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1024);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *payload = NULL;
	struct wd_span text;

	(void)state;
	wd_wr_text(&wr, "before");
	t_ok(wd_jws_sign(k, wd_span_text(rfc_header), WD_SPAN_LIT("{}"), &wr));
	text = wd_wr_span(&wr);
	t_span_equal(wd_span(text.p, 6), WD_SPAN_LIT("before"));
	t_ok(wd_jws_verify(k, wd_span_text(rfc_header),
	    wd_span(text.p + 6, text.len - 6), &payload));
	t_span_equal(wd_bytes_span(payload), WD_SPAN_LIT("{}"));
}

static void
every_flipped_bit_of_a_token_is_refused(void **state)
{
	WD_AUTO(wd_pkey_freep)
	struct wd_pkey *k = t_private(key_rfc7515_a3);
	uint8_t token[sizeof(rfc_token) - 1];

	(void)state;
	wd_copy(token, wd_span_text(rfc_token));
	for (size_t bit = 0; bit < sizeof(token) * 8; bit++) {
		struct wd_bytes *payload = NULL;
		int r;

		token[bit / 8] ^= (uint8_t)(1u << bit % 8);
		r = wd_jws_verify(
		    k, wd_span_text(rfc_header), WD_SPAN(token), &payload);
		assert_true(r == WD_R_MALFORMED || r == WD_R_MISMATCH);
		assert_null(payload);
		token[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void
truncated_and_longer_tokens_are_refused(void **state)
{
	WD_AUTO(wd_pkey_freep)
	struct wd_pkey *k = t_private(key_rfc7515_a3);
	struct wd_bytes *payload = NULL;
	char longer[sizeof(rfc_token) + 1];

	(void)state;
	for (size_t len = 0; len < sizeof(rfc_token) - 1; len++)
		assert_int_equal(wd_jws_verify(k, wd_span_text(rfc_header),
				     wd_span(rfc_token, len), &payload),
		    WD_R_MALFORMED);
	wd_copy(longer, wd_span_text(rfc_token));
	for (const char *tail = ".A="; *tail != '\0'; tail++) {
		longer[sizeof(rfc_token) - 1] = *tail;
		assert_int_equal(
		    wd_jws_verify(k, wd_span_text(rfc_header),
			wd_span(longer, sizeof(rfc_token)), &payload),
		    WD_R_MALFORMED);
	}
}

static void
secret_payload_comes_in_secret_memory(void **state)
{
	WD_AUTO(wd_pkey_freep)
	struct wd_pkey *k = t_private(key_rfc7515_a3);
	WD_AUTO(wd_secret_freep) struct wd_secret *payload = NULL;
	uint8_t token[sizeof(rfc_token) - 1];

	(void)state;
	t_ok(wd_jws_verify_secret(
	    k, wd_span_text(rfc_header), wd_span_text(rfc_token), &payload));
	t_span_equal(wd_secret_borrow(payload), wd_span_text(rfc_payload));
	wd_secret_freep(&payload);
	wd_copy(token, wd_span_text(rfc_token));
	token[sizeof(token) - 3] ^= 1;
	assert_int_equal(wd_jws_verify_secret(k, wd_span_text(rfc_header),
			     WD_SPAN(token), &payload),
	    WD_R_MISMATCH);
	assert_null(payload);
}

/* `none`, another order of members, another key. */
static void
other_headers_and_keys_are_refused(void **state)
{
	WD_AUTO(wd_pkey_freep)
	struct wd_pkey *k = t_private(key_rfc7515_a3);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *other = t_private(key_bob);
	WD_AUTO(wd_pkey_freep) struct wd_pkey *p521 = t_private(key_p521);
	struct wd_bytes *payload = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1024);

	(void)state;
	assert_int_equal(wd_jws_verify(k, WD_SPAN_LIT("{\"alg\":\"none\"}"),
			     wd_span_text(rfc_token), &payload),
	    WD_R_MISMATCH);
	assert_int_equal(
	    wd_jws_verify(k, WD_SPAN_LIT("{\"alg\":\"ES256\",\"typ\":\"JWT\"}"),
		wd_span_text(rfc_token), &payload),
	    WD_R_MISMATCH);
	assert_int_equal(wd_jws_verify(other, wd_span_text(rfc_header),
			     wd_span_text(rfc_token), &payload),
	    WD_R_MISMATCH);
	assert_int_equal(wd_jws_verify(p521, wd_span_text(rfc_header),
			     wd_span_text(rfc_token), &payload),
	    WD_R_KEY_INVALID);
	assert_int_equal(
	    wd_jws_sign(p521, wd_span_text(rfc_header), WD_SPAN_LIT("{}"), &wr),
	    WD_R_KEY_INVALID);
	assert_true(wr.bad);
	assert_null(payload);
}

static void
token_that_does_not_fit_is_refused(void **state)
{
	WD_AUTO(wd_pkey_freep)
	struct wd_pkey *k = t_private(key_rfc7515_a3);
	uint8_t buf[sizeof(rfc_token)];

	(void)state;
	for (size_t cap = 0; cap < sizeof(rfc_token); cap++) {
		struct wd_wr wr = wd_wr_fixed(buf, cap);
		int want = cap < sizeof(rfc_token) - 1 ? WD_R_TOO_LARGE : 0;

		assert_int_equal(wd_jws_sign(k, wd_span_text(rfc_header),
				     wd_span_text(rfc_payload), &wr),
		    want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_token_verifies),
		cmocka_unit_test(what_is_signed_verifies),
		cmocka_unit_test(every_flipped_bit_of_a_token_is_refused),
		cmocka_unit_test(truncated_and_longer_tokens_are_refused),
		cmocka_unit_test(secret_payload_comes_in_secret_memory),
		cmocka_unit_test(other_headers_and_keys_are_refused),
		cmocka_unit_test(token_that_does_not_fit_is_refused),
	};

	if (wd_crypto_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
