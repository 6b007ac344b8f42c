/*
 * Enrolment of TPMs. Verify looks at both keys and makes the credential: no
 * public key of a stranger is taken in here. Nothing is kept for who asks but a
 * slot while verify is asked.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "broker/enrol.h"

/* What the secret came from waits with the request. */
static int
ask_verify(struct keeper *k, struct op *op,
    const struct wd_msg_tpm_enrol_ask *ask, struct wd_diag *d)
{
	uint8_t secret[WD_ENROL_SECRET];
	struct wd_msg_ek_check m = { .at = wd_time_now(),
		.certificates = ask->certificates,
		.ek = ask->ek,
		.ak = ask->ak,
		.secret = WD_SPAN(secret) };
	struct wd_enrol_start start = { 0 };
	int r = wd_enrol_begin(k->broker, m.at, &start, secret, d);

	if (r != 0)
		return r;
	keeper_snapshot(k); /* lists of revoked certificates */
	if (k->snapshot_failed)
		r = wd_fault(d, WD_F_STORE, "no collateral");
	else if (!keeper_op_keep(op, wd_span(&start, sizeof(start))))
		r = wd_fault(d, WD_F_MEMORY, "no memory");
	else if (keeper_send_verify(k, op, WD_CALL_EK_CHECK, &m) != 0)
		r = wd_reject(d, WD_R_UNAVAILABLE, "verify is away");
	wd_wipe(secret, sizeof(secret));
	return r;
}

static int
begin_enrol(struct keeper *k, const struct wd_frame *f, struct wd_diag *d)
{
	struct wd_msg_tpm_enrol_ask ask;
	struct op *op;
	int r;

	if (wd_msg_read(f->body, &wd_msg_tpm_enrol_ask_type, &ask) != 0)
		return wd_reject(d, WD_R_MALFORMED, "not an enrolment");
	if ((r = keeper_public_gate(k, d)) != 0)
		return r;
	op = keeper_op_new(k, f, WD_CALL_TPM_ENROL);
	if (op == NULL)
		return wd_reject(
		    d, WD_R_OVERLOADED, "too many requests are waiting");
	r = ask_verify(k, op, &ask, d);
	if (r != 0)
		keeper_op_free(k, op);
	return r;
}

void
keeper_enrol(struct keeper *k, const struct wd_frame *f)
{
	struct wd_diag d = { 0 };
	int r = begin_enrol(k, f, &d);

	if (r != 0)
		keeper_refuse(k, WD_CALL_TPM_ENROL, f->request, r, d.detail);
}

static int
offer(struct keeper *k, struct op *op, const struct wd_msg_ek_info *info,
    struct wd_diag *d)
{
	struct wd_enrol_start start;
	int r = keeper_public_gate(k, d);

	if (r != 0)
		return r;
	if (op->body->len != sizeof(start))
		return wd_fault(d, WD_F_BUG, "not what was kept");
	wd_copy(&start, wd_bytes_span(op->body));
	if (wd_enrol_offer(k->broker, &start, info, &op->out) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	return 0;
}

void
keeper_ek_checked(struct keeper *k, struct op *op, int result,
    struct wd_span detail, const struct wd_msg_ek_info *info)
{
	struct wd_diag d = { 0 };

	if (result != 0)
		(void)wd_span_to_text(detail, d.detail, 200); /* or "" */
	else
		result = offer(k, op, info, &d);
	if (result != 0)
		keeper_op_refuse(k, op, result, d.detail);
	else
		keeper_op_answer(k, op);
}

static int
finish(struct keeper *k, const struct wd_frame *f, struct wd_outcome *out,
    struct wd_diag *d)
{
	struct wd_msg_tpm_enrolment_ask ask;
	int r;

	if (wd_msg_read(f->body, &wd_msg_tpm_enrolment_ask_type, &ask) != 0)
		return wd_reject(d, WD_R_MALFORMED, "not an enrolment");
	if ((r = keeper_public_gate(k, d)) != 0 ||
	    (r = keeper_waiting_gate(k, d)) != 0)
		return r;
	if (wd_enrol_finish(k->broker, &ask, wd_time_now(), out) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if (out->entry != NULL)
		return keeper_hold_answer(
		    k, f, WD_CALL_TPM_ENROLMENT, out, NULL, d);
	keeper_answer(k, WD_CALL_TPM_ENROLMENT, f->request, out);
	return 0;
}

void
keeper_enrolment(struct keeper *k, const struct wd_frame *f)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	struct wd_diag d = { 0 };
	int r = finish(k, f, &out, &d);

	if (r != 0)
		keeper_refuse(
		    k, WD_CALL_TPM_ENROLMENT, f->request, r, d.detail);
}
