/*
 * What a key has encrypted, as a client brings it back; and a request to use a
 * key, in both spellings of bytes. The first byte says which: e, or the number
 * of the use (1 to 5; over 200 for the admin door).
 */
#include "fuzz.h"

#include "base/rd.h"
#include "proto/envelope.h"
#include "proto/use_json.h"

static void
envelope(struct wd_span s)
{
	uint8_t head[WD_ENVELOPE_HEAD];
	struct wd_wr wr = wd_wr_fixed(head, sizeof(head));
	struct wd_envelope e = { 0 };
	int r = wd_envelope_read(s, &e);

	must(r >= 0);
	fuzz_accepted = r == 0;
	if (r != 0) {
		must(e.how == 0 && e.body.p == NULL);
		return;
	}
	must(fuzz_within(e.head, s) && fuzz_within(e.body, s));
	must(e.head.len + e.body.len == s.len && e.version > 0);
	fuzz_touch(e.body);
	/* There is one way to write it. */
	wd_envelope_head(&wr, e.how, &e.key, e.version);
	must(wd_wr_end(&wr) == 0 && wd_span_equal(WD_SPAN(head), e.head));
}

/* What was read fits the message that carries it on. */
static void
carried(const struct wd_use_body *b, enum wd_keyuse use)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 17);
	struct wd_msg_key_use m = { .use = (uint8_t)use,
		.sig = (uint8_t)b->sig,
		.version = b->version,
		.bits = b->bits,
		.wrapped = b->wrapped,
		.hashed = b->hashed,
		.input = wd_secret_borrow(b->input),
		.aad = wd_bytes_span(b->aad),
		.signature = wd_bytes_span(b->signature) };

	wd_msg_write(&wr, &wd_msg_key_use_type, &m);
	must(wd_wr_end(&wr) == 0);
	fuzz_touch(m.input);
	fuzz_touch(m.aad);
	fuzz_touch(m.signature);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_use_body_done) struct wd_use_body b = { 0 };
	struct wd_rd rd = wd_rd(wd_span(data, size));
	uint8_t what = wd_rd_u8(&rd);
	enum wd_use_text how = what > 200 ? WD_USE_B64 : WD_USE_B64URL;
	enum wd_keyuse use = (enum wd_keyuse)(what > 200 ? what - 200 : what);
	int r;

	fuzz_accepted = false;
	if (what == 'e') {
		envelope(wd_rd_rest(&rd));
		return 0;
	}
	if (use == WD_KEYUSE_NONE || wd_keyuse_name(use) == NULL)
		return 0;
	r = wd_use_read(wd_rd_rest(&rd), use, how, &b, NULL);
	must(r >= 0);
	fuzz_accepted = r == 0;
	if (r == 0)
		carried(&b, use);
	return 0;
}
