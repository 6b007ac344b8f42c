/*
 * Evaluation. First the conditions every policy has, then the clauses, on a
 * stack of open groups instead of recursion. Must never let something unknown
 * become true: the truth of groups is that of Kleene's three-valued logic, and
 * what is not true at the end denies.
 */
#include "policy/question.h"

/* An open group and what its members said so far. */
struct group {
	enum wd_op op;
	size_t end; /* index of the clause behind it */
	enum wd_truth truth;
	enum wd_reason reason; /* why, while it is not true */
	struct wd_trace_row *row;
};

struct evaluation {
	struct wd_question q;
	struct wd_policy_trace *trace;
	enum wd_reason first; /* 0: everything holds so far */
	size_t depth;
	struct group open[WD_POLICY_DEPTH - 1];
};

static void
index_claims(struct wd_question *q, const struct wd_claims *claims)
{
	const struct wd_claim_row *row;
	struct wd_span value;

	for (size_t at = 0; wd_claims_next(claims, &at, &row, &value);)
		q->claim[(uint8_t)row->id] = value;
}

static void
note(struct evaluation *e, enum wd_truth truth, enum wd_reason reason)
{
	if (truth != WD_HOLDS && e->first == 0)
		e->first = reason;
}

static bool
is_decided(const struct evaluation *e)
{
	return e->first != 0 && e->trace == NULL;
}

static void
judge_conditions(struct evaluation *e)
{
	size_t n;
	const struct wd_condition *c = wd_conditions(&n);

	for (size_t i = 0; i < n && !is_decided(e); i++) {
		struct wd_trace_row *row;
		enum wd_truth t;

		if (c[i].only != WD_TEE_NONE &&
		    c[i].only != e->q.policy->head.tee)
			continue;
		row = wd_trace_add(e->trace, 0);
		t = c[i].holds(&e->q);
		if (row != NULL)
			row->result = t;
		wd_trace_condition(row, &c[i], &e->q);
		note(e, t, c[i].reason);
	}
}

static void
push(struct evaluation *e, enum wd_op op, size_t end, struct wd_trace_row *row)
{
	struct group *g = &e->open[e->depth++];

	*g = (struct group){ .op = op, .end = end, .row = row };
	/* `any` of nothing is false, `all` of nothing true. */
	g->truth = op == WD_OP_ANY ? WD_FAILS : WD_HOLDS;
}

/* A false member decides; else an unknown one leaves it unknown. */
static void
join_all(struct group *g, enum wd_truth t, enum wd_reason reason)
{
	if (t == WD_HOLDS)
		return;
	if (g->truth == WD_HOLDS)
		g->reason = reason;
	if (g->truth != WD_FAILS)
		g->truth = t;
}

/* A true member decides. The reason is the members' where they agree. */
static void
join_any(struct group *g, enum wd_truth t, enum wd_reason reason)
{
	if (t == WD_HOLDS || (t == WD_ABSENT && g->truth == WD_FAILS))
		g->truth = t;
	if (t == WD_HOLDS)
		return;
	if (g->reason == 0)
		g->reason = reason;
	if (g->reason != reason)
		g->reason = WD_R_POLICY_CLAUSE;
}

static void
join_not(struct group *g, enum wd_truth t)
{
	g->truth = t == WD_HOLDS ? WD_FAILS : t == WD_FAILS ? WD_HOLDS : t;
	g->reason = WD_R_POLICY_CLAUSE;
}

static void
join(struct evaluation *e, enum wd_truth t, enum wd_reason reason)
{
	struct group *g = &e->open[e->depth - 1];

	if (g->op == WD_OP_NOT)
		join_not(g, t);
	if (g->op == WD_OP_ANY)
		join_any(g, t, reason);
	if (g->op == WD_OP_ALL)
		join_all(g, t, reason);
	if (e->depth == 1)
		note(e, t, reason);
}

/* Ends the groups whose last member was the one in front of NEXT. */
static void
close_groups(struct evaluation *e, size_t next)
{
	while (e->depth > 1 && e->open[e->depth - 1].end == next) {
		struct group *g = &e->open[--e->depth];

		if (g->row != NULL)
			g->row->result = g->truth;
		join(e, g->truth, g->reason);
	}
}

static enum wd_reason
reason_of(
    const struct wd_clause *c, const struct wd_question *q, enum wd_truth t)
{
	enum wd_reason problem = wd_set_problem(c, q);

	if (problem != 0)
		return problem;
	if (c->op->kind == WD_OP_CLIENT && t == WD_ABSENT)
		return WD_R_CLIENT_IDENTITY_MISSING;
	return wd_clause_reason(c);
}

static void
judge_clause(struct evaluation *e, const struct wd_clause *c)
{
	struct wd_trace_row *row =
	    wd_trace_add(e->trace, (unsigned)e->depth - 1);
	enum wd_truth t;

	wd_trace_clause(row, c, &e->q);
	if (c->op->kind == WD_OP_GROUP) {
		push(e, c->op->op, c->end, row);
		return;
	}
	t = wd_clause_holds(c, &e->q);
	if (row != NULL)
		row->result = t;
	join(e, t, reason_of(c, &e->q, t));
}

static void
judge_clauses(struct evaluation *e)
{
	const struct wd_policy *p = e->q.policy;

	push(e, WD_OP_ALL, p->n_clauses, NULL);
	for (size_t i = 0; i < p->n_clauses && !is_decided(e); i++) {
		judge_clause(e, &p->clauses[i]);
		close_groups(e, i + 1);
	}
}

int
wd_policy_eval(const struct wd_policy *p, const struct wd_claims *claims,
    const struct wd_client_identity *client, int64_t now,
    struct wd_policy_trace *trace)
{
	struct evaluation e = {
		.q = { .policy = p, .client = client, .now = now },
		.trace = trace,
	};

	if (trace != NULL)
		*trace = (struct wd_policy_trace){ 0 };
	index_claims(&e.q, claims);
	judge_conditions(&e);
	judge_clauses(&e);
	return (int)e.first;
}
