/*
 * Compact JWS with ES256 (RFC 7515). The header is given whole, so that what we
 * sign and what we accept are the same exact bytes; no algorithm is ever taken
 * from a token.
 */
#pragma once

#include "base/wr.h"
#include "crypto/sig.h"

/* Appends BASE64URL(header).BASE64URL(payload).BASE64URL(signature).
 * WD_R_KEY_INVALID, WD_R_TOO_LARGE when WR is full, or a fault. */
int wd_jws_sign(const struct wd_pkey *p256, struct wd_span header,
    struct wd_span payload, struct wd_wr *wr) WD_MUST_USE;

/*
 * Verifies a compact JWS whose header must be exactly HEADER; gives the
 * payload. WD_R_MALFORMED, WD_R_MISMATCH (header or signature),
 * WD_R_KEY_INVALID when the key is not P-256, or a fault.
 */
int wd_jws_verify(const struct wd_pkey *p256, struct wd_span header,
    struct wd_span compact, struct wd_bytes **ret_payload) WD_MUST_USE;

/* The same for a payload that holds keys: it is never outside secret memory. */
int wd_jws_verify_secret(const struct wd_pkey *p256, struct wd_span header,
    struct wd_span compact, struct wd_secret **ret_payload) WD_MUST_USE;
