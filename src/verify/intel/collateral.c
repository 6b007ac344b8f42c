/*
 * Steps over chains, revocation lists and signed documents. Each of them ends
 * in the root of the PCK chain: a second anchor that is trusted too must not
 * vouch for a part of what the first one vouched for.
 */
#include "verify/intel/intel.h"

static int
missing(struct wd_appraisal *a, enum wd_part role)
{
	return wd_reject(
	    a->d, WD_R_COLLATERAL_MISSING, "%s: not given", wd_part_name(role));
}

int
wd_intel_pck_chain(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);
	int r = wd_kept_path(
	    a->v, WD_PATH_PCK, c->chain, a->tee, a->at, &c->pck, a->d);

	if (r != 0)
		return r;
	wd_appraisal_ends(a, c->pck->not_after);
	return 0;
}

/* The list in ROLE; NULL when there is none and the rules allow that. */
static int
crl_of(struct wd_appraisal *a, enum wd_part role, const struct wd_cert *issuer,
    const uint8_t issuer_sha256[32], const struct wd_crl **ret)
{
	struct wd_span der = a->in->part[role];
	int64_t end = 0;
	int r;

	if (der.p == NULL && a->v->rules.crl_optional)
		return 0;
	if (der.p == NULL)
		return wd_reject(a->d, WD_R_CRL_MISSING, "%s: not given",
		    wd_part_name(role));
	r = wd_kept_crl(a->v, der, issuer, issuer_sha256, a->at, ret, a->d);
	if (r != 0)
		return r;
	(void)wd_crl_next_update(*ret, &end); /* was checked to be there */
	wd_appraisal_ends(a, end);
	return 0;
}

static int
not_listed(struct wd_appraisal *a, const struct wd_crl *crl,
    const struct wd_cert *cert, const char *what)
{
	if (crl == NULL || !wd_crl_lists(crl, wd_cert_serial(cert)))
		return 0;
	return wd_reject(a->d, WD_R_REVOKED, "%s is revoked", what);
}

int
wd_intel_root_crl(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);
	int r = crl_of(a, WD_IN_ROOT_CA_CRL, wd_path_root(c->pck),
	    c->pck->root_sha256, &c->root_crl);

	if (r != 0)
		return r;
	return not_listed(a, c->root_crl, c->pck->cert[1], "the PCK CA");
}

int
wd_intel_pck_crl(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);
	const struct wd_crl *crl = NULL;
	int r =
	    crl_of(a, WD_IN_PCK_CRL, c->pck->cert[1], c->pck->ca_sha256, &crl);

	if (r != 0)
		return r;
	return not_listed(a, crl, wd_path_leaf(c->pck), "the PCK certificate");
}

static int
signing_chain(
    struct wd_appraisal *a, enum wd_path_kind kind, struct wd_span pem)
{
	struct wd_intel_case *c = wd_intel_case(a);
	int r = wd_kept_path(a->v, kind, pem, a->tee, a->at, &c->signing, a->d);

	if (r != 0)
		return r;
	if (!wd_span_equal(
		WD_SPAN(c->signing->root_sha256), WD_SPAN(c->pck->root_sha256)))
		return wd_path_untrusted(kind, a->d);
	wd_appraisal_ends(a, c->signing->not_after);
	return not_listed(a, c->root_crl, wd_path_leaf(c->signing),
	    "the signing certificate");
}

int
wd_intel_tcb_signing_chain(struct wd_appraisal *a)
{
	struct wd_span pem = a->in->part[WD_IN_TCB_SIGNING_CHAIN];

	if (pem.p == NULL)
		return missing(a, WD_IN_TCB_SIGNING_CHAIN);
	return signing_chain(a, WD_PATH_TCB_SIGNING, pem);
}

/* Intel signs both documents with one key, so one chain is enough. */
int
wd_intel_qe_identity_chain(struct wd_appraisal *a)
{
	struct wd_span pem = a->in->part[WD_IN_QE_IDENTITY_CHAIN];

	if (pem.p == NULL)
		return 0;
	return signing_chain(a, WD_PATH_QE_IDENTITY, pem);
}

int
wd_intel_tcb_info(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);
	struct wd_span doc = a->in->part[WD_IN_TCB_INFO];
	int r;

	if (doc.p == NULL)
		return missing(a, WD_IN_TCB_INFO);
	r = wd_kept_tcb_info(a->v, doc, c->signing, a->at, &c->tcb, a->d);
	if (r != 0)
		return r;
	wd_appraisal_ends(a, c->tcb->next_update);
	if (c->tcb->tee != a->tee)
		return wd_reject(a->d, WD_R_TCB_INFO_MISMATCH,
		    "the TCB info is for another TEE");
	if (!wd_span_equal(
		WD_SPAN(c->tcb->fmspc), WD_SPAN(c->pck->pck.fmspc)) ||
	    !wd_span_equal(WD_SPAN(c->tcb->pceid), WD_SPAN(c->pck->pck.pceid)))
		return wd_reject(a->d, WD_R_TCB_INFO_MISMATCH,
		    "the TCB info is for another platform");
	return 0;
}

int
wd_intel_qe_identity(struct wd_appraisal *a)
{
	struct wd_intel_case *c = wd_intel_case(a);
	struct wd_span doc = a->in->part[WD_IN_QE_IDENTITY];
	int r;

	if (doc.p == NULL)
		return missing(a, WD_IN_QE_IDENTITY);
	r = wd_kept_qe_identity(
	    a->v, doc, c->signing, a->at, &c->identity, a->d);
	if (r != 0)
		return r;
	wd_appraisal_ends(a, c->identity->next_update);
	if (c->identity->tee != a->tee)
		return wd_reject(a->d, WD_R_QE_IDENTITY_MISMATCH,
		    "the QE identity is for another TEE");
	return 0;
}

/* Numbers of a TEE's documents rise by themselves. */
static uint32_t
least_number(const struct wd_appraisal_rules *rules, enum wd_tee tee)
{
	uint32_t own = tee == WD_TEE_TDX ? rules->min_evaluation_tdx
					 : rules->min_evaluation_sgx;

	return own > rules->min_evaluation_number
	    ? own
	    : rules->min_evaluation_number;
}

int
wd_intel_evaluation_number(struct wd_appraisal *a)
{
	const struct wd_intel_case *c = wd_intel_case(a);
	uint32_t least = least_number(&a->v->rules, a->tee);

	if (c->tcb->evaluation_number >= least &&
	    c->identity->evaluation_number >= least)
		return 0;
	return wd_reject(a->d, WD_R_EVALUATION_NUMBER,
	    "TCB info has %u and QE identity %u, at least %u is asked for",
	    c->tcb->evaluation_number, c->identity->evaluation_number, least);
}
