/*
 * The client's side of the Confidential Containers KBS protocol. Servers are as
 * little trusted as clients: sizes are bounded before anything is decoded.
 */
#include "proto/coco_client.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "codec/jtext.h"
#include "proto/coco.h"
#include "proto/evidence.h"

/* ---- POST /auth */

void
wd_coco_request_write(struct wd_wr *wr, enum wd_tee tee)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "extra-params", "");
	wd_jtext_key_text(&j, "tee", wd_tee_name(tee));
	wd_jtext_key_text(&j, "version", WD_COCO_VERSION);
	wd_jtext_end(&j);
}

enum { CHALLENGE_MAX = 64 };

int
wd_coco_challenge_read(
    struct wd_span body, struct wd_bytes **ret_challenge, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_jobj o;
	struct wd_span nonce;
	int r = wd_json_parse(body, d, &doc);

	if (r != 0)
		return r;
	wd_jobj_open(&o, wd_json_root(doc), d, "challenge");
	nonce =
	    wd_jobj_text(&o, "nonce", WD_REQUIRED, (CHALLENGE_MAX + 2) / 3 * 4);
	if ((r = wd_jobj_close_open_world(&o)) != 0)
		return r;
	r = wd_b64_decode(nonce, ret_challenge);
	return r <= 0 ? r
		      : wd_reject(d, WD_R_MALFORMED,
			    "challenge: the nonce is not base64");
}

/* ---- POST /attest */

static void
write_rsa(struct wd_jtext *j, const struct wd_msg_link_attest_ask *m)
{
	wd_jtext_object(j);
	wd_jtext_key_text(j, "alg", "RSA-OAEP-256");
	wd_jtext_key(j, "e");
	wd_jtext_b64url(j, m->key_e);
	wd_jtext_key_text(j, "kty", "RSA");
	wd_jtext_key(j, "n");
	wd_jtext_b64url(j, m->key_n);
	wd_jtext_end(j);
}

static void
write_key(struct wd_jtext *j, const struct wd_msg_link_attest_ask *m)
{
	if (m->key_n.len > 0) {
		write_rsa(j, m);
		return;
	}
	wd_jtext_object(j);
	wd_jtext_key_text(j, "alg", "ECDH-ES+A256KW");
	wd_jtext_key_text(j, "crv", "P-256");
	wd_jtext_key_text(j, "kty", "EC");
	wd_jtext_key(j, "x");
	wd_jtext_b64url(j, WD_SPAN(m->key_x.b));
	wd_jtext_key(j, "y");
	wd_jtext_b64url(j, WD_SPAN(m->key_y.b));
	wd_jtext_end(j);
}

void
wd_coco_attestation_write(
    struct wd_wr *wr, const struct wd_msg_link_attest_ask *m)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "init-data");
	wd_jtext_null(&j);
	wd_jtext_key(&j, "runtime-data");
	wd_jtext_object(&j);
	wd_jtext_key(&j, "nonce");
	wd_jtext_b64(&j, m->challenge);
	wd_jtext_key(&j, "tee-pubkey");
	write_key(&j, m);
	wd_jtext_end(&j);
	wd_jtext_key(&j, "tee-evidence");
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "additional_evidence", "");
	wd_jtext_key(&j, "primary_evidence");
	wd_evidence_write(&j, (enum wd_tee)m->tee, m->evidence);
	wd_jtext_end(&j);
	wd_jtext_end(&j);
}

/* ---- errors */

/* "NoPolicy" becomes "no_policy". Names of reasons are under 64 bytes. */
static const struct wd_reason_row *
find_reason(struct wd_span camel)
{
	char name[64];
	struct wd_wr wr = wd_wr_fixed(name, sizeof(name));

	for (size_t i = 0; i < camel.len; i++) {
		uint8_t c = camel.p[i];
		bool upper = c >= 'A' && c <= 'Z';

		if (upper && i > 0)
			wd_wr_u8(&wr, '_');
		wd_wr_u8(&wr, (uint8_t)(upper ? c - 'A' + 'a' : c));
	}
	return wd_wr_end(&wr) != 0 ? NULL : wd_reason_by_name(wd_wr_span(&wr));
}

/* What follows the last slash. */
static struct wd_span
last_segment(struct wd_span s)
{
	size_t at = s.len;

	while (at > 0 && s.p[at - 1] != '/')
		at--;
	return wd_span(s.p + at, s.len - at);
}

static const struct {
	unsigned status;
	enum wd_reason reason;
} statuses[] = {
	{ 400, WD_R_MALFORMED },
	{ 401, WD_R_CREDENTIAL_INVALID },
	{ 403, WD_R_PERMISSION },
	{ 404, WD_R_NOT_FOUND },
	{ 413, WD_R_TOO_LARGE },
	{ 422, WD_R_UNSUPPORTED },
	{ 429, WD_R_RATE_LIMITED },
};

static enum wd_reason
reason_of_status(unsigned status)
{
	for (size_t i = 0; i < WD_N(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].reason;
	return WD_R_UNAVAILABLE;
}

int
wd_coco_error_read(unsigned status, struct wd_span body, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	const struct wd_reason_row *row = NULL;
	struct wd_span type = { NULL, 0 };
	struct wd_span detail = { NULL, 0 };

	if (wd_json_parse(body, NULL, &doc) == 0) {
		const struct wd_jval *root = wd_json_root(doc);

		(void)wd_jval_text(wd_jval_get(root, "type"),
		    &type); /* absent: the status speaks */
		(void)wd_jval_text(
		    wd_jval_get(root, "detail"), &detail); /* likewise */
	}
	row = find_reason(last_segment(type));
	if (row == NULL || row->number <= 0)
		row = wd_reason_row((int)reason_of_status(status));
	detail.len = detail.len < 160 ? detail.len : 160;
	if (detail.len == 0)
		return wd_reject(d, row->number,
		    "the server answered with status %u", status);
	return wd_reject(
	    d, row->number, "%.*s", (int)detail.len, (const char *)detail.p);
}
