/*
 * Revocation lists of GPUs' certificates, as NVIDIA publishes them: one of its
 * root and one of each product's CA, for the certificates that these made. Of
 * those below (boot ROM and firmware of one GPU) there is none.
 */
#pragma once

#include "verify/chain.h"
#include "verify/collateral.h"

/* Which lists a path needs. 0 or a fault. */
int wd_nvidia_scopes(const struct wd_trail *path, struct wd_platform *ret)
    WD_MUST_USE;

/* WD_R_REVOKED, WD_R_CRL_MISSING where the rules need one, or as
 * wd_kept_crl(). */
int wd_nvidia_lists(struct wd_appraisal *a, const struct wd_trail *path)
    WD_MUST_USE;

/* As wd_doc_check(): CHAIN is the product's CA and then its root; the root
 * alone does for the root's list. */
int wd_nvidia_crl_check(struct wd_verifier *v, enum wd_part role,
    struct wd_span doc, struct wd_span chain, int64_t at,
    struct wd_doc_info *info, struct wd_diag *d) WD_MUST_USE;
