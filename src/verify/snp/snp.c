/*
 * The steps of judging an SNP report, in order. Everything about certificates
 * comes before the report's signature, everything about the guest after it.
 */
#include "verify/snp/snp.h"

static int
bound(struct wd_appraisal *a)
{
	return wd_appraisal_bound(a, wd_snp_case(a)->report.report_data);
}

static const struct wd_step steps[] = {
	WD_SNP_STEPS,
	{ "VMPL", wd_snp_vmpl },
	{ "report data", bound },
	{ "claims", wd_snp_claims },
};

static int
platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	return wd_snp_platform(v, in->part[WD_IN_REPORT], in, at, ret, d);
}

const struct wd_tee_row wd_snp_row = {
	.tee = WD_TEE_SNP,
	.platform = platform,
	.leads = wd_snp_leads,
	.steps = steps,
	.n_steps = WD_N(steps),
};
