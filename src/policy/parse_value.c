/*
 * JSON values as values of clauses: a number for a number, hex for bytes. A
 * text that looks like a number is none; nothing is rounded or cut.
 */
#include "policy/parse_in.h"

#include "base/clock.h"
#include "codec/hex.h"

static void
put_number(struct wd_wr *flat, uint64_t n)
{
	wd_policy_put_count(flat, sizeof(n));
	wd_wr_le64(flat, n);
}

static enum wd_reason
put_uint(const struct wd_clause *c, const struct wd_jval *v, struct wd_wr *flat)
{
	uint64_t n = 0;

	if (wd_jval_type(v) != WD_JINT)
		return WD_R_MALFORMED;
	if (!wd_jval_uint(v, c->rule->max, &n))
		return WD_R_RANGE;
	put_number(flat, n);
	return (enum wd_reason)0;
}

static enum wd_reason
put_time(const struct wd_clause *c, const struct wd_jval *v, struct wd_wr *flat)
{
	struct wd_span text;
	int64_t t;

	(void)c; /* times have no limits of their own */
	if (!wd_jval_text(v, &text) || !wd_time_parse(text, &t))
		return WD_R_MALFORMED;
	put_number(flat, (uint64_t)t);
	return (enum wd_reason)0;
}

static enum wd_reason
put_bool(const struct wd_clause *c, const struct wd_jval *v, struct wd_wr *flat)
{
	bool b;
	uint8_t byte;

	(void)c; /* true and false are all there is */
	if (!wd_jval_bool(v, &b))
		return WD_R_MALFORMED;
	byte = b;
	wd_policy_put_value(flat, wd_span(&byte, 1));
	return (enum wd_reason)0;
}

static enum wd_reason
put_bytes(
    const struct wd_clause *c, const struct wd_jval *v, struct wd_wr *flat)
{
	uint8_t bytes[64];
	struct wd_span text;

	if (!wd_jval_text(v, &text) || text.len / 2 > sizeof(bytes) ||
	    wd_hex_decode_exact(text, bytes, text.len / 2) != 0 ||
	    !wd_clause_value_fits(c, wd_span(bytes, text.len / 2)))
		return WD_R_MALFORMED;
	wd_policy_put_value(flat, wd_span(bytes, text.len / 2));
	return (enum wd_reason)0;
}

static enum wd_reason
put_text(const struct wd_clause *c, const struct wd_jval *v, struct wd_wr *flat)
{
	struct wd_span text;

	if (!wd_jval_text(v, &text) || !wd_clause_value_fits(c, text))
		return WD_R_MALFORMED;
	wd_policy_put_value(flat, text);
	return (enum wd_reason)0;
}

static const struct {
	enum wd_reason (*put)(const struct wd_clause *c,
	    const struct wd_jval *v, struct wd_wr *flat);
	const char *must_be;
} by_type[] = {
	[WD_CLAIM_UINT] = { put_uint, "a whole number in its range" },
	[WD_CLAIM_BYTES] = { put_bytes, "bytes in hex, of the right length" },
	[WD_CLAIM_TEXT] = { put_text, "a short printable text" },
	[WD_CLAIM_LIST] = { put_text, "a short printable text" },
	[WD_CLAIM_BOOL] = { put_bool, "true or false" },
	[WD_CLAIM_TIME] = { put_time, "a time like 2025-07-01T00:00:00Z" },
};

static void
put_value(struct wd_jobj *o, const char *name, const struct wd_clause *c,
    const struct wd_jval *v, struct wd_wr *flat)
{
	bool is_name = wd_clause_names_set(c);
	enum wd_claim_type type =
	    c->claim == NULL || is_name ? WD_CLAIM_TEXT : c->claim->type;
	enum wd_reason r = by_type[type].put(c, v, flat);

	if (r != 0)
		wd_jobj_fail(o, r, "a value of \"%s\" is not %s", name,
		    is_name ? "the name of a set" : by_type[type].must_be);
}

/* The number of values, and the values. */
static void
put_values(struct wd_jobj *o, const char *name, const struct wd_clause *c,
    const struct wd_jval *v, struct wd_wr *flat)
{
	size_t n = wd_jval_count(v);

	if (wd_jval_type(v) != WD_JARRAY)
		wd_jobj_fail(
		    o, WD_R_MALFORMED, "member \"%s\" is not an array", name);
	else if (n == 0)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is empty; leave it out not to constrain",
		    name);
	else if (n > WD_POLICY_VALUES)
		wd_jobj_fail(o, WD_R_RANGE,
		    "member \"%s\" has more than %d values", name,
		    WD_POLICY_VALUES);
	wd_policy_put_count(flat, n);
	for (size_t i = 0; i < n && o->result == 0; i++)
		put_value(o, name, c, wd_jval_at(v, i), flat);
}

void
wd_parse_values(struct wd_jobj *o, const char *name, enum wd_claim claim,
    const struct wd_jval *v, struct wd_wr *flat)
{
	struct wd_clause c = { .op = wd_op_row(WD_OP_IN),
		.claim = wd_claim_row(claim),
		.rule = wd_claim_rule(claim) };

	put_values(o, name, &c, v, flat);
}

void
wd_parse_comparison(struct wd_jobj *o, const char *name,
    const struct wd_jval *v, enum wd_op op, enum wd_claim claim,
    struct wd_wr *flat)
{
	struct wd_clause c = { .op = wd_op_row(op) };

	if (c.op->kind == WD_OP_CLAIM) {
		c.claim = wd_claim_row(claim);
		c.rule = wd_claim_rule(claim);
		if (!wd_clause_op_fits(c.op, c.claim, c.rule)) {
			wd_jobj_fail(o, WD_R_MALFORMED,
			    "claim \"%s\" cannot be compared by \"%s\"",
			    c.claim->name, name);
			return;
		}
	}
	if (c.op->is_list) {
		wd_wr_u8(flat, (uint8_t)op);
		wd_wr_u8(flat, (uint8_t)claim);
		put_values(o, name, &c, v, flat);
		return;
	}
	wd_policy_put_clause(flat, op, claim, 1);
	put_value(o, name, &c, v, flat);
}
