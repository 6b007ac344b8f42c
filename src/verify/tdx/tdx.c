/*
 * The steps of judging a TDX quote: those of every Intel quote, then the TDX
 * module and its part of the platform's level. What the TD says is looked at
 * last, when it is authentic.
 */
#include "verify/tdx/tdx.h"

#include "verify/tdx/case.h"

_Static_assert(sizeof(struct wd_tdx_case) <= WD_STATE_MAX,
    "the state of a TDX call must fit");

struct wd_tdx_case *
wd_tdx_case(struct wd_appraisal *a)
{
	return (struct wd_tdx_case *)a->state;
}

int
wd_tdx_report(struct wd_appraisal *a)
{
	struct wd_tdx_case *c = wd_tdx_case(a);

	c->report = wd_td_report_read(c->intel.quote.body);
	return 0;
}

/* A kind of debugging that nobody has described is never allowed. */
int
wd_tdx_debug(struct wd_appraisal *a)
{
	const struct wd_td_report *t = &wd_tdx_case(a)->report;

	if (t->unknown_debug)
		return wd_reject(a->d, WD_R_DEBUG_NOT_ALLOWED,
		    "the TD is under debug in a way that is not known");
	if (!t->debug || a->v->rules.allow_debug)
		return 0;
	return wd_reject(
	    a->d, WD_R_DEBUG_NOT_ALLOWED, "the TD can be debugged");
}

static int
bound(struct wd_appraisal *a)
{
	return wd_appraisal_bound(a, wd_tdx_case(a)->report.report_data);
}

static const struct wd_step steps[] = {
	WD_INTEL_STEPS,
	WD_TDX_STEPS,
	{ "report data", bound },
	{ "event log", wd_tdx_event_log },
	{ "claims", wd_tdx_claims },
};

static int
platform(struct wd_verifier *v, const struct wd_inputs *in, int64_t at,
    struct wd_platform *ret, struct wd_diag *d)
{
	return wd_intel_platform(v, WD_TEE_TDX, in, at, ret, d);
}

const struct wd_tee_row wd_tdx_row = {
	.tee = WD_TEE_TDX,
	.platform = platform,
	.steps = steps,
	.n_steps = WD_N(steps),
};
