/*
 * Claims as JSON text, for who does not want to walk them.
 */
#pragma once

#include "base/bytes.h"
#include "verify/claims.h"

/* One object, RFC 8785. RET is the caller's, for wd_bytes_free(). 0 or a
 * fault. */
int wd_claims_text(const struct wd_claims *c, struct wd_bytes **ret)
    WD_MUST_USE;
