/*
 * Enrolment of a TPM: whether an endorsement key is one of a TPM, by its
 * certificate, and whether an attestation key is fit for a credential. That
 * both are in one TPM is for the credential to show, not for this.
 */
#pragma once

#include "verify/registry.h"
#include "verify/tpm/public.h"

struct wd_tpm_pair {
	/* Of the endorsement key first, then its issuers; DER one behind the
	 * other, or PEM. May be empty. */
	struct wd_span certificates;
	struct wd_span ek, ak;   /* TPM2B_PUBLIC or TPMT_PUBLIC */
	struct wd_span snapshot; /* collateral that is at hand, or nothing */
};

struct wd_tpm_ek {
	struct wd_pkey *key;
	uint8_t sha256[32]; /* of its SubjectPublicKeyInfo */
	uint8_t ak_name[WD_TPM_NAME_MAX];
	size_t ak_name_len;
	int untrusted;      /* 0: under an anchor; else why it is not */
	struct wd_diag why; /* likewise */
	int64_t ends;       /* of the certificates and the lists that were
			     * looked at; INT64_MAX: not under an anchor */
	bool software;      /* its anchor is one of software */
};
void wd_tpm_ek_done(struct wd_tpm_ek *e);

/*
 * What is wrong with a key is a rejection: WD_R_MALFORMED, WD_R_AK_ATTRIBUTES,
 * WD_R_EK_ATTRIBUTES, WD_R_UNSUPPORTED for an endorsement key that no
 * credential can be made for, WD_R_EK_NOT_TRUSTED for a certificate of another
 * key. A certificate that is missing or that leads nowhere is in RET: an
 * operator may vouch for the key. Or a fault.
 */
int wd_tpm_ek_check(struct wd_verifier *v, const struct wd_tpm_pair *pair,
    int64_t at, struct wd_tpm_ek *ret, struct wd_diag *d) WD_MUST_USE;
