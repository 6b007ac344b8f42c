/*
 * Answers of the Confidential Containers KBS protocol.
 */
#include "proto/coco.h"

#include "base/reason.h"
#include "codec/base64.h"
#include "codec/jtext.h"

void
wd_coco_challenge_write(struct wd_wr *wr, struct wd_span challenge)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "extra-params", "");
	wd_jtext_key(&j, "nonce");
	wd_jtext_b64(&j, challenge);
	wd_jtext_end(&j);
}

void
wd_coco_token_write(struct wd_wr *wr, struct wd_span token)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "token");
	wd_jtext_string(&j, token);
	wd_jtext_end(&j);
}

/* The flattened JWE in the order of RFC 7516 (7.2.2); every value is base64url
 * text, so nothing needs an escape. */
void
wd_coco_release_write(struct wd_wr *wr, const struct wd_msg_release *release)
{
	wd_wr_text(wr, "{\"protected\":\"");
	wd_wr_bytes(wr, release->protected);
	wd_wr_text(wr, "\",\"encrypted_key\":\"");
	wd_b64url_write(wr, release->encrypted_key);
	wd_wr_text(wr, "\",\"iv\":\"");
	wd_b64url_write(wr, release->iv);
	wd_wr_text(wr, "\",\"ciphertext\":\"");
	wd_b64url_write(wr, release->ciphertext);
	wd_wr_text(wr, "\",\"tag\":\"");
	wd_b64url_write(wr, release->tag);
	wd_wr_text(wr, "\"}");
}

void
wd_coco_revoked_write(
    struct wd_wr *wr, const struct wd_msg_revoked *m, uint32_t seconds)
{
	struct wd_rd rd = wd_rd(m->digests);
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key_uint(&j, "after", m->after);
	wd_jtext_key_bool(&j, "all", m->all);
	wd_jtext_key(&j, "revoked");
	wd_jtext_array(&j);
	while (wd_rd_more(&rd))
		wd_jtext_hex(&j, wd_rd_bytes(&rd, 32));
	wd_jtext_end(&j);
	wd_jtext_key_uint(&j, "seconds", seconds);
	wd_jtext_end(&j);
	if (wd_rd_end(&rd) != 0)
		wd_wr_fail(wr);
}

/* "no_policy" becomes "NoPolicy". */
static void
write_camel(struct wd_wr *wr, const char *name)
{
	bool upper = true;

	for (; *name != '\0'; name++) {
		char c = *name;

		if (upper && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		upper = *name == '_';
		if (!upper)
			wd_wr_u8(wr, (uint8_t)c);
	}
}

void
wd_coco_error_write(struct wd_wr *wr, int result, struct wd_span detail)
{
	const struct wd_reason_row *row = wd_reason_row(result);
	struct wd_jtext j = wd_jtext(wr);
	uint8_t buf[160];
	struct wd_wr type = wd_wr_fixed(buf, sizeof(buf));

	wd_wr_text(
	    &type, "https://github.com/confidential-containers/kbs/errors/");
	write_camel(&type, row->name);
	wd_jtext_object(&j);
	wd_jtext_key(&j, "detail");
	wd_jtext_string(
	    &j, detail.len > 0 ? detail : wd_span_text(row->sentence));
	wd_jtext_key(&j, "type");
	wd_jtext_string(&j, wd_wr_span(&type));
	wd_jtext_end(&j);
}
