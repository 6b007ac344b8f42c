/*
 * Tokens, leases and revocations at the admin door.
 */
#include "bin/front/admin.h"

static void
made_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_made_write(&j, msg);
	front_answer_json(f, rq, 201, &wr);
}

void
front_admin_token_create(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_token_create m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, NULL, 0))
		return;
	r = wd_admin_token_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_TOKEN_CREATE, &m, made_done);
}

static void
tokens_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_token_list *m = msg;

	admin_answer_list(f, rq, WD_LIST_TOKENS, m->tokens, false);
}

void
front_admin_token_list(void *ctx, struct wd_request *rq)
{
	struct wd_msg_admin_ask m = { 0 };

	if (front_begin(ctx, rq, NULL, 0))
		front_ask_admin(ctx, rq, WD_CALL_TOKEN_LIST, &m, tokens_done);
}

void
front_admin_token_revoke(void *ctx, struct wd_request *rq)
{
	struct wd_msg_token_ask m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(
		    ctx, rq, WD_CALL_TOKEN_REVOKE, &m, front_done_nothing);
}

/* ---- leases */

static void
leases_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_lease_list *m = msg;

	admin_answer_list(f, rq, WD_LIST_LEASES, m->leases, m->more);
}

void
front_admin_lease_list(void *ctx, struct wd_request *rq)
{
	struct wd_msg_lease_list_ask m = { 0 };
	struct admin_page page;
	struct wd_param params[] = { ADMIN_AFTER(page), ADMIN_LIMIT(page) };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, params, WD_N(params)))
		return;
	r = admin_page_read(&page, &m.limit, &m.after, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_LEASE_LIST, &m, leases_done);
}

void
front_admin_revoke(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_revoke m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, NULL, 0))
		return;
	r = wd_admin_revoke_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_REVOKE, &m, front_done_nothing);
}
