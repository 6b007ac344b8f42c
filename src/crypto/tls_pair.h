/*
 * The key and the certificate of a TLS listener, looked at before a listener is
 * given them: by the same reader, so that what passes here is taken there.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"

/* When the certificate holds; seconds since 1970. */
struct wd_tls_pair {
	int64_t not_before, not_after;
};

/*
 * KEY: PEM, not encrypted. CHAIN: PEM, the leaf first. WD_R_MALFORMED when one
 * is none, WD_R_MISMATCH when the key is another's than the leaf's; D says
 * which. A fault else. Dates are not judged.
 */
int wd_tls_pair_check(struct wd_span key, struct wd_span chain,
    struct wd_tls_pair *ret, struct wd_diag *d) WD_MUST_USE;
