/*
 * COSE_Sign1 messages (RFC 9052), made by the software TEE.
 */
#pragma once

#include "base/diag.h"
#include "crypto/sig.h"

/* A message with its tag, PAYLOAD signed by an EC key with the algorithm of
 * its curve. 0 or a fault. */
int wd_cose_sign(const struct wd_pkey *key, struct wd_span payload,
    struct wd_bytes **ret, struct wd_diag *d) WD_MUST_USE;
