/*
 * Enrolment of TPMs, beside the KBS protocol. What the two requests carry is
 * translated and handed on; the keeper and verify decide.
 */
#include "bin/front/front.h"

#include "proto/coco_tpm.h"

static void
credential_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr body = wd_wr_growing(4096);

	wd_coco_credential_write(&body, msg);
	front_answer_json(f, rq, 200, &body);
}

/* As dear as an attestation, and bounded with them. */
void
front_tpm_enrol(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	struct wd_msg_tpm_enrol_ask m = { 0 };
	struct wd_diag d = { 0 };
	int r = front_may_attest(ctx, rq, &d);

	if (r == 0)
		r = wd_coco_enrol_read(rq->body, &t, &m, &d);
	if (r != 0)
		front_refuse(ctx, rq, r, &d);
	else
		front_ask(ctx, rq, WD_CALL_TPM_ENROL, &m, credential_done);
}

static void
enrolment_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr body = wd_wr_growing(4096);

	wd_coco_enrolled_write(&body, msg);
	front_answer_json(f, rq, 200, &body);
}

void
front_tpm_enrolment(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	struct wd_msg_tpm_enrolment_ask m = { 0 };
	struct wd_diag d = { 0 };
	int r = front_may_attest(ctx, rq, &d);

	if (r == 0)
		r = wd_coco_enrolment_read(rq->body, &t, &m, &d);
	if (r != 0)
		front_refuse(ctx, rq, r, &d);
	else
		front_ask(ctx, rq, WD_CALL_TPM_ENROLMENT, &m, enrolment_done);
}
