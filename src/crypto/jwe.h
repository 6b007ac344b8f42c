/*
 * JSON Web Encryption (RFC 7516), flattened, enc always A256GCM. Header bytes
 * are exactly those that Confidential Containers clients re-create:
 * {"alg":…,"enc":"A256GCM"[,"epk":{"crv":…,"kty":"EC","x":…,"y":…}]}.
 */
#pragma once

#include "crypto/jwk.h"

struct wd_jwe {
	struct wd_bytes
	    *protected_b64; /* base64url text, as it is authenticated */
	struct wd_bytes *encrypted_key; /* the rest are raw bytes */
	struct wd_bytes *iv;
	struct wd_bytes *ciphertext;
	struct wd_bytes *tag;
};

void wd_jwe_done(struct wd_jwe *jwe);

/* RECIPIENT must fit ALG. WD_R_UNSUPPORTED, WD_R_KEY_INVALID, or a fault. */
int wd_jwe_seal(const struct wd_pkey *recipient, enum wd_jwe_alg alg,
    struct wd_span plain, struct wd_jwe *ret) WD_MUST_USE;

/*
 * Opens with the private key. The caller has read ALG and the ephemeral key
 * (EPK, NULL for RSA) from the protected header. WD_R_TAMPERED when anything
 * is not as sealed; WD_R_KEY_INVALID when OWN does not fit ALG or EPK is of
 * another curve; WD_R_UNSUPPORTED for WD_JWE_NONE; or a fault.
 */
int wd_jwe_open(const struct wd_pkey *own, enum wd_jwe_alg alg,
    const struct wd_pkey *epk, const struct wd_jwe *jwe,
    struct wd_secret **ret_plain) WD_MUST_USE;
