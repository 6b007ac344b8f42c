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
 * A session being opened, in steps, so that several can be stored together:
 * prepare (what verify answered is CLAIMS, flat), store, answer. Each step is
 * skipped when one before it was refused. The spans of ASK live as long as it.
 */
struct wd_opening;
struct wd_opening *wd_opening_new(struct wd_broker *b,
    const struct wd_msg_attest_ask *ask, int64_t now) WD_MUST_USE;
struct wd_opening *wd_opening_free(struct wd_opening *o);
void wd_opening_freep(struct wd_opening **o);
void wd_opening_prepare(struct wd_opening *o, struct wd_span claims);
void wd_opening_store(struct wd_opening *o);
/* What was to be stored together was not. */
void wd_opening_fail(struct wd_opening *o);

/*
 * OUT gets the reply of WD_CALL_ATTEST and the entry. The client is told
 * WD_R_CHALLENGE_USED, WD_R_KEY_INVALID, WD_R_UNSUPPORTED,
 * WD_R_REVOKED_BY_OPERATOR, WD_R_AK_NOT_TRUSTED or what opening failed of. 0,
 * or a fault when not even a reply could be made.
 */
int wd_opening_answer(struct wd_opening *o, struct wd_outcome *out) WD_MUST_USE;

/* All the steps, for one. */
int wd_session_open(struct wd_broker *b, const struct wd_msg_attest_ask *ask,
    struct wd_span claims, int64_t now, struct wd_outcome *out) WD_MUST_USE;

/* The client's public key: kept since the attestation, or read into ROOM (which
 * is the caller's to free). NULL when it cannot be. */
const struct wd_pkey *wd_session_key(struct wd_broker *b,
    const struct wd_store_session *session, struct wd_pkey **room) WD_MUST_USE;

/*
 * The session of a cookie or token, kept since the attestation or read into
 * ROOM (which is the caller's to release): WD_R_NO_CREDENTIAL when neither is
 * given, WD_R_CREDENTIAL_INVALID when it is unknown, expired or revoked.
 * Cookies are tried first.
 */
int wd_session_find(struct wd_broker *b, struct wd_span cookie,
    struct wd_span token, int64_t now, struct wd_store_session *room,
    const struct wd_store_session **ret, struct wd_diag *d) WD_MUST_USE;
