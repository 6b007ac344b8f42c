/*
 * Signatures. ECDSA signatures are raw r || s, big endian, each half of the
 * curve's size.
 */
#pragma once

#include "crypto/hash.h"
#include "crypto/pkey.h"

enum wd_sig_alg {
	WD_SIG_ES256, /* P-256, SHA-256, raw */
	WD_SIG_ES384, /* P-384, SHA-384, raw */
	WD_SIG_ES512, /* P-521, SHA-512, raw */
	WD_SIG_RS256, /* RSASSA-PKCS1-v1_5 */
	WD_SIG_RS384,
	WD_SIG_RS512,
	WD_SIG_PS256, /* RSASSA-PSS, salt as long as the hash */
	WD_SIG_PS384,
	WD_SIG_PS512,
	WD_SIG_EDDSA, /* Ed25519 */
};

enum { WD_SIG_MAX = 512 };

/* 0 or a fault; the algorithm must fit the key (WD_R_KEY_INVALID). */
int wd_sign(const struct wd_pkey *k, enum wd_sig_alg alg,
    struct wd_span message, uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
    WD_MUST_USE;

/* 0 when good, WD_R_MISMATCH when not, WD_R_KEY_INVALID as above, a fault.
 * Lengths are checked first. */
int wd_sig_verify(const struct wd_pkey *k, enum wd_sig_alg alg,
    struct wd_span message, struct wd_span sig) WD_MUST_USE;

/*
 * Both over a digest by the algorithm's hash, where that is apart from the
 * signature: not for Ed25519 (WD_R_KEY_INVALID). WD_R_RANGE for a digest of
 * another length.
 */
int wd_sign_digest(const struct wd_pkey *k, enum wd_sig_alg alg,
    struct wd_span digest, uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
    WD_MUST_USE;
int wd_sig_verify_digest(const struct wd_pkey *k, enum wd_sig_alg alg,
    struct wd_span digest, struct wd_span sig) WD_MUST_USE;

/* wd_sig_verify() over several parts in a row, for ECDSA (WD_R_KEY_INVALID
 * else). */
int wd_ec_verify_parts(const struct wd_pkey *k, enum wd_sig_alg alg,
    const struct wd_span *parts, size_t n_parts, struct wd_span sig)
    WD_MUST_USE;

/*
 * As wd_sig_verify(), where scheme and hash come apart from the key: any hash
 * with any key of the family, and for PSS a salt of any length. What a hash is
 * good for is the caller's to say.
 */
enum wd_sig_scheme { WD_SCHEME_RSASSA, WD_SCHEME_RSAPSS, WD_SCHEME_ECDSA };

int wd_sig_verify_any(const struct wd_pkey *k, enum wd_sig_scheme scheme,
    enum wd_hash hash, struct wd_span message, struct wd_span sig) WD_MUST_USE;

/*
 * P-256/SHA-256 with a context kept inside the key, for keys that verify many
 * times: no allocation and no fetch a call. r and s must be in 1..n-1. 0,
 * WD_R_MISMATCH, WD_R_KEY_INVALID for any other key, or a fault.
 */
int wd_p256_verify(const struct wd_pkey *k, struct wd_span message,
    const uint8_t rs[64]) WD_MUST_USE;

/* As above over several parts in a row. */
int wd_p256_verify_parts(const struct wd_pkey *k, const struct wd_span *parts,
    size_t n_parts, const uint8_t rs[64]) WD_MUST_USE;

/*
 * What a holder does for PKCS#11: signs a digest (or a DigestInfo for PKCS#1,
 * or for Ed25519 the message). The result is as the mechanism defines it: raw
 * r || s for ECDSA. WD_R_KEY_INVALID, WD_R_RANGE (digest length, salt).
 */
enum wd_raw_sig {
	WD_RAW_ECDSA,
	WD_RAW_RSA_PKCS1,
	WD_RAW_RSA_PSS,
	WD_RAW_EDDSA
};

struct wd_raw_params {
	enum wd_raw_sig kind;
	enum wd_hash hash; /* PSS: of the digest */
	enum wd_hash mgf;  /* PSS */
	size_t salt_len;   /* PSS: at most the hash length */
};

int wd_sign_raw(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
    WD_MUST_USE;

/*
 * As wd_sign_raw(), for a key that signs many times: what libcrypto sets up for
 * one signature is kept for the next one with the same parameters. KEY must
 * outlive the signer. NULL when there is no memory.
 */
struct wd_signer;

struct wd_signer *wd_signer_new(const struct wd_pkey *key) WD_MUST_USE;
struct wd_signer *wd_signer_free(struct wd_signer *s); /* NULL is fine */
void wd_signer_freep(struct wd_signer **s);

int wd_signer_sign(struct wd_signer *s, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
    WD_MUST_USE;
