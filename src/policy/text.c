/*
 * The canonical text. Members come in the order of their names (RFC 8785), and
 * everything that has a default is written out, so that equal texts mean equal
 * policies. Groups are closed from a stack; nothing recurses.
 */
#include "policy/text.h"

static void
value_text(const struct wd_clause *c, struct wd_span v, struct wd_jtext *j)
{
	if (c->claim == NULL || wd_clause_names_set(c)) {
		wd_jtext_string(j, v);
		return;
	}
	switch (c->claim->type) {
	case WD_CLAIM_UINT:
		wd_jtext_uint(j, wd_value_number(v));
		return;
	case WD_CLAIM_TIME:
		wd_jtext_time(j, (int64_t)wd_value_number(v));
		return;
	case WD_CLAIM_BOOL:
		wd_jtext_bool(j, v.p[0] != 0);
		return;
	case WD_CLAIM_BYTES:
		wd_jtext_hex(j, v);
		return;
	case WD_CLAIM_TEXT:
	case WD_CLAIM_LIST:
	case WD_CLAIM_NUMBERS: /* no clause compares these */
		wd_jtext_string(j, v);
		return;
	}
}

void
wd_clause_values_text(const struct wd_clause *c, struct wd_jtext *j)
{
	struct wd_rd rd = wd_rd(c->values);

	if (!c->op->is_list) {
		value_text(c, wd_value_next(&rd), j);
		return;
	}
	wd_jtext_array(j);
	while (wd_rd_more(&rd))
		value_text(c, wd_value_next(&rd), j);
	wd_jtext_end(j);
}

/* "any_of", "all_of" and "in" sort to either side of "claim" and "client". */
static void
comparison_text(const struct wd_clause *c, struct wd_jtext *j)
{
	bool is_client = c->op->kind == WD_OP_CLIENT;
	const char *subject = is_client ? "client" : "claim";
	const char *name = c->claim == NULL ? c->op->subject : c->claim->name;
	bool first = wd_span_compare(wd_span_text(c->op->member),
			 wd_span_text(subject)) < 0;

	wd_jtext_object(j);
	if (!first)
		wd_jtext_key_text(j, subject, name);
	wd_jtext_key(j, c->op->member);
	wd_clause_values_text(c, j);
	if (first)
		wd_jtext_key_text(j, subject, name);
	wd_jtext_end(j);
}

static void
group_begin(const struct wd_clause *c, struct wd_jtext *j)
{
	wd_jtext_object(j);
	wd_jtext_key(j, c->op->member);
	if (c->op->is_list)
		wd_jtext_array(j);
}

static void
group_end(const struct wd_clause *c, struct wd_jtext *j)
{
	if (c->op->is_list)
		wd_jtext_end(j);
	wd_jtext_end(j);
}

static void
clauses_text(const struct wd_policy *p, struct wd_jtext *j)
{
	const struct wd_clause *open[WD_POLICY_DEPTH];
	size_t depth = 0;

	wd_jtext_array(j);
	for (size_t i = 0; i < p->n_clauses; i++) {
		const struct wd_clause *c = &p->clauses[i];

		if (c->op->kind == WD_OP_GROUP) {
			group_begin(c, j);
			open[depth++] = c;
			continue;
		}
		comparison_text(c, j);
		while (depth > 0 && open[depth - 1]->end == i + 1)
			group_end(open[--depth], j);
	}
	wd_jtext_end(j);
}

static void
advisories_text(const struct wd_policy *p, struct wd_jtext *j)
{
	struct wd_rd rd = wd_rd(p->advisories);

	wd_jtext_array(j);
	while (wd_rd_more(&rd))
		wd_jtext_string(j, wd_value_next(&rd));
	wd_jtext_end(j);
}

static void
statuses_text(const struct wd_policy *p, struct wd_jtext *j)
{
	const char *name;

	wd_jtext_array(j);
	for (unsigned i = 0; (name = wd_status_name(i)) != NULL; i++)
		if ((p->head.statuses >> i & 1) != 0)
			wd_jtext_text(j, name);
	wd_jtext_end(j);
}

static void
time_member(struct wd_jtext *j, const char *name, int64_t t)
{
	if (t == 0)
		return;
	wd_jtext_key(j, name);
	wd_jtext_time(j, t);
}

void
wd_policy_text(const struct wd_policy *p, struct wd_wr *wr)
{
	const struct wd_policy_head *h = &p->head;
	struct wd_jtext j = wd_jtext(wr);

	wd_jtext_object(&j);
	wd_jtext_key_bool(&j, "accept_software", h->accept_software);
	wd_jtext_key(&j, "all");
	clauses_text(p, &j);
	wd_jtext_key_bool(&j, "allow_debug", h->allow_debug);
	wd_jtext_key_uint(&j, "lease_seconds", h->lease_seconds);
	time_member(&j, "not_after", h->not_after);
	time_member(&j, "not_before", h->not_before);
	if (p->n_advisories > 0) {
		wd_jtext_key(&j, "rejected_advisories");
		advisories_text(p, &j);
	}
	if (wd_tee_has_status(h->tee)) {
		wd_jtext_key(&j, "tcb_statuses");
		statuses_text(p, &j);
	}
	wd_jtext_key_text(&j, "tee", wd_tee_name(h->tee));
	wd_jtext_key_uint(&j, "warder", 1);
	wd_jtext_end(&j);
}
