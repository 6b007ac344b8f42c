/*
 * Releases of what rests in a backend. The request is kept, the backend is
 * asked, and with what it gave the release is made from its start, so that what
 * was revoked meanwhile is not released; where it has changed meanwhile that is
 * asked once more.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"
#include "broker/release.h"
#include "sys/log.h"

int
keeper_fetch_ask(struct keeper *k, struct keeper_backend *b,
    const char *locator, enum wd_key_kind kind, struct op *op,
    struct wd_diag *d)
{
	const struct wd_msg_backend_fetch m = {
		.locator = wd_span_text(locator),
		.kind = (uint8_t)kind,
		.deadline = keeper_backend_deadline(b),
	};

	return keeper_backend_ask(k, b, WD_CALL_BACKEND_FETCH, &m, op, d);
}

static int
ask_renew(struct keeper *k, struct op *op, struct keeper_backend *b,
    struct wd_diag *d)
{
	const struct wd_msg_backend_lease m = {
		.lease = wd_span_text(op->fetch.lease),
		.seconds = op->fetch.seconds_asked,
		.deadline = keeper_backend_deadline(b),
	};

	return keeper_backend_ask(k, b, WD_CALL_BACKEND_RENEW, &m, op, d);
}

/* Asks for what OP's release needs. */
static int
ask(struct keeper *k, struct op *op, struct wd_diag *d)
{
	const struct wd_fetch *x = &op->fetch;
	struct keeper_backend *b = keeper_backend_named(k, x->what.backend);

	if (x->by_seal)
		return keeper_hsm_unwrap(k, wd_bytes_span(x->blob), op, d);
	if (b == NULL || b->kind != x->what.kind)
		return wd_reject(d, WD_R_BACKEND_NOT_CONFIGURED,
		    "there is no backend %s (any more)", x->what.backend);
	if (x->how != WD_FETCH_PLAIN)
		return keeper_wrap_ask(
		    k, b, x->what.locator, wd_bytes_span(x->client), op, d);
	if (x->renews)
		return ask_renew(k, op, b, d);
	return keeper_fetch_ask(k, b, x->what.locator, x->kind, op, d);
}

int
keeper_fetch(struct keeper *k, const struct wd_frame *f, struct wd_fetch *fetch,
    struct wd_diag *d)
{
	struct op *op = keeper_op_new(k, f, WD_CALL_RESOURCE);
	int r = 0;

	if (op == NULL)
		return wd_reject(
		    d, WD_R_OVERLOADED, "too many requests are waiting");
	if (!keeper_op_keep(op, f->body))
		r = wd_fault(d, WD_F_MEMORY, "no memory");
	op->fetch = *fetch;
	if (r == 0 && (r = ask(k, op, d)) == 0) {
		op->state = OP_BACKEND;
		fetch->client = fetch->blob = NULL; /* the slot's now */
		return 0;
	}
	op->fetch.client = op->fetch.blob = NULL;
	keeper_op_free(k, op);
	return r;
}

/* Decides once more, with what came; where that was no renewal, something new
 * is asked for, and where the store has changed, what stands there now. RET_OUT
 * is empty then. */
static int
decide_again(struct keeper *k, struct op *op, struct wd_outcome *ret_out,
    struct wd_store_lease *ret_lease, struct wd_diag *d)
{
	struct wd_msg_resource_ask ask_msg;
	struct wd_fetch *f = &op->fetch;
	struct wd_diag why = { 0 };
	int r;

	if (wd_msg_read(wd_bytes_span(op->body), &wd_msg_resource_ask_type,
		&ask_msg) != 0)
		return WD_F_BUG;
	while ((r = wd_release_with(k->broker, &ask_msg, wd_time_now(), f,
		    ret_out, ret_lease)) == 0 &&
	    f->wanted) {
		wd_diag_clear(&why);
		r = ask(k, op, &why);
		if (r == 0)
			return 0;
		f->answered = true;
		f->result = r;
		f->why = wd_span_text(why.detail);
	}
	return r == 0 ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

/* RET_RELEASED: allowed. */
static int
release(struct keeper *k, struct op *op, bool *ret_released, struct wd_diag *d)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	struct wd_store_lease lease = { 0 };
	int r;

	if ((r = keeper_public_gate(k, d)) != 0 ||
	    (r = keeper_waiting_gate(k, d)) != 0 ||
	    (r = decide_again(k, op, &out, &lease, d)) != 0 || op->fetch.wanted)
		return r;
	*ret_released = out.result == 0;
	op->out.result = out.result;
	op->out.reply = WD_TAKE(out.reply);
	if (out.entry == NULL) {
		keeper_op_answer(k, op);
		return 0;
	}
	if ((r = keeper_hold(k, op, &out, d)) != 0)
		return r;
	if (op->out.result == 0)
		op->lease = lease;
	return 0;
}

/* What was leased for nobody is given back. Its own end comes in any case. */
void
keeper_fetch_unwanted(struct keeper *k, struct keeper_backend *b,
    const struct wd_msg_backend_got *got)
{
	struct wd_msg_backend_lease m = { .lease = got->lease };
	struct wd_diag d = { 0 };
	int r;

	if (got->lease.len == 0)
		return;
	m.deadline = keeper_backend_deadline(b);
	r = keeper_backend_ask(k, b, WD_CALL_BACKEND_REVOKE, &m, NULL, &d);
	if (r != 0)
		wd_log_result("lease_not_given_back", r, &d);
}

void
keeper_fetch_unsent(struct keeper *k, struct op *op)
{
	if (!op->fetch.kept || op->fetch.renews)
		return;
	op->fetch.kept = false;
	if (wd_store_upstream_end(
		k->broker->store, &op->fetch.row, wd_time_now()) != 0)
		wd_log(WD_LOG_ERROR, "lease_not_given_back", "detail",
		    wd_store_why(k->broker->store), NULL);
}

static void
decide(struct keeper *k, struct op *op, bool *ret_released)
{
	struct wd_diag d = { 0 };
	bool reading = keeper_read_begin(k);
	int r = release(k, op, ret_released, &d);

	if (reading)
		wd_store_read_end(k->broker->store);
	if (r == 0)
		return;
	*ret_released = false;
	keeper_fetch_unsent(k, op);
	keeper_op_refuse(k, op, r, d.detail);
}

/* That a backend refuses the server, or cannot do what it should, is nothing
 * that the client has done. */
int
keeper_fetch_result(int result)
{
	switch (result) {
	case 0:
	case WD_R_NOT_FOUND:
	case WD_R_MAY_NOT_LEAVE:
	case WD_R_UNAVAILABLE:
		return result;
	default:
		return WD_R_BACKEND_ANSWER;
	}
}

static void
take_got(struct wd_fetch *f, const struct wd_msg_backend_got *got)
{
	f->bytes = got->bytes;
	f->renewable = got->renewable;
	f->seconds = got->lease.len > 0 ? got->seconds : 0;
	(void)wd_span_to_text(
	    got->lease, f->lease, sizeof(f->lease)); /* fits, by its cap */
}

/* A key that its HSM cannot wrap has no way out. */
static int
of_a_release(enum wd_fetch_how how, int result)
{
	if (how != WD_FETCH_PLAIN && result == WD_R_UNSUPPORTED)
		return WD_R_MAY_NOT_LEAVE;
	return keeper_fetch_result(result);
}

/* Both layers, or for a client who cannot open them what is in them, which
 * OPENED then holds. */
static int
take_wrapped(struct keeper *k, struct wd_fetch *f,
    const struct wd_msg_backend_wrapped *m, struct wd_secret **opened)
{
	int r;

	if (f->how == WD_FETCH_WRAPPED) {
		f->bytes = m->bytes;
		f->wrap = m->sha1 ? WD_WRAP_OAEP_SHA1 : WD_WRAP_OAEP_SHA256;
		return 0;
	}
	r = keeper_unwrap(k, m, f->kind, opened);
	if (r != 0)
		f->why = WD_SPAN_LIT("what the backend wrapped does not open");
	f->bytes = wd_secret_borrow(*opened);
	return r;
}

/* MSG of a fetch, a wrap, a renewal, or of what the HSM has opened. */
static void
take(struct keeper *k, struct op *op, int result, const void *msg,
    struct wd_secret **opened)
{
	struct wd_fetch *f = &op->fetch;

	f->answered = true;
	f->result = f->by_seal ? result : of_a_release(f->how, result);
	if (result != 0)
		return;
	if (f->by_seal) {
		f->bytes = ((const struct wd_msg_seal_key *)msg)->key;
		return;
	}
	if (f->how != WD_FETCH_PLAIN)
		f->result = take_wrapped(k, f, msg, opened);
	else if (f->renews)
		f->seconds =
		    ((const struct wd_msg_backend_renewed *)msg)->seconds;
	else
		take_got(f, msg);
}

void
keeper_fetched(struct keeper *k, struct op *op, enum wd_call call, int result,
    struct wd_span why, const void *msg)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *opened = NULL;
	struct keeper_backend *from =
	    keeper_backend_named(k, op->fetch.what.backend);
	bool got = result == 0 && call == WD_CALL_BACKEND_FETCH;
	bool released = false;

	op->fetch.why = why;
	take(k, op, result, msg, &opened);
	if (op->front == k->front_number)
		decide(k, op, &released);
	else
		keeper_op_free(k, op); /* nobody waits for it */
	if (got && from != NULL && !released)
		keeper_fetch_unwanted(k, from, msg);
}
