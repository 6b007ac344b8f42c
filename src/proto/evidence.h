/*
 * Evidence as the Confidential Containers KBS protocol carries it: the object
 * "primary_evidence" to a bundle of parts and back. One row per kind; the rows
 * of a kind that takes more than a few lines lie in a file of its own
 * (evidence_*.c). Bytes are decoded, never judged.
 */
#pragma once

#include "codec/json.h"
#include "codec/jtext.h"
#include "verify/bundle.h"

struct wd_evidence_form {
	enum wd_tee tee;
	/* The members that only this kind has; the second may be NULL. */
	const char *member, *second;
	/* Appends the parts to BUNDLE in rising order of roles. Errors stick
	 * to O. 0 or a fault. */
	int (*read)(struct wd_jobj *o, struct wd_wr *bundle);
	/* The object; NULL where no agent of ours makes such evidence. */
	void (*write)(struct wd_jtext *j, const struct wd_inputs *in);
	/* Which TEE the parts are of, where several share a form; NULL: TEE. */
	enum wd_tee (*tell)(struct wd_span bundle);
};

/* Looks a name of the protocol up. WD_R_TEE_NOT_SUPPORTED. */
int wd_evidence_tee(
    struct wd_span name, enum wd_tee *ret_tee, struct wd_diag *d) WD_MUST_USE;

/* The form of the evidence says which kind it is. WD_R_MALFORMED,
 * WD_R_UNKNOWN_MEMBER, WD_R_RANGE, WD_R_TEE_NOT_SUPPORTED. */
int wd_evidence_read(const struct wd_jval *primary, enum wd_tee *ret_tee,
    struct wd_bytes **ret_bundle, struct wd_diag *d) WD_MUST_USE;

/* Fails J's writer when no evidence of TEE can be written from BUNDLE. */
void wd_evidence_write(
    struct wd_jtext *j, enum wd_tee tee, struct wd_span bundle);

/* Appends member NAME, base64 of at most MAX bytes, as the part ROLE. */
int wd_evidence_b64(struct wd_jobj *o, const char *name, size_t max,
    struct wd_wr *bundle, enum wd_part role) WD_MUST_USE;

/* The enrolment of a TPM in BUNDLE, as a view of it; none: no bytes. What the
 * server has made itself is for the keeper, not for verify. */
struct wd_span wd_evidence_enrolment(struct wd_span bundle, enum wd_tee tee);
