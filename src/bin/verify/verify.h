/*
 * warder-verify: judges evidence for the keeper of its cell. It has no file,
 * no network and no child, and nothing it answers is worth more than the next
 * signature it checked.
 */
#pragma once

#include "bin/common/role.h"
#include "verify/collateral.h"

struct verify {
	struct wd_role *role;
	struct wd_peer keeper; /* chan NULL: none is attached */
	bool leaving;          /* once the keeper is gone */
	struct wd_verifier *v;
	struct wd_span snapshot; /* a mapping; p NULL: none yet */
};

/* The verifier with the rules of the configuration. WD_F_PEER when that is not
 * as it must be, or another fault. */
int verify_open(struct verify *v, const struct wd_msg_config *config,
    struct wd_diag *d) WD_MUST_USE;

/*
 * The claims of the evidence in M, and of the devices beside it. Rejections:
 * as wd_binding, wd_devices_read, wd_appraise and wd_devices_join;
 * WD_R_TEE_NOT_SUPPORTED also for a device alone. RET is untouched then.
 */
int verify_judge(struct verify *v, const struct wd_msg_appraise_ask *m,
    struct wd_claims *ret, struct wd_diag *d) WD_MUST_USE;

/*
 * Answers one request of the keeper. WD_F_PEER when it is not as the table has
 * it, another fault when the answer cannot be queued.
 */
int verify_call(struct verify *v, const struct wd_frame *f,
    const struct wd_call_row *row, struct wd_diag *d) WD_MUST_USE;
