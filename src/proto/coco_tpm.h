/*
 * Enrolment of a TPM beside the KBS protocol (docs/kbs-protocol.md): its JSON
 * to and from the fields of messages. Bytes are decoded, never judged.
 */
#pragma once

#include "base/diag.h"
#include "codec/json.h"
#include "proto/msg.h"

enum { WD_COCO_TPM_PARTS = 3 };

/* What the spans of a message that was read are views of. Zeroed at first. */
struct wd_coco_tpm {
	struct wd_bytes *part[WD_COCO_TPM_PARTS];
	size_t n;
};
void wd_coco_tpm_done(struct wd_coco_tpm *t);

/* All that read: WD_R_MALFORMED, WD_R_UNKNOWN_MEMBER, WD_R_RANGE, or a fault.
 * Who asks is the caller's to fill in. */

/* The server's side. */
int wd_coco_enrol_read(struct wd_span body, struct wd_coco_tpm *t,
    struct wd_msg_tpm_enrol_ask *ret, struct wd_diag *d) WD_MUST_USE;
int wd_coco_enrolment_read(struct wd_span body, struct wd_coco_tpm *t,
    struct wd_msg_tpm_enrolment_ask *ret, struct wd_diag *d) WD_MUST_USE;
void wd_coco_credential_write(
    struct wd_wr *wr, const struct wd_msg_tpm_credential *m);
void wd_coco_enrolled_write(
    struct wd_wr *wr, const struct wd_msg_tpm_enrolment *m);

/* The client's. */
void wd_coco_enrol_write(
    struct wd_wr *wr, const struct wd_msg_link_enrol_ask *m);
void wd_coco_enrolment_write(
    struct wd_wr *wr, const struct wd_msg_link_enrolment_ask *m);
int wd_coco_credential_read(struct wd_span body, struct wd_coco_tpm *t,
    struct wd_msg_tpm_credential *ret, struct wd_diag *d) WD_MUST_USE;
int wd_coco_enrolled_read(struct wd_span body, struct wd_coco_tpm *t,
    struct wd_msg_tpm_enrolment *ret, struct wd_diag *d) WD_MUST_USE;
