/*
 * Opaque secrets by path at the admin door. Their bytes go through as they are.
 */
#include "bin/front/admin.h"

#include <string.h>

static void
put_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_secret_record *m = msg;
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_secret_write(&j, m);
	front_answer_json(f, rq, m->version == 1 ? 201 : 200, &wr);
}

/* Absent: as it is. */
static int
read_wrap(const char *text, bool *ret, struct wd_diag *d)
{
	*ret = strcmp(text, "true") == 0;
	if (*ret || text[0] == '\0')
		return 0;
	return wd_reject(d, WD_R_MALFORMED,
	    "seal_wrap is true, or absent; the mark is taken off by itself");
}

static void
hsm_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_secret_write(&j, msg);
	front_answer_json(f, rq, 200, &wr);
}

void
front_admin_secret_hsm(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_secret_hsm m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!admin_begin_path(ctx, rq, &m.path))
		return;
	r = wd_admin_seal_wrap_read(rq->body, &b, &m.seal_wrap, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_SECRET_HSM, &m, hsm_done);
}

void
front_admin_secret_put(void *ctx, struct wd_request *rq)
{
	struct wd_msg_secret_put m = { .bytes = rq->body };
	char policy[WD_ID_LEN + 1], seal_wrap[6];
	struct wd_param params[] = {
		{ "policy", policy, sizeof(policy), false },
		{ "seal_wrap", seal_wrap, sizeof(seal_wrap), false },
	};
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, params, WD_N(params)) ||
	    !admin_path(ctx, rq, &m.path))
		return;
	r = admin_query_id(policy, "policy", &m.policy, &d);
	if (r == 0)
		r = read_wrap(seal_wrap, &m.seal_wrap, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_SECRET_PUT, &m, put_done);
}

static void
value_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_secret_value *m = msg;
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);

	wd_wr_bytes(&wr, m->bytes);
	front_answer(f, rq, 200, "application/octet-stream", &wr);
}

void
front_admin_secret_get(void *ctx, struct wd_request *rq)
{
	struct wd_msg_secret_ask m = { 0 };

	if (admin_begin_path(ctx, rq, &m.path))
		front_ask_admin(ctx, rq, WD_CALL_SECRET_GET, &m, value_done);
}

void
front_admin_secret_delete(void *ctx, struct wd_request *rq)
{
	struct wd_msg_secret_ask m = { 0 };

	if (admin_begin_path(ctx, rq, &m.path))
		front_ask_admin(
		    ctx, rq, WD_CALL_SECRET_DELETE, &m, front_done_nothing);
}

static void
list_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_secret_list *m = msg;

	admin_answer_list(f, rq, WD_LIST_SECRETS, m->secrets, m->more);
}

void
front_admin_secret_list(void *ctx, struct wd_request *rq)
{
	struct wd_msg_secret_list_ask m = { 0 };
	struct admin_page page;
	char prefix[513];
	struct wd_param params[] = { ADMIN_AFTER(page), ADMIN_LIMIT(page),
		{ "prefix", prefix, sizeof(prefix), false } };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, params, WD_N(params)))
		return;
	r = admin_limit(&page, &m.limit, &d);
	m.after = wd_span_text(page.after);
	m.prefix = wd_span_text(prefix);
	front_ask_read(ctx, rq, r, &d, WD_CALL_SECRET_LIST, &m, list_done);
}
