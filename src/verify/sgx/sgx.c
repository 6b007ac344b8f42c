/*
 * The steps of judging an SGX quote. Form first, then from the pinned root
 * down to the quote's signature; what the enclave says is looked at last, when
 * it is authentic.
 */
#include "verify/sgx/sgx.h"

#include "verify/intel/intel.h"

/* The highest level of the TCB info that the platform reaches. */
static int
tcb_level(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);

	c->level = wd_tcb_info_find_sgx(c->tcb, &c->pck->pck);
	if (c->level == NULL)
		return wd_reject(a->d, WD_R_TCB_NOT_SUPPORTED,
		    "the platform is below every TCB level");
	c->status = c->level->verdict.status;
	return 0;
}

static struct wd_sgx_report
enclave(struct wd_appraisal *a)
{
	return wd_sgx_report_read(wd_intel_case(a)->quote.body);
}

static int
debug(struct wd_appraisal *a)
{
	if (!enclave(a).debug || a->v->rules.allow_debug)
		return 0;
	return wd_reject(
	    a->d, WD_R_DEBUG_NOT_ALLOWED, "the enclave can be debugged");
}

static int
bound(struct wd_appraisal *a)
{
	return wd_appraisal_bound(a, enclave(a).report_data);
}

static int
put_enclave(struct wd_claims *out, const struct wd_sgx_report *e)
{
	int r;

	if ((r = wd_claims_put(out, WD_C_MRENCLAVE, e->mrenclave)) != 0 ||
	    (r = wd_claims_put(out, WD_C_MRSIGNER, e->mrsigner)) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_ISVPRODID, e->isv_prod_id)) !=
		0 ||
	    (r = wd_claims_put_uint(out, WD_C_ISVSVN, e->isv_svn)) != 0 ||
	    (r = wd_claims_put(out, WD_C_ATTRIBUTES, e->attributes)) != 0 ||
	    (r = wd_claims_put(out, WD_C_MISCSELECT, e->miscselect)) != 0 ||
	    (r = wd_claims_put(out, WD_C_CONFIGID, e->config_id)) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_CONFIGSVN, e->config_svn)) != 0 ||
	    (r = wd_claims_put(out, WD_C_ISVFAMILYID, e->isv_family_id)) != 0 ||
	    (r = wd_claims_put(out, WD_C_ISVEXTPRODID, e->isv_ext_prod_id)) !=
		0)
		return r;
	return wd_claims_put(out, WD_C_CPUSVN, e->cpusvn);
}

static int
claims(struct wd_appraisal *a)
{
	struct wd_sgx_report e = enclave(a);
	int r = wd_intel_claims(a, e.debug, e.report_data);

	if (r != 0)
		return r;
	if (put_enclave(a->claims, &e) != 0)
		return wd_fault(a->d, WD_F_BUG, "the claims do not fit");
	return 0;
}

static const struct wd_step steps[] = {
	WD_INTEL_STEPS,
	{ "TCB level", tcb_level },
	{ "convergence with the QE", wd_intel_qe_converge },
	{ "debug", debug },
	{ "report data", bound },
	{ "claims", claims },
};

static int
platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	return wd_intel_platform(v, WD_TEE_SGX, in, at, ret, d);
}

const struct wd_tee_row wd_sgx_row = {
	.tee = WD_TEE_SGX,
	.platform = platform,
	.steps = steps,
	.n_steps = WD_N(steps),
};
