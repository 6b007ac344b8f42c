/*
 * The steps that judge an Intel quote, shared by SGX and TDX, in the order in
 * which a TEE lists them. What one step has found the next may rely on.
 */
#pragma once

#include "verify/intel/kept.h"
#include "verify/intel/quote.h"

/* What the steps of one call have found. */
struct wd_intel_case {
	struct wd_intel_quote quote;
	struct wd_sgx_report qe; /* authentic after the attestation key */
	struct wd_span chain;    /* PEM of the PCK chain */
	const struct wd_path *pck;
	const struct wd_crl *root_crl; /* NULL only where rules allow it */
	const struct wd_path *signing; /* of TCB info, then of QE identity */
	const struct wd_tcb_info *tcb;
	const struct wd_qe_identity *identity;
	struct wd_cache_key attester;
	const struct wd_pkey *att_key;
	const struct wd_svn_level *qe_level;
	const struct wd_tcb_level *level;
	enum wd_tcb_status status; /* converged */
};

/* The state of an Intel TEE's call. */
struct wd_intel_case *wd_intel_case(struct wd_appraisal *a);

/* The PEM of the PCK chain: the quote's own, else the part given with it where
 * the certification data needs one; p == NULL: there is none. */
struct wd_span wd_intel_chain(
    const struct wd_intel_quote *q, const struct wd_inputs *in);

/* The platform of a quote of TEE, for wd_tee_row. */
int wd_intel_platform(struct wd_verifier *v, enum wd_tee tee,
    const struct wd_inputs *in, int64_t at, struct wd_platform *ret,
    struct wd_diag *d) WD_MUST_USE;

int wd_intel_quote_form(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_certification_data(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_pck_chain(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_root_crl(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_pck_crl(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_tcb_signing_chain(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_tcb_info(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_qe_identity_chain(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_qe_identity(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_evaluation_number(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_known_attester(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_qe_report_signature(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_att_key_binding(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_att_key(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_quoting_enclave(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_qe_level(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_quote_signature(struct wd_appraisal *a) WD_MUST_USE;
int wd_intel_qe_converge(struct wd_appraisal *a) WD_MUST_USE;

/* All of them in their order, for the table of a TEE: what is judged of every
 * quote stands here alone. */
#define WD_INTEL_STEPS                                               \
	{ "quote form", wd_intel_quote_form },                       \
	    { "certification data", wd_intel_certification_data },   \
	    { "PCK chain", wd_intel_pck_chain },                     \
	    { "root CRL", wd_intel_root_crl },                       \
	    { "PCK CRL", wd_intel_pck_crl },                         \
	    { "TCB signing chain", wd_intel_tcb_signing_chain },     \
	    { "TCB info", wd_intel_tcb_info },                       \
	    { "QE identity chain", wd_intel_qe_identity_chain },     \
	    { "QE identity", wd_intel_qe_identity },                 \
	    { "evaluation number", wd_intel_evaluation_number },     \
	    { "known attester", wd_intel_known_attester },           \
	    { "QE report signature", wd_intel_qe_report_signature }, \
	    { "attestation key binding", wd_intel_att_key_binding }, \
	    { "attestation key", wd_intel_att_key },                 \
	    { "quoting enclave", wd_intel_quoting_enclave },         \
	    { "QE level", wd_intel_qe_level },                       \
	{                                                            \
		"quote signature", wd_intel_quote_signature          \
	}

/* The claims that every Intel TEE makes, in rising order of ids. 0 or a
 * fault. */
int wd_intel_claims(
    struct wd_appraisal *a, bool debug, struct wd_span report_data) WD_MUST_USE;
