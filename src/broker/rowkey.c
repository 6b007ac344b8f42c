/*
 * Where the time comes from: a challenge and a cookie carry it, a token names
 * its challenge. All three are the client's words here; a wrong one finds no
 * row, or one whose digest is another.
 */
#include "broker/rowkey.h"

#include "base/rd.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "crypto/rand.h"

#include <string.h>

enum {
	TIME = 4,    /* bytes */
	RANDOM = 16, /* bytes of a cookie */
	LOOK = 1024, /* digits of a token's payload that are looked at */
	NONCE = 56,  /* digits of a challenge */
};

static int
key_of(struct wd_span text, uint32_t time, uint8_t ret[WD_ROW_KEY])
{
	struct wd_wr wr = wd_wr_fixed(ret, TIME);
	uint8_t digest[32];
	int r = wd_hash(WD_SHA256, text, digest);

	if (r != 0)
		return r;
	wd_wr_be32(&wr, time);
	wd_copy(ret + TIME, wd_span(digest, WD_ROW_KEY - TIME));
	return 0;
}

int
wd_cookie_make(int64_t now, char ret[WD_COOKIE_TEXT])
{
	uint8_t bytes[TIME + RANDOM];
	struct wd_wr time = wd_wr_fixed(bytes, TIME);
	struct wd_wr text = wd_wr_fixed(ret, WD_COOKIE_TEXT);
	int r = wd_rand(bytes + TIME, RANDOM);

	if (r != 0)
		return r;
	wd_wr_be32(&time, (uint32_t)now);
	wd_hex_write(&text, WD_SPAN(bytes));
	wd_wipe(bytes, sizeof(bytes));
	return 0;
}

int
wd_cookie_key(struct wd_span cookie, uint8_t ret[WD_ROW_KEY])
{
	uint8_t time[TIME];
	struct wd_rd rd = wd_rd(WD_SPAN(time));

	if (cookie.len != WD_COOKIE_TEXT ||
	    wd_hex_decode_exact(wd_span(cookie.p, 2 * TIME), time, TIME) != 0)
		return WD_R_NOT_FOUND;
	return key_of(cookie, wd_rd_be32(&rd), ret);
}

/* Version, door, then the seconds (broker/challenge.h). */
int
wd_challenge_key(struct wd_span challenge, uint8_t ret[WD_ROW_KEY])
{
	struct wd_rd rd = wd_rd(challenge);

	if (challenge.len != WD_CHALLENGE_LEN)
		return WD_R_NOT_FOUND;
	wd_rd_skip(&rd, 2);
	return key_of(challenge, (uint32_t)wd_rd_le64(&rd), ret);
}

/* The digits behind the first dot: the start of the payload. */
static struct wd_span
payload_of(struct wd_span token)
{
	const uint8_t *dot =
	    token.len == 0 ? NULL : memchr(token.p, '.', token.len);
	struct wd_span digits;
	const uint8_t *end;

	if (dot == NULL)
		return wd_span(NULL, 0);
	digits = wd_span(dot + 1, token.len - (size_t)(dot + 1 - token.p));
	end = digits.len == 0 ? NULL : memchr(digits.p, '.', digits.len);
	if (end != NULL)
		digits.len = (size_t)(end - digits.p);
	if (digits.len > LOOK)
		digits.len = LOOK;
	digits.len -= digits.len % 4; /* whole groups stand for themselves */
	return digits;
}

int
wd_token_challenge(struct wd_span token, uint8_t ret[WD_CHALLENGE_LEN])
{
	static const char name[] = "\"eat_nonce\":\"";
	WD_AUTO(wd_bytes_freep) struct wd_bytes *json = NULL;
	struct wd_span s;
	const uint8_t *at;
	int r = wd_b64url_decode(payload_of(token), &json);

	if (r != 0)
		return r < 0 ? r : WD_R_NOT_FOUND;
	s = wd_bytes_span(json);
	at = s.len == 0 ? NULL : memmem(s.p, s.len, name, sizeof(name) - 1);
	if (at == NULL)
		return WD_R_NOT_FOUND;
	s.len -= (size_t)(at - s.p) + sizeof(name) - 1;
	s.p = at + sizeof(name) - 1;
	if (s.len < NONCE ||
	    wd_b64_decode_exact(wd_span(s.p, NONCE), ret, WD_CHALLENGE_LEN) !=
		0)
		return WD_R_NOT_FOUND;
	return 0;
}
