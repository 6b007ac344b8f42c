/*
 * What an operator has revoked since, for whoever holds a session: so that a
 * holder wipes at once what it could not renew any more. Rows are told as
 * digests, which say something only to who knows what they stand for already.
 */
#pragma once

#include "broker/broker.h"

enum { WD_WATCH_ROWS = 256 }; /* of one answer */

/*
 * Answers WD_CALL_REVOKED. What the client is told: WD_R_SEALED, WD_R_CLOCK,
 * WD_R_NO_CREDENTIAL, WD_R_CREDENTIAL_INVALID. 0, or a fault when not even a
 * reply could be made.
 */
int wd_watch(struct wd_broker *b, const struct wd_msg_revoked_ask *ask,
    int64_t now, struct wd_outcome *out) WD_MUST_USE;
