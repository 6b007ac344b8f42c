/*
 * Uses of keys for attested clients. One of a key in a backend is decided, the
 * backend is asked, and with its answer everything is decided from the start,
 * so that what was revoked meanwhile is not used; where the key has changed
 * meanwhile that is asked once more.
 */
#include "bin/keeper/keeper.h"

#include "base/clock.h"
#include "base/reason.h"

/* ---- asking a backend */

static int
ask_there(struct keeper *k, struct keeper_backend *b,
    const struct wd_use_work *w, const struct wd_use_asked *x, struct op *op,
    struct wd_diag *d)
{
	uint8_t room[WD_USE_ROOM];
	struct wd_msg_backend_work m;

	if ((b->can & WD_BACKEND_CAN_USE) == 0)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "a backend of kind %s does not use keys", b->kind_name);
	if (wd_use_message(w, x, room, &m) != 0)
		return wd_reject(
		    d, WD_R_MISMATCH, "this is nothing that the key decrypts");
	m.deadline = keeper_backend_deadline(b);
	return keeper_backend_ask(k, b, WD_CALL_BACKEND_USE, &m, op, d);
}

int
keeper_use_ask(struct keeper *k, const struct wd_use_work *w,
    const struct wd_use_asked *x, struct op *op, struct wd_diag *d)
{
	const struct wd_remote *what = &x->fetch.what;
	struct keeper_backend *b = keeper_backend_named(k, what->backend);

	if (x->fetch.by_seal)
		return keeper_hsm_unwrap(
		    k, wd_bytes_span(x->fetch.blob), op, d);
	if (b == NULL || b->kind != what->kind)
		return wd_reject(d, WD_R_BACKEND_NOT_CONFIGURED,
		    "there is no backend %s (any more)", what->backend);
	if (x->there)
		return ask_there(k, b, w, x, op, d);
	return keeper_fetch_ask(k, b, what->locator, x->fetch.kind, op, d);
}

/* What is wrong with a ciphertext is the client's matter, and so is what the
 * key cannot do there. */
static int
of_a_use(int result)
{
	return result == WD_R_MISMATCH || result == WD_R_UNSUPPORTED
	    ? result
	    : keeper_fetch_result(result);
}

void
keeper_use_answer(struct wd_use_asked *x, enum wd_call call, int result,
    struct wd_span why, const void *msg)
{
	const struct wd_msg_backend_output *output = msg;
	const struct wd_msg_backend_got *got = msg;

	x->fetch.answered = true;
	if (x->fetch.by_seal) {
		x->fetch.result = result;
		x->fetch.why = why;
		if (result == 0)
			x->fetch.bytes =
			    ((const struct wd_msg_seal_key *)msg)->key;
		return;
	}
	x->fetch.result =
	    x->there ? of_a_use(result) : keeper_fetch_result(result);
	x->fetch.why = why;
	if (result == 0)
		x->fetch.bytes =
		    call == WD_CALL_BACKEND_USE ? output->bytes : got->bytes;
}

/* ---- deciding */

/* OUT stands: the answer leaves when its entry is durable. */
static int
conclude(
    struct keeper *k, struct op *op, struct wd_outcome *out, struct wd_diag *d)
{
	op->out.result = out->result;
	op->out.reply = WD_TAKE(out->reply);
	if (out->entry != NULL)
		return keeper_hold(k, op, out, d);
	keeper_op_answer(k, op);
	return 0;
}

/* Decides, and while something is wanted asks for it: then OP waits, and OUT is
 * empty. What cannot be asked for is decided at once, so that it is logged as
 * any other refusal. */
static int
ask_or_decide(struct keeper *k, struct op *op, const struct wd_msg_use_ask *ask,
    struct wd_outcome *out)
{
	struct wd_use_work w = wd_use_work_of(ask);
	struct wd_fetch *f = &op->use.fetch;
	struct wd_diag why = { 0 };
	int r;

	while ((r = wd_use_with(
		    k->broker, ask, wd_time_now(), &op->use, out)) == 0 &&
	    f->wanted) {
		wd_diag_clear(&why);
		r = keeper_use_ask(k, &w, &op->use, op, &why);
		if (r == 0) {
			op->state = OP_BACKEND;
			return 0;
		}
		f->answered = true;
		f->result = r;
		f->why = wd_span_text(why.detail);
	}
	return r;
}

static int
decide(struct keeper *k, struct op *op, struct wd_diag *d)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	struct wd_msg_use_ask ask;
	int r;

	if ((r = keeper_public_gate(k, d)) != 0 ||
	    (r = keeper_waiting_gate(k, d)) != 0)
		return r;
	if (wd_msg_read(wd_bytes_span(op->body), &wd_msg_use_ask_type, &ask) !=
	    0)
		return WD_F_BUG;
	if (ask_or_decide(k, op, &ask, &out) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if (op->use.fetch.wanted)
		return 0; /* it waits */
	return conclude(k, op, &out, d);
}

void
keeper_used(struct keeper *k, struct op *op, enum wd_call call, int result,
    struct wd_span why, const void *msg)
{
	struct keeper_backend *from =
	    keeper_backend_named(k, op->use.fetch.what.backend);
	struct wd_diag d = { 0 };
	bool reading;
	int r;

	keeper_use_answer(&op->use, call, result, why, msg);
	if (op->front != k->front_number) {
		keeper_op_free(k, op); /* nobody waits for it */
	} else {
		reading = keeper_read_begin(k);
		r = decide(k, op, &d);
		if (reading)
			wd_store_read_end(k->broker->store);
		if (r != 0)
			keeper_op_refuse(k, op, r, d.detail);
	}
	if (result == 0 && from != NULL && call == WD_CALL_BACKEND_FETCH)
		keeper_fetch_unwanted(k, from, msg);
}

static int
begin(struct keeper *k, const struct wd_frame *f, struct wd_diag *d)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	struct wd_msg_use_ask ask;
	struct op *op;
	int r;

	if (wd_msg_read(f->body, &wd_msg_use_ask_type, &ask) != 0)
		return wd_reject(d, WD_R_MALFORMED, "not a use of a key");
	if ((r = keeper_public_gate(k, d)) != 0 ||
	    (r = keeper_waiting_gate(k, d)) != 0)
		return r;
	op = keeper_op_new(k, f, WD_CALL_USE);
	if (op == NULL)
		return wd_reject(
		    d, WD_R_OVERLOADED, "too many requests are waiting");
	if (!keeper_op_keep(op, f->body))
		r = wd_fault(d, WD_F_MEMORY, "no memory");
	else if (ask_or_decide(k, op, &ask, &out) != 0)
		r = wd_fault(d, WD_F_MEMORY, "no memory");
	else if (op->use.fetch.wanted)
		return 0; /* it waits */
	else
		r = conclude(k, op, &out, d);
	if (r != 0)
		keeper_op_free(k, op);
	return r;
}

void
keeper_use(struct keeper *k, const struct wd_frame *f)
{
	struct wd_diag d = { 0 };
	int r = begin(k, f, &d);

	if (r != 0)
		keeper_refuse(k, WD_CALL_USE, f->request, r, d.detail);
}
