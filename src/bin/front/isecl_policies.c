/*
 * Key transfer policies at the ISecL door. They come as clients wrote them and
 * go to the keeper in their flat form.
 */
#include "bin/front/isecl.h"

#include "policy/parse.h"

static void
answer_policy(struct front *f, struct wd_request *rq, int status,
    const struct wd_msg_policy_record *policy)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	if (wd_isecl_policy_write(&j, policy) != 0)
		wd_wr_fail(&wr);
	front_answer_json(f, rq, status, &wr);
}

static void
policy_created_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_policy(f, rq, 201, msg);
}

static void
policy_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_policy(f, rq, 200, msg);
}

static void
put_policy(struct front *f, struct wd_request *rq, struct wd_msg_policy_add *m,
    front_done *done)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *policy = NULL;
	struct wd_diag d = { 0 };
	int r = wd_policy_parse(rq->body, &d, &policy);

	if (r == 0)
		m->flat = wd_policy_flat(policy);
	front_ask_read(f, rq, r, &d, WD_CALL_POLICY_ADD, m, done);
}

void
front_isecl_policy_create(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_add m = { 0 };

	if (isecl_begin(ctx, rq, NULL, 0))
		put_policy(ctx, rq, &m, policy_created_done);
}

void
front_isecl_policy_put(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_add m = { 0 };

	if (isecl_begin(ctx, rq, NULL, 0) && front_id(ctx, rq, &m.id))
		put_policy(ctx, rq, &m, policy_done);
}

void
front_isecl_policy_show(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_ask m = { 0 };

	if (isecl_begin(ctx, rq, NULL, 0) && front_id(ctx, rq, &m.id))
		front_ask_admin(ctx, rq, WD_CALL_POLICY_SHOW, &m, policy_done);
}

void
front_isecl_policy_delete(void *ctx, struct wd_request *rq)
{
	struct wd_msg_policy_ask m = { 0 };

	if (front_begin_id(ctx, rq, &m.id))
		front_ask_admin(
		    ctx, rq, WD_CALL_POLICY_DELETE, &m, front_done_nothing);
}

static void ask_policies(struct front *f, struct wd_request *rq);

static void
policies_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_policy_list *m = msg;
	struct isecl_list *l = rq->own;
	struct wd_rd rd = wd_rd(m->policies);
	size_t n = 0;
	int r = 0;

	while (r == 0 && wd_rd_more(&rd)) {
		struct wd_msg_policy_record policy;

		r = wd_list_next(&rd, &wd_msg_policy_record_type, &policy);
		if (r != 0)
			break;
		n++;
		l->last = policy.id;
		r = wd_isecl_policy_write(&l->j, &policy);
	}
	isecl_list_went(f, rq, r, m->more, n, ask_policies);
}

static void
ask_policies(struct front *f, struct wd_request *rq)
{
	const struct isecl_list *l = rq->own;
	struct wd_msg_policy_list_ask m = { .after = l->last,
		.limit = ISECL_PAGE };

	front_ask_admin(f, rq, WD_CALL_POLICY_LIST, &m, policies_done);
}

void
front_isecl_policy_list(void *ctx, struct wd_request *rq)
{
	if (isecl_begin(ctx, rq, NULL, 0) && isecl_list_new(ctx, rq) != NULL)
		ask_policies(ctx, rq);
}
