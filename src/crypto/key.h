/*
 * Inside of a key, for the files of this folder. One table row holds all that
 * differs between the algorithms; everybody else sees struct wd_pkey opaque.
 */
#pragma once

#include "crypto/lib.h"
#include "crypto/pkey.h"

enum wd_key_family { WD_FAMILY_RSA, WD_FAMILY_EC, WD_FAMILY_ED25519 };

enum { WD_COORDINATE_MAX = 66 };

struct wd_pkey_row {
	enum wd_pkey_alg alg;
	enum wd_key_family family;
	size_t len;             /* RSA: modulus; EC: coordinate; in bytes */
	const char *group;      /* EC: libcrypto's name of the curve */
	struct wd_span spki_id; /* contents of the AlgorithmIdentifier */
	struct wd_span order;   /* EC: n, in LEN bytes */
};

/* NULL for WD_PKEY_NONE. */
const struct wd_pkey_row *wd_pkey_row(enum wd_pkey_alg alg);

/* The row with this AlgorithmIdentifier; the first, 2048 bits, for RSA. NULL
 * when there is none. */
const struct wd_pkey_row *wd_pkey_row_by_spki(struct wd_span id);

/* The RSA row for a modulus of LEN bytes, or NULL. */
const struct wd_pkey_row *wd_pkey_row_rsa(size_t len);

struct wd_pkey {
	const struct wd_pkey_row *row;
	bool is_private;
	EVP_PKEY *evp;        /* NULL: of wd_pkey_ec_recipient() */
	EVP_PKEY_CTX *verify; /* ready to verify many times; or NULL */
	EVP_PKEY_CTX *sign;   /* likewise */
	bool has_point;
	uint8_t point[1 + 2 * WD_COORDINATE_MAX]; /* as it was imported */
};

/* Takes EVP, also on failure. */
int wd_pkey_adopt(EVP_PKEY *evp_take, const struct wd_pkey_row *row,
    bool is_private, struct wd_pkey **ret) WD_MUST_USE;

/* The point of an EC key: 4, x, y. RET_POINT has 1 + 2 * row->len bytes. */
int wd_pkey_point(const struct wd_pkey *k, uint8_t *ret_point) WD_MUST_USE;

/* Makes K verify at the least cost. What is only wrapped to, or verifies once,
 * does without. */
int wd_pkey_keep_verifier(struct wd_pkey *k) WD_MUST_USE;

/* Public keys from POINT (4, x, y) or from the 32 bytes of X. */
int wd_pkey_import_point(const struct wd_pkey_row *row, struct wd_span point,
    struct wd_pkey **ret) WD_MUST_USE;

/* As wd_pkey_ec_public(), without a key of libcrypto's: for what JWE needs. */
int wd_pkey_ec_recipient(enum wd_pkey_alg curve, struct wd_span x,
    struct wd_span y, struct wd_pkey **ret) WD_MUST_USE;
int wd_pkey_import_ed25519(const struct wd_pkey_row *row, struct wd_span x,
    struct wd_pkey **ret) WD_MUST_USE;

/* Fit for use: all bits of the modulus used, an odd exponent of 3 to
 * 2^32 - 1. Big endian without leading zeros. */
bool wd_rsa_public_fits(struct wd_span n, struct wd_span e);

/* Two factors of the modulus, and the numbers made of them; whether they are
 * primes is not looked at. WD_R_KEY_INVALID, or a fault. */
int wd_rsa_parts_agree(const struct wd_pkey *k) WD_MUST_USE;

/* Bytes of a signature by K: RSA as the modulus, r || s, or Ed25519's 64. */
size_t wd_pkey_sig_len(const struct wd_pkey *k);
