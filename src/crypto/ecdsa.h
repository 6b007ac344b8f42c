/*
 * Single signatures inside crypto/, for sig.c, sign_raw.c and x509.c. ECDSA:
 * raw r || s is what the product speaks, DER is what libcrypto and certificates
 * speak.
 */
#pragma once

#include "crypto/key.h"

/* SEQUENCE of two INTEGERs of at most 67 bytes, both lengths in long form. */
enum { WD_ECDSA_DER_MAX = 3 + 2 * (2 + 1 + WD_COORDINATE_MAX) };

/* DER of r || s into DST of WD_ECDSA_DER_MAX bytes; its length. */
size_t wd_ecdsa_to_der(struct wd_span rs, uint8_t *dst);

/* Strict DER into HALF + HALF bytes. WD_R_MALFORMED also when a number is
 * negative or longer than HALF. */
int wd_ecdsa_from_der(struct wd_span der, size_t half, uint8_t *ret_rs)
    WD_MUST_USE;

/* r || s over a digest by any EC key: as wd_sig_verify(). */
int wd_ecdsa_verify(const struct wd_pkey *k, struct wd_span digest,
    struct wd_span rs) WD_MUST_USE;

/* RET_RS has 2 * row->len bytes. */
int wd_ecdsa_sign(const struct wd_pkey *k, struct wd_span digest,
    uint8_t *ret_rs) WD_MUST_USE;

/* As that, with a context ready to sign by a key whose coordinates have HALF
 * bytes. */
int wd_ecdsa_sign_with(EVP_PKEY_CTX *ctx, size_t half, struct wd_span digest,
    uint8_t *ret_rs) WD_MUST_USE;

/* Ed25519 over the message itself; RET_SIG has 64 bytes. */
int wd_ed25519_sign(const struct wd_pkey *k, struct wd_span message,
    uint8_t *ret_sig) WD_MUST_USE;
