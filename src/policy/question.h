/*
 * What one evaluation is about, for the files that take part in it.
 */
#pragma once

#include "policy/eval.h"

struct wd_question {
	const struct wd_policy *policy;
	const struct wd_client_identity *client; /* NULL: none verified */
	int64_t now;
	struct wd_span claim[256]; /* by id; p == NULL: absent */
};

/* The conditions that come before clauses, in the order in which they are
 * judged. */
struct wd_condition {
	const char *name;
	enum wd_reason reason;
	enum wd_tee only; /* NONE: every policy; else those for this TEE */
	enum wd_truth (*holds)(const struct wd_question *q);
	void (*expect)(const struct wd_question *q, struct wd_wr *wr);
	void (*got)(const struct wd_question *q, struct wd_wr *wr);
};
const struct wd_condition *wd_conditions(size_t *ret_n);

/* Why the set that the clause names cannot be used: it is not there, has
 * expired, or says nothing of what the evidence has. 0: it can, or the clause
 * names none. */
enum wd_reason wd_set_problem(
    const struct wd_clause *c, const struct wd_question *q);

/* Whether a comparison with a set holds; the others are compare.c's. */
enum wd_truth wd_set_holds(
    const struct wd_clause *c, const struct wd_question *q);

/* V, or each text of a list, is one of VALUES. */
bool wd_value_is_listed(
    const struct wd_claim_row *claim, struct wd_span values, struct wd_span v);

/* Whether a comparison holds; groups are eval.c's. */
enum wd_truth wd_clause_holds(
    const struct wd_clause *c, const struct wd_question *q);

/*
 * Trace rows. wd_trace_add() returns NULL when there is no trace or no room;
 * the others accept NULL.
 */
struct wd_trace_row *wd_trace_add(struct wd_policy_trace *t, unsigned depth);
void wd_trace_condition(struct wd_trace_row *row, const struct wd_condition *c,
    const struct wd_question *q);
void wd_trace_clause(struct wd_trace_row *row, const struct wd_clause *c,
    const struct wd_question *q);
void wd_trace_value(
    const struct wd_claim_row *claim, struct wd_span v, struct wd_wr *wr);
void wd_trace_values(
    const struct wd_claim_row *claim, struct wd_span values, struct wd_wr *wr);
void wd_trace_set_expected(
    const struct wd_clause *c, const struct wd_question *q, struct wd_wr *wr);
void wd_trace_set_got(
    const struct wd_clause *c, const struct wd_question *q, struct wd_wr *wr);
