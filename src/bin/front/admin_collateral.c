/*
 * Collateral at the admin door. Nothing of it is looked at here: verify checks
 * every document before it is stored.
 */
#include "bin/front/admin.h"

/* The role in the path; 404 for what is none. */
static bool
take_role(struct front *f, struct wd_request *rq, uint8_t *ret)
{
	if (wd_admin_role(rq->args.arg[0], ret))
		return true;
	front_refuse(f, rq, WD_R_NOT_FOUND, NULL);
	return false;
}

static void
put_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_document_write(&j, msg);
	front_answer_json(f, rq, 200, &wr);
}

void
front_admin_collateral_put(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_collateral_put m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, NULL, 0) || !take_role(ctx, rq, &m.role))
		return;
	r = wd_admin_collateral_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_COLLATERAL_PUT, &m, put_done);
}

static void
list_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_collateral_list *m = msg;

	admin_answer_list(f, rq, WD_LIST_DOCUMENTS, m->docs, false);
}

void
front_admin_collateral_list(void *ctx, struct wd_request *rq)
{
	struct wd_msg_admin_ask m = { 0 };

	if (front_begin(ctx, rq, NULL, 0))
		front_ask_admin(
		    ctx, rq, WD_CALL_COLLATERAL_LIST, &m, list_done);
}

static void
show_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_collateral_doc *m = msg;
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);

	wd_wr_bytes(&wr, m->doc);
	front_answer(f, rq, 200, "application/octet-stream", &wr);
}

static bool
read_bool(const char *text, bool *ret)
{
	*ret = wd_span_is(wd_span_text(text), "true");
	return *ret || text[0] == '\0' ||
	    wd_span_is(wd_span_text(text), "false");
}

void
front_admin_collateral_show(void *ctx, struct wd_request *rq)
{
	struct wd_msg_collateral_ask m = { 0 };
	char tee[9], scope[17], class[9], software[6];
	struct wd_param params[] = { { "class", class, sizeof(class), false },
		{ "scope", scope, sizeof(scope), false },
		{ "software", software, sizeof(software), false },
		{ "tee", tee, sizeof(tee), false } };
	uint8_t bytes[8];
	struct wd_diag d = { 0 };
	int r = 0;

	if (!front_begin(ctx, rq, params, WD_N(params)) ||
	    !take_role(ctx, rq, &m.role))
		return;
	if (!wd_admin_tee(wd_span_text(tee), &m.tee) ||
	    !wd_admin_class(wd_span_text(class), &m.update_class) ||
	    !wd_admin_scope(wd_span_text(scope), m.role, bytes) ||
	    !read_bool(software, &m.software))
		r = wd_reject(&d, WD_R_RANGE,
		    "tee, class, scope or software is not as the list has it");
	m.scope = WD_SPAN(bytes);
	front_ask_read(ctx, rq, r, &d, WD_CALL_COLLATERAL_SHOW, &m, show_done);
}
