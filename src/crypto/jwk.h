/*
 * JSON Web Keys (RFC 7517) as typed members; the JSON is read elsewhere.
 */
#pragma once

#include "base/wr.h"
#include "crypto/pkey.h"

enum wd_jwe_alg { WD_JWE_NONE, WD_JWE_ECDH_ES_A256KW, WD_JWE_RSA_OAEP_256 };

/* As JOSE spells it; NULL for WD_JWE_NONE. */
const char *wd_jwe_alg_name(enum wd_jwe_alg alg);

/* Members as they came, decoded from base64url. Views into the caller's
 * buffers. */
struct wd_jwk {
	enum wd_pkey_alg
	    curve; /* WD_PKEY_P256 or WD_PKEY_P521; WD_PKEY_NONE: RSA */
	enum wd_jwe_alg alg; /* the member "alg" */
	struct wd_span x, y; /* EC */
	struct wd_span n, e; /* RSA */
};

/* A key to wrap to, to compare and to write; it verifies nothing, and checks as
 * pkey.h. WD_R_KEY_INVALID; WD_R_UNSUPPORTED for a curve and alg that do not go
 * together or are not served. */
int wd_jwk_import(const struct wd_jwk *jwk, struct wd_pkey **ret) WD_MUST_USE;

/* The JWK of a public key in canonical JSON: members sorted, with "alg" when
 * ALG is not WD_JWE_NONE. Goes to JCS texts, tokens and thumbprints. A key
 * whose parts cannot be had poisons WR. */
void wd_jwk_write(
    struct wd_wr *wr, const struct wd_pkey *k, enum wd_jwe_alg alg);

/* RFC 7638, SHA-256. 0 or a fault. */
int wd_jwk_thumbprint(const struct wd_pkey *k, uint8_t ret_digest[32])
    WD_MUST_USE;
