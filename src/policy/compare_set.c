/*
 * Comparisons with a set of reference values, and how they are told. A set that
 * cannot be used leaves the clause unknown; it must never make one true, nor
 * the negation of one.
 */
#include "policy/question.h"

#include "base/clock.h"
#include "codec/hex.h"
#include "policy/reference.h"

enum { VERSION_SHOWN = 8 };

static const struct wd_reference *
set_of(const struct wd_clause *c, const struct wd_question *q)
{
	return q->policy->sets[c->set].set;
}

static uint8_t
bank_of(const struct wd_question *q)
{
	return wd_bank_by_name(q->claim[WD_C_PCR_BANK]);
}

/* The row for the clause's claim. */
static const struct wd_reference_row *
row_of(const struct wd_clause *c, const struct wd_question *q)
{
	enum wd_claim claim = c->claim->id;

	return wd_reference_find(
	    set_of(c, q), claim, wd_claim_is_register(claim) ? bank_of(q) : 0);
}

/* The next row of the evidence's bank, from *AT; NULL at the end. */
static const struct wd_reference_row *
next_register(const struct wd_reference *x, uint8_t bank, size_t *at)
{
	while (*at < x->n_rows) {
		const struct wd_reference_row *row = &x->rows[(*at)++];

		if (row->bank == bank && bank != 0)
			return row;
	}
	return NULL;
}

/* The evidence has what the clause is about. */
static bool
is_told(const struct wd_clause *c, const struct wd_question *q)
{
	return c->claim == NULL ? q->claim[WD_C_PCR_BANK].p != NULL
				: q->claim[c->claim->id].p != NULL;
}

static bool
covers(const struct wd_clause *c, const struct wd_question *q)
{
	size_t at = 0;

	return c->claim == NULL
	    ? next_register(set_of(c, q), bank_of(q), &at) != NULL
	    : row_of(c, q) != NULL;
}

enum wd_reason
wd_set_problem(const struct wd_clause *c, const struct wd_question *q)
{
	const struct wd_reference *x;

	if (!wd_clause_names_set(c))
		return (enum wd_reason)0;
	if ((x = set_of(c, q)) == NULL)
		return WD_R_REFERENCE_MISSING;
	if (!wd_reference_is_current(x, q->now))
		return WD_R_REFERENCE_EXPIRED;
	return !is_told(c, q) || covers(c, q) ? (enum wd_reason)0
					      : WD_R_REFERENCE_MISSING;
}

static enum wd_truth
row_holds(const struct wd_reference_row *row, const struct wd_question *q)
{
	struct wd_span v = q->claim[row->claim->id];

	if (v.p == NULL)
		return WD_ABSENT;
	return wd_value_is_listed(row->claim, row->values, v) ? WD_HOLDS
							      : WD_FAILS;
}

/* Every register that the set has; one that is wrong decides. */
static enum wd_truth
registers_hold(const struct wd_reference *x, const struct wd_question *q,
    const struct wd_reference_row **ret_why)
{
	const struct wd_reference_row *row;
	enum wd_truth all = WD_HOLDS;
	size_t at = 0;

	while ((row = next_register(x, bank_of(q), &at)) != NULL) {
		enum wd_truth t = row_holds(row, q);

		if (t == WD_HOLDS || (t == WD_ABSENT && all == WD_ABSENT))
			continue;
		*ret_why = row;
		all = t;
		if (t == WD_FAILS)
			break;
	}
	return all;
}

enum wd_truth
wd_set_holds(const struct wd_clause *c, const struct wd_question *q)
{
	const struct wd_reference_row *why = NULL;

	if (wd_set_problem(c, q) != 0 || !is_told(c, q))
		return WD_ABSENT;
	return c->claim == NULL ? registers_hold(set_of(c, q), q, &why)
				: row_holds(row_of(c, q), q);
}

/* ---- in the trace */

static void
write_registers(const struct wd_reference *x, uint8_t bank, struct wd_wr *wr)
{
	const struct wd_reference_row *row;
	size_t at = 0;

	wd_wr_text(wr, wd_bank_name(bank));
	while ((row = next_register(x, bank, &at)) != NULL)
		wd_wr_printf(wr, " %s", row->claim->name + 4);
}

static void
write_values(
    const struct wd_clause *c, const struct wd_question *q, struct wd_wr *wr)
{
	const struct wd_reference_row *row;

	if (c->claim == NULL) {
		write_registers(set_of(c, q), bank_of(q), wr);
		return;
	}
	row = row_of(c, q);
	wd_trace_values(row->claim, row->values, wr);
}

static void
write_end(const struct wd_reference *x, struct wd_wr *wr)
{
	char time[WD_TIME_TEXT];

	wd_time_format(x->expires, time);
	wd_wr_printf(wr, "expired %s", time);
}

void
wd_trace_set_expected(
    const struct wd_clause *c, const struct wd_question *q, struct wd_wr *wr)
{
	const struct wd_policy_set *named = &q->policy->sets[c->set];
	const struct wd_reference *x = named->set;

	wd_wr_text(wr, "reference ");
	wd_wr_bytes(wr, named->name);
	if (x == NULL) {
		wd_wr_text(wr, ": there is no such set");
		return;
	}
	wd_wr_text(wr, "@");
	wd_hex_write(wr, wd_span(x->version, VERSION_SHOWN));
	wd_wr_text(wr, ": ");
	if (!wd_reference_is_current(x, q->now))
		write_end(x, wr);
	else if (!is_told(c, q))
		wd_wr_text(wr, "one of its values");
	else if (!covers(c, q))
		wd_wr_text(wr, "has no values for this");
	else
		write_values(c, q, wr);
}

/* Of registers: the one that decides. */
void
wd_trace_set_got(
    const struct wd_clause *c, const struct wd_question *q, struct wd_wr *wr)
{
	const struct wd_reference_row *why = NULL;
	enum wd_truth t;

	if (wd_set_problem(c, q) != 0 || !is_told(c, q)) {
		wd_wr_bytes(wr,
		    is_told(c, q) ? q->claim[WD_C_PCR_BANK]
				  : WD_SPAN_LIT("absent"));
		return;
	}
	t = registers_hold(set_of(c, q), q, &why);
	if (t == WD_HOLDS) {
		wd_wr_text(wr, "all of them");
		return;
	}
	wd_wr_printf(wr, "%s ", why->claim->name);
	if (t == WD_ABSENT)
		wd_wr_text(wr, "absent");
	else
		wd_hex_write(wr, q->claim[why->claim->id]);
}
