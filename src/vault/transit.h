/*
 * Keys that stay in a Vault's transit engine and are used there.
 */
#pragma once

#include "vault/vault.h"

struct wd_vault_key {
	const char *mount; /* must outlive it, as must the name */
	struct wd_span name;
	uint32_t version; /* 0: the newest, where a version is asked for */
};

/* ---- keys */

/* TYPE as the engine names it: "aes256-gcm96", "ecdsa-p256", "rsa-3072", … One
 * that is there is left as it is. Results of a call. */
int wd_vault_key_make(struct wd_vault *v, const struct wd_vault_key *k,
    const char *type, struct wd_diag *d) WD_MUST_USE;
int wd_vault_key_rotate(struct wd_vault *v, const struct wd_vault_key *k,
    struct wd_diag *d) WD_MUST_USE;

struct wd_vault_key_info {
	char type[32];
	uint32_t newest;
	bool exportable;
	struct wd_bytes *spki; /* of the version asked for; NULL: symmetric */
};
void wd_vault_key_info_done(struct wd_vault_key_info *i);

/* WD_R_NOT_FOUND also for a version that it has not; results of a call. */
int wd_vault_key_look(struct wd_vault *v, const struct wd_vault_key *k,
    struct wd_vault_key_info *ret, struct wd_diag *d) WD_MUST_USE;

/* All of its versions, for good. What is gone is a 0. */
int wd_vault_key_destroy(struct wd_vault *v, const struct wd_vault_key *k,
    struct wd_diag *d) WD_MUST_USE;

/* The engine's own key (SPKI) under which keys are brought to it. */
int wd_vault_wrapping_key(struct wd_vault *v, const char *mount,
    struct wd_bytes **ret_spki, struct wd_diag *d) WD_MUST_USE;

/* BLOB: {a fresh AES key under the wrapping key by RSA-OAEP with SHA-256, the
 * key under that by AES-KWP}. Results of a call. */
int wd_vault_key_import(struct wd_vault *v, const struct wd_vault_key *k,
    const char *type, struct wd_span blob, struct wd_diag *d) WD_MUST_USE;

/* ---- their use */

/* What ciphertext is without the engine's words around it; the version of the
 * key is apart. AAD may be empty. Results of a call. */
int wd_vault_encrypt(struct wd_vault *v, const struct wd_vault_key *k,
    struct wd_span plain, struct wd_span aad, struct wd_bytes **ret,
    uint32_t *ret_version, struct wd_diag *d) WD_MUST_USE;

/* K has a version. WD_R_MALFORMED when it is no ciphertext of the key's. */
int wd_vault_decrypt(struct wd_vault *v, const struct wd_vault_key *k,
    struct wd_span cipher, struct wd_span aad, struct wd_secret **ret,
    struct wd_diag *d) WD_MUST_USE;

/* A fresh key of BITS (128, 256, 512), and the same under K. */
int wd_vault_datakey(struct wd_vault *v, const struct wd_vault_key *k,
    unsigned bits, struct wd_secret **ret_key, struct wd_bytes **ret_wrapped,
    uint32_t *ret_version, struct wd_diag *d) WD_MUST_USE;

enum wd_vault_scheme {
	WD_VAULT_RSA_PSS, /* salt as long as the hash */
	WD_VAULT_RSA_PKCS1,
	WD_VAULT_ECDSA, /* raw r and s */
	WD_VAULT_ED25519,
	WD_VAULT_SCHEMES,
};

struct wd_vault_sign {
	enum wd_vault_scheme scheme;
	const char *hash;       /* "sha2-256", …; not of Ed25519 */
	struct wd_span message; /* whole, or its digest: */
	bool hashed;
};

int wd_vault_sign(struct wd_vault *v, const struct wd_vault_key *k,
    const struct wd_vault_sign *how, struct wd_bytes **ret, struct wd_diag *d)
    WD_MUST_USE;

/* K has a version. WD_R_MISMATCH when the signature is not good. */
int wd_vault_verify(struct wd_vault *v, const struct wd_vault_key *k,
    const struct wd_vault_sign *how, struct wd_span sig, struct wd_diag *d)
    WD_MUST_USE;
