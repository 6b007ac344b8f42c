/*
 * What a server says to the link. The first byte says what it is: a challenge,
 * a release, what was revoked, a signature, or with two more bytes of status an
 * error.
 */
#include "fuzz.h"

#include "base/reason.h"
#include "proto/coco_client.h"

static void
challenge(struct wd_span body)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	int r = wd_coco_challenge_read(body, &b, NULL);

	must(r >= 0 && (r == 0) == (b != NULL));
	fuzz_accepted = r == 0;
	fuzz_touch(wd_bytes_span(b));
}

/* What was read must fit the message that carries it on. */
static void
release(struct wd_span body)
{
	WD_AUTO(wd_coco_jwe_done) struct wd_coco_jwe jwe = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 20);
	struct wd_msg_link_release again;
	int r = wd_coco_jwe_read(body, &jwe, NULL);

	must(r >= 0);
	fuzz_accepted = r == 0;
	if (r != 0) {
		must(jwe.n_parts == 0);
		return;
	}
	wd_msg_write(&wr, &wd_msg_link_release_type, &jwe.m);
	must(wd_wr_end(&wr) == 0);
	must(wd_msg_read(wd_wr_span(&wr), &wd_msg_link_release_type, &again) ==
	    0);
}

static void
revoked(struct wd_span body)
{
	uint8_t digests[32 * WD_REVOKED_MAX];
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 14);
	struct wd_msg_link_watch m = { 0 };
	int r = wd_coco_revoked_read(body, digests, &m, NULL);

	must(r >= 0);
	fuzz_accepted = r == 0;
	must(m.digests.len % 32 == 0);
	wd_msg_write(&wr, &wd_msg_link_watch_type, &m);
	must(wd_wr_end(&wr) == 0);
}

static void
signature(struct wd_span body)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 10);
	struct wd_msg_link_signed m;
	int r = wd_coco_signed_read(body, &b, NULL);

	must(r >= 0 && (r == 0) == (b != NULL));
	fuzz_accepted = r == 0;
	m.signature = wd_bytes_span(b);
	wd_msg_write(&wr, &wd_msg_link_signed_type, &m);
	must(wd_wr_end(&wr) == 0);
}

static void
refusal(struct wd_rd *rd)
{
	uint16_t status = wd_rd_le16(rd);
	struct wd_diag d = { 0 };
	int r = wd_coco_error_read(status, wd_rd_rest(rd), &d);

	must(r > 0 && d.result == r);
	must(wd_reason_row(r)->number == (enum wd_reason)r);
	for (const char *c = d.detail; *c != '\0'; c++)
		must(*c >= ' ' && *c <= '~');
	fuzz_accepted = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_rd rd = wd_rd(wd_span(data, size));

	switch (wd_rd_u8(&rd)) {
	case 'c':
		challenge(wd_rd_rest(&rd));
		break;
	case 'r':
		release(wd_rd_rest(&rd));
		break;
	case 'w':
		revoked(wd_rd_rest(&rd));
		break;
	case 's':
		signature(wd_rd_rest(&rd));
		break;
	case 'e':
		refusal(&rd);
		break;
	default:
		break;
	}
	return 0;
}
