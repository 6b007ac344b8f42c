/*
 * Sets of reference values at the admin door.
 */
#include "bin/front/admin.h"

static void
answer_set(struct front *f, struct wd_request *rq, int status,
    const struct wd_msg_reference_record *set)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_reference_write(&j, set, true);
	front_answer_json(f, rq, status, &wr);
}

static void
made_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_set(f, rq, 201, msg);
}

static void
set_done(struct front *f, struct wd_request *rq, const void *msg)
{
	answer_set(f, rq, 200, msg);
}

static void
put(struct front *f, struct wd_request *rq, struct wd_msg_reference_put *m,
    front_done *done)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_diag d = { 0 };
	int r = wd_admin_reference_read(rq->body, &b, m, &d);

	front_ask_read(f, rq, r, &d, WD_CALL_REFERENCE_PUT, m, done);
}

/* The name in the path; 404 for what is none. */
static bool
begin_name(struct front *f, struct wd_request *rq, struct wd_span *ret)
{
	if (!front_begin(f, rq, NULL, 0))
		return false;
	*ret = rq->args.arg[0];
	if (wd_reference_is_name(*ret))
		return true;
	front_refuse(f, rq, WD_R_NOT_FOUND, NULL);
	return false;
}

void
front_admin_reference_add(void *ctx, struct wd_request *rq)
{
	struct wd_msg_reference_put m = { 0 };

	if (front_begin(ctx, rq, NULL, 0))
		put(ctx, rq, &m, made_done);
}

void
front_admin_reference_put(void *ctx, struct wd_request *rq)
{
	struct wd_msg_reference_put m = { .replace = true };

	if (begin_name(ctx, rq, &m.name))
		put(ctx, rq, &m, set_done);
}

void
front_admin_reference_show(void *ctx, struct wd_request *rq)
{
	struct wd_msg_reference_ask m = { 0 };

	if (begin_name(ctx, rq, &m.name))
		front_ask_admin(ctx, rq, WD_CALL_REFERENCE_SHOW, &m, set_done);
}

void
front_admin_reference_delete(void *ctx, struct wd_request *rq)
{
	struct wd_msg_reference_ask m = { 0 };

	if (begin_name(ctx, rq, &m.name))
		front_ask_admin(
		    ctx, rq, WD_CALL_REFERENCE_DELETE, &m, front_done_nothing);
}

static void
list_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_reference_list *m = msg;

	admin_answer_list(f, rq, WD_LIST_REFERENCES, m->sets, m->more);
}

void
front_admin_reference_list(void *ctx, struct wd_request *rq)
{
	struct wd_msg_reference_list_ask m = { 0 };
	struct admin_page page;
	struct wd_param params[] = { ADMIN_AFTER(page), ADMIN_LIMIT(page) };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, params, WD_N(params)))
		return;
	r = admin_limit(&page, &m.limit, &d);
	m.after = wd_span_text(page.after);
	if (r == 0 && m.after.len > WD_REFERENCE_NAME)
		r = WD_R_RANGE;
	front_ask_read(ctx, rq, r, &d, WD_CALL_REFERENCE_LIST, &m, list_done);
}
