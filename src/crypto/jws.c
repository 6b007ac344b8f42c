/*
 * Compact JWS. The only header accepted is the one the caller expects, byte by
 * byte; nothing in a token chooses how it is checked.
 */
#include "crypto/jws.h"

#include "base/rd.h"
#include "base/reason.h"
#include "codec/base64.h"

int
wd_jws_sign(const struct wd_pkey *p256, struct wd_span header,
    struct wd_span payload, struct wd_wr *wr)
{
	size_t start = wr->len;
	uint8_t sig[WD_SIG_MAX];
	struct wd_span text;
	size_t sig_len;
	int r;

	wd_b64url_write(wr, header);
	wd_wr_u8(wr, '.');
	wd_b64url_write(wr, payload);
	if ((r = wd_wr_end(wr)) != 0)
		return r;
	text = wd_wr_span(wr);
	text = wd_span(text.p + start, text.len - start);
	r = wd_sign(p256, WD_SIG_ES256, text, sig, &sig_len);
	if (r != 0) {
		wd_wr_fail(wr); /* half a token must not be sent */
		return r;
	}
	wd_wr_u8(wr, '.');
	wd_b64url_write(wr, wd_span(sig, sig_len));
	return wd_wr_end(wr);
}

/* The text up to the next dot, which is taken too. */
static struct wd_span
segment(struct wd_rd *rd)
{
	struct wd_span text = { rd->p, 0 };

	while (text.len < rd->left && text.p[text.len] != '.')
		text.len++;
	wd_rd_skip(rd, text.len);
	if (wd_rd_more(rd))
		wd_rd_skip(rd, 1);
	return text;
}

/* HEADER in base64url is what the token must start with. */
static int
check_header(struct wd_span header, struct wd_span text)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr want = wd_wr_growing(2 * header.len + 4);

	wd_b64url_write(&want, header);
	if (wd_wr_end(&want) != 0)
		return WD_F_MEMORY;
	return wd_span_equal(wd_wr_span(&want), text) ? 0 : WD_R_MISMATCH;
}

/* Everything but the decoding of the payload. */
static int
verify(const struct wd_pkey *p256, struct wd_span header,
    struct wd_span compact, struct wd_span *ret_payload)
{
	struct wd_rd rd = wd_rd(compact);
	struct wd_span head = segment(&rd);
	struct wd_span payload = segment(&rd);
	struct wd_span sig = wd_rd_rest(&rd);
	struct wd_span message;
	uint8_t rs[64];
	int r;

	if ((r = wd_b64url_decode_exact(sig, rs, sizeof(rs))) != 0 ||
	    (r = check_header(header, head)) != 0)
		return r;
	message = wd_span(compact.p, head.len + 1 + payload.len);
	if ((r = wd_p256_verify(p256, message, rs)) != 0)
		return r;
	*ret_payload = payload;
	return 0;
}

int
wd_jws_verify(const struct wd_pkey *p256, struct wd_span header,
    struct wd_span compact, struct wd_bytes **ret_payload)
{
	struct wd_span payload;
	int r = verify(p256, header, compact, &payload);

	return r != 0 ? r : wd_b64url_decode(payload, ret_payload);
}

int
wd_jws_verify_secret(const struct wd_pkey *p256, struct wd_span header,
    struct wd_span compact, struct wd_secret **ret_payload)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	struct wd_span payload;
	size_t len;
	int r = verify(p256, header, compact, &payload);

	if (r != 0)
		return r;
	len = payload.len / 4 * 3 + payload.len % 4 * 3 / 4;
	s = wd_secret_new(len);
	if (s == NULL)
		return WD_F_MEMORY;
	r = wd_b64url_decode_exact(payload, wd_secret_bytes(s), len);
	if (r != 0)
		return r;
	*ret_payload = WD_TAKE(s);
	return 0;
}
