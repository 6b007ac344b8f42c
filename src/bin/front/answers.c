/*
 * Answers, and above all refusals: one meaning, spelt as each door spells it.
 */
#include "bin/front/front.h"

#include "base/reason.h"
#include "codec/jtext.h"
#include "proto/coco.h"
#include "sys/log.h"

/* ---- refusals as the doors have them */

static void
write_coco(struct wd_wr *wr, const struct wd_request *rq, int result,
    struct wd_span detail)
{
	(void)rq;
	wd_coco_error_write(wr, result, detail);
}

static void
write_admin(struct wd_wr *wr, const struct wd_request *rq, int result,
    struct wd_span detail)
{
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "detail");
	wd_jtext_string(&j, detail);
	wd_jtext_key_text(&j, "reason", wd_reason_name(result));
	wd_jtext_key_text(&j, "request", rq->id.s);
	wd_jtext_end(&j);
}

/* One line; a client of that dialect shows it as it is. */
static void
write_isecl(struct wd_wr *wr, const struct wd_request *rq, int result,
    struct wd_span detail)
{
	(void)rq;
	wd_wr_text(wr, wd_reason_name(result));
	wd_wr_text(wr, ": ");
	wd_wr_bytes(wr, detail);
}

static const struct {
	const char *type;
	void (*write)(struct wd_wr *wr, const struct wd_request *rq, int result,
	    struct wd_span detail);
} doors[FRONT_DOORS] = {
	[WD_DOOR_NONE] = { "application/json", write_admin },
	[WD_DOOR_COCO] = { "application/json", write_coco },
	[WD_DOOR_ISECL] = { "text/plain", write_isecl },
	[WD_DOOR_ADMIN] = { "application/json", write_admin },
};

/* Faults that pass are told apart from those that do not; the client learns
 * nothing else about either. */
static int
public_result(int result)
{
	if (result == WD_F_PEER || result == WD_F_TIMEOUT ||
	    result == WD_F_MEMORY)
		return WD_R_UNAVAILABLE;
	return result;
}

/* ISecL never says 403: whoever lacks a permission gets 401. And what a new key
 * refers to is part of the request, so its absence is 400. */
static int
status_at(enum wd_door door, const struct wd_request *rq, int result)
{
	bool creates = rq->route != NULL && rq->args.n == 0 &&
	    rq->head.method == WD_METHOD_POST;

	if (door == WD_DOOR_ISECL && result == WD_R_PERMISSION)
		return 401;
	if (door == WD_DOOR_ISECL && result == WD_R_NOT_FOUND && creates)
		return 400;
	return wd_reason_row(result)->status;
}

/* The methods that are served at the path, for 405. */
static const char *
allowed_methods(const struct wd_request *rq, char *dst, size_t size)
{
	size_t n;
	const struct wd_route *rows = front_routes(&n);
	const struct wd_route *row = NULL;
	struct wd_route_args args;
	struct wd_wr wr = wd_wr_fixed(dst, size - 1);
	unsigned allowed = 0;

	if (wd_route_find(rows, n, &rq->head, rq->listener, &row, &args,
		&allowed) != WD_R_METHOD)
		allowed = 0;
	for (unsigned m = WD_METHOD_GET; m <= WD_METHOD_DELETE; m <<= 1)
		if ((allowed & m) != 0)
			wd_wr_printf(&wr, "%s%s", wr.len > 0 ? ", " : "",
			    wd_method_name((enum wd_method)m));
	dst[wr.len] = '\0';
	return dst;
}

static void
send_refusal(struct wd_request *rq, int result, struct wd_span detail)
{
	enum wd_door door = front_door(rq);
	struct wd_wr wr = wd_wr_growing(4096);
	char methods[64];
	struct wd_answer a = { .status = status_at(door, rq, result),
		.type = doors[door].type };

	if (detail.len == 0 || result <= 0)
		detail = wd_span_text(wd_reason_row(result)->sentence);
	doors[door].write(&wr, rq, result, detail);
	if (wd_wr_end(&wr) == 0)
		a.body = wd_wr_span(&wr);
	if (a.status == 429 || a.status == 503)
		a.fields[0] = (struct wd_answer_field){ "Retry-After", "1" };
	if (a.status == 405)
		a.fields[0] = (struct wd_answer_field){ "Allow",
			allowed_methods(rq, methods, sizeof(methods)) };
	wd_request_answer(rq, &a);
	wd_wr_done(&wr);
}

static void
log_refusal(const struct wd_request *rq, int result, struct wd_span detail)
{
	char text[232];

	(void)wd_span_to_text(detail, text, sizeof(text)); /* or nothing */
	wd_log(result < 0 ? WD_LOG_ERROR : WD_LOG_DEBUG, "request_refused",
	    "request", rq->id.s, "source", rq->source.text, "reason",
	    wd_reason_name(result), "detail", text, NULL);
}

void
front_refuse(
    struct front *f, struct wd_request *rq, int result, const struct wd_diag *d)
{
	struct wd_span detail = wd_span_text(d == NULL ? NULL : d->detail);

	log_refusal(rq, result, detail);
	result = public_result(result);
	front_count_add(f, result, rq->source.prefix);
	send_refusal(rq, result, detail);
}

void
front_fail(
    struct front *f, struct wd_request *rq, int result, struct wd_span detail)
{
	log_refusal(rq, result, detail);
	result = public_result(result);
	f->metrics
	    .refusals[result > 0 && result < FRONT_REASONS ? result : 0]++;
	send_refusal(rq, result, detail);
}

/* ---- answers */

void
front_answer(struct front *f, struct wd_request *rq, int status,
    const char *type, struct wd_wr *wr)
{
	struct wd_answer a = { .status = status, .type = type };
	int r = wd_wr_end(wr);

	if (r == 0) {
		a.body = wd_wr_span(wr);
		wd_request_answer(rq, &a);
	} else {
		/* What we write fits: only memory, or a text that the keeper
		 * should not have let in, ends here. */
		front_fail(f, rq, r < 0 ? r : WD_F_BUG, wd_span(NULL, 0));
	}
	wd_wr_done(wr);
}

void
front_answer_json(
    struct front *f, struct wd_request *rq, int status, struct wd_wr *wr)
{
	front_answer(f, rq, status, "application/json", wr);
}

void
front_answer_nothing(struct front *f, struct wd_request *rq)
{
	struct wd_answer a = { .status = 204 };

	(void)f;
	wd_request_answer(rq, &a);
}

void
front_done_nothing(struct front *f, struct wd_request *rq, const void *msg)
{
	(void)msg;
	front_answer_nothing(f, rq);
}
