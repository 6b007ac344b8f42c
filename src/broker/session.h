/*
 * Sessions: one successful attestation each. Opening one spends the challenge;
 * cookie and token are new random values.
 */
#pragma once

#include "broker/broker.h"

/* Takes the checks that need no evidence: sealed, clock, challenge.
 * WD_R_SEALED, WD_R_CLOCK, WD_R_CHALLENGE_…; or a fault. */
int wd_session_may_attest(struct wd_broker *b,
    const struct wd_msg_attest_ask *ask, int64_t now, struct wd_diag *d)
    WD_MUST_USE;

/*
 * Opens the session of ASK, whose evidence verify has judged: CLAIMS is what it
 * answered (flat). OUT gets the reply of WD_CALL_ATTEST and the entry. The
 * client is told WD_R_CHALLENGE_USED, WD_R_KEY_INVALID, WD_R_UNSUPPORTED or
 * what opening failed of. 0, or a fault when not even a reply could be made.
 */
int wd_session_open(struct wd_broker *b, const struct wd_msg_attest_ask *ask,
    struct wd_span claims, int64_t now, struct wd_outcome *out) WD_MUST_USE;

/*
 * The session of a cookie or token: WD_R_NO_CREDENTIAL when neither is given,
 * WD_R_CREDENTIAL_INVALID when it is unknown, expired or revoked. Cookies are
 * tried first.
 */
int wd_session_find(struct wd_broker *b, struct wd_span cookie,
    struct wd_span token, int64_t now, struct wd_store_session *ret,
    struct wd_diag *d) WD_MUST_USE;
