/*
 * Asymmetric keys: made, imported, exported, compared. Private keys in the
 * process are only ever behind this type or in a struct wd_secret.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/secret.h"

enum wd_pkey_alg {
	WD_PKEY_NONE,
	WD_PKEY_RSA2048,
	WD_PKEY_RSA3072,
	WD_PKEY_RSA4096,
	WD_PKEY_P256,
	WD_PKEY_P384,
	WD_PKEY_P521,
	WD_PKEY_ED25519,
};

struct wd_pkey;

struct wd_pkey *wd_pkey_free(
    struct wd_pkey *k); /* NULL is fine; returns NULL */
void wd_pkey_freep(struct wd_pkey **k);

/* 0 or a fault. RSA takes up to a second or two. */
int wd_pkey_generate(enum wd_pkey_alg alg, struct wd_pkey **ret) WD_MUST_USE;

/* As that; MEANWHILE is called with CTX now and then while primes are looked
 * for, some milliseconds apart, and may use everything here. */
int wd_pkey_generate_rsa(enum wd_pkey_alg alg, void (*meanwhile)(void *ctx),
    void *ctx, struct wd_pkey **ret) WD_MUST_USE;

/*
 * Public keys from raw parts, big endian. EC: X and Y of exactly the curve's
 * size, on the curve, not infinity. RSA: 2048, 3072 or 4096 bits, odd exponent
 * of 3 to 2^32 - 1. WD_R_KEY_INVALID otherwise.
 */
int wd_pkey_ec_public(enum wd_pkey_alg curve, struct wd_span x,
    struct wd_span y, struct wd_pkey **ret) WD_MUST_USE;
int wd_pkey_rsa_public(struct wd_span n, struct wd_span e, struct wd_pkey **ret)
    WD_MUST_USE;

/* SubjectPublicKeyInfo (RFC 5280). WD_R_KEY_INVALID, WD_R_MALFORMED. */
int wd_pkey_from_spki(struct wd_span der, struct wd_pkey **ret) WD_MUST_USE;

/*
 * A private key: PKCS#8, PKCS#1 or SEC1, DER or PEM, unencrypted. Consistency
 * is checked (RSA primes, EC point). WD_R_KEY_INVALID, WD_R_MALFORMED.
 */
int wd_pkey_from_private(struct wd_span text_or_der, struct wd_pkey **ret)
    WD_MUST_USE;

/*
 * One that the function above took before, and that nobody can have changed
 * since: to check it again would cost a hundred times what a signature does.
 * WD_R_KEY_INVALID, WD_R_MALFORMED.
 */
int wd_pkey_from_own(struct wd_span der, struct wd_pkey **ret) WD_MUST_USE;

/*
 * The private key of KNOWN, a public key that was taken before with its private
 * half: all is checked but that the factors of an RSA modulus are primes, which
 * was checked then. WD_R_MISMATCH: of another key; WD_R_KEY_INVALID,
 * WD_R_MALFORMED.
 */
int wd_pkey_from_known(struct wd_span der, const struct wd_pkey *known,
    struct wd_pkey **ret) WD_MUST_USE;

int wd_pkey_to_spki(const struct wd_pkey *k, struct wd_bytes **ret_der)
    WD_MUST_USE;
/* WD_R_KEY_INVALID when K is public only. */
int wd_pkey_to_pkcs8(const struct wd_pkey *k, struct wd_secret **ret_der)
    WD_MUST_USE;

enum wd_pkey_alg wd_pkey_alg(const struct wd_pkey *k);
bool wd_pkey_is_private(const struct wd_pkey *k);

/* Makes K, private and of a curve for ECDSA, sign at the least cost: for keys
 * that sign often. WD_R_KEY_INVALID, or a fault. */
int wd_pkey_keep_signer(struct wd_pkey *k) WD_MUST_USE;

/* Same public key. */
bool wd_pkey_same_public(const struct wd_pkey *a, const struct wd_pkey *b);

/*
 * Raw public parts, for JWK and PKCS#11 attributes: RSA modulus and exponent,
 * or EC coordinates (Ed25519: X, and no bytes for y), big endian, coordinates
 * padded to the size of the curve. 0 or a fault.
 */
int wd_pkey_public_parts(const struct wd_pkey *k, struct wd_bytes **ret_n_or_x,
    struct wd_bytes **ret_e_or_y) WD_MUST_USE;

/* Bytes of one coordinate: 32, 48, 66; 0 for RSA and Ed25519. */
size_t wd_pkey_coordinate_len(enum wd_pkey_alg alg);
bool wd_pkey_is_rsa(enum wd_pkey_alg alg);
bool wd_pkey_is_ec(enum wd_pkey_alg alg);
