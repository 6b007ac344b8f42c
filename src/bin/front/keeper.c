/*
 * The channel to the keeper: calls out, replies back to the requests that
 * wait. A keeper that goes away takes its calls with it; those clients get 503.
 */
#include "bin/front/front.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "sys/log.h"

#include <string.h>

static void
fail_all(struct front *f)
{
	for (size_t i = 0; i < FRONT_CALLS; i++) {
		struct front_call call = f->calls[i];
		struct wd_request *rq;

		if (call.done == NULL)
			continue;
		f->calls[i] = (struct front_call){ 0 };
		if (call.own) {
			call.done(f, NULL, NULL);
			continue;
		}
		rq = wd_http_find(f->http, call.ref);
		if (rq != NULL)
			front_fail(f, rq, WD_R_UNAVAILABLE, wd_span(NULL, 0));
	}
}

static void
detach(struct front *f)
{
	f->keeper_watch = wd_event_free(f->keeper_watch);
	wd_peer_done(&f->keeper);
	f->keeper = (struct wd_peer){ 0 };
	fail_all(f);
}

static struct front_call *
call_of(struct front *f, uint32_t number)
{
	for (size_t i = 0; i < FRONT_CALLS; i++)
		if (f->calls[i].done != NULL && f->calls[i].number == number)
			return &f->calls[i];
	return NULL;
}

/* Room for the largest reply message, zeroed. */
static void *
reply_room(const struct wd_call_row *row)
{
	return wd_alloc(row->reply->size > 0 ? row->reply->size : 1);
}

/*
 * The keeper writes an entry for what a session or an admin token asked, and
 * for evidence that was verified. Every other refusal is a stranger's.
 */
static bool
is_logged(enum wd_call call, int result)
{
	int status = wd_reason_row(result)->status;

	if (call == WD_CALL_ATTEST)
		return result == WD_R_REVOKED_BY_OPERATOR;
	return status != 401 && status != 429;
}

static void
refused(struct front *f, struct wd_request *rq, enum wd_call call, int result,
    struct wd_span detail)
{
	struct wd_diag d = { 0 };

	if (result > 0 && !is_logged(call, result)) {
		(void)wd_span_to_text(detail, d.detail,
		    sizeof(d.detail)); /* or the reason's sentence */
		front_refuse(f, rq, result, &d);
		return;
	}
	front_fail(f, rq, result, detail);
}

/* One reply. False when it is not one the keeper may send. */
static bool
take_reply(struct front *f, const struct wd_frame *frame,
    const struct wd_call_row *row)
{
	struct front_call *slot = call_of(f, frame->request);
	WD_AUTO(wd_freep) void *msg = reply_room(row);
	struct front_call call;
	struct wd_span detail = { 0 };
	struct wd_request *rq;
	int result = WD_F_MEMORY;

	if (slot == NULL || slot->call != row->id)
		return false;
	call = *slot;
	*slot = (struct front_call){ 0 };
	if (msg != NULL &&
	    wd_reply_read(frame->body, row, &result, &detail, msg) != 0)
		return false;
	if (call.own) {
		call.done(f, NULL, result == 0 ? msg : NULL);
		return true;
	}
	rq = wd_http_find(f->http, call.ref);
	if (rq == NULL)
		return true; /* the client is gone */
	if (result == 0)
		call.done(f, rq, msg);
	else
		refused(f, rq, row->id, result, detail);
	return true;
}

/* How backends are is told unasked. */
static bool
take_told(struct front *f, const struct wd_frame *frame,
    const struct wd_call_row *row)
{
	struct wd_msg_backend_states m;

	if (row->id != WD_CALL_BACKENDS ||
	    wd_msg_read(frame->body, &wd_msg_backend_states_type, &m) != 0)
		return false;
	wd_bytes_freep(&f->backends);
	f->backends = wd_bytes_copy(frame->body); /* without memory: unknown */
	return true;
}

static bool
take(struct front *f, const struct wd_frame *frame,
    const struct wd_call_row *row)
{
	return (frame->flags & WD_FRAME_REPLY) != 0 ? take_reply(f, frame, row)
						    : take_told(f, frame, row);
}

static void
on_keeper(void *ctx)
{
	struct front *f = ctx;
	const struct wd_call_row *row;
	struct wd_diag d = { 0 };
	struct wd_frame frame;
	int gone = wd_chan_fill(f->keeper.chan);
	int n;

	while ((n = wd_peer_next(&f->keeper, &frame, &row, &d)) > 0)
		if (!take(f, &frame, row)) {
			n = wd_fault(&d, WD_F_PEER, "a reply out of place");
			break;
		}
	if (n < 0 && gone == 0)
		wd_role_bad_peer(f->role, &f->keeper, d.detail);
	if (n < 0 || gone != 0) {
		wd_log(WD_LOG_WARNING, "keeper_gone", NULL);
		detach(f);
		return;
	}
	wd_chan_forget(f->keeper.chan);
	wd_event_soon(f->flush);
}

void
front_keeper_attach(struct front *f, uint16_t cell, int fd)
{
	int r;

	if (f->keeper.chan != NULL)
		detach(f);
	r = wd_peer_open(&f->keeper, f->self, WD_PROC_KEEPER, cell, fd);
	if (r == 0)
		r = wd_loop_watch(f->loop, wd_chan_fd(f->keeper.chan),
		    on_keeper, f, &f->keeper_watch);
	if (r == 0)
		return;
	wd_log_result("keeper_not_attached", r, NULL);
	if (f->keeper.chan != NULL)
		detach(f);
}

/* ---- asking */

static struct front_call *
free_call(struct front *f)
{
	for (size_t i = 0; i < FRONT_CALLS; i++)
		if (f->calls[i].done == NULL)
			return &f->calls[i];
	return NULL;
}

/* Fields that say who asks are named alike in every message. */
static void
set_text(const struct wd_call_row *row, void *msg, const char *name,
    struct wd_span value)
{
	for (size_t i = 0; i < row->request->n_fields; i++) {
		const struct wd_field *field = &row->request->fields[i];

		if (strcmp(field->name, name) == 0)
			*(struct wd_span *)(void *)((uint8_t *)msg +
			    field->offset) = value;
	}
}

static void
set_request(const struct wd_call_row *row, void *msg, const struct wd_id *id)
{
	for (size_t i = 0; i < row->request->n_fields; i++) {
		const struct wd_field *field = &row->request->fields[i];

		if (strcmp(field->name, "request") == 0)
			*(struct wd_id *)(void *)((uint8_t *)msg +
			    field->offset) = *id;
	}
}

static int
send_call(struct front *f, struct wd_request *rq, const struct wd_call_row *row,
    void *msg, front_done *done)
{
	struct front_call *slot = free_call(f);
	uint32_t number;
	int r;

	if (f->keeper.chan == NULL)
		return WD_R_UNAVAILABLE;
	if (slot == NULL)
		return WD_R_OVERLOADED;
	set_text(row, msg, "source", wd_span_text(rq->source.text));
	set_request(row, msg, &rq->id);
	r = wd_peer_send(&f->keeper, row->id, msg, -1, &number);
	if (r != 0)
		return r;
	*slot = (struct front_call){ .done = done,
		.call = row->id,
		.number = number,
		.ref = wd_request_ref(rq) };
	wd_event_soon(f->flush);
	return 0;
}

bool
front_ask_own(struct front *f, enum wd_call call, front_done *done)
{
	struct front_call *slot = free_call(f);
	uint32_t number;

	if (f->keeper.chan == NULL || slot == NULL ||
	    wd_peer_send(&f->keeper, call, NULL, -1, &number) != 0)
		return false;
	*slot = (struct front_call){
		.done = done, .own = true, .call = call, .number = number
	};
	wd_event_soon(f->flush);
	return true;
}

void
front_ask(struct front *f, struct wd_request *rq, enum wd_call call, void *msg,
    front_done *done)
{
	int r = send_call(f, rq, wd_call_row((uint16_t)call), msg, done);

	if (r != 0)
		front_refuse(f, rq, r, NULL);
}

void
front_ask_admin(struct front *f, struct wd_request *rq, enum wd_call call,
    void *msg, front_done *done)
{
	struct wd_span token = wd_head_bearer(&rq->head);

	if (token.len == 0) {
		front_refuse(f, rq, WD_R_NO_CREDENTIAL, NULL);
		return;
	}
	if (token.len > 64) { /* no token of ours is that long */
		front_refuse(f, rq, WD_R_CREDENTIAL_INVALID, NULL);
		return;
	}
	set_text(wd_call_row((uint16_t)call), msg, "token", token);
	front_ask(f, rq, call, msg, done);
}

bool
front_tell(struct front *f, enum wd_call call, const void *msg)
{
	uint32_t number;

	if (f->keeper.chan == NULL ||
	    wd_peer_send(&f->keeper, call, msg, -1, &number) != 0)
		return false;
	wd_event_soon(f->flush);
	return true;
}
