/*
 * Signatures by keys that stay in the server, as a client asks for them.
 */
#include "proto/coco_client.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "codec/jtext.h"
#include "proto/use.h"

enum { SIGNATURE_TEXT_MAX = (WD_KEYUSE_SIG_MAX * 4 + 2) / 3 };

void
wd_coco_sign_write(struct wd_wr *wr, const struct wd_msg_link_sign_ask *m)
{
	const char *name = wd_keysig_name((enum wd_keysig)m->sig);
	struct wd_jtext j = wd_jtext(wr);

	if (name == NULL) {
		wd_wr_fail(wr);
		return;
	}
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "algorithm", name);
	wd_jtext_key(&j, m->hashed ? "digest" : "message");
	wd_jtext_b64url(&j, m->input);
	wd_jtext_key_uint(&j, "version", m->version);
	wd_jtext_end(&j);
}

int
wd_coco_signed_read(
    struct wd_span body, struct wd_bytes **ret_signature, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_jobj o;
	struct wd_span text;
	int r = wd_json_parse(body, d, &doc);

	if (r != 0)
		return r;
	wd_jobj_open(&o, wd_json_root(doc), d, "signature");
	text = wd_jobj_text(&o, "signature", WD_REQUIRED, SIGNATURE_TEXT_MAX);
	if ((r = wd_jobj_close_open_world(&o)) != 0)
		return r;
	r = wd_b64url_decode(text, ret_signature);
	return r <= 0
	    ? r
	    : wd_reject(d, WD_R_MALFORMED, "the signature is not base64url");
}
