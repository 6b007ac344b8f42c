/*
 * What was revoked, as the server tells it, and the lease that a renewal names.
 */
#include "proto/coco_client.h"

#include "codec/hex.h"
#include "codec/json.h"

enum { SECONDS_MAX = 1 << 30 };

static void
take_digests(struct wd_jobj *o, uint8_t *digests, size_t *ret_n)
{
	const struct wd_jval *list =
	    wd_jobj_array(o, "revoked", WD_REQUIRED, WD_REVOKED_MAX);
	struct wd_span text;

	for (size_t i = 0; i < wd_jval_count(list); i++)
		if (!wd_jval_text(wd_jval_at(list, i), &text) ||
		    wd_hex_decode_exact(text, digests + 32 * i, 32) != 0)
			wd_jobj_fail(o, WD_R_MALFORMED,
			    "what was revoked is 64 hex digits");
	*ret_n = wd_jval_count(list);
}

int
wd_coco_revoked_read(struct wd_span body, uint8_t digests[32 * WD_REVOKED_MAX],
    struct wd_msg_link_watch *m, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_msg_link_watch x = { 0 };
	struct wd_jobj o;
	size_t n;
	int r = wd_json_parse(body, d, &doc);

	if (r != 0)
		return r;
	wd_jobj_open(&o, wd_json_root(doc), d, "revocations");
	x.after = wd_jobj_uint(&o, "after", WD_REQUIRED, INT64_MAX);
	x.all = wd_jobj_bool(&o, "all", WD_REQUIRED, false);
	x.seconds =
	    (uint32_t)wd_jobj_uint(&o, "seconds", WD_REQUIRED, SECONDS_MAX);
	take_digests(&o, digests, &n);
	if ((r = wd_jobj_close_open_world(&o)) != 0)
		return r;
	x.digests = wd_span(digests, 32 * n);
	*m = x;
	return 0;
}

void
wd_coco_replaces_write(
    struct wd_wr *wr, const struct wd_id *lease, const struct wd_id *session)
{
	wd_wr_bytes(wr, wd_id_span(lease));
	wd_wr_text(wr, " ");
	wd_wr_bytes(wr, wd_id_span(session));
}
