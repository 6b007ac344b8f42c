/*
 * COSE_Sign1 (RFC 9052, section 4.2) with ECDSA: what Arm's attestation tokens
 * are wrapped in. The frame is read, the payload is not: that is for whoever
 * has verified the signature.
 */
#pragma once

#include "base/diag.h"
#include "crypto/sig.h"

/* Views into the message. */
struct wd_cose {
	struct wd_span protected_header; /* the map, encoded */
	enum wd_sig_alg alg;             /* ES256, ES384 or ES512 */
	struct wd_span payload;
	struct wd_span signature; /* r || s */
};

/*
 * BYTES are one message with its tag 18 and nothing behind it. Refused too: an
 * algorithm that is not in the protected header, or in both; a header that
 * must be understood (crit); a payload that is elsewhere. WD_R_MALFORMED.
 */
int wd_cose_parse(struct wd_span bytes, const char *what, struct wd_cose *ret,
    struct wd_diag *d) WD_MUST_USE;

/* 0, WD_R_MISMATCH when KEY did not sign it or is of another algorithm, or a
 * fault. */
int wd_cose_verify(const struct wd_cose *c, const struct wd_pkey *key)
    WD_MUST_USE;

/*
 * An EC key as COSE_Key (RFC 9053, section 7.1) in its only item.
 * WD_R_MALFORMED, also for a point on no curve and for a private key; or a
 * fault.
 */
int wd_cose_key(struct wd_span bytes, struct wd_pkey **ret) WD_MUST_USE;
