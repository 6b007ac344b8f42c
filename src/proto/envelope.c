/*
 * Envelopes are read as any bytes of strangers: nothing in one is believed
 * before the body has opened.
 */
#include "proto/envelope.h"

#include "base/rd.h"
#include "base/reason.h"

static const char magic[] = "WDE1";

/* Bytes that a body has beside what was encrypted. */
static const uint8_t extra[] = {
	[WD_ENVELOPE_GCM] = 12 + 16,
	[WD_ENVELOPE_XAES] = 24 + 16,
	[WD_ENVELOPE_OAEP] = 1,
};

void
wd_envelope_head(struct wd_wr *wr, enum wd_envelope_how how,
    const struct wd_id *key, uint32_t version)
{
	wd_wr_text(wr, magic);
	wd_wr_u8(wr, (uint8_t)how);
	wd_wr_bytes(wr, wd_id_span(key));
	wd_wr_be32(wr, version);
}

/* In the one form in which it is written. */
static bool
read_id(struct wd_span text, struct wd_id *ret)
{
	return wd_id_parse(text, ret) && wd_span_equal(wd_id_span(ret), text);
}

int
wd_envelope_read(struct wd_span s, struct wd_envelope *ret)
{
	struct wd_rd rd = wd_rd(s);
	struct wd_span name = wd_rd_bytes(&rd, sizeof(magic) - 1);
	uint8_t how = wd_rd_u8(&rd);
	struct wd_span id = wd_rd_bytes(&rd, WD_ID_LEN);
	struct wd_envelope e = { .how = (enum wd_envelope_how)how };

	e.version = wd_rd_be32(&rd);
	e.body = wd_rd_rest(&rd);
	if (wd_rd_end(&rd) != 0 || !wd_span_is(name, magic) || how == 0 ||
	    how >= WD_N(extra) || e.body.len < extra[how] || e.version == 0 ||
	    !read_id(id, &e.key))
		return WD_R_MALFORMED;
	e.head = wd_span(s.p, WD_ENVELOPE_HEAD);
	*ret = e;
	return 0;
}
