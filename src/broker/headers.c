/*
 * Headers as canonical JSON. The key in them is for clients that look it up;
 * whoever pins it compares its thumbprint.
 */
#include "broker/headers.h"

#include "codec/base64.h"
#include "codec/jtext.h"
#include "crypto/jwk.h"

enum { HEADER_MAX = 512, JWK_MAX = 256 };

int
wd_thumb_text(const struct wd_pkey *key, char ret[WD_THUMB_TEXT])
{
	struct wd_wr wr = wd_wr_fixed(ret, WD_THUMB_TEXT);
	uint8_t digest[32];
	int r = wd_jwk_thumbprint(key, digest);

	if (r != 0)
		return r;
	wd_b64url_write(&wr, WD_SPAN(digest));
	wd_wr_u8(&wr, 0);
	return wd_wr_end(&wr) == 0 ? 0 : WD_F_BUG;
}

/* Begins a header up to and with the member "jwk". */
static void
begin(struct wd_jtext *j, const struct wd_pkey *key)
{
	uint8_t text[JWK_MAX];
	struct wd_wr jwk = wd_wr_fixed(text, sizeof(text));

	wd_jwk_write(&jwk, key, WD_JWE_NONE);
	if (wd_wr_end(&jwk) != 0)
		wd_wr_fail(j->wr);
	wd_jtext_object(j);
	wd_jtext_key_text(j, "alg", "ES256");
	wd_jtext_key(j, "jwk");
	wd_jtext_raw(j, wd_wr_span(&jwk));
}

int
wd_header_release(const struct wd_pkey *key, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(HEADER_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	begin(&j, key);
	wd_jtext_key_text(&j, "typ", "vnd.warder.release");
	wd_jtext_end(&j);
	return wd_wr_take(&wr, ret);
}

int
wd_header_token(const struct wd_pkey *key, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(HEADER_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	char kid[WD_THUMB_TEXT];
	int r = wd_thumb_text(key, kid);

	if (r != 0)
		return r;
	begin(&j, key);
	wd_jtext_key_text(&j, "kid", kid);
	wd_jtext_key_text(&j, "typ", "JWT");
	wd_jtext_end(&j);
	return wd_wr_take(&wr, ret);
}
