/*
 * Answers to what lanes have asked, taken apart and handed on: nothing of them
 * is believed here or decided.
 */
#include "bin/link/link.h"

#include "proto/coco_client.h"

/* An answer that is none is no refusal of the server's. */
static int
read_signature(struct wd_span body, struct wd_bytes **ret, struct wd_diag *d)
{
	int r = wd_coco_signed_read(body, ret, d);

	if (r <= 0)
		return r;
	wd_diag_clear(d);
	return wd_fault(d, WD_F_PEER, "the answer is no signature");
}

int
link_take_signature(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *signature = NULL;
	struct wd_msg_link_signed m;

	if (result == 0)
		result = read_signature(wd_bytes_span(a->body), &signature, d);
	m.signature = wd_bytes_span(signature);
	return link_reply(l, lane->call, lane->request, result, d, &m);
}

static int
read_release(const struct wd_client_answer *a, struct wd_coco_jwe *ret,
    struct wd_diag *d)
{
	if (!wd_span_is(wd_span_text(a->type), LINK_NATIVE))
		return wd_reject(d, WD_R_MEDIA_TYPE,
		    "the server does not give signed releases");
	return wd_coco_jwe_read(wd_bytes_span(a->body), ret, d);
}

int
link_take_release(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	WD_AUTO(wd_coco_jwe_done) struct wd_coco_jwe jwe = { 0 };

	if (result == 0)
		result = read_release(a, &jwe, d);
	return link_reply(l, lane->call, lane->request, result, d, &jwe.m);
}
