/*
 * TPM2_MakeCredential in software (TPM 2.0 library, part 1, section 24): a
 * secret that only the TPM with a certain endorsement key can open, and only
 * while it holds the key of a certain name.
 */
#pragma once

#include "base/bytes.h"
#include "crypto/pkey.h"

enum { WD_TPM_CREDENTIAL = 32 }; /* bytes of the secret */

/*
 * For endorsement keys by the default templates: RSA 2048 or P-256, their name
 * by SHA-256, AES-128-CFB. NAME is of the key that is to be proved. RET_BLOB is
 * a TPM2B_ID_OBJECT, RET_SEED a TPM2B_ENCRYPTED_SECRET. WD_R_KEY_INVALID for
 * another kind of key, or a fault.
 */
int wd_tpm_make_credential(const struct wd_pkey *ek, struct wd_span name,
    struct wd_span secret, struct wd_bytes **ret_blob,
    struct wd_bytes **ret_seed) WD_MUST_USE;
