/*
 * The Confidential Containers KBS protocol, version 0.4.0: its JSON to and
 * from the fields of messages. No sockets, no decisions; bytes are decoded,
 * never judged.
 */
#pragma once

#include "base/diag.h"
#include "codec/json.h"
#include "proto/msg.h"
#include "verify/tee.h"

#define WD_COCO_VERSION "0.4.0"

/* The Request of POST /auth. WD_R_VERSION for any version but ours (looked at
 * before the rest, whose form depends on it), WD_R_TEE_NOT_SUPPORTED,
 * WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_RANGE. */
int wd_coco_auth_read(
    struct wd_span body, enum wd_tee *ret_tee, struct wd_diag *d) WD_MUST_USE;

enum { WD_COCO_PARTS = 8 };

/* An Attestation. The spans of ASK view DOC and PARTS. */
struct wd_coco_attest {
	struct wd_msg_attest_ask ask; /* tee, challenge, key, evidence; who
					 asks is the caller's to fill in */
	struct wd_json *doc;
	struct wd_bytes *parts[WD_COCO_PARTS];
	size_t n_parts;
};

/*
 * The body of POST /attest. The protocol does not repeat the TEE here, so the
 * form of the evidence says which it is. WD_R_MALFORMED,
 * WD_R_UNKNOWN_MEMBER, WD_R_RANGE; WD_R_TEE_NOT_SUPPORTED for evidence of
 * other TEEs; WD_R_UNSUPPORTED for init-data and for client keys that are not
 * served.
 */
int wd_coco_attest_read(struct wd_span body, struct wd_coco_attest *ret,
    struct wd_diag *d) WD_MUST_USE;
void wd_coco_attest_done(struct wd_coco_attest *a);

/* Answers. */
void wd_coco_challenge_write(struct wd_wr *wr, struct wd_span challenge);
void wd_coco_token_write(struct wd_wr *wr, struct wd_span token);
void wd_coco_release_write(
    struct wd_wr *wr, const struct wd_msg_release *release);

/* What was revoked, for GET /warder/leases; SECONDS are the session's. */
void wd_coco_revoked_write(
    struct wd_wr *wr, const struct wd_msg_revoked *m, uint32_t seconds);

/* "LEASE SESSION", the value of Warder-Replaces. WD_R_MALFORMED. */
int wd_coco_replaces_read(struct wd_span value, struct wd_id *ret_lease,
    struct wd_id *ret_session, struct wd_diag *d) WD_MUST_USE;

/* The error object of a rejection; DETAIL may be empty. */
void wd_coco_error_write(struct wd_wr *wr, int result, struct wd_span detail);
