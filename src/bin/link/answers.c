/*
 * Answers to what lanes have asked, taken apart and handed on: nothing of them
 * is believed here or decided.
 */
#include "bin/link/link.h"

#include "proto/coco_client.h"
#include "proto/coco_tpm.h"

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

static int
take_signature(struct link *l, const struct link_lane *lane,
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

static int
take_release(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	WD_AUTO(wd_coco_jwe_done) struct wd_coco_jwe jwe = { 0 };

	if (result == 0)
		result = read_release(a, &jwe, d);
	return link_reply(l, lane->call, lane->request, result, d, &jwe.m);
}

static int
take_challenge(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *challenge = NULL;
	struct wd_msg_challenge m;

	if (result == 0)
		result = wd_coco_challenge_read(
		    wd_bytes_span(a->body), &challenge, d);
	m.challenge = wd_bytes_span(challenge);
	return link_reply(l, lane->call, lane->request, result, d, &m);
}

static int
take_attested(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	(void)a; /* the session is in its head */
	if (result == 0 && link_lanes_attested(l) != 0)
		result = wd_fault(d, WD_F_MEMORY, "no memory for a session");
	return link_reply(l, lane->call, lane->request, result, d, NULL);
}

static int
take_credential(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	struct wd_msg_tpm_credential m = { 0 };

	if (result == 0)
		result =
		    wd_coco_credential_read(wd_bytes_span(a->body), &t, &m, d);
	return link_reply(l, lane->call, lane->request, result, d, &m);
}

static int
take_enrolment(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	struct wd_msg_tpm_enrolment m = { 0 };

	if (result == 0)
		result =
		    wd_coco_enrolled_read(wd_bytes_span(a->body), &t, &m, d);
	return link_reply(l, lane->call, lane->request, result, d, &m);
}

static const struct {
	enum wd_call call;
	int (*take)(struct link *l, const struct link_lane *lane,
	    const struct wd_client_answer *a, int result, struct wd_diag *d);
} takes[] = {
	{ WD_CALL_LINK_CHALLENGE, take_challenge },
	{ WD_CALL_LINK_ATTEST, take_attested },
	{ WD_CALL_LINK_ENROL, take_credential },
	{ WD_CALL_LINK_ENROLMENT, take_enrolment },
	{ WD_CALL_LINK_WATCH, link_take_watch },
	{ WD_CALL_LINK_RELEASE, take_release },
	{ WD_CALL_LINK_SIGN, take_signature },
};

int
link_take(struct link *l, const struct link_lane *lane,
    const struct wd_client_answer *a, int result, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(takes); i++)
		if (takes[i].call == lane->call)
			return takes[i].take(l, lane, a, result, d);
	return WD_F_BUG;
}
