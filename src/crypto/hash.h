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

/* A digest of what comes piece by piece. NULL when there is no memory; adding
 * and ending give 0 or a fault, and after the end there is only freeing. */
struct wd_hasher;
struct wd_hasher *wd_hasher_new(enum wd_hash alg) WD_MUST_USE;
int wd_hasher_add(struct wd_hasher *h, struct wd_span data) WD_MUST_USE;
int wd_hasher_end(struct wd_hasher *h, uint8_t *ret_digest) WD_MUST_USE;
struct wd_hasher *wd_hasher_free(struct wd_hasher *h);
void wd_hasher_freep(struct wd_hasher **h);

int wd_hmac_sha256(struct wd_span key, const struct wd_span *parts,
    size_t n_parts, uint8_t ret_mac[32]) WD_MUST_USE;
