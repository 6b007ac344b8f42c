/*
 * Claims as JSON: the one spelling that the command line, tokens and the log
 * share. Members are sorted, as RFC 8785 wants them.
 */
#pragma once

#include "codec/jtext.h"
#include "verify/claims.h"

/* One claim: bytes as hex, times as RFC 3339, lists as arrays of texts. */
void wd_claim_write_value(
    struct wd_jtext *j, const struct wd_claim_row *row, struct wd_span value);

/* A text that stands among the claims; NAME is no claim's. */
struct wd_claim_extra {
	const char *name;
	struct wd_span text;
};

/* An object of all claims and EXTRA, at most WD_CLAIM_EXTRA_MAX (asserted). */
enum { WD_CLAIM_EXTRA_MAX = 8 };
void wd_claims_write_object(struct wd_jtext *j, const struct wd_claims *c,
    const struct wd_claim_extra *extra, size_t n_extra);
