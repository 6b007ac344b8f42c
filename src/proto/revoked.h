/*
 * What was revoked, as holders of leases are told of it: a digest, which says
 * something only to who knows already what it stands for.
 */
#pragma once

#include "base/span.h"

/* SHA-256 of "KIND WHAT". 0 or a fault. */
int wd_revoked_digest(const char *kind, struct wd_span what, uint8_t ret[32])
    WD_MUST_USE;
