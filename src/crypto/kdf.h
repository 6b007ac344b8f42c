/*
 * Key derivation: HKDF-SHA-256 (RFC 5869), scrypt (RFC 7914), the concatenation
 * KDF of RFC 7518 section 4.6.
 */
#pragma once

#include "base/secret.h"

/* INFO is "warder/1/<purpose>", then CONTEXT. 0 or a fault. */
int wd_hkdf(struct wd_span key, const char *info, struct wd_span context,
    size_t len, struct wd_secret **ret) WD_MUST_USE;

struct wd_scrypt {
	uint64_t n;
	uint32_t r, p;
	uint8_t salt[32];
};

/* N=2^17, r=8, p=1 take 0.4 s and 128 MiB. 32 bytes out. WD_R_RANGE for
 * parameters outside 2^10..2^20, 8, 1..4. */
int wd_scrypt(struct wd_span passphrase, const struct wd_scrypt *params,
    struct wd_secret **ret) WD_MUST_USE;

/* AlgorithmID = ALG, apu and apv empty, SuppPubInfo = bits of LEN, which is at
 * most 32 bytes. 0 or a fault. */
int wd_concat_kdf(struct wd_span z, const char *alg, size_t len,
    struct wd_secret **ret) WD_MUST_USE;
