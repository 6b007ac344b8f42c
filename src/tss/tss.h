/*
 * The machine's TPM 2.0, through tpm2-tss: the attestation key, quotes, the
 * endorsement key and its certificate. One connection, opened before a sandbox
 * closes and kept; nothing is written to the TPM's memory. Of the server only
 * the process of the seal's device links this.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/secret.h"

enum { WD_TSS_PCRS = 24, WD_TSS_DIGEST_MAX = 64 };

enum wd_tss_kind { WD_TSS_RSA, WD_TSS_ECC };

struct wd_tss;

/* "device:/dev/tpmrm0", or "swtpm:path=SOCKET" for a TPM in software.
 * WD_R_UNSUPPORTED for anything else, or a fault. */
int wd_tss_open(const char *tcti, struct wd_tss **ret, struct wd_diag *d)
    WD_MUST_USE;
struct wd_tss *wd_tss_free(struct wd_tss *t);
void wd_tss_freep(struct wd_tss **t);

/*
 * The attestation key: RSA 2048 or P-256, with SHA-256, restricted, a primary
 * key of the endorsement hierarchy, so that it is the same each time and need
 * not be stored. RET_PUBLIC is a TPM2B_PUBLIC. 0 or a fault.
 */
int wd_tss_make_ak(struct wd_tss *t, enum wd_tss_kind kind,
    struct wd_bytes **ret_public, struct wd_diag *d) WD_MUST_USE;

/* The registers of MASK in the bank of the hash BANK (TPM_ALG_ID); those that
 * the TPM has no value of get no bytes. */
struct wd_tss_pcrs {
	uint8_t len[WD_TSS_PCRS];
	uint8_t value[WD_TSS_PCRS][WD_TSS_DIGEST_MAX];
};
int wd_tss_read_pcrs(struct wd_tss *t, uint16_t bank, uint32_t mask,
    struct wd_tss_pcrs *ret, struct wd_diag *d) WD_MUST_USE;

/* A TPMS_ATTEST and a TPMT_SIGNATURE by the attestation key, which was made. */
int wd_tss_quote(struct wd_tss *t, uint16_t bank, uint32_t mask,
    struct wd_span nonce, struct wd_bytes **ret_attest,
    struct wd_bytes **ret_signature, struct wd_diag *d) WD_MUST_USE;

/* Of the endorsement key of KIND, as its maker left it in the TPM.
 * WD_R_NOT_FOUND. */
int wd_tss_ek_certificate(struct wd_tss *t, enum wd_tss_kind kind,
    struct wd_bytes **ret_der, struct wd_diag *d) WD_MUST_USE;

/* The endorsement key by its maker's template; a TPM2B_PUBLIC. */
int wd_tss_make_ek(struct wd_tss *t, enum wd_tss_kind kind,
    struct wd_bytes **ret_public, struct wd_diag *d) WD_MUST_USE;

/* TPM2_ActivateCredential: BLOB is a TPM2B_ID_OBJECT, SECRET a
 * TPM2B_ENCRYPTED_SECRET. Both keys were made. WD_R_MISMATCH when the
 * credential is for other keys. */
int wd_tss_activate(struct wd_tss *t, struct wd_span blob,
    struct wd_span secret, struct wd_secret **ret, struct wd_diag *d)
    WD_MUST_USE;

/*
 * KEY (at most 64 bytes) under the values that the registers of MASK have now
 * in the bank of SHA-256. WD_R_UNSUPPORTED: the TPM has no such register.
 */
int wd_tss_seal(struct wd_tss *t, uint32_t mask, struct wd_span key,
    struct wd_bytes **ret_blob, struct wd_diag *d) WD_MUST_USE;

/* WD_R_UNSEAL_REFUSED: registers have changed, which the sentence names, or it
 * is another TPM's; WD_R_MALFORMED; WD_R_UNSUPPORTED; or a fault. */
int wd_tss_unseal(struct wd_tss *t, struct wd_span blob,
    struct wd_secret **ret_key, struct wd_diag *d) WD_MUST_USE;
