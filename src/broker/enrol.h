/*
 * Enrolment of TPMs: an attestation key is in the same TPM as an endorsement
 * key when that TPM opens a credential made for both. Nothing is stored for who
 * asks: what the keeper has to know again travels with the client, under a MAC.
 * What comes of it is an enrolment, which the client shows with its evidence.
 */
#pragma once

#include "broker/broker.h"

enum {
	WD_ENROL_SECONDS = 300, /* to open a credential in */
	WD_ENROL_SECRET = 32,
	WD_ENROL_NONCE = 16,
};

/* What the secret in a credential is derived from. */
struct wd_enrol_start {
	int64_t made;
	uint8_t nonce[WD_ENROL_NONCE];
};

/* WD_R_SEALED, WD_R_CLOCK, or a fault. RET_SECRET goes into the credential. */
int wd_enrol_begin(struct wd_broker *b, int64_t now, struct wd_enrol_start *ret,
    uint8_t ret_secret[WD_ENROL_SECRET], struct wd_diag *d) WD_MUST_USE;

/*
 * What verify thinks of the keys, INFO, and the credential it made, become the
 * reply of WD_CALL_TPM_ENROL. The client is told why the endorsement key is not
 * trusted: the chain_… reasons, WD_R_EK_NOT_TRUSTED; WD_R_REVOKED_BY_OPERATOR.
 * 0, or a fault when not even a reply could be made.
 */
int wd_enrol_offer(struct wd_broker *b, const struct wd_enrol_start *start,
    const struct wd_msg_ek_info *info, struct wd_outcome *out) WD_MUST_USE;

/*
 * The reply of WD_CALL_TPM_ENROLMENT and its entry. The client is told
 * WD_R_CHALLENGE_INVALID for a state that was not made here,
 * WD_R_CHALLENGE_EXPIRED, WD_R_AK_NOT_TRUSTED for a secret that is not the
 * credential's, WD_R_EK_NOT_TRUSTED, WD_R_REVOKED_BY_OPERATOR,
 * WD_R_RATE_LIMITED. 0, or a fault as above.
 */
int wd_enrol_finish(struct wd_broker *b,
    const struct wd_msg_tpm_enrolment_ask *ask, int64_t now,
    struct wd_outcome *out) WD_MUST_USE;

/*
 * Makes the key of CLAIMS, which are a TPM's, one that is enrolled, and its
 * platform that of the endorsement key. WD_R_AK_NOT_TRUSTED when ENROLMENT was
 * not made here, has ended, is of another key, or its endorsement key was taken
 * out; WD_R_REVOKED_BY_OPERATOR; or a fault.
 */
int wd_enrol_apply(struct wd_broker *b, struct wd_span enrolment, int64_t now,
    struct wd_claims *claims, struct wd_diag *d) WD_MUST_USE;
