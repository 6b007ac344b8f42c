/*
 * ECDH on NIST curves, where the peer's point was checked when it was imported,
 * and RSA-OAEP.
 */
#pragma once

#include "crypto/hash.h"
#include "crypto/pkey.h"

/* Z, the x coordinate, padded to the curve's size. WD_R_KEY_INVALID when the
 * curves differ, OURS is not private or Z is zero; or a fault. */
int wd_ecdh(const struct wd_pkey *ours, const struct wd_pkey *theirs,
    struct wd_secret **ret_z) WD_MUST_USE;

/*
 * RSA-OAEP with HASH and MGF1 over the same, empty label. WD_R_KEY_INVALID for
 * any other key; WD_R_RANGE when PLAIN is longer than fits; WD_R_TAMPERED when
 * CIPHER does not decrypt, whatever the cause; or a fault.
 */
int wd_oaep_encrypt(const struct wd_pkey *rsa, enum wd_hash hash,
    struct wd_span plain, struct wd_bytes **ret) WD_MUST_USE;
int wd_oaep_decrypt(const struct wd_pkey *rsa, enum wd_hash hash,
    struct wd_span cipher, struct wd_secret **ret) WD_MUST_USE;

/* With SHA-256. */
int wd_oaep256_encrypt(const struct wd_pkey *rsa, struct wd_span plain,
    struct wd_bytes **ret) WD_MUST_USE;
int wd_oaep256_decrypt(const struct wd_pkey *rsa, struct wd_span cipher,
    struct wd_secret **ret) WD_MUST_USE;
