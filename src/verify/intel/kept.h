/*
 * Collateral in decoded form, out of a verifier's cache or decoded and
 * verified now. Every date inside is compared with AT at each call, so that
 * it does not matter which of the two it was. Objects are the cache's and
 * live as long as the call that asked for them.
 */
#pragma once

#include "verify/crl.h"
#include "verify/intel/path.h"
#include "verify/intel/qe_identity.h"
#include "verify/intel/tcb_info.h"
#include "verify/registry.h"

/* TEE NONE: an anchor of any TEE will do. Rejections: those of KIND. */
int wd_kept_path(struct wd_verifier *v, enum wd_path_kind kind,
    struct wd_span pem, enum wd_tee tee, int64_t at, const struct wd_path **ret,
    struct wd_diag *d) WD_MUST_USE;

/* Signed by the leaf of SIGNER. WD_R_MALFORMED, WD_R_TCB_INFO_… */
int wd_kept_tcb_info(struct wd_verifier *v, struct wd_span doc,
    const struct wd_path *signer, int64_t at, const struct wd_tcb_info **ret,
    struct wd_diag *d) WD_MUST_USE;

/* Likewise. WD_R_MALFORMED, WD_R_QE_IDENTITY_… */
int wd_kept_qe_identity(struct wd_verifier *v, struct wd_span doc,
    const struct wd_path *signer, int64_t at, const struct wd_qe_identity **ret,
    struct wd_diag *d) WD_MUST_USE;
