/*
 * Digests and HMAC over parts given in a row (FIPS 180-4, RFC 2104).
 */
#pragma once

#include "base/span.h"

enum wd_hash { WD_SHA256, WD_SHA384, WD_SHA512, WD_SHA1 };

enum { WD_HASH_MAX = 64 };

size_t wd_hash_len(enum wd_hash alg);

/* DIGEST has wd_hash_len(ALG) bytes. 0 or a fault. */
int wd_hash(enum wd_hash alg, struct wd_span data, uint8_t *ret_digest)
    WD_MUST_USE;
int wd_hash_parts(enum wd_hash alg, const struct wd_span *parts, size_t n_parts,
    uint8_t *ret_digest) WD_MUST_USE;

int wd_hmac_sha256(struct wd_span key, const struct wd_span *parts,
    size_t n_parts, uint8_t ret_mac[32]) WD_MUST_USE;
