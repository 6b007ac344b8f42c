/*
 * A verifier for each set of rules, kept while it is among the last few used.
 */
#include "bin/warder/evidence.h"

#include "base/alloc.h"

enum { KEPT = 8 };

struct kept {
	struct wd_verifier *verifier;
	struct evidence_rules rules;
};

struct evidence_verifiers {
	struct kept kept[KEPT];
	size_t next;
};

struct evidence_verifiers *
evidence_verifiers_new(void)
{
	return wd_alloc(sizeof(struct evidence_verifiers));
}

void
evidence_verifiers_freep(struct evidence_verifiers **v)
{
	if (*v == NULL)
		return;
	for (size_t i = 0; i < KEPT; i++)
		wd_verifier_freep(&(*v)->kept[i].verifier);
	*v = wd_free(*v);
}

static bool
same_anchors(const struct evidence_rules *a, const struct evidence_rules *b)
{
	if (a->n_anchors != b->n_anchors)
		return false;
	for (size_t i = 0; i < a->n_anchors; i++)
		if (a->anchor[i].tee != b->anchor[i].tee ||
		    !wd_span_equal(WD_SPAN(a->anchor[i].sha256),
			WD_SPAN(b->anchor[i].sha256)))
			return false;
	return true;
}

static bool
same_tcb(const struct wd_snp_tcb *a, const struct wd_snp_tcb *b)
{
	return a->fmc == b->fmc && a->boot_loader == b->boot_loader &&
	    a->tee == b->tee && a->snp == b->snp &&
	    a->microcode == b->microcode;
}

static bool
same_set(const struct wd_appraisal_rules *a, const struct wd_appraisal_rules *b)
{
	return a->allow_debug == b->allow_debug &&
	    a->crl_optional == b->crl_optional &&
	    a->min_evaluation_number == b->min_evaluation_number &&
	    a->allow_migrate_ma == b->allow_migrate_ma &&
	    a->need_amd_crl == b->need_amd_crl &&
	    a->need_gpu_crl == b->need_gpu_crl &&
	    a->has_max_vmpl == b->has_max_vmpl && a->max_vmpl == b->max_vmpl &&
	    same_tcb(&a->min_tcb[WD_SNP_NO_LINE], /* no other is set here */
		&b->min_tcb[WD_SNP_NO_LINE]) &&
	    a->need_ak_purpose == b->need_ak_purpose &&
	    a->allow_sha1 == b->allow_sha1 &&
	    a->required_pcrs == b->required_pcrs;
}

static bool
same_rules(const struct evidence_rules *a, const struct evidence_rules *b)
{
	return same_set(&a->set, &b->set) && same_anchors(a, b);
}

static int
make(const struct evidence_rules *rules, struct wd_verifier **ret)
{
	struct wd_appraisal_rules full = rules->set;

	full.anchors = rules->anchor;
	full.n_anchors = rules->n_anchors;
	if (rules->n_anchors == 0)
		full.anchors = wd_anchor_vendors(&full.n_anchors);
	return wd_verifier_new(&full, ret);
}

static int
find(struct evidence_verifiers *v, const struct evidence_rules *rules,
    struct wd_verifier **ret)
{
	struct wd_verifier *fresh;
	int r;

	for (size_t i = 0; i < KEPT; i++) {
		if (v->kept[i].verifier == NULL ||
		    !same_rules(&v->kept[i].rules, rules))
			continue;
		*ret = v->kept[i].verifier;
		return 0;
	}
	if ((r = make(rules, &fresh)) != 0)
		return r;
	wd_verifier_freep(&v->kept[v->next].verifier);
	v->kept[v->next] = (struct kept){ fresh, *rules };
	for (size_t i = 0; i < rules->n_anchors; i++) /* the request's */
		v->kept[v->next].rules.anchor[i].der = wd_span(NULL, 0);
	v->next = (v->next + 1) % KEPT;
	*ret = fresh;
	return 0;
}

int
evidence_appraise(struct evidence_verifiers *v,
    const struct evidence_request *q, struct wd_claims *ret_claims,
    struct wd_diag *d)
{
	struct wd_inputs in = { 0 };
	struct wd_verifier *verifier;

	if (find(v, &q->rules, &verifier) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory for a verifier");
	for (size_t i = 0; i < WD_IN_COUNT; i++)
		in.part[i] = wd_bytes_span(q->part[i]);
	return wd_appraise(verifier, q->tee, &in, q->at,
	    wd_span(q->nonce, q->nonce_len), ret_claims, d);
}
