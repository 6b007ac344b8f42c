/*
 * The attestation key in any form it comes in: the public area of a TPM, a
 * certificate or a bare public key, DER or PEM. Only a public area says what
 * the key can be used for.
 */
#pragma once

#include "verify/registry.h"
#include "verify/tpm/public.h"

struct wd_tpm_ak {
	struct wd_pkey *key;
	bool is_certificate;
	bool has_area; /* what follows was in the evidence */
	uint16_t scheme, scheme_hash;
	size_t name_len; /* 0: the key came without a public area */
	uint8_t name[WD_TPM_NAME_MAX];
	uint8_t spki_sha256[32]; /* of the bare public key */
};

/*
 * Kept by exact bytes; lives as long as the call. WD_R_MALFORMED for what is
 * none of the forms, and for keys of sizes and curves that are not spoken;
 * WD_R_AK_ATTRIBUTES for a public area of another kind of key.
 */
int wd_tpm_ak_get(struct wd_verifier *v, struct wd_span bytes, int64_t at,
    const struct wd_tpm_ak **ret, struct wd_diag *d) WD_MUST_USE;
