/*
 * Backups at the admin door: begun, read in pieces, ended.
 */
#include "bin/front/admin.h"

#include "base/num.h"

static void
begun(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_backup_write(&j, msg);
	front_answer_json(f, rq, 201, &wr);
}

void
front_admin_backup_begin(void *ctx, struct wd_request *rq)
{
	struct wd_msg_admin_ask m = { 0 };

	if (front_begin(ctx, rq, NULL, 0))
		front_ask_admin(ctx, rq, WD_CALL_BACKUP_BEGIN, &m, begun);
}

static void
rows_done(struct front *f, struct wd_request *rq, const void *msg)
{
	const struct wd_msg_backup_rows *m = msg;
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);

	wd_wr_bytes(&wr, m->rows);
	front_answer(f, rq, 200, "application/octet-stream", &wr);
}

void
front_admin_backup_rows(void *ctx, struct wd_request *rq)
{
	struct wd_msg_backup_rows_ask m = { 0 };
	char offset[21];
	struct wd_param params[] = { { "offset", offset, sizeof(offset),
	    false } };
	struct wd_diag d = { 0 };
	int r = 0;

	if (!front_begin(ctx, rq, params, WD_N(params)) ||
	    !front_id(ctx, rq, &m.id))
		return;
	if (offset[0] != '\0' &&
	    !wd_num_parse(wd_span_text(offset), INT64_MAX, &m.offset))
		r = wd_reject(&d, WD_R_RANGE, "offset is no number of bytes");
	front_ask_read(ctx, rq, r, &d, WD_CALL_BACKUP_ROWS, &m, rows_done);
}

static void
end_done(struct front *f, struct wd_request *rq, const void *msg)
{
	struct wd_wr wr = wd_wr_growing(FRONT_ANSWER);
	struct wd_jtext j = wd_jtext(&wr);

	wd_admin_manifest_write(&j, msg);
	front_answer_json(f, rq, 200, &wr);
}

void
front_admin_backup_end(void *ctx, struct wd_request *rq)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_backup_end_ask m = { 0 };
	struct wd_diag d = { 0 };
	int r;

	if (!front_begin_id(ctx, rq, &m.id))
		return;
	r = wd_admin_backup_end_read(rq->body, &b, &m, &d);
	front_ask_read(ctx, rq, r, &d, WD_CALL_BACKUP_END, &m, end_done);
}
