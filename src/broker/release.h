/*
 * Release: a secret for a session, under the policy of that secret, wrapped to
 * the session's key, with a lease and an entry of the log. The verdict is made
 * here; nothing a request says can set it.
 */
#pragma once

#include "broker/remote.h"

enum wd_verdict { WD_DENY = 0, WD_ALLOW = 1 };

/*
 * Answers WD_CALL_RESOURCE. OUT gets the reply and, when the session is good,
 * the entry, for allow and deny alike. RET_LEASE is the row for the index when
 * OUT->result is 0. What the client is told: WD_R_SEALED, WD_R_CLOCK,
 * WD_R_NO_CREDENTIAL, WD_R_CREDENTIAL_INVALID, WD_R_RATE_LIMITED (not logged),
 * WD_R_NOT_FOUND, WD_R_NO_POLICY, the rows 201 to 212, WD_R_TAMPERED,
 * WD_R_WRONG_STORE. 0, or a fault when not even a reply could be made.
 *
 * Of a secret that rests in a backend the first call, with zeros in FETCH, may
 * leave FETCH->wanted and no outcome: then the same is called once more with
 * FETCH->answered, and so on while something is wanted. That is at most three
 * times: something new where a lease could not be renewed, and once what stands
 * in the store now where that has changed meanwhile. Everything is looked at
 * again, but for the rates; what the backend could not give ends with
 * WD_R_UNAVAILABLE, WD_R_MAY_NOT_LEAVE, WD_R_BACKEND_ANSWER or
 * WD_R_BACKEND_NOT_CONFIGURED, and its words are in the entry alone.
 */
int wd_release_with(struct wd_broker *b, const struct wd_msg_resource_ask *ask,
    int64_t now, struct wd_fetch *fetch, struct wd_outcome *out,
    struct wd_store_lease *ret_lease) WD_MUST_USE;

/* Where there is no backend to ask. */
int wd_release(struct wd_broker *b, const struct wd_msg_resource_ask *ask,
    int64_t now, struct wd_outcome *out, struct wd_store_lease *ret_lease)
    WD_MUST_USE;
