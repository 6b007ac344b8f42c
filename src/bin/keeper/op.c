/*
 * Slots for requests that wait, and the way back to the front.
 */
#include "bin/keeper/keeper.h"

#include "base/reason.h"

void
op_list_add(struct keeper *k, struct op_list *l, struct op *op)
{
	l->at[(l->first + l->n++) % KEEPER_OPS] = (uint16_t)(op - k->ops);
}

struct op *
op_list_first(struct keeper *k, const struct op_list *l)
{
	return l->n == 0 ? NULL : &k->ops[l->at[l->first]];
}

void
op_list_drop(struct op_list *l)
{
	l->first = (l->first + 1) % KEEPER_OPS;
	l->n--;
}

void
keeper_ops_start(struct keeper *k)
{
	for (size_t i = 0; i < KEEPER_OPS; i++)
		op_list_add(k, &k->free, &k->ops[i]);
}

struct op *
keeper_op_new(struct keeper *k, const struct wd_frame *f, enum wd_call call)
{
	struct op *op = op_list_first(k, &k->free);

	if (op == NULL)
		return NULL;
	op_list_drop(&k->free);
	op->call = call;
	op->request = f->request;
	op->front = k->front_number;
	return op;
}

void
keeper_op_free(struct keeper *k, struct op *op)
{
	op->body = wd_bytes_free(op->body);
	wd_outcome_done(&op->out);
	op->out = (struct wd_outcome){ 0 };
	op->lease.id = (struct wd_id){ 0 };
	wd_fetch_done(&op->fetch);
	op->fetch = (struct wd_fetch){ 0 };
	wd_use_asked_done(&op->use);
	op->use = (struct wd_use_asked){ 0 };
	op->state = OP_FREE;
	op->deadline = 0;
	op_list_add(k, &k->free, op);
}

bool
keeper_op_keep(struct op *op, struct wd_span body)
{
	op->body = wd_bytes_copy(body);
	return op->body != NULL;
}

/* A front that does not take its answers is full of them: it has more requests
 * open than it may. */
static void
sent(struct keeper *k, int r)
{
	if (r != 0 && k->front.chan != NULL)
		wd_role_bad_peer(k->role, &k->front, "does not take answers");
}

void
keeper_refuse(struct keeper *k, enum wd_call call, uint32_t request, int result,
    const char *detail)
{
	if (k->front.chan != NULL)
		sent(k,
		    wd_peer_reply(
			&k->front, call, request, result, detail, NULL));
}

void
keeper_answer(struct keeper *k, enum wd_call call, uint32_t request,
    const struct wd_outcome *out)
{
	if (out->reply == NULL) {
		keeper_refuse(k, call, request, WD_F_MEMORY, "no memory");
		return;
	}
	if (k->front.chan != NULL)
		sent(k,
		    wd_peer_reply_body(
			&k->front, call, request, wd_bytes_span(out->reply)));
}

void
keeper_reply(struct keeper *k, enum wd_call call, uint32_t request, int result,
    const struct wd_diag *d, const void *msg)
{
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
	int r = wd_outcome_reply(&out, call, result, d, msg);

	if (r != 0)
		keeper_refuse(k, call, request, r, "no memory");
	else
		keeper_answer(k, call, request, &out);
}

void
keeper_op_answer(struct keeper *k, struct op *op)
{
	if (op->front == k->front_number)
		keeper_answer(k, op->call, op->request, &op->out);
	keeper_op_free(k, op);
}

void
keeper_op_refuse(
    struct keeper *k, struct op *op, int result, const char *detail)
{
	if (op->front == k->front_number)
		keeper_refuse(k, op->call, op->request, result, detail);
	keeper_op_free(k, op);
}
