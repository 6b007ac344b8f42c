/*
 * Every handler of the front. The input is a request as a client sends it, then
 * the letter r and the message that the keeper replies with (no r: it refuses).
 * Here this file is the server and the channel to the keeper: what a handler
 * asks must be a message that can be sent, and every request must get one
 * answer whose head can be read.
 */
#include "fuzz.h"

#include "base/alloc.h"
#include "bin/front/front.h"
#include "http/conn.h"
#include "proto/calls.h"
#include "sys/log.h"

enum { MOST_CALLS = 4 }; /* of one request: lists ask for page after page */

static struct front front;
static struct wd_span reply;
static bool replies;
static unsigned n_answers, n_calls;

/* ---- the log: nothing, there would be millions of lines */

void
wd_log(enum wd_log_level level, const char *event, ...)
{
	(void)level;
	must(event != NULL);
}

/* ---- the server */

void
wd_request_answer(struct wd_request *rq, const struct wd_answer *a)
{
	uint8_t buf[4096];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));

	must(a->status >= 200 && a->status < 600);
	wd_answer_head(&wr, a, &rq->id, false);
	must(wd_wr_end(&wr) == 0);
	fuzz_touch(a->body);
	n_answers++;
	fuzz_accepted = a->status < 300;
}

/* The request in hand, while it has no answer. */
static struct wd_request *waiting;

struct wd_request_ref
wd_request_ref(const struct wd_request *rq)
{
	(void)rq;
	return (struct wd_request_ref){ 0 };
}

struct wd_request *
wd_http_find(struct wd_http *http, struct wd_request_ref ref)
{
	(void)http;
	(void)ref;
	return n_answers == 0 ? waiting : NULL;
}

void
wd_request_extend(struct wd_request *rq, unsigned ms)
{
	must(rq == waiting && ms > 0);
}

void
front_count_add(struct front *f, int result, const char *prefix)
{
	(void)f;
	(void)prefix;
	must(result != 0);
}

void
front_metrics_write(const struct front *f, struct wd_wr *wr)
{
	(void)f;
	wd_wr_text(wr, "\n");
}

/* ---- the keeper */

static void
reply_to(struct front *f, struct wd_request *rq, const struct wd_call_row *row,
    front_done *done)
{
	WD_AUTO(wd_freep) void *msg = wd_alloc(row->reply->size + 1);

	must(msg != NULL);
	if (++n_calls > MOST_CALLS || !replies)
		front_fail(f, rq, WD_R_NOT_FOUND, WD_SPAN_LIT("there is none"));
	else if (wd_msg_read(reply, row->reply, msg) != 0)
		front_fail(f, rq, WD_F_PEER, wd_span(NULL, 0));
	else
		done(f, rq, msg);
}

void
front_ask(struct front *f, struct wd_request *rq, enum wd_call call, void *msg,
    front_done *done)
{
	const struct wd_call_row *row = wd_call_row((uint16_t)call);
	struct wd_wr wr = wd_wr_growing(row->max);

	must((row->from & WD_BIT(ADMIN_FRONT)) != 0);
	wd_msg_write(&wr, row->request, msg);
	must(wd_wr_end(&wr) == 0);
	wd_wr_done(&wr);
	reply_to(f, rq, row, done);
}

void
front_ask_admin(struct front *f, struct wd_request *rq, enum wd_call call,
    void *msg, front_done *done)
{
	if (wd_head_bearer(&rq->head).len == 0)
		front_refuse(f, rq, WD_R_NO_CREDENTIAL, NULL);
	else
		front_ask(f, rq, call, msg, done);
}

bool
front_ask_own(struct front *f, enum wd_call call, front_done *done)
{
	(void)f;
	must(wd_call_row((uint16_t)call) != NULL && done != NULL);
	return false;
}

/* Who waits for what was revoked is told at last that nothing was. */
static void
end_wait(struct wd_request *rq)
{
	if (n_answers == 0 && rq->own != NULL)
		front_watch_end(&front);
	must(n_answers == 1);
	if (rq->own != NULL)
		rq->own_free(rq->own);
}

static void
open_once(void)
{
	static struct wd_msg_config config = { .session_seconds = 300,
		.max_connections = 8,
		.max_per_source = 8 };

	if (front.config != NULL)
		return;
	front.config = &config;
	must(wd_loop_new(&front.loop, NULL) == 0);
	must(front_watch_open(&front, NULL) == 0);
}

/* ---- one request */

static void
handle(struct wd_request *rq)
{
	size_t n;
	const struct wd_route *routes = front_routes(&n);
	struct wd_diag d = { 0 };
	unsigned allowed = 0;
	int r = wd_route_find(
	    routes, n, &rq->head, FRONT_BOTH, &rq->route, &rq->args, &allowed);

	if (r == 0)
		r = wd_route_check_body(rq->route, &rq->head, 2 << 20, &d);
	if (r != 0)
		front_refuse(&front, rq, r, &d);
	else
		rq->route->handler(&front, rq);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_rd rd = wd_rd(wd_span(data, size));
	struct wd_request rq = { .listener = FRONT_BOTH };
	size_t from = 0, len = wd_head_end(wd_span(data, size), &from);

	if (len == 0 ||
	    wd_head_parse(wd_rd_bytes(&rd, len), &rq.head, NULL) != 0 ||
	    rq.head.body_len > rd.left)
		return 0;
	rq.body = wd_rd_bytes(&rd, (size_t)rq.head.body_len);
	replies = wd_rd_u8(&rd) == 'r';
	reply = wd_rd_rest(&rd);
	(void)wd_id_parse(/* it is one */
	    WD_SPAN_LIT("0f8fad5b-d9cb-469f-a165-70867728950e"), &rq.id);
	open_once();
	waiting = &rq;
	n_answers = 0;
	n_calls = 0;
	handle(&rq);
	end_wait(&rq);
	return 0;
}
