/*
 * Running the steps of a TEE over evidence. The claims are the caller's only
 * after every step has passed: this is the one place that publishes them.
 */
#include "verify/registry.h"

#include "base/alloc.h"
#include "crypto/hash.h"

#include <errno.h>

enum { CACHE_ENTRIES = 2048 };

static size_t
count_anchors(const struct wd_appraisal_rules *rules)
{
	return rules->n_anchors + rules->n_ek_anchors;
}

struct wd_verifier *
wd_verifier_free(struct wd_verifier *v)
{
	if (v == NULL)
		return NULL;
	wd_memo_done(&v->memo);
	wd_memo_done(&v->chains);
	v->cache = wd_cache_free(v->cache);
	for (size_t i = 0;
	     v->anchor_ders != NULL && i < count_anchors(&v->rules); i++)
		v->anchor_ders[i] = wd_bytes_free(v->anchor_ders[i]);
	v->anchor_ders = wd_free(v->anchor_ders);
	v->anchors = wd_free(v->anchors);
	return wd_free(v);
}

void
wd_verifier_freep(struct wd_verifier **v)
{
	*v = wd_verifier_free(*v);
}

/* Its DER is the caller's no longer. */
static int
copy_anchor(struct wd_verifier *v, size_t i, const struct wd_anchor *anchor)
{
	v->anchors[i] = *anchor;
	v->anchors[i].der = wd_span(NULL, 0);
	if (anchor->der.len == 0)
		return 0;
	v->anchor_ders[i] = wd_bytes_copy(anchor->der);
	if (v->anchor_ders[i] == NULL)
		return WD_F_MEMORY;
	v->anchors[i].der = wd_bytes_span(v->anchor_ders[i]);
	return 0;
}

static int
copy_anchors(struct wd_verifier *v, const struct wd_appraisal_rules *rules)
{
	size_t n = count_anchors(rules);

	v->rules = *rules;
	v->rules.anchors = NULL;
	v->rules.ek_anchors = NULL;
	if (n == 0)
		return 0;
	v->anchors = wd_alloc_array(n, sizeof(*v->anchors));
	v->anchor_ders = wd_alloc_array(n, sizeof(*v->anchor_ders));
	if (v->anchors == NULL || v->anchor_ders == NULL)
		return WD_F_MEMORY;
	for (size_t i = 0; i < n; i++) {
		bool ek = i >= rules->n_anchors;

		if (copy_anchor(v, i,
			ek ? &rules->ek_anchors[i - rules->n_anchors]
			   : &rules->anchors[i]) != 0)
			return WD_F_MEMORY;
	}
	v->rules.anchors = v->anchors;
	v->rules.ek_anchors = v->anchors + rules->n_anchors;
	return 0;
}

int
wd_verifier_new(
    const struct wd_appraisal_rules *rules, struct wd_verifier **ret)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = wd_alloc(sizeof(*v));

	if (v == NULL || copy_anchors(v, rules) != 0)
		return WD_F_MEMORY;
	v->cache = wd_cache_new(CACHE_ENTRIES);
	if (v->cache == NULL)
		return WD_F_MEMORY;
	*ret = WD_TAKE(v);
	return 0;
}

void
wd_verifier_forget(struct wd_verifier *v)
{
	wd_cache_empty(v->cache);
	wd_memo_done(&v->memo);
	wd_memo_done(&v->chains);
}

void
wd_appraisal_ends(struct wd_appraisal *a, int64_t end)
{
	if (end < a->expiry)
		a->expiry = end;
}

int
wd_appraisal_bound(struct wd_appraisal *a, struct wd_span report_data)
{
	struct wd_rd rd = wd_rd(report_data);
	struct wd_span start = wd_rd_bytes(&rd, a->bound.len);

	if (a->bound.len == 0)
		return 0;
	if (wd_ct_equal(start, a->bound) && wd_span_is_zero(wd_rd_rest(&rd)))
		return 0;
	return wd_reject(a->d, WD_R_NONCE_MISMATCH,
	    "the report data is not what was asked for");
}

static int
check_sizes(const struct wd_inputs *in, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_IN_COUNT; i++)
		if (in->part[i].len > wd_part_max((enum wd_part)i))
			return wd_reject(d, WD_R_MALFORMED,
			    "%s: larger than %zu bytes",
			    wd_part_name((enum wd_part)i),
			    wd_part_max((enum wd_part)i));
	return 0;
}

static int
run_steps(const struct wd_tee_row *row, struct wd_appraisal *a)
{
	int r = check_sizes(a->in, a->d);

	for (size_t i = 0; r == 0 && i < row->n_steps; i++)
		r = row->steps[i].run(a);
	return r;
}

static int
lacked_memory(struct wd_diag *d)
{
	if (d != NULL)
		wd_diag_clear(d); /* of what seemed to be */
	return wd_fault(d, WD_F_MEMORY, "no memory to judge evidence with");
}

/*
 * A verdict for which an allocation failed is none, for or against. Libraries
 * below do not always tell, or go on without what they could not get, but
 * malloc(3) has set errno then; nothing in here does any input or output, which
 * could set it too.
 */
int
wd_appraise_steps(struct wd_verifier *v, const struct wd_tee_row *row,
    const struct wd_inputs *in, int64_t at, struct wd_span report_data,
    struct wd_claims *ret_claims, struct wd_diag *d)
{
	struct wd_claims claims = { 0 };
	struct wd_appraisal a = {
		.v = v,
		.tee = row->tee,
		.in = in,
		.at = at,
		.bound = report_data,
		.d = d,
		.expiry = INT64_MAX,
		.claims = &claims,
	};
	int before = errno, r;

	errno = 0;
	r = run_steps(row, &a);
	if (r >= 0 && errno == ENOMEM)
		r = lacked_memory(d);
	errno = before;
	if (r == 0)
		*ret_claims = claims;
	return r;
}

int
wd_appraise(struct wd_verifier *v, enum wd_tee tee, const struct wd_inputs *in,
    int64_t at, struct wd_span report_data, struct wd_claims *ret_claims,
    struct wd_diag *d)
{
	const struct wd_tee_row *row = wd_tee_row(tee);

	if (row == NULL)
		return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
		    "evidence of %s cannot be judged by this version",
		    wd_tee_name(tee));
	return wd_appraise_steps(v, row, in, at, report_data, ret_claims, d);
}
