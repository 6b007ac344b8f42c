/*
 * Keys of rows: the time in front, and nothing of a stranger's text believed.
 */
#include "lib/t.h"

#include "base/reason.h"
#include "broker/rowkey.h"
#include "codec/base64.h"
#include "crypto/init.h"

enum { NOW = 0x68a1b2c3 };

static int
set_up(void **state)
{
	(void)state;
	return wd_crypto_init(NULL);
}

static void
cookies_made_in_one_second_lie_together(void **state)
{
	char a[WD_COOKIE_TEXT], b[WD_COOKIE_TEXT];
	uint8_t key_a[WD_ROW_KEY], key_b[WD_ROW_KEY];

	(void)state;
	t_ok(wd_cookie_make(NOW, a));
	t_ok(wd_cookie_make(NOW, b));
	assert_memory_equal(a, "68a1b2c3", 8);
	assert_memory_not_equal(a, b, WD_COOKIE_TEXT);
	t_ok(wd_cookie_key(WD_SPAN(a), key_a));
	t_ok(wd_cookie_key(WD_SPAN(b), key_b));
	assert_memory_equal(key_a, "\x68\xa1\xb2\xc3", 4);
	assert_memory_equal(key_b, "\x68\xa1\xb2\xc3", 4);
	assert_memory_not_equal(key_a + 4, key_b + 4, 28);
}

/* Each digit of the random part counts. */
static void
another_cookie_has_another_key(void **state)
{
	char text[WD_COOKIE_TEXT];
	uint8_t key[WD_ROW_KEY], other[WD_ROW_KEY];

	(void)state;
	t_ok(wd_cookie_make(NOW, text));
	t_ok(wd_cookie_key(WD_SPAN(text), key));
	for (size_t i = 0; i < WD_COOKIE_TEXT; i++) {
		text[i] = (char)(text[i] ^ 1);
		if (wd_cookie_key(WD_SPAN(text), other) == 0)
			assert_memory_not_equal(key, other, WD_ROW_KEY);
		text[i] = (char)(text[i] ^ 1);
	}
}

static void
what_is_no_cookie_is_not_found(void **state)
{
	static const char *const bad[] = { "", "0",
		"68a1b2c3000000000000000000000000000000",
		"68a1b2c300000000000000000000000000000000f",
		"68a1b2cg00000000000000000000000000000000",
		"68a1b2c 00000000000000000000000000000000" };
	uint8_t key[WD_ROW_KEY];

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(
		    wd_cookie_key(wd_span_text(bad[i]), key), WD_R_NOT_FOUND);
}

static void
a_challenge_has_its_own_time(void **state)
{
	uint8_t text[WD_CHALLENGE_LEN] = { 1, 2, 0xc3, 0xb2, 0xa1, 0x68 };
	uint8_t key[WD_ROW_KEY], other[WD_ROW_KEY];

	(void)state;
	t_ok(wd_challenge_key(WD_SPAN(text), key));
	assert_memory_equal(key, "\x68\xa1\xb2\xc3", 4);
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] ^= 1;
		t_ok(wd_challenge_key(WD_SPAN(text), other));
		assert_memory_not_equal(key, other, WD_ROW_KEY);
		text[i] ^= 1;
	}
	assert_int_equal(
	    wd_challenge_key(wd_span(text, WD_CHALLENGE_LEN - 1), key),
	    WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_challenge_key(wd_span(NULL, 0), key), WD_R_NOT_FOUND);
}

/* What is read from a token with this payload; NONCE: where a challenge of
 * ones stands. */
static int
read_token(const char *before, const char *after, uint8_t *ret)
{
	static const uint8_t ones[WD_CHALLENGE_LEN] = { 1, 1, 1 };
	WD_AUTO(wd_wr_done) struct wd_wr json = wd_wr_growing(8192);
	WD_AUTO(wd_wr_done) struct wd_wr token = wd_wr_growing(16384);

	wd_wr_text(&json, before);
	wd_b64_write(&json, WD_SPAN(ones));
	wd_wr_text(&json, after);
	wd_wr_text(&token, "eyJhIjoxfQ.");
	wd_b64url_write(&token, wd_wr_span(&json));
	wd_wr_text(&token, ".c2lnbmF0dXJl");
	t_ok(wd_wr_end(&token));
	return wd_token_challenge(wd_wr_span(&token), ret);
}

static void
a_token_names_its_challenge(void **state)
{
	uint8_t got[WD_CHALLENGE_LEN] = { 0 };
	char name[300];
	struct wd_wr wr = wd_wr_fixed(name, sizeof(name) - 1);

	(void)state;
	t_ok(read_token("{\"aud\":\"x\",\"eat_nonce\":\"", "\",\"z\":1}", got));
	assert_memory_equal(got, "\x01\x01\x01", 4);
	/* Names of servers are up to 253 bytes long. */
	for (size_t i = 0; i < 253; i++)
		wd_wr_u8(&wr, 'n');
	wd_wr_text(&wr, "\",\"eat_nonce\":\"");
	name[wr.len] = '\0';
	t_ok(read_token(name, "\"}", got));
}

static void
no_challenge_is_read_from_other_texts(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a", "a.b", "a.b.c",
		"a.====.c", "a.eyJ9.c", "a.ImVhdF9ub25jZSI6Ig.c",
		"a.ImVhdF9ub25jZSI6IkFB.c", "a.\xff\xff\xff\xff.c" };
	uint8_t got[WD_CHALLENGE_LEN];

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(wd_token_challenge(wd_span_text(bad[i]), got),
		    WD_R_NOT_FOUND);
	assert_int_equal(
	    read_token("{\"nonce\":\"", "\"}", got), WD_R_NOT_FOUND);
	assert_int_equal(
	    read_token("{\"eat_nonce\":\" ", "\"}", got), WD_R_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_made_in_one_second_lie_together),
		cmocka_unit_test(another_cookie_has_another_key),
		cmocka_unit_test(what_is_no_cookie_is_not_found),
		cmocka_unit_test(a_challenge_has_its_own_time),
		cmocka_unit_test(a_token_names_its_challenge),
		cmocka_unit_test(no_challenge_is_read_from_other_texts),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
