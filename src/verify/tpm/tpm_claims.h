/*
 * Claims of a quote by themselves, for evidence that has one inside. They come
 * in rising order of ids: those of the quote, then its values.
 */
#pragma once

#include "verify/claims.h"
#include "verify/tpm/tpm_quote.h"

/* bank to firmware_version. 0 or WD_R_TOO_LARGE. */
int wd_tpm_claims_quote(struct wd_claims *out, const struct wd_tpm_quote *q)
    WD_MUST_USE;

/* pcr.0 to pcr.23, those that were quoted. The same. */
int wd_tpm_claims_values(struct wd_claims *out, const struct wd_tpm_quote *q)
    WD_MUST_USE;
