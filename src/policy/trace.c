/*
 * What was compared, in texts short enough for the log. Values come from
 * evidence and certificates, so whatever is not printable ASCII must never get
 * through.
 */
#include "policy/question.h"

#include "base/clock.h"
#include "codec/hex.h"

#include <inttypes.h>

enum { DRAFT = 4 * WD_TRACE_TEXT };

struct wd_trace_row *
wd_trace_add(struct wd_policy_trace *t, unsigned depth)
{
	struct wd_trace_row *row;

	if (t == NULL)
		return NULL;
	if (t->n == WD_N(t->row)) {
		t->cut = true;
		return NULL;
	}
	row = &t->row[t->n++];
	row->depth = depth;
	return row;
}

/* DRAFT as a text of at most SIZE - 1 characters. */
static void
settle(const struct wd_wr *draft, char *dst, size_t size)
{
	struct wd_span s = wd_wr_span(draft);
	bool cut = s.len >= size || wd_wr_end(draft) != 0;

	if (cut && s.len > size - 4)
		s.len = size - 4;
	for (size_t i = 0; i < s.len; i++)
		dst[i] = s.p[i] < ' ' || s.p[i] > '~' ? '?' : (char)s.p[i];
	dst[s.len] = '\0';
	if (cut)
		wd_copy(dst + s.len, WD_SPAN("..."));
}

/* Texts that each end in a zero byte, which is shown as a space. */
static void
show_list(struct wd_span list, struct wd_wr *wr)
{
	for (size_t i = 0; i < list.len; i++)
		wd_wr_u8(wr, list.p[i] == 0 ? ' ' : list.p[i]);
}

void
wd_trace_value(
    const struct wd_claim_row *claim, struct wd_span v, struct wd_wr *wr)
{
	char time[WD_TIME_TEXT];

	switch (claim->type) {
	case WD_CLAIM_UINT:
		wd_wr_printf(wr, "%" PRIu64, wd_value_number(v));
		return;
	case WD_CLAIM_TIME:
		wd_time_format((int64_t)wd_value_number(v), time);
		wd_wr_text(wr, time);
		return;
	case WD_CLAIM_BOOL:
		wd_wr_text(wr, v.len == 1 && v.p[0] != 0 ? "true" : "false");
		return;
	case WD_CLAIM_BYTES:
		wd_hex_write(wr, v);
		return;
	case WD_CLAIM_LIST:
		show_list(v, wr);
		return;
	case WD_CLAIM_TEXT:
	case WD_CLAIM_NUMBERS: /* no clause compares these */
		wd_wr_bytes(wr, v);
		return;
	}
}

void
wd_trace_values(
    const struct wd_claim_row *claim, struct wd_span values, struct wd_wr *wr)
{
	struct wd_rd rd = wd_rd(values);
	const char *between = "";

	while (wd_rd_more(&rd)) {
		struct wd_span v = wd_value_next(&rd);

		wd_wr_text(wr, between);
		if (claim == NULL)
			wd_wr_bytes(wr, v);
		else
			wd_trace_value(claim, v, wr);
		between = ", ";
	}
}

static void
expected_of(
    const struct wd_clause *c, const struct wd_question *q, struct wd_wr *wr)
{
	if (wd_clause_names_set(c)) {
		wd_trace_set_expected(c, q, wr);
		return;
	}
	if (c->op->kind == WD_OP_GROUP) {
		wd_wr_printf(wr, "%s of %zu", c->op->member, c->n);
		return;
	}
	wd_wr_printf(wr, "%s ", c->op->member);
	wd_trace_values(c->claim, c->values, wr);
}

static void
client_got(const struct wd_clause *c, const struct wd_client_identity *client,
    struct wd_wr *wr)
{
	if (client == NULL)
		wd_wr_text(wr, "no verified client certificate");
	else if (c->op->op == WD_OP_ISSUER_IN)
		wd_wr_bytes(wr, client->issuer_cn);
	else if (c->op->op == WD_OP_CN_IN)
		wd_wr_bytes(wr, client->cn);
	else
		show_list(client->permissions, wr);
}

static void
got_of(const struct wd_clause *c, const struct wd_question *q, struct wd_wr *wr)
{
	struct wd_span v;

	if (c->op->kind == WD_OP_GROUP)
		return;
	if (c->op->kind == WD_OP_CLIENT) {
		client_got(c, q->client, wr);
		return;
	}
	if (c->op->kind == WD_OP_REGISTERS) {
		wd_trace_set_got(c, q, wr);
		return;
	}
	v = q->claim[c->claim->id];
	if (v.p == NULL)
		wd_wr_text(wr, "absent");
	else
		wd_trace_value(c->claim, v, wr);
}

/* Room to write the three texts of a row at length before they are cut. */
struct draft {
	char text[3][DRAFT];
	struct wd_wr title, expected, got;
};

static void
draft_begin(struct draft *d)
{
	d->title = wd_wr_fixed(d->text[0], sizeof(d->text[0]));
	d->expected = wd_wr_fixed(d->text[1], sizeof(d->text[1]));
	d->got = wd_wr_fixed(d->text[2], sizeof(d->text[2]));
}

static void
draft_end(const struct draft *d, struct wd_trace_row *row)
{
	settle(&d->title, row->name, sizeof(row->name));
	settle(&d->expected, row->expected, sizeof(row->expected));
	settle(&d->got, row->got, sizeof(row->got));
}

void
wd_trace_condition(struct wd_trace_row *row, const struct wd_condition *c,
    const struct wd_question *q)
{
	struct draft d;

	if (row == NULL)
		return;
	draft_begin(&d);
	wd_wr_text(&d.title, c->name);
	c->expect(q, &d.expected);
	c->got(q, &d.got);
	draft_end(&d, row);
}

static void
title_of(const struct wd_clause *c, struct wd_wr *wr)
{
	if (c->op->kind == WD_OP_CLAIM)
		wd_wr_text(wr, c->claim->name);
	else if (c->op->kind == WD_OP_CLIENT)
		wd_wr_printf(wr, "client %s", c->op->subject);
	else if (c->op->kind == WD_OP_REGISTERS)
		wd_wr_text(wr, c->op->subject);
	else
		wd_wr_text(wr, c->op->member);
}

void
wd_trace_clause(struct wd_trace_row *row, const struct wd_clause *c,
    const struct wd_question *q)
{
	struct draft d;

	if (row == NULL)
		return;
	draft_begin(&d);
	title_of(c, &d.title);
	expected_of(c, q, &d.expected);
	got_of(c, q, &d.got);
	draft_end(&d, row);
}

static const char *
result_name(enum wd_truth t)
{
	switch (t) {
	case WD_FAILS:
		return "fails";
	case WD_HOLDS:
		return "holds";
	case WD_ABSENT:
		return "absent";
	}
	return "absent";
}

void
wd_policy_trace_write(const struct wd_policy_trace *t, struct wd_jtext *j)
{
	wd_jtext_array(j);
	for (size_t i = 0; i < t->n; i++) {
		const struct wd_trace_row *row = &t->row[i];

		wd_jtext_object(j);
		wd_jtext_key_uint(j, "depth", row->depth);
		wd_jtext_key_text(j, "expected", row->expected);
		wd_jtext_key_text(j, "got", row->got);
		wd_jtext_key_text(j, "name", row->name);
		wd_jtext_key_text(j, "result", result_name(row->result));
		wd_jtext_end(j);
	}
	wd_jtext_end(j);
}
