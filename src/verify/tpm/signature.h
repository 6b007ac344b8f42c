/*
 * TPMT_SIGNATURE (TPM 2.0 library, part 2, section 11.3.4).
 */
#pragma once

#include "crypto/sig.h"

/* Views into the bytes that were parsed, big endian numbers. */
struct wd_tpm_signature {
	uint16_t scheme_id; /* TPM_ALG_ID */
	enum wd_sig_scheme scheme;
	enum wd_hash hash;
	struct wd_span first;  /* RSA: the signature; ECDSA: r */
	struct wd_span second; /* ECDSA: s */
};

/* WD_R_MALFORMED for schemes other than RSASSA, RSAPSS and ECDSA, for hashes
 * that are not known and for bytes that follow. */
int wd_tpm_signature_parse(struct wd_span bytes, struct wd_tpm_signature *ret,
    struct wd_diag *d) WD_MUST_USE;

/* 0, WD_R_MISMATCH when KEY did not sign MESSAGE so, or a fault. */
int wd_tpm_signature_verify(const struct wd_tpm_signature *s,
    const struct wd_pkey *key, struct wd_span message) WD_MUST_USE;
