/*
 * Endorsement keys of TPMs at the admin door.
 */
#include "bin/front/admin.h"

void
front_admin_tpm_add(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_tpm_add m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, NULL, 0))
		return;
	r = wd_admin_tpm_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_TPM_ADD, &m, front_done_nothing);
}

static void
list_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_tpm_list *m = msg;

	admin_answer_list(f, rq, WD_LIST_TPMS, m->tpms, m->more);
}

void
front_admin_tpm_list(void *ctx, struct wd_request *rq)
{
	struct wd_msg_tpm_list_ask m = { 0 };
	struct admin_page page;
	struct wd_param params[] = { ADMIN_AFTER(page), ADMIN_LIMIT(page) };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, params, WD_N(params)))
		return;
	r = admin_limit(&page, &m.limit, &d);
	m.after = wd_span_text(page.after);
	if (r == 0 && m.after.len > 64)
		r = WD_R_RANGE;
	front_ask_read(ctx, rq, r, &d, WD_CALL_TPM_LIST, &m, list_done);
}

void
front_admin_tpm_remove(void *ctx, struct wd_request *rq)
{
	struct wd_msg_tpm_ask m = { .ek = rq->args.arg[0] };

	if (!front_begin(ctx, rq, NULL, 0))
		return;
	if (m.ek.len > 64)
		front_refuse(ctx, rq, WD_R_NOT_FOUND, NULL);
	else
		front_ask_admin(
		    ctx, rq, WD_CALL_TPM_REMOVE, &m, front_done_nothing);
}
