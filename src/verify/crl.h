/*
 * Revocation lists, out of a verifier's cache or decoded and verified now.
 * Dates are compared with AT at each call. Lists are the cache's and live as
 * long as the call that asked for them.
 */
#pragma once

#include "crypto/x509.h"
#include "verify/registry.h"

/* ISSUER_SHA256 is of the issuer's DER. WD_R_MALFORMED,
 * WD_R_CRL_ISSUER_MISMATCH, WD_R_CRL_BAD_SIGNATURE, WD_R_CRL_EXPIRED. */
int wd_kept_crl(struct wd_verifier *v, struct wd_span der,
    const struct wd_cert *issuer, const uint8_t issuer_sha256[32], int64_t at,
    const struct wd_crl **ret, struct wd_diag *d) WD_MUST_USE;

/* The scope under which lists are stored that are told apart by their issuer's
 * key. 0 or a fault. */
int wd_crl_scope(const struct wd_cert *issuer, uint8_t ret[8]) WD_MUST_USE;
