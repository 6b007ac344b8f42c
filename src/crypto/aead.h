/*
 * AES-256-GCM with random 96-bit nonces, XAES-256-GCM with random 192-bit ones,
 * and AES key wrap (RFC 3394, RFC 5649).
 */
#pragma once

#include "base/bytes.h"
#include "base/secret.h"

enum {
	WD_AEAD_KEY = 32,
	WD_AEAD_NONCE = 12,
	WD_AEAD_TAG = 16,
	WD_AEAD_EXTRA = 28,
	WD_XAES_NONCE = 24,
	WD_XAES_EXTRA = 40
};

/* nonce || ciphertext || tag, in one block. 0 or a fault. */
int wd_aead_seal(struct wd_span key, struct wd_span aad, struct wd_span plain,
    struct wd_bytes **ret_sealed) WD_MUST_USE;

/* 0, WD_R_TAMPERED when key, AAD or bytes are not those sealed, or a fault. */
int wd_aead_open(struct wd_span key, struct wd_span aad, struct wd_span sealed,
    struct wd_secret **ret_plain) WD_MUST_USE;

/* The parts apart, as JWE needs them. CIPHER has PLAIN.len bytes. */
int wd_gcm_encrypt(struct wd_span key, const uint8_t nonce[WD_AEAD_NONCE],
    struct wd_span aad, struct wd_span plain, uint8_t *ret_cipher,
    uint8_t ret_tag[WD_AEAD_TAG]) WD_MUST_USE;
int wd_gcm_decrypt(struct wd_span key, const uint8_t nonce[WD_AEAD_NONCE],
    struct wd_span aad, struct wd_span cipher, const uint8_t tag[WD_AEAD_TAG],
    struct wd_secret **ret_plain) WD_MUST_USE;

/* XAES-256-GCM, for keys under which nobody counts: as wd_aead_seal() and
 * wd_aead_open(), the nonce is WD_XAES_NONCE bytes. */
int wd_xaes_seal(struct wd_span key, struct wd_span aad, struct wd_span plain,
    struct wd_bytes **ret_sealed) WD_MUST_USE;
int wd_xaes_open(struct wd_span key, struct wd_span aad, struct wd_span sealed,
    struct wd_secret **ret_plain) WD_MUST_USE;
/* With a NONCE of the caller's, which must never come twice. */
int wd_xaes_seal_with(struct wd_span key, const uint8_t nonce[WD_XAES_NONCE],
    struct wd_span aad, struct wd_span plain, uint8_t *ret_cipher,
    uint8_t ret_tag[WD_AEAD_TAG]) WD_MUST_USE;

/* KEY of 32 bytes wraps 32 bytes into 40. Unwrap: WD_R_TAMPERED as above. */
int wd_aes_wrap(struct wd_span kek, struct wd_span key, uint8_t ret_wrapped[40])
    WD_MUST_USE;
int wd_aes_unwrap(struct wd_span kek, struct wd_span wrapped,
    struct wd_secret **ret_key) WD_MUST_USE;

/* With padding (RFC 5649): KEY has any length but 0. 0 or a fault. Unwrap:
 * WD_R_TAMPERED as above, or a fault. */
int wd_aes_wrap_padded(struct wd_span kek, struct wd_span key,
    struct wd_bytes **ret_wrapped) WD_MUST_USE;
int wd_aes_unwrap_padded(struct wd_span kek, struct wd_span wrapped,
    struct wd_secret **ret_key) WD_MUST_USE;

/* A key of any length that is a whole number of eight bytes, at least 16. */
int wd_aes_unwrap_any(struct wd_span kek, struct wd_span wrapped,
    struct wd_secret **ret_key) WD_MUST_USE;
