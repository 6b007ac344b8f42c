/*
 * Whether claims get a thing, and why. A result, not a verdict: setting one to
 * allow is the release's alone.
 */
#pragma once

#include "broker/broker.h"
#include "broker/thing.h"
#include "policy/eval.h"

struct wd_judged {
	const struct wd_policy *policy; /* the broker's; NULL: none is bound */
	const uint8_t *policy_version;  /* 32; likewise */
	uint32_t seconds;               /* of the lease; on 0 */
};

/*
 * 0, or the reason of a denial: WD_R_NO_POLICY, WD_R_REVOKED_BY_OPERATOR, and
 * the rows of policy; or a fault. CLIENT and TRACE may be NULL. RET is filled
 * as far as it went.
 */
int wd_judge(struct wd_broker *b, const struct wd_thing *thing,
    const struct wd_claims *claims, const struct wd_client_identity *client,
    int64_t now, struct wd_policy_trace *trace, struct wd_judged *ret,
    struct wd_diag *d) WD_MUST_USE;
