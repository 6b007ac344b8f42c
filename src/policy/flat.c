/*
 * The flat form. Reading refuses everything a writer of ours would not have
 * written, so that one policy has one form; it must never allocate from a
 * count, nor recurse.
 */
#include "policy/policy.h"

#include "base/alloc.h"
#include "policy/flat.h"
#include "policy/isecl.h"

enum { CLAUSE_BYTES_MIN = 3, ADVISORY_MAX = 64 };

static const int64_t last_second = 253402300799; /* 9999-12-31T23:59:59Z */

static int
refuse(struct wd_diag *d, const char *problem)
{
	return wd_reject(d, WD_R_MALFORMED, "policy: %s", problem);
}

static int
check_head(const struct wd_policy_head *h, struct wd_diag *d)
{
	if (h->schema != WD_SCHEMA_WARDER && h->schema != WD_SCHEMA_ISECL_V3 &&
	    h->schema != WD_SCHEMA_ISECL_V5)
		return refuse(d, "the schema is not known");
	if (h->tee == WD_TEE_NONE || !wd_tee_is_number(h->tee))
		return refuse(d, "the TEE is not known");
	if ((h->statuses != 0) != wd_tee_has_status(h->tee) ||
	    (h->statuses & ~WD_STATUS_ANY_BUT_REVOKED) != 0)
		return refuse(d, "a status cannot be accepted");
	if (h->lease_seconds < 1 || h->lease_seconds > WD_LEASE_MAX)
		return refuse(d, "the lease is out of range");
	if (h->not_before < 0 || h->not_before > last_second ||
	    h->not_after < 0 || h->not_after > last_second)
		return refuse(d, "a time is out of range");
	if (h->not_after != 0 && h->not_after < h->not_before)
		return refuse(d, "it ends before it begins");
	if (h->schema == WD_SCHEMA_WARDER && h->plain_type)
		return refuse(d, "a flag of another schema is set");
	return 0;
}

static int
read_head(struct wd_rd *rd, struct wd_policy_head *h, struct wd_diag *d)
{
	unsigned flags;

	if (wd_rd_le16(rd) != WD_FLAT_VERSION)
		return refuse(d, "the version is not known");
	h->schema = (enum wd_policy_schema)wd_rd_u8(rd);
	h->tee = (enum wd_tee)wd_rd_u8(rd);
	flags = wd_rd_u8(rd);
	h->accept_software = (flags & WD_FLAT_SOFTWARE) != 0;
	h->allow_debug = (flags & WD_FLAT_DEBUG) != 0;
	h->plain_type = (flags & WD_FLAT_PLAIN_TYPE) != 0;
	h->statuses = wd_rd_le16(rd);
	h->lease_seconds = wd_rd_le32(rd);
	h->not_before = (int64_t)wd_rd_le64(rd);
	h->not_after = (int64_t)wd_rd_le64(rd);
	if ((flags & ~(unsigned)WD_FLAT_FLAGS) != 0)
		return refuse(d, "a flag is not known");
	return check_head(h, d);
}

/*
 * Takes N values, each of which FITS; the same value twice is refused, since
 * it would give one policy two forms.
 */
static int
read_values(struct wd_rd *rd, const struct wd_clause *c, size_t n,
    bool (*fits)(const struct wd_clause *, struct wd_span), struct wd_diag *d,
    struct wd_span *ret)
{
	struct wd_span all = wd_span(rd->p, 0);

	if (n > WD_POLICY_VALUES)
		return refuse(d, "a list has too many values");
	for (size_t i = 0; i < n; i++) {
		struct wd_span v = wd_value_next(rd);

		if (rd->bad || !fits(c, v))
			return refuse(d, "a value has the wrong form");
		all.len = (size_t)(rd->p - all.p);
		if (wd_value_repeats(all, v))
			return refuse(d, "a list has the same value twice");
	}
	*ret = all;
	return 0;
}

/* Ids such as INTEL-SA-00615. */
static bool
advisory_fits(const struct wd_clause *c, struct wd_span v)
{
	(void)c; /* advisories belong to no clause */
	return v.len > 0 && v.len <= ADVISORY_MAX && wd_span_is_word(v);
}

static int
read_comparison(struct wd_rd *rd, struct wd_clause *c, struct wd_diag *d)
{
	enum wd_claim claim = (enum wd_claim)wd_rd_u8(rd);

	c->n = wd_rd_le16(rd);
	if (c->op->kind != WD_OP_CLAIM && claim != 0)
		return refuse(d, "a clause that is of no claim names one");
	if (c->op->kind == WD_OP_CLAIM) {
		c->claim = wd_claim_row(claim);
		c->rule = wd_claim_rule(claim);
		if (c->claim == NULL || c->rule == NULL)
			return refuse(d, "a clause names no claim it may");
		if (!wd_clause_op_fits(c->op, c->claim, c->rule))
			return refuse(d, "a claim cannot be compared so");
	}
	if (c->n == 0 || (c->n > 1 && !c->op->is_list))
		return refuse(d, "a clause has not the values it needs");
	return read_values(rd, c, c->n, wd_clause_value_fits, d, &c->values);
}

/* The groups that are open while clauses are read; the policy is the first. */
struct reader {
	struct wd_rd rd;
	struct wd_policy *p;
	struct wd_diag *d;
	size_t depth;
	struct {
		size_t clause; /* unused for the policy itself */
		size_t left;
	} open[WD_POLICY_DEPTH - 1];
};

static int
open_group(struct reader *r, struct wd_clause *c)
{
	c->n = wd_rd_le16(&r->rd);
	if (c->n == 0 || (c->n > 1 && !c->op->is_list))
		return refuse(r->d, "a group has not the members it needs");
	if (r->depth == WD_N(r->open))
		return refuse(r->d, "clauses are nested too deep");
	r->open[r->depth].clause = r->p->n_clauses - 1;
	r->open[r->depth].left = c->n;
	r->depth++;
	return 0;
}

/* The clause names a set: one of the policy's, or a further one. */
static int
note_set(struct reader *r, struct wd_clause *c)
{
	struct wd_policy *p = r->p;
	struct wd_rd rd = wd_rd(c->values);
	struct wd_span name = wd_value_next(&rd);

	for (c->set = 0; c->set < p->n_sets; c->set++)
		if (wd_span_equal(p->sets[c->set].name, name))
			return 0;
	if (p->n_sets == WD_POLICY_SETS)
		return refuse(r->d, "it names too many sets");
	p->sets[p->n_sets++].name = name;
	return 0;
}

static int
read_clause(struct reader *r)
{
	struct wd_clause *c = &r->p->clauses[r->p->n_clauses];
	int result;

	if (r->p->n_clauses == WD_POLICY_CLAUSES)
		return refuse(r->d, "there are too many clauses");
	c->op = wd_op_row(wd_rd_u8(&r->rd));
	if (c->op == NULL)
		return refuse(r->d, "a comparison is not known");
	r->p->n_clauses++;
	if (c->op->kind == WD_OP_GROUP)
		return open_group(r, c);
	result = read_comparison(&r->rd, c, r->d);
	if (result != 0 || !wd_clause_names_set(c))
		return result;
	return note_set(r, c);
}

/* Closes the groups that are complete. */
static void
close_groups(struct reader *r)
{
	while (r->depth > 1 && r->open[r->depth - 1].left == 0) {
		r->depth--;
		r->p->clauses[r->open[r->depth].clause].end = r->p->n_clauses;
	}
}

static int
read_clauses(struct reader *r)
{
	int result;

	r->depth = 1;
	while (wd_rd_more(&r->rd)) {
		struct wd_clause *c = &r->p->clauses[r->p->n_clauses];

		if (r->depth > 1)
			r->open[r->depth - 1].left--;
		if ((result = read_clause(r)) != 0)
			return result;
		if (c->op->kind != WD_OP_GROUP)
			c->end = r->p->n_clauses;
		close_groups(r);
	}
	if (wd_rd_end(&r->rd) != 0 || r->depth > 1)
		return refuse(r->d, "it is cut short");
	if (r->p->n_clauses == 0)
		return refuse(r->d, "it has no clause");
	return 0;
}

static int
read_policy(struct wd_policy *p, struct wd_diag *d)
{
	struct reader r = {
		.rd = wd_rd(wd_bytes_span(p->flat)), .p = p, .d = d
	};
	int result;

	if ((result = read_head(&r.rd, &p->head, d)) != 0)
		return result;
	p->n_advisories = wd_rd_le16(&r.rd);
	if (p->n_advisories > 0 && !wd_tee_has_status(p->head.tee))
		return refuse(d, "its TEE has no advisories");
	if ((result = read_values(&r.rd, NULL, p->n_advisories, advisory_fits,
		 d, &p->advisories)) != 0)
		return result;
	if ((result = read_clauses(&r)) != 0)
		return result;
	if (!wd_isecl_fits(p))
		return refuse(d, "it says what its schema cannot say");
	return 0;
}

int
wd_policy_adopt(struct wd_span flat, struct wd_diag *d, struct wd_policy **ret)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	size_t most = flat.len / CLAUSE_BYTES_MIN + 1;
	int r;

	if (flat.len > WD_POLICY_FLAT_MAX)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "policy: more than %d bytes", WD_POLICY_FLAT_MAX);
	if (most > WD_POLICY_CLAUSES + 1)
		most = WD_POLICY_CLAUSES + 1;
	p = wd_alloc(sizeof(*p));
	if (p == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a policy");
	p->clauses = wd_alloc_array(most, sizeof(p->clauses[0]));
	p->flat = wd_bytes_copy(flat);
	if (p->clauses == NULL || p->flat == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a policy");
	if ((r = read_policy(p, d)) != 0)
		return r;
	*ret = WD_TAKE(p);
	return 0;
}
