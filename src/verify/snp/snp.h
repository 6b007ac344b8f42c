/*
 * AMD SEV-SNP: reports of versions 2 to 5 on Milan, Genoa and Turin. The steps
 * are shared with what carries such a report inside; what one step has found
 * the next may rely on.
 */
#pragma once

#include "verify/crl.h"
#include "verify/snp/path.h"
#include "verify/snp/vek.h"

extern const struct wd_tee_row wd_snp_row;

/* What the steps of one call have found. It lies at the start of the state. */
struct wd_snp_case {
	struct wd_snp_report report; /* authentic after its signature */
	const struct wd_trail *path;
	struct wd_vek vek;
	enum wd_snp_line line;
};

struct wd_snp_case *wd_snp_case(struct wd_appraisal *a);

/* The report is the part REPORT. */
int wd_snp_form(struct wd_appraisal *a) WD_MUST_USE;

int wd_snp_vek_chain(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_crl(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_vek_form(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_key_kind(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_product_line(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_certified_tcb(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_certified_chip(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_signature(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_min_tcb(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_debug(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_migration(struct wd_appraisal *a) WD_MUST_USE;
int wd_snp_vmpl(struct wd_appraisal *a) WD_MUST_USE;

/* Those over every report, in their order; VMPL and binding come after. */
#define WD_SNP_STEPS                                                       \
	{ "report form", wd_snp_form }, { "VEK chain", wd_snp_vek_chain }, \
	    { "CRL", wd_snp_crl }, { "VEK certificate", wd_snp_vek_form }, \
	    { "kind of key", wd_snp_key_kind },                            \
	    { "product line", wd_snp_product_line },                       \
	    { "certified TCB", wd_snp_certified_tcb },                     \
	    { "certified chip", wd_snp_certified_chip },                   \
	    { "report signature", wd_snp_signature },                      \
	    { "minimum TCB", wd_snp_min_tcb }, { "debug", wd_snp_debug },  \
	{                                                                  \
		"migration", wd_snp_migration                              \
	}

/* The claims common to all TEEs, then those of an SNP guest. 0 or a fault. */
int wd_snp_claims(struct wd_appraisal *a) WD_MUST_USE;

/* Which collateral fits the report in BYTES, for wd_tee_row. */
int wd_snp_platform(struct wd_verifier *v, struct wd_span bytes,
    const struct wd_inputs *in, int64_t at, struct wd_platform *ret,
    struct wd_diag *d) WD_MUST_USE;

/* 0 when the certificates in IN lead to an anchor; a rejection, or a fault. */
int wd_snp_leads(struct wd_verifier *v, const struct wd_inputs *in, int64_t at)
    WD_MUST_USE;
