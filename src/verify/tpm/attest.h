/*
 * TPMS_ATTEST of a quote (TPM 2.0 library, part 2, section 10.12): what the
 * TPM signed. Offsets are in layout.md.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"

enum { WD_TPM_PCRS = 24 };

/* Views into the bytes that were parsed. */
struct wd_tpm_attest {
	struct wd_span qualified_signer; /* not the name of the key */
	struct wd_span extra_data;       /* the caller's nonce */
	uint64_t clock;                  /* milliseconds */
	uint32_t reset_count, restart_count;
	bool safe;
	struct wd_span firmware_version; /* 8 */
	uint32_t n_banks;                /* selections there were */
	uint16_t bank;                   /* TPM_ALG_ID of the first */
	uint32_t pcrs;                   /* bits of the first */
	struct wd_span pcr_digest;
};

/*
 * WD_R_MALFORMED, also when something follows; WD_R_BAD_MAGIC when no TPM made
 * it; WD_R_NOT_A_QUOTE for another kind of attestation, which a TPM signs just
 * as well.
 */
int wd_tpm_attest_parse(struct wd_span bytes, struct wd_tpm_attest *ret,
    struct wd_diag *d) WD_MUST_USE;
