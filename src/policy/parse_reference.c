/*
 * Sets of reference values from JSON. Members come in any order and are taken
 * in that of their names, which is the order of the flat form.
 */
#include "policy/parse_reference.h"

#include "policy/parse_in.h"

struct walk {
	struct wd_diag *d;
	struct wd_wr *flat;
};

/* The member of V whose name comes next behind AFTER (NULL: the first); false
 * at the end. */
static bool
next_member(const struct wd_jval *v, const char *after, struct wd_jwalk *ret)
{
	struct wd_span low = wd_span_text(after);
	bool any = false;

	for (struct wd_jwalk w = { 0 }; wd_jval_walk(v, &w);) {
		struct wd_span name = wd_span_text(w.name);

		if ((after != NULL && wd_span_compare(name, low) <= 0) ||
		    (any && wd_span_compare(name, wd_span_text(ret->name)) > 0))
			continue;
		*ret = w;
		any = true;
	}
	return any;
}

/* V is a member of the object IN. */
static int
put_row(struct walk *w, const struct wd_jval *in,
    const struct wd_claim_row *claim, uint8_t bank, const struct wd_jval *v)
{
	struct wd_jobj o;

	wd_jobj_open(&o, in, w->d, "values");
	wd_wr_u8(w->flat, (uint8_t)claim->id);
	wd_wr_u8(w->flat, bank);
	wd_parse_values(&o, claim->name, claim->id, v, w->flat);
	return o.result;
}

static const struct wd_claim_row *
register_row(struct wd_span number)
{
	char name[16];
	struct wd_wr wr = wd_wr_fixed(name, sizeof(name));

	wd_wr_text(&wr, "pcr.");
	wd_wr_bytes(&wr, number);
	return wd_wr_end(&wr) == 0 ? wd_claim_by_name(wd_wr_span(&wr)) : NULL;
}

static int
put_bank(struct walk *w, const char *name, const struct wd_jval *v)
{
	uint8_t bank = wd_bank_by_name(wd_span_text(name));
	struct wd_jwalk m = { 0 };
	int r;

	if (bank == 0)
		return wd_reject(w->d, WD_R_UNKNOWN_MEMBER,
		    "pcrs: no bank of registers is called \"%.32s\"", name);
	if (wd_jval_members(v) == 0)
		return wd_reject(w->d, WD_R_MALFORMED,
		    "pcrs: \"%s\" is no object of registers", name);
	while (next_member(v, m.name, &m)) {
		const struct wd_claim_row *claim =
		    register_row(wd_span_text(m.name));

		if (claim == NULL)
			return wd_reject(w->d, WD_R_UNKNOWN_MEMBER,
			    "pcrs: there is no register \"%.32s\"", m.name);
		if ((r = put_row(w, v, claim, bank, m.value)) != 0)
			return r;
	}
	return 0;
}

static int
put_banks(struct walk *w, const struct wd_jval *v)
{
	struct wd_jwalk m = { 0 };
	int r;

	if (wd_jval_members(v) == 0)
		return wd_reject(
		    w->d, WD_R_MALFORMED, "pcrs is no object of banks");
	while (next_member(v, m.name, &m))
		if ((r = put_bank(w, m.name, m.value)) != 0)
			return r;
	return 0;
}

static int
put_claim(struct walk *w, const struct wd_jval *in, const char *name,
    const struct wd_jval *v)
{
	const struct wd_claim_row *claim = wd_claim_by_name(wd_span_text(name));
	const struct wd_claim_rule *rule =
	    claim == NULL ? NULL : wd_claim_rule(claim->id);

	if (rule == NULL)
		return wd_reject(w->d, WD_R_UNKNOWN_MEMBER,
		    "values: no clause can compare a claim \"%.64s\"", name);
	if (wd_claim_is_register(claim->id))
		return wd_reject(w->d, WD_R_UNKNOWN_MEMBER,
		    "values: registers stand in \"pcrs\", by bank and number");
	if (!wd_clause_op_fits(wd_op_row(WD_OP_IN), claim, rule))
		return wd_reject(w->d, WD_R_MALFORMED,
		    "values: claim \"%s\" is not compared by values", name);
	return put_row(w, in, claim, 0, v);
}

static int
put_values(struct walk *w, const struct wd_jval *v)
{
	struct wd_jwalk m = { 0 };
	int r;

	if (wd_jval_members(v) == 0)
		return wd_reject(
		    w->d, WD_R_MALFORMED, "values has no claim in it");
	if (wd_jval_members(v) > WD_REFERENCE_ROWS)
		return wd_reject(
		    w->d, WD_R_RANGE, "values has too many claims");
	while (next_member(v, m.name, &m)) {
		r = wd_span_is(wd_span_text(m.name), "pcrs")
		    ? put_banks(w, m.value)
		    : put_claim(w, v, m.name, m.value);
		if (r != 0)
			return r;
	}
	return 0;
}

static int
read_set(const struct wd_jval *v, struct walk *w)
{
	struct wd_jobj o;
	struct wd_span name, description;
	const struct wd_jval *values;
	int64_t expires;
	int r;

	wd_jobj_open(&o, v, w->d, "reference values");
	name = wd_jobj_text(&o, "name", WD_REQUIRED, WD_REFERENCE_NAME);
	description =
	    wd_jobj_text(&o, "description", WD_OPTIONAL, WD_REFERENCE_NOTE);
	expires = wd_jobj_time(&o, "expires", WD_OPTIONAL);
	values = wd_jobj_object(&o, "values", WD_REQUIRED);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	wd_reference_put_head(w->flat, name, description, expires);
	return put_values(w, values);
}

int
wd_reference_parse_value(
    const struct wd_jval *v, struct wd_diag *d, struct wd_reference **ret)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr flat = wd_wr_growing(WD_REFERENCE_FLAT_MAX);
	struct walk w = { d, &flat };
	int r = read_set(v, &w);

	if (r != 0)
		return r;
	r = wd_wr_end(&flat);
	if (r > 0)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "reference values: more than %d bytes",
		    WD_REFERENCE_FLAT_MAX);
	if (r < 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for a set");
	return wd_reference_adopt(wd_wr_span(&flat), d, ret);
}

int
wd_reference_parse(
    struct wd_span json, struct wd_diag *d, struct wd_reference **ret)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	int r = wd_json_parse(json, d, &doc);

	if (r != 0)
		return r;
	return wd_reference_parse_value(wd_json_root(doc), d, ret);
}
