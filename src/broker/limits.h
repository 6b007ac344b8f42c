/*
 * How much of the log one platform and one session may take: attesting needs no
 * policy, so anybody with a machine can have entries written, and the disk
 * belongs to everybody. What is over it is refused and only counted.
 */
#pragma once

#include "broker/broker.h"

/* Takes an entry for the platform in CLAIMS; one without a name is not bounded
 * here. 0, or WD_R_RATE_LIMITED. */
int wd_limit_platform(struct wd_broker *b, const struct wd_claims *claims,
    struct wd_diag *d) WD_MUST_USE;

/* Takes one for SESSION and its platform; the same results. */
int wd_limit_session(struct wd_broker *b, const struct wd_id *session,
    const struct wd_claims *claims, struct wd_diag *d) WD_MUST_USE;
