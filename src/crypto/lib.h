/*
 * What the files of crypto/ share: the algorithms fetched at start, the way a
 * failure of libcrypto becomes a result, and destructors for WD_AUTO. No file
 * outside this folder includes it, so that libcrypto's types stay in here.
 */
#pragma once

#include "base/reason.h"
#include "crypto/hash.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

/*
 * Filled by wd_crypto_init() and constant afterwards. The contexts are kept
 * because making one costs a look-up by name; a process has one thread.
 */
struct wd_lib {
	EVP_MD *md[4];             /* by enum wd_hash */
	EVP_MD_CTX *public_digest; /* for public data only: it keeps a trace */
	EVP_MD_CTX *sha256;        /* for wd_hash_parts(), which leaves none */
	EVP_CIPHER *gcm, *wrap, *block; /* block: AES alone */
	EVP_KDF *hkdf, *scrypt;
	/* held only so that libcrypto keeps them in its cache */
	EVP_SIGNATURE *sign_rsa, *sign_ec, *sign_ed25519;
	EVP_KEYEXCH *ecdh;
	EVP_ASYM_CIPHER *oaep;
	EVP_PKEY_CTX *ec_from_data, *rsa_from_data, *ed25519_from_data;
};

const struct wd_lib *wd_lib(void);

/*
 * Empties libcrypto's queue of errors (TLS in the same process would trip over
 * it) and returns WD_F_MEMORY or WD_F_CRYPTO.
 */
int wd_lib_fault(void);

/*
 * The result of a verification that answered OK: 0 when it is 1; else
 * REJECTION, unless it was memory that failed.
 */
int wd_lib_verdict(int ok, enum wd_reason rejection);

/*
 * The same for EVP_PKEY_verify() of SIG over DIGEST with CTX: 0, WD_R_MISMATCH
 * or a fault. libcrypto does not always say that memory failed, so what it
 * refuses must be refused once more.
 */
int wd_lib_verified(EVP_PKEY_CTX *ctx, int ok, struct wd_span sig,
    struct wd_span digest) WD_MUST_USE;

void wd_evp_md_ctx_freep(EVP_MD_CTX **ctx);
void wd_evp_cipher_ctx_freep(EVP_CIPHER_CTX **ctx);
void wd_evp_kdf_ctx_freep(EVP_KDF_CTX **ctx);
void wd_evp_pkey_freep(EVP_PKEY **key);
void wd_evp_pkey_ctx_freep(EVP_PKEY_CTX **ctx);
void wd_bn_freep(BIGNUM **n); /* wipes */
void wd_param_bld_freep(OSSL_PARAM_BLD **builder);
void wd_param_freep(OSSL_PARAM **params);
