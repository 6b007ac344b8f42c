/*
 * Comparisons: one claim, or one property of the client, against a clause's
 * values. Numbers are compared as numbers, security versions of several
 * components component by component. Must never take an absent value for
 * anything but absent.
 */
#include "policy/question.h"

static enum wd_truth
truth(bool b)
{
	return b ? WD_HOLDS : WD_FAILS;
}

static bool
is_listed(struct wd_span values, struct wd_span v)
{
	struct wd_rd rd = wd_rd(values);

	while (wd_rd_more(&rd))
		if (wd_span_equal(wd_value_next(&rd), v))
			return true;
	return false;
}

/* Component by component, or as numbers: V on the right side of the bound. */
static bool
is_ordered(const struct wd_clause *c, struct wd_span v)
{
	bool ge = c->op->op == WD_OP_GE;
	struct wd_rd rd = wd_rd(c->values);
	struct wd_span bound = wd_value_next(&rd);
	const struct wd_span low = ge ? bound : v, high = ge ? v : bound;

	if (low.len != high.len)
		return false;
	if (c->claim->type != WD_CLAIM_BYTES)
		return wd_value_number(high) >= wd_value_number(low);
	for (size_t i = 0; i < v.len; i++)
		if (high.p[i] < low.p[i])
			return false;
	return true;
}

/* Each text of LIST is one of VALUES, and there is one. */
static bool
are_all_listed(struct wd_span values, struct wd_span list)
{
	struct wd_rd rd = wd_rd(list);

	while (wd_rd_more(&rd)) {
		size_t n = 0;

		while (n < rd.left && rd.p[n] != 0)
			n++;
		if (!is_listed(values, wd_rd_bytes(&rd, n)))
			return false;
		wd_rd_skip(&rd, 1);
	}
	return list.len > 0;
}

bool
wd_value_is_listed(
    const struct wd_claim_row *claim, struct wd_span values, struct wd_span v)
{
	return claim->type == WD_CLAIM_LIST ? are_all_listed(values, v)
					    : is_listed(values, v);
}

static bool
claim_compares(const struct wd_clause *c, struct wd_span v)
{
	if (c->op->op == WD_OP_GE || c->op->op == WD_OP_LE)
		return is_ordered(c, v);
	return wd_value_is_listed(c->claim, c->values, v);
}

/* TEXT stands in LIST, whose texts each end in a zero byte. */
static bool
has_permission(struct wd_span list, struct wd_span text)
{
	struct wd_rd rd = wd_rd(list);

	while (wd_rd_more(&rd)) {
		size_t n = 0;

		while (n < rd.left && rd.p[n] != 0)
			n++;
		if (wd_span_equal(wd_rd_bytes(&rd, n), text))
			return true;
		wd_rd_skip(&rd, 1);
	}
	return false;
}

/* How many of the clause's permissions the client has. */
static size_t
count_permissions(const struct wd_clause *c, struct wd_span list)
{
	struct wd_rd rd = wd_rd(c->values);
	size_t n = 0;

	while (wd_rd_more(&rd))
		n += has_permission(list, wd_value_next(&rd));
	return n;
}

static bool
client_compares(
    const struct wd_clause *c, const struct wd_client_identity *client)
{
	switch (c->op->op) {
	case WD_OP_ISSUER_IN:
		return is_listed(c->values, client->issuer_cn);
	case WD_OP_CN_IN:
		return is_listed(c->values, client->cn);
	case WD_OP_PERMISSIONS_ANY:
		return count_permissions(c, client->permissions) > 0;
	case WD_OP_PERMISSIONS_ALL:
		return count_permissions(c, client->permissions) == c->n;
	default:
		return false;
	}
}

enum wd_truth
wd_clause_holds(const struct wd_clause *c, const struct wd_question *q)
{
	struct wd_span v;

	if (wd_clause_names_set(c))
		return wd_set_holds(c, q);
	if (c->op->kind == WD_OP_CLIENT)
		return q->client == NULL ? WD_ABSENT
					 : truth(client_compares(c, q->client));
	v = q->claim[c->claim->id];
	return v.p == NULL ? WD_ABSENT : truth(claim_compares(c, v));
}
