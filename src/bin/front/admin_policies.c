/*
 * Policies at the admin door, and the prefixes they are bound to.
 */
#include "bin/front/admin.h"

static void
answer_policy(struct front *f, struct wd_request *rq, int status,
    const struct wd_msg_policy_record *policy)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_policy_write(&j, policy, true);
	front_answer_json(f, rq, status, &wr);
}

static void
made_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_policy(f, rq, 201, msg);
}

static void
policy_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_policy(f, rq, 200, msg);
}

/* M has the id, if there is one. */
static void
put(struct front *f, struct wd_request *rq, struct wd_msg_policy_add *m,
    front_done *done)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_diag d = { 0 };
	int r = wd_admin_policy_read(rq->body, &b, m, &d);

	front_ask_read(f, rq, r, &d, WD_CALL_POLICY_ADD, m, done);
}

void
front_admin_policy_add(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_add m = { 0 };

	if (front_begin(ctx, rq, NULL, 0))
		put(ctx, rq, &m, made_done);
}

void
front_admin_policy_put(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_add m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		put(ctx, rq, &m, policy_done);
}

void
front_admin_policy_show(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_ask m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(ctx, rq, WD_CALL_POLICY_SHOW, &m, policy_done);
}

void
front_admin_policy_delete(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_ask m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(
		    ctx, rq, WD_CALL_POLICY_DELETE, &m, front_done_nothing);
}

static void
list_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_policy_list *m = msg;

	admin_answer_list(f, rq, WD_LIST_POLICIES, m->policies, m->more);
}

void
front_admin_policy_list(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_list_ask m = { 0 };
	struct admin_page page;
	struct wd_param params[] = { ADMIN_AFTER(page), ADMIN_LIMIT(page) };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, params, WD_N(params)))
		return;
	r = admin_page_read(&page, &m.limit, &m.after, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_POLICY_LIST, &m, list_done);
}

/* ---- explaining */

static void
explained_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_explained_write(&j, msg);
	front_answer_json(f, rq, 200, &wr);
}

void
front_admin_explain(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_explain_ask m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, NULL, 0))
		return;
	r = wd_admin_explain_read(rq->body, &b, &m, &d);
	front_ask_read(
	    ctx, rq, r, &d, WD_CALL_POLICY_EXPLAIN, &m, explained_done);
}

/* ---- bindings */

void
front_admin_bind(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_policy_bind m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!admin_begin_path(ctx, rq, &m.prefix))
		return;
	r = wd_admin_bind_read(rq->body, &b, &m, &d);
	front_ask_read(
	    ctx, rq, r, &d, WD_CALL_POLICY_BIND, &m, front_done_nothing);
}

void
front_admin_unbind(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_bind m = { 0 };

	if (admin_begin_path(ctx, rq, &m.prefix))
		front_ask_admin(
		    ctx, rq, WD_CALL_POLICY_BIND, &m, front_done_nothing);
}
