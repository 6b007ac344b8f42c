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
	{ "report form", wd_snp_form },
	{ "VEK chain", wd_snp_vek_chain },
	{ "CRL", wd_snp_crl },
	{ "VEK certificate", wd_snp_vek_form },
	{ "kind of key", wd_snp_key_kind },
	{ "product line", wd_snp_product_line },
	{ "certified TCB", wd_snp_certified_tcb },
	{ "certified chip", wd_snp_certified_chip },
	{ "report signature", wd_snp_signature },
	{ "minimum TCB", wd_snp_min_tcb },
	{ "debug", wd_snp_debug },
	{ "migration", wd_snp_migration },
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
