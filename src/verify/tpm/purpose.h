/*
 * Inside src/verify/tpm only: what the certificate of a TPM's key says the key
 * is for (RFC 5280, section 4.2.1; TCG EK Credential Profile, section 3.2).
 */
#pragma once

#include "crypto/x509.h"

enum { /* bits of the first byte of keyUsage */
	WD_TPM_DIGITAL_SIGNATURE = 0x80,
	WD_TPM_KEY_ENCIPHERMENT = 0x20,
	WD_TPM_KEY_AGREEMENT = 0x08,
};

/* It has one of these uses, or its uses are not given. */
bool wd_tpm_may(const struct wd_cert *c, unsigned uses);

/* Given, but not in order: for neither. */
struct wd_tpm_purposes {
	bool given, of_ek, of_ak;
};
struct wd_tpm_purposes wd_tpm_purposes(const struct wd_cert *c);
