/*
 * TPMT_PUBLIC and TPM2B_PUBLIC (TPM 2.0 library, part 2, section 12.2): the
 * public area of a key in a TPM, and the name that stands for all of it.
 */
#pragma once

#include "crypto/hash.h"
#include "crypto/pkey.h"

enum { WD_TPM_NAME_MAX = 2 + WD_HASH_MAX };

/* TPMA_OBJECT */
enum {
	WD_TPM_FIXED_TPM = 1 << 1,
	WD_TPM_FIXED_PARENT = 1 << 4,
	WD_TPM_SENSITIVE_DATA_ORIGIN = 1 << 5,
	WD_TPM_USER_WITH_AUTH = 1 << 6,
	WD_TPM_ADMIN_WITH_POLICY = 1 << 7,
	WD_TPM_RESTRICTED = 1 << 16,
	WD_TPM_DECRYPT = 1 << 17,
	WD_TPM_SIGN = 1 << 18,
};

/* Views into the bytes that were parsed. */
struct wd_tpm_public {
	struct wd_span area; /* the TPMT_PUBLIC */
	uint16_t type;       /* WD_TPM_RSA, WD_TPM_ECC */
	enum wd_hash name_alg;
	uint32_t attributes;
	struct wd_span policy;
	uint16_t cipher, cipher_bits, cipher_mode; /* WD_TPM_NULL: none */
	uint16_t scheme, scheme_hash;              /* WD_TPM_NULL: any */
	uint16_t curve;                            /* TPM_ECC_CURVE */
	uint32_t exponent;
	struct wd_span n_or_x, y; /* may lack leading zeros */
};

/* Either form. WD_R_MALFORMED, also for keys that are neither RSA nor ECC. */
int wd_tpm_public_parse(struct wd_span bytes, struct wd_tpm_public *ret,
    struct wd_diag *d) WD_MUST_USE;

/* nameAlg || digest of the public area. 0 or a fault. */
int wd_tpm_public_name(const struct wd_tpm_public *p,
    uint8_t ret[WD_TPM_NAME_MAX], size_t *ret_len) WD_MUST_USE;

/* WD_R_KEY_INVALID for sizes and curves that are not spoken here. */
int wd_tpm_public_key(const struct wd_tpm_public *p, struct wd_pkey **ret)
    WD_MUST_USE;

/*
 * The key signs what the TPM itself has made and nothing else, and was made in
 * this TPM, which it cannot leave. WD_R_AK_ATTRIBUTES.
 */
int wd_tpm_public_is_ak(const struct wd_tpm_public *p, struct wd_diag *d)
    WD_MUST_USE;
