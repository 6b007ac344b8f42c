/*
 * Algorithm identifiers of the TPM 2.0 library specification (part 2, table
 * TPM_ALG_ID), those that quotes and their keys use.
 */
#pragma once

#include "crypto/hash.h"

enum wd_tpm_alg {
	WD_TPM_RSA = 0x0001,
	WD_TPM_SHA1 = 0x0004,
	WD_TPM_AES = 0x0006,
	WD_TPM_KEYEDHASH = 0x0008,
	WD_TPM_SHA256 = 0x000b,
	WD_TPM_SHA384 = 0x000c,
	WD_TPM_SHA512 = 0x000d,
	WD_TPM_NULL = 0x0010,
	WD_TPM_RSASSA = 0x0014,
	WD_TPM_RSAPSS = 0x0016,
	WD_TPM_ECDSA = 0x0018,
	WD_TPM_ECC = 0x0023,
	WD_TPM_CFB = 0x0043,
};

/* False for a hash that is not known here. */
bool wd_tpm_hash(uint16_t alg, enum wd_hash *ret);

/* The other way. */
uint16_t wd_tpm_alg_of(enum wd_hash hash);

/* "sha256": what a bank of registers is called. */
const char *wd_tpm_bank_name(enum wd_hash hash);
