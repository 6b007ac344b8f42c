/*
 * What the holder answers: one row for each operation. A request is looked at
 * only after it is clear who sent it.
 */
#include "bin/agent/serve_impl.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { SCALE = 1000 };

struct request {
	struct wd_serve *s;
	struct wd_serve_conn *c;
	struct wd_holder_head head; /* of the answer */
	struct wd_span body;
};

static void
refuse(const struct request *q, enum wd_holder_status status, struct wd_wr *wr)
{
	wd_holder_start_reply(wr, &q->head, status);
}

static void
op_hello(const struct request *q, struct wd_wr *wr)
{
	const struct wd_holder_hello m = {
		.label = wd_span_text(q->s->options.label),
		.serial = wd_span_text(q->s->options.serial),
	};

	if (q->body.len != 0) {
		refuse(q, WD_HOLDER_MALFORMED, wr);
		return;
	}
	wd_holder_start_reply(wr, &q->head, WD_HOLDER_OK);
	wd_holder_write_hello(wr, &m);
}

static void
op_list(const struct request *q, struct wd_wr *wr)
{
	uint32_t from;
	size_t at;

	if (wd_holder_read_list_ask(q->body, &from) != 0) {
		refuse(q, WD_HOLDER_MALFORMED, wr);
		return;
	}
	if (!wd_hold_is_ready(q->s->hold)) {
		refuse(q, WD_HOLDER_NOT_READY, wr);
		return;
	}
	wd_holder_start_reply(wr, &q->head, WD_HOLDER_OK);
	at = wd_holder_write_list(wr);
	wd_wr_patch_le32(
	    wr, at, wd_hold_list(q->s->hold, &q->c->user, from, wr));
}

/* The row of a user: the one that has it, else the one longest unused. */
static struct wd_serve_budget *
budget_of(struct wd_serve *s, uint32_t uid)
{
	struct wd_serve_budget *oldest = &s->budgets[0];

	for (size_t i = 0; i < WD_SERVE_USERS; i++) {
		struct wd_serve_budget *b = &s->budgets[i];

		if (b->since != 0 && b->uid == uid)
			return b;
		if (b->since < oldest->since)
			oldest = b;
	}
	*oldest = (struct wd_serve_budget){ uid, 0, 0 };
	return oldest;
}

/* A bucket that fills at the rate, and holds one second of it. */
static bool
spend(struct wd_serve *s, uint32_t uid)
{
	const int64_t rate = s->options.rate;
	struct wd_serve_budget *b = budget_of(s, uid);
	int64_t now = wd_time_mono_ms();
	int64_t elapsed = now - b->since;

	b->left = b->since == 0 || elapsed >= SCALE ? rate * SCALE
						    : b->left + elapsed * rate;
	if (b->left > rate * SCALE)
		b->left = rate * SCALE;
	b->since = now;
	if (b->left < SCALE)
		return false;
	b->left -= SCALE;
	return true;
}

static enum wd_holder_status
sign(const struct request *q, uint8_t sig[WD_HOLDER_SIG_MAX], size_t *len)
{
	const struct wd_hold *hold = q->s->hold;
	struct wd_hold_public public;
	struct wd_holder_sign ask;
	enum wd_holder_status status;

	if (wd_holder_read_sign(q->body, &ask) != 0)
		return WD_HOLDER_MALFORMED;
	if (q->s->options.rate != 0 && !spend(q->s, q->c->user.uid))
		return WD_HOLDER_RATE_LIMITED;
	if (!wd_hold_public(hold, &ask.id, ask.generation, &public))
		return wd_hold_sign(
		    q->s->hold, &q->c->user, &ask, wd_time_boot(), sig, len);
	status = wd_hold_may_sign(hold, &q->c->user, &ask, wd_time_boot());
	return status != WD_HOLDER_OK
	    ? status
	    : wd_serve_away(q->s, q->c, q->head.request, &ask);
}

static void
op_sign(const struct request *q, struct wd_wr *wr)
{
	uint8_t sig[WD_HOLDER_SIG_MAX];
	size_t len = 0;
	enum wd_holder_status status = sign(q, sig, &len);

	if (q->c->away != 0)
		return; /* it is answered later */
	q->s->counts.signatures += status == WD_HOLDER_OK;
	q->s->counts.refused += status != WD_HOLDER_OK;
	refuse(q, status, wr);
	if (status == WD_HOLDER_OK)
		wd_holder_write_signature(wr, wd_span(sig, len));
}

static void
line(struct wd_wr *wr, const char *name, uint64_t value)
{
	char text[24];
	int len =
	    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	const struct wd_holder_line m = {
		.name = wd_span_text(name),
		.value = wd_span(text, len > 0 ? (size_t)len : 0),
	};

	wd_holder_write_line(wr, &m);
}

/* Root, and whoever runs the agent. */
static bool
is_operator(const struct request *q)
{
	return q->c->user.uid == 0 || q->c->user.uid == geteuid();
}

static void
op_status(const struct request *q, struct wd_wr *wr)
{
	const struct wd_serve *s = q->s;

	if (!is_operator(q)) {
		refuse(q, WD_HOLDER_NOT_PERMITTED, wr);
		return;
	}
	wd_holder_start_reply(wr, &q->head, WD_HOLDER_OK);
	line(wr, "keys", wd_hold_count(s->hold));
	wd_hold_lines(s->hold, wd_time_boot(), wr);
	line(wr, "connections", s->n_conns);
	line(wr, "signatures", s->counts.signatures);
	line(wr, "refused", s->counts.refused);
	line(wr, "waiting", wd_serve_count_away(s, NULL));
	line(wr, "turned away", s->counts.turned_away);
	if (s->options.status != NULL)
		s->options.status(s->options.ctx, wr);
}

static void
op_get(const struct request *q, struct wd_wr *wr)
{
	const struct wd_serve_options *o = &q->s->options;
	struct wd_holder_get ask;
	struct wd_span all = { NULL, 0 };
	enum wd_holder_status status;

	if (o->get == NULL)
		status = WD_HOLDER_UNKNOWN_OP;
	else if (wd_holder_read_get(q->body, &ask) != 0)
		status = WD_HOLDER_MALFORMED;
	else
		status = o->get(o->ctx, &q->c->user, &ask, &all);
	refuse(q, status, wr);
	if (status == WD_HOLDER_OK)
		wd_holder_write_piece(wr, all, ask.from);
}

static void
op_rotate(const struct request *q, struct wd_wr *wr)
{
	const struct wd_serve_options *o = &q->s->options;

	if (o->rotate == NULL) {
		refuse(q, WD_HOLDER_UNKNOWN_OP, wr);
	} else if (!is_operator(q)) {
		refuse(q, WD_HOLDER_NOT_PERMITTED, wr);
	} else if (q->body.len != 0) {
		refuse(q, WD_HOLDER_MALFORMED, wr);
	} else {
		o->rotate(o->ctx);
		q->s->woken = true;
		refuse(q, WD_HOLDER_OK, wr);
	}
}

static void (*const ops[])(const struct request *, struct wd_wr *) = {
	[WD_HOLDER_HELLO] = op_hello,
	[WD_HOLDER_LIST] = op_list,
	[WD_HOLDER_SIGN] = op_sign,
	[WD_HOLDER_STATUS] = op_status,
	[WD_HOLDER_GET] = op_get,
	[WD_HOLDER_ROTATE] = op_rotate,
};

static bool
is_sender(const struct wd_serve_sender *a, const struct wd_serve_sender *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

bool
wd_serve_answer(struct wd_serve *s, struct wd_serve_conn *c,
    const struct wd_serve_sender *sender, struct wd_span packet,
    struct wd_wr *wr)
{
	struct request q = { .s = s, .c = c };
	int r = wd_holder_open(packet, &q.head, &q.body);

	if ((r != 0 && r != WD_R_VERSION) || q.head.reply)
		return false;
	q.head.version = WD_HOLDER_VERSION;
	q.head.reply = true;
	q.head.epoch = wd_hold_epoch(s->hold);
	if (r == WD_R_VERSION)
		refuse(&q, WD_HOLDER_BAD_VERSION, wr);
	else if (!is_sender(sender, &c->made_by))
		refuse(&q, WD_HOLDER_RECONNECT, wr);
	else if (q.head.op >= WD_N(ops) || ops[q.head.op] == NULL)
		refuse(&q, WD_HOLDER_UNKNOWN_OP, wr);
	else
		ops[q.head.op](&q, wr);
	return c->away != 0 || wd_holder_finish(wr) == 0;
}
