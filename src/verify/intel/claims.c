/*
 * What an Intel quote and its collateral say about the platform.
 */
#include "verify/intel/intel.h"

#include "crypto/hash.h"

static int
put_common(struct wd_appraisal *a, bool debug, struct wd_span report_data)
{
	const struct wd_intel_case *c = wd_intel_case(a);
	const struct wd_anchor *anchor =
	    wd_path_anchor(c->pck->root_sha256, a->v->rules.anchors,
		a->v->rules.n_anchors, wd_tee_hardware(a->tee));
	const struct wd_tcb_verdict *verdict = &c->level->verdict;
	struct wd_claims *out = a->claims;
	uint8_t digest[32];
	int r;

	if ((r = wd_hash(WD_SHA256, c->quote.signed_part, digest)) != 0)
		return r;
	if ((r = wd_claims_put_text(out, WD_C_TEE, wd_tee_name(a->tee))) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_SOFTWARE, anchor->software)) !=
		0 ||
	    (r = wd_claims_put_bool(out, WD_C_DEBUG, debug)) != 0 ||
	    (r = wd_claims_put_text(
		 out, WD_C_TCB_STATUS, wd_tcb_status_name(c->status))) != 0 ||
	    (r = wd_claims_put(out, WD_C_ADVISORY_IDS,
		 wd_tcb_info_advisories(c->tcb, verdict))) != 0 ||
	    (r = wd_claims_put_time(out, WD_C_TCB_DATE, verdict->date)) != 0 ||
	    (r = wd_claims_put(out, WD_C_REPORT_DATA, report_data)) != 0 ||
	    (r = wd_claims_put_time(out, WD_C_COLLATERAL_EXPIRY, a->expiry)) !=
		0 ||
	    (r = wd_claims_put(out, WD_C_EVIDENCE_DIGEST, WD_SPAN(digest))) !=
		0)
		return r;
	return wd_claims_put(out, WD_C_PLATFORM_ID, WD_SPAN(c->pck->pck.ppid));
}

static int
put_statuses(struct wd_claims *out, const struct wd_intel_case *c)
{
	int r;

	if ((r = wd_claims_put_text(out, WD_C_PLATFORM_TCB_STATUS,
		 wd_tcb_status_name(c->level->verdict.status))) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_QE_TCB_STATUS,
		 wd_tcb_status_name(c->qe_level->verdict.status))) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_TCB_EVALUATION_DATA_NUMBER,
		 c->tcb->evaluation_number)) != 0)
		return r;
	return wd_claims_put_uint(out, WD_C_QUOTE_VERSION, c->quote.version);
}

static int
put_platform_instance(struct wd_claims *out, const struct wd_pck *pck)
{
	int r;

	if (!pck->has_platform)
		return 0;
	if ((r = wd_claims_put(out, WD_C_PLATFORM_INSTANCE_ID,
		 WD_SPAN(pck->platform_instance_id))) != 0 ||
	    (r = wd_claims_put_bool(
		 out, WD_C_DYNAMIC_PLATFORM, pck->dynamic_platform)) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_CACHED_KEYS, pck->cached_keys)) !=
		0)
		return r;
	return wd_claims_put_bool(out, WD_C_SMT_ENABLED, pck->smt_enabled);
}

static int
put_platform(struct wd_claims *out, const struct wd_path *path)
{
	const struct wd_pck *pck = &path->pck;
	int r;

	if ((r = wd_claims_put(out, WD_C_FMSPC, WD_SPAN(pck->fmspc))) != 0 ||
	    (r = wd_claims_put(out, WD_C_PCEID, WD_SPAN(pck->pceid))) != 0 ||
	    (r = wd_claims_put(out, WD_C_PCK_CPUSVN, WD_SPAN(pck->cpusvn))) !=
		0 ||
	    (r = wd_claims_put_uint(out, WD_C_PCESVN, pck->pcesvn)) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_SGX_TYPE, pck->sgx_type)) != 0 ||
	    (r = put_platform_instance(out, pck)) != 0)
		return r;
	return wd_claims_put_text(
	    out, WD_C_PCK_CA, path->is_platform ? "platform" : "processor");
}

static int
put_collateral(struct wd_claims *out, const struct wd_intel_case *c)
{
	const struct wd_tcb_verdict *qe = &c->qe_level->verdict;
	int r;

	if ((r = wd_claims_put_time(out, WD_C_QE_TCB_DATE, qe->date)) != 0 ||
	    (r = wd_claims_put_time(
		 out, WD_C_TCB_INFO_ISSUE_DATE, c->tcb->issue_date)) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_QE_TCB_EVALUATION_DATA_NUMBER,
		 c->identity->evaluation_number)) != 0)
		return r;
	return wd_claims_put(out, WD_C_QE_ADVISORY_IDS,
	    wd_qe_identity_advisories(c->identity, qe));
}

int
wd_intel_claims(struct wd_appraisal *a, bool debug, struct wd_span report_data)
{
	const struct wd_intel_case *c = wd_intel_case(a);

	if (put_common(a, debug, report_data) != 0 ||
	    put_statuses(a->claims, c) != 0 ||
	    put_platform(a->claims, c->pck) != 0 ||
	    put_collateral(a->claims, c) != 0)
		return wd_fault(a->d, WD_F_BUG, "the claims do not fit");
	return 0;
}
