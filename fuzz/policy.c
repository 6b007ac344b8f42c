/*
 * Policies and sets of reference values: as JSON, and in the flat forms that
 * come from another role and from the store. What is adopted has one text,
 * which reads as itself, and nothing of it lets a client in without claims.
 * The first byte says what follows: 0 a flat policy, 1 a flat set, 2 both, the
 * policy's length (2 bytes) in front; anything else is JSON.
 */
#include "fuzz.h"

#include "policy/eval.h"
#include "policy/parse.h"
#include "policy/parse_reference.h"
#include "policy/text.h"

static void
try_policy(struct wd_policy *p, const struct wd_reference *set)
{
	static struct wd_policy_trace trace;
	WD_AUTO(wd_policy_freep) struct wd_policy *again = NULL;
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_POLICY_TEXT_MAX);
	struct wd_claims none = { 0 };

	fuzz_accepted = true;
	for (size_t i = 0; i < p->n_sets; i++)
		p->sets[i].set = set;
	must(wd_policy_eval(p, &none, NULL, 1751328000, &trace) > 0);
	wd_policy_text(p, &wr);
	must(wd_wr_end(&wr) == 0);
	if (p->head.schema != WD_SCHEMA_WARDER)
		return;
	must(wd_policy_parse(wd_wr_span(&wr), NULL, &again) == 0);
	must(wd_span_equal(wd_policy_flat(again), wd_policy_flat(p)));
}

static void
try_set(const struct wd_reference *x)
{
	WD_AUTO(wd_reference_freep) struct wd_reference *again = NULL;
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_REFERENCE_TEXT_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	fuzz_accepted = true;
	must(wd_reference_is_name(x->name));
	for (size_t i = 0; i < x->n_rows; i++)
		must(wd_reference_find(x, x->rows[i].claim->id,
			 x->rows[i].bank) == &x->rows[i]);
	wd_reference_text(x, &j);
	must(wd_wr_end(&wr) == 0);
	must(wd_reference_parse(wd_wr_span(&wr), NULL, &again) == 0);
	must(wd_span_equal(wd_reference_flat(again), wd_reference_flat(x)));
}

static void
try_both(struct wd_span flat_policy, struct wd_span flat_set)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;

	if (wd_reference_adopt(flat_set, NULL, &x) == 0)
		try_set(x);
	if (wd_policy_adopt(flat_policy, NULL, &p) == 0)
		try_policy(p, x);
}

static void
try_json(struct wd_span json)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	WD_AUTO(wd_reference_freep) struct wd_reference *x = NULL;

	if (wd_policy_parse(json, NULL, &p) == 0)
		try_policy(p, NULL);
	if (wd_reference_parse(json, NULL, &x) == 0)
		try_set(x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_rd rd = wd_rd(wd_span(data, size));
	struct wd_span first, none = { 0 };
	unsigned what = wd_rd_u8(&rd);

	if (what > 2) {
		try_json(wd_span(data, size));
		return 0;
	}
	first = wd_rd_bytes(&rd, what == 2 ? wd_rd_le16(&rd) : rd.left);
	if (rd.bad)
		return 0;
	try_both(what == 1 ? none : first,
	    what == 1       ? first
		: what == 2 ? wd_span(rd.p, rd.left)
			    : none);
	return 0;
}
