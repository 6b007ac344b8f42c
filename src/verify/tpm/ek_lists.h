/*
 * Revocation lists of those who certify endorsement keys. Each maker's CAs have
 * their own, and an operator imports what is published; a rule says whether
 * they are needed.
 */
#pragma once

#include "verify/chain.h"
#include "verify/collateral.h"

/*
 * Looks for each certificate of T in the newest list of its issuer's that
 * SNAPSHOT has, under a root that is as much SOFTWARE. Lowers RET_ENDS to where
 * a list ends. WD_R_REVOKED, WD_R_CRL_MISSING where the rules need one, else as
 * wd_kept_crl(). Or a fault.
 */
int wd_tpm_ek_lists(struct wd_verifier *v, const struct wd_trail *t,
    bool software, struct wd_span snapshot, int64_t at, int64_t *ret_ends,
    struct wd_diag *d) WD_MUST_USE;

/* One list before it is stored, as wd_doc_check(). CHAIN: its issuer's
 * certificate first, and those above it to a root for endorsement keys. */
int wd_tpm_ek_crl_check(struct wd_verifier *v, struct wd_span doc,
    struct wd_span chain, int64_t at, struct wd_doc_info *info,
    struct wd_diag *d) WD_MUST_USE;
