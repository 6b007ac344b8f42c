/*
 * Warder's own form. Groups are walked on a stack; a member that is not known
 * at its place is an error there, named by the way to it ("all[1].any[0]").
 */
#include "policy/parse_in.h"

#include <stdio.h>

enum { WHERE_MAX = 128 };

/* An open group: its list of clauses, or the one clause of a `not`. */
struct group {
	const struct wd_op_row *op;
	const struct wd_jval *members;
	size_t n, next;
};

struct walk {
	struct wd_diag *d;
	struct wd_wr *flat;
	size_t depth;
	struct group open[WD_POLICY_DEPTH - 1];
	char where[WHERE_MAX];
};

/* Outer groups already stand at the clause behind the one that is open. */
static void
name_place(struct walk *w)
{
	struct wd_wr wr = wd_wr_fixed(w->where, sizeof(w->where) - 1);

	for (size_t i = 0; i < w->depth; i++) {
		const struct group *g = &w->open[i];
		size_t at = i + 1 < w->depth ? g->next - 1 : g->next;

		wd_wr_printf(&wr, "%s%s", i == 0 ? "" : ".", g->op->member);
		if (g->op->is_list)
			wd_wr_printf(&wr, "[%zu]", at);
	}
	w->where[wr.len] = '\0';
}

/* Opens the group that member OP->member of O holds. */
static void
open_group(struct walk *w, struct wd_jobj *o, const struct wd_op_row *op)
{
	struct group *g = &w->open[w->depth];
	const struct wd_jval *v = op->is_list
	    ? wd_jobj_array(o, op->member, WD_REQUIRED, WD_POLICY_CLAUSES)
	    : wd_jobj_object(o, op->member, WD_REQUIRED);

	if (v == NULL)
		return;
	if (op->is_list && wd_jval_count(v) == 0)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" has no clause in it", op->member);
	if (w->depth == WD_N(w->open)) {
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "clauses are nested more than %d deep", WD_POLICY_DEPTH);
		return;
	}
	*g = (struct group){ .op = op, .members = v };
	g->n = op->is_list ? wd_jval_count(v) : 1;
	w->depth++;
}

/* The comparison O says about SUBJECT (of the client or of registers; NULL: a
 * claim). */
static const struct wd_op_row *
find_comparison(
    const struct wd_jobj *o, enum wd_op_kind kind, struct wd_span subject)
{
	size_t n;
	const struct wd_op_row *ops = wd_op_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (ops[i].kind == kind && wd_jobj_has(o, ops[i].member) &&
		    (kind == WD_OP_CLAIM ||
			wd_span_is(subject, ops[i].subject)))
			return &ops[i];
	return NULL;
}

static void
put_comparison(struct walk *w, struct wd_jobj *o, const struct wd_op_row *op,
    enum wd_claim claim)
{
	wd_parse_comparison(o, op->member,
	    wd_jobj_take(o, op->member, WD_REQUIRED), op->op, claim, w->flat);
}

static void
read_claim(struct walk *w, struct wd_jobj *o)
{
	struct wd_span name = wd_jobj_text(o, "claim", WD_REQUIRED, 64);
	const struct wd_claim_row *claim = wd_claim_by_name(name);
	const struct wd_op_row *op = find_comparison(o, WD_OP_REGISTERS, name);

	if (o->result != 0)
		return;
	if (op != NULL) {
		put_comparison(w, o, op, (enum wd_claim)0);
		return;
	}
	op = find_comparison(o, WD_OP_CLAIM, wd_span(NULL, 0));
	if (claim == NULL || wd_claim_rule(claim->id) == NULL) {
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "no clause can compare a claim \"%.*s\"", (int)name.len,
		    (const char *)name.p);
		return;
	}
	if (op == NULL) {
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "none of \"ge\", \"le\", \"in\", \"eq\", \"is\", "
		    "\"reference\" is given");
		return;
	}
	put_comparison(w, o, op, claim->id);
}

static void
read_client(struct walk *w, struct wd_jobj *o)
{
	struct wd_span name = wd_jobj_text(o, "client", WD_REQUIRED, 64);
	const struct wd_op_row *op = find_comparison(o, WD_OP_CLIENT, name);

	if (o->result != 0)
		return;
	if (op == NULL) {
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "a client has \"issuer_cn\" or \"cn\" (\"in\"), or "
		    "\"permissions\" (\"any_of\", \"all_of\")");
		return;
	}
	put_comparison(w, o, op, (enum wd_claim)0);
}

/* The group O is, or NULL. */
static const struct wd_op_row *
find_group(const struct wd_jobj *o)
{
	size_t n;
	const struct wd_op_row *ops = wd_op_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (ops[i].kind == WD_OP_GROUP && wd_jobj_has(o, ops[i].member))
			return &ops[i];
	return NULL;
}

static int
read_clause(struct walk *w, const struct wd_jval *v)
{
	struct wd_jobj o;
	const struct wd_op_row *group;

	wd_jobj_open(&o, v, w->d, w->where);
	group = find_group(&o);
	if (group != NULL) {
		open_group(w, &o, group);
		if (o.result == 0)
			wd_policy_put_group(
			    w->flat, group->op, w->open[w->depth - 1].n);
		return wd_jobj_close(&o);
	}
	if (wd_jobj_has(&o, "client"))
		read_client(w, &o);
	else
		read_claim(w, &o);
	return wd_jobj_close(&o);
}

/* The clause that comes next in the innermost group. */
static const struct wd_jval *
next_member(const struct group *g)
{
	return g->op->is_list ? wd_jval_at(g->members, g->next) : g->members;
}

static int
read_clauses(struct walk *w)
{
	while (w->depth > 0) {
		struct group *g = &w->open[w->depth - 1];
		int r;

		if (g->next == g->n) {
			w->depth--;
			continue;
		}
		name_place(w);
		/* A group opened by the clause is read before its neighbour. */
		r = read_clause(w, next_member(g));
		g->next++;
		if (r != 0)
			return r;
	}
	return 0;
}

int
wd_parse_warder(const struct wd_jval *v, struct wd_diag *d, struct wd_wr *flat)
{
	struct walk w = { .d = d, .flat = flat };
	struct wd_jobj o;
	int r;

	wd_jobj_open(&o, v, d, "policy");
	wd_parse_head(&o, flat);
	open_group(&w, &o, wd_op_row(WD_OP_ALL));
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	return read_clauses(&w);
}
