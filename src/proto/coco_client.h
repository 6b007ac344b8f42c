/*
 * The Confidential Containers KBS protocol, version 0.4.0, as a client speaks
 * it: fields to JSON and back. The other side is proto/coco.h. What comes back
 * is decoded, never judged: its receiver holds the release against signatures.
 */
#pragma once

#include "base/diag.h"
#include "proto/msg.h"
#include "verify/tee.h"

/* The Request of POST /auth. */
void wd_coco_request_write(struct wd_wr *wr, enum wd_tee tee);

/* Its answer, a Challenge. WD_R_MALFORMED, WD_R_RANGE, or a fault. */
int wd_coco_challenge_read(struct wd_span body, struct wd_bytes **ret_challenge,
    struct wd_diag *d) WD_MUST_USE;

/* The body of POST /attest; a TEE whose evidence has no form here poisons WR.
 */
void wd_coco_attestation_write(
    struct wd_wr *wr, const struct wd_msg_link_attest_ask *m);

enum { WD_COCO_JWE_PARTS = 6 };

/* A flattened JWE. The spans of M view PARTS. */
struct wd_coco_jwe {
	struct wd_msg_link_release m;
	struct wd_bytes *parts[WD_COCO_JWE_PARTS];
	size_t n_parts;
};

/*
 * The answer to GET /resource, for a P-256 key (ECDH-ES+A256KW) or an RSA key
 * (RSA-OAEP-256, without an ephemeral key: zeros): WD_R_MALFORMED,
 * WD_R_UNKNOWN_MEMBER, WD_R_RANGE; WD_R_UNSUPPORTED for another algorithm or
 * curve; or a fault.
 */
int wd_coco_jwe_read(struct wd_span body, struct wd_coco_jwe *ret,
    struct wd_diag *d) WD_MUST_USE;
void wd_coco_jwe_done(struct wd_coco_jwe *jwe);

/*
 * The answer to GET /warder/leases. DIGESTS has room for WD_REVOKED_MAX of them
 * and is viewed by M. WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_RANGE, or a
 * fault.
 */
enum { WD_REVOKED_MAX = 256 };
int wd_coco_revoked_read(struct wd_span body,
    uint8_t digests[32 * WD_REVOKED_MAX], struct wd_msg_link_watch *m,
    struct wd_diag *d) WD_MUST_USE;

/* "LEASE SESSION", the value of Warder-Replaces. */
void wd_coco_replaces_write(
    struct wd_wr *wr, const struct wd_id *lease, const struct wd_id *session);

/* The body of POST /warder/keys/ID/sign; a signature without a name poisons WR.
 */
void wd_coco_sign_write(struct wd_wr *wr, const struct wd_msg_link_sign_ask *m);

/* Its answer: the signature, which nobody has verified. WD_R_MALFORMED,
 * WD_R_UNKNOWN_MEMBER, WD_R_RANGE, or a fault. */
int wd_coco_signed_read(struct wd_span body, struct wd_bytes **ret_signature,
    struct wd_diag *d) WD_MUST_USE;

/*
 * An answer that is not 200: the reason its error object names, else one that
 * stands for STATUS, always a rejection. D gets the server's words.
 */
int wd_coco_error_read(unsigned status, struct wd_span body, struct wd_diag *d)
    WD_MUST_USE;
