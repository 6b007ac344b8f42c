/*
 * Which platform a quote is of, by the PCK certificate that it brings.
 */
#include "verify/intel/intel.h"

struct wd_span
wd_intel_chain(const struct wd_intel_quote *q, const struct wd_inputs *in)
{
	switch (q->cert_type) {
	case WD_CERT_PCK_CHAIN:
		return q->cert_data;
	case WD_CERT_PPID_PLAIN:
	case WD_CERT_PPID_RSA2048:
	case WD_CERT_PPID_RSA3072:
	case WD_CERT_PCK_LEAF:
		return in->part[WD_IN_PCK_CHAIN];
	default:
		return wd_span(NULL, 0);
	}
}

/* Refusals only mean that nothing can be chosen: the appraisal that follows
 * meets them again and gives the reason. */
int
wd_intel_platform(struct wd_verifier *v, enum wd_tee tee,
    const struct wd_inputs *in, int64_t at, struct wd_platform *ret,
    struct wd_diag *d)
{
	struct wd_platform p = { 0 };
	struct wd_intel_quote q;
	const struct wd_path *pck;
	struct wd_span chain;
	int r;

	if (wd_intel_quote_parse(in->part[WD_IN_QUOTE], &q, NULL) != 0)
		return WD_R_NOT_FOUND;
	chain = wd_intel_chain(&q, in);
	if (q.tee != tee || chain.p == NULL)
		return WD_R_NOT_FOUND;
	r = wd_kept_path(v, WD_PATH_PCK, chain, tee, at, &pck, NULL);
	if (r > 0)
		return WD_R_NOT_FOUND;
	if (r < 0)
		return wd_fault(d, r, "cannot take in the PCK chain");
	wd_copy(p.scope[WD_IN_TCB_INFO], WD_SPAN(pck->pck.fmspc));
	p.scope[WD_IN_PCK_CRL][0] = wd_path_ca_letter(pck);
	p.software = wd_path_anchor(
	    pck->root_sha256, v->rules.anchors, v->rules.n_anchors, tee)
			 ->software;
	*ret = p;
	return 0;
}
