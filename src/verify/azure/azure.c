/*
 * The hardware's own steps first, over its part of the evidence; then what it
 * vouches for: the runtime data, with the key of the paravisor's TPM; then that
 * TPM's quote. The guest cannot choose the hardware's report data, so what the
 * evidence is bound to is the quote's nonce.
 */
#include "verify/azure/azure.h"

#include "verify/azure/hcl.h"
#include "verify/snp/snp.h"
#include "verify/tdx/case.h"
#include "verify/tpm/tpm_claims.h"
#include "verify/tpm/tpm_quote.h"

struct az_case {
	union {
		struct wd_snp_case snp;
		struct wd_tdx_case tdx;
	} hardware; /* first: the hardware's steps find it there */
	enum wd_tee tee;
	struct wd_inputs in; /* as the hardware's steps want them */
	struct wd_hcl hcl;
	const struct wd_hcl_runtime *runtime; /* after its binding */
	struct wd_tpm_quote quote;
};

_Static_assert(sizeof(struct az_case) <= WD_STATE_MAX, "state");

static struct az_case *
az_case(struct wd_appraisal *a)
{
	return (struct az_case *)(void *)a->state;
}

/* Where the hardware's part of the evidence lies. */
static int
hardware_part(enum wd_tee tee, const struct wd_inputs *in, struct wd_hcl *hcl,
    struct wd_inputs *ret, struct wd_diag *d)
{
	int r = wd_hcl_parse(in->part[WD_IN_HCL_REPORT], hcl, d);

	if (r != 0)
		return r;
	*ret = *in;
	if (tee == WD_TEE_AZ_SNP)
		ret->part[WD_IN_REPORT] = hcl->report;
	else
		ret->part[WD_IN_QUOTE] = in->part[WD_IN_TD_QUOTE];
	if (hcl->kind == (tee == WD_TEE_AZ_SNP ? WD_HCL_SNP : WD_HCL_TDX))
		return 0;
	return wd_reject(
	    d, WD_R_MALFORMED, "hcl_report: its report is of another TEE");
}

/* From here on the steps see the hardware's own evidence. */
static int
form(struct wd_appraisal *a)
{
	struct az_case *c = az_case(a);
	int r = hardware_part(a->tee, a->in, &c->hcl, &c->in, a->d);

	if (r != 0)
		return r;
	if ((r = wd_tpm_quote_read_rs256(a->in->part[WD_IN_TPM_ATTEST],
		 a->in->part[WD_IN_TPM_SIGNATURE], &c->quote, a->d)) != 0)
		return r;
	c->tee = a->tee;
	a->tee = wd_tee_hardware(a->tee);
	a->in = &c->in;
	return 0;
}

static struct wd_span
report_data(struct wd_appraisal *a)
{
	return a->tee == WD_TEE_SNP ? wd_snp_case(a)->report.report_data
				    : wd_tdx_case(a)->report.report_data;
}

static int
runtime_data(struct wd_appraisal *a)
{
	struct az_case *c = az_case(a);
	int r = wd_hcl_bound(&c->hcl, report_data(a), a->d);

	if (r != 0)
		return r;
	return wd_hcl_runtime_get(
	    a->v, c->hcl.runtime, a->at, &c->runtime, a->d);
}

static int
quote_signature(struct wd_appraisal *a)
{
	struct az_case *c = az_case(a);

	return wd_tpm_quote_signed(&c->quote, c->runtime->ak, false, a->d);
}

static int
nonce(struct wd_appraisal *a)
{
	return wd_tpm_quote_bound(&az_case(a)->quote, a->bound, a->d);
}

static int
registers(struct wd_appraisal *a)
{
	struct az_case *c = az_case(a);
	int r = wd_tpm_quote_selection(
	    &c->quote, a->v->rules.required_pcrs, false, a->d);

	if (r != 0)
		return r;
	return wd_tpm_quote_values(&c->quote, a->in->part[WD_IN_PCRS], a->d);
}

static int
put_own(struct wd_claims *out, const struct az_case *c)
{
	uint8_t digest[32];
	int r;

	if ((r = wd_tpm_claims_quote(out, &c->quote)) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_AK_TRUST, "platform")) != 0 ||
	    (r = wd_claims_put(
		 out, WD_C_TPM_NONCE, c->quote.attest.extra_data)) != 0 ||
	    (r = wd_tpm_claims_values(out, &c->quote)) != 0 ||
	    (r = wd_claims_put(out, WD_C_AK_PUBLIC_SHA256,
		 WD_SPAN(c->runtime->ak_sha256))) != 0 ||
	    (r = wd_hash(WD_SHA256, c->hcl.runtime, digest)) != 0 ||
	    (r = wd_claims_put(
		 out, WD_C_RUNTIME_DATA_SHA256, WD_SPAN(digest))) != 0)
		return r;
	if (!c->runtime->has_user_data)
		return 0;
	return wd_claims_put(
	    out, WD_C_USER_DATA, WD_SPAN(c->runtime->user_data));
}

static int
claims(struct wd_appraisal *a)
{
	struct az_case *c = az_case(a);
	int r;

	a->tee = c->tee;
	r = a->tee == WD_TEE_AZ_SNP ? wd_snp_claims(a) : wd_tdx_claims(a);
	if (r != 0)
		return r;
	if (put_own(a->claims, c) != 0)
		return wd_fault(a->d, WD_F_BUG, "the claims do not fit");
	return 0;
}

/* A report asked for at another level is a guest's, not the paravisor's. */
static int
vmpl(struct wd_appraisal *a)
{
	if (wd_snp_case(a)->report.vmpl == 0)
		return 0;
	return wd_reject(a->d, WD_R_VMPL_NOT_ALLOWED,
	    "the report is not the paravisor's: VMPL is not 0");
}

/* What follows the hardware's signature. */
#define VTPM_STEPS                                                      \
	{ "runtime data", runtime_data },                               \
	    { "quote signature", quote_signature }, { "nonce", nonce }, \
	    { "registers", registers },                                 \
	{                                                               \
		"claims", claims                                        \
	}

static const struct wd_step snp_steps[] = {
	{ "paravisor's report", form },
	WD_SNP_STEPS,
	{ "VMPL", vmpl },
	VTPM_STEPS,
};

static const struct wd_step tdx_steps[] = {
	{ "paravisor's report", form },
	WD_INTEL_STEPS,
	WD_TDX_STEPS,
	VTPM_STEPS,
};

static int
snp_platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	struct wd_inputs own;
	struct wd_hcl hcl;

	if (hardware_part(WD_TEE_AZ_SNP, in, &hcl, &own, NULL) != 0)
		return WD_R_NOT_FOUND;
	return wd_snp_platform(v, hcl.report, &own, at, ret, d);
}

static int
tdx_platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	struct wd_inputs own;
	struct wd_hcl hcl;

	if (hardware_part(WD_TEE_AZ_TDX, in, &hcl, &own, NULL) != 0)
		return WD_R_NOT_FOUND;
	return wd_intel_platform(v, WD_TEE_TDX, &own, at, ret, d);
}

const struct wd_tee_row wd_az_snp_row = {
	.tee = WD_TEE_AZ_SNP,
	.platform = snp_platform,
	.leads = wd_snp_leads,
	.steps = snp_steps,
	.n_steps = WD_N(snp_steps),
};

const struct wd_tee_row wd_az_tdx_row = {
	.tee = WD_TEE_AZ_TDX,
	.platform = tdx_platform,
	.steps = tdx_steps,
	.n_steps = WD_N(tdx_steps),
};
