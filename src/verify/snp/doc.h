/*
 * AMD's collateral by itself, before it is stored. As wd_doc_check(), whose
 * table these are in. CHAIN is the ASK's.
 */
#pragma once

#include "verify/collateral.h"

int wd_snp_ask_check(struct wd_verifier *v, struct wd_span doc, int64_t at,
    struct wd_doc_info *info, struct wd_diag *d) WD_MUST_USE;
int wd_snp_crl_check(struct wd_verifier *v, struct wd_span doc,
    struct wd_span chain, int64_t at, struct wd_doc_info *info,
    struct wd_diag *d) WD_MUST_USE;
int wd_snp_vek_check(struct wd_verifier *v, struct wd_span doc,
    struct wd_span chain, int64_t at, struct wd_doc_info *info,
    struct wd_diag *d) WD_MUST_USE;
