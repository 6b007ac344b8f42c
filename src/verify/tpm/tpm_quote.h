/*
 * Checking a TPM's quote against a public key: form, signature, nonce, which
 * registers, their values. Whose key it is and what the values mean is not
 * looked at here. The functions are called in this order; each relies on those
 * before it.
 */
#pragma once

#include "verify/tpm/attest.h"
#include "verify/tpm/signature.h"

struct wd_tpm_quote {
	struct wd_span bytes; /* what was signed */
	struct wd_tpm_attest attest;
	struct wd_tpm_signature signature;
	enum wd_hash bank;
	uint32_t pcrs; /* bits of the registers that have a value */
	uint8_t value[WD_TPM_PCRS][WD_HASH_MAX];
};

/* ATTEST is a TPMS_ATTEST, SIGNATURE a TPMT_SIGNATURE; Q holds views of both.
 * WD_R_MALFORMED, WD_R_BAD_MAGIC, WD_R_NOT_A_QUOTE. */
int wd_tpm_quote_read(struct wd_span attest, struct wd_span signature,
    struct wd_tpm_quote *q, struct wd_diag *d) WD_MUST_USE;

/* As that, for a bare RSASSA signature over SHA-256. */
int wd_tpm_quote_read_rs256(struct wd_span attest, struct wd_span signature,
    struct wd_tpm_quote *q, struct wd_diag *d) WD_MUST_USE;

/* WD_R_WEAK_HASH for SHA-1 unless ALLOW_SHA1, WD_R_QUOTE_BAD_SIGNATURE. */
int wd_tpm_quote_signed(const struct wd_tpm_quote *q, const struct wd_pkey *key,
    bool allow_sha1, struct wd_diag *d) WD_MUST_USE;

/* The nonce is NONCE, and just as long; no bytes: any will do.
 * WD_R_NONCE_MISMATCH. */
int wd_tpm_quote_bound(const struct wd_tpm_quote *q, struct wd_span nonce,
    struct wd_diag *d) WD_MUST_USE;

/* One bank, of a hash that is allowed, with some registers and all those of
 * REQUIRED (bits). WD_R_PCR_SELECTION, WD_R_WEAK_HASH. */
int wd_tpm_quote_selection(struct wd_tpm_quote *q, uint32_t required,
    bool allow_sha1, struct wd_diag *d) WD_MUST_USE;

/*
 * Takes the values of the quoted registers from PCRS, a JSON object {"0": hex,
 * …} or {"sha256": {"0": hex, …}}, and believes them when the digest in the
 * quote is over just these. Other registers are not looked at.
 * WD_R_MALFORMED, WD_R_PCR_VALUES_MISSING, WD_R_PCR_DIGEST_MISMATCH.
 */
int wd_tpm_quote_values(
    struct wd_tpm_quote *q, struct wd_span pcrs, struct wd_diag *d) WD_MUST_USE;

/* Only the last of that, for values that Q has already: their digest.
 * WD_R_PCR_DIGEST_MISMATCH. */
int wd_tpm_quote_digest(const struct wd_tpm_quote *q, struct wd_diag *d)
    WD_MUST_USE;

/* The value of a register that has one. */
struct wd_span wd_tpm_quote_value(const struct wd_tpm_quote *q, unsigned pcr);
