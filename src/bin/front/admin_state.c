/*
 * Sealing, status and the log at the admin door. Unsealing and status take no
 * token: a sealed server cannot know one.
 */
#include "bin/front/admin.h"

#include "base/num.h"

enum { MIGRATE_MS = 30000 }; /* a device is asked, and asked again */

/* ---- the log */

static void
audit_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);

	wd_admin_audit_write(&wr, msg);
	front_answer_json(f, rq, 200, &wr);
}

void
front_admin_audit(void *ctx, struct wd_request *rq)
{
	struct wd_msg_audit_ask m = { .from = UINT64_MAX };
	struct admin_page page;
	char from[21];
	struct wd_param params[] = { { "from", from, sizeof(from), false },
		ADMIN_LIMIT(page) };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, params, WD_N(params)))
		return;
	r = admin_limit(&page, &m.limit, &d);
	if (r == 0 && from[0] != '\0' &&
	    !wd_num_parse(wd_span_text(from), INT64_MAX, &m.from))
		r = wd_reject(&d, WD_R_RANGE, "from is not an index");
	front_ask_read(ctx, rq, r, &d, WD_CALL_AUDIT_TAIL, &m, audit_done);
}

/* ---- sealing */

static void
seal_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_seal_write(&j, msg);
	front_answer_json(f, rq, 200, &wr);
}

void
front_admin_seal(void *ctx, struct wd_request *rq)
{
	struct wd_msg_admin_ask m = { 0 };

	if (front_begin(ctx, rq, NULL, 0))
		front_ask_admin(ctx, rq, WD_CALL_SEAL, &m, seal_done);
}

void
front_admin_keyring_rotate(void *ctx, struct wd_request *rq)
{
	struct wd_msg_admin_ask m = { 0 };

	if (front_begin(ctx, rq, NULL, 0))
		front_ask_admin(ctx, rq, WD_CALL_KEYRING_ROTATE, &m, seal_done);
}

void
front_admin_seal_migrate(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_seal_migrate m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin(ctx, rq, NULL, 0))
		return;
	wd_request_extend(rq, MIGRATE_MS);
	r = wd_admin_migrate_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_SEAL_MIGRATE, &m, seal_done);
}

/* The query of a request that needs no token: there is none. */
static bool
begin_open(struct front *f, struct wd_request *rq)
{
	struct wd_diag d = { 0 };
	int r = wd_query_read(rq->head.query, NULL, 0, &d);

	if (r != 0)
		front_refuse(f, rq, r, &d);
	return r == 0;
}

void
front_admin_unseal(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_unseal m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!begin_open(ctx, rq))
		return;
	r = wd_admin_unseal_read(rq->body, &b, &m, &d);
	if (r != 0)
		front_refuse(ctx, rq, r, &d);
	else
		front_ask(ctx, rq, WD_CALL_UNSEAL, &m, seal_done);
}

/* ---- status: the keeper's word and the supervisor's */

static void
status_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_msg_proc_list procs;
	struct wd_msg_backend_states backends;
	bool known = f->procs != NULL &&
	    wd_msg_read(
		wd_bytes_span(f->procs), &wd_msg_proc_list_type, &procs) == 0;
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_status_write(&j, msg, known ? &procs : NULL,
	    f->backends == NULL ||
		    wd_msg_read(wd_bytes_span(f->backends),
			&wd_msg_backend_states_type, &backends) != 0
		? wd_span(NULL, 0)
		: backends.backends);
	front_answer_json(f, rq, 200, &wr);
}

void
front_admin_status(void *ctx, struct wd_request *rq)
{
	if (begin_open(ctx, rq))
		front_ask(ctx, rq, WD_CALL_STATUS, NULL, status_done);
}
