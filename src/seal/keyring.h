/*
 * The keyring: what keepers hold while the server is unsealed. Data keys by
 * term, and the keys derived from or kept under the root key. Its flat form
 * travels from seal to keepers and rests, encrypted under the root key, in the
 * file `keyring`.
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/id.h"
#include "base/secret.h"

enum {
	WD_KEYRING_TERMS = 16,
	WD_KEYRING_MAX = 16384,
	WD_ROOT_KEY = 32, /* bytes of the root key */
};

#define WD_KEYRING_FILE "keyring" /* in the state folder */

struct wd_keyring {
	struct wd_id store_id;
	/* Terms first, first + 1 and so on; the last one encrypts. Those before
	 * were dropped. */
	uint32_t first, n_terms;
	struct wd_secret *term[WD_KEYRING_TERMS];
	uint8_t check[32]; /* wd_keyring_check() */
	struct wd_secret
	    *challenge_key;            /* 32 bytes, HKDF of root and store id */
	struct wd_secret *release_key; /* P-256, PKCS#8 */
	struct wd_secret *token_key;   /* P-256, PKCS#8 */
};

void wd_keyring_done(struct wd_keyring *k);

/* The number of the term that encrypts, and of the oldest that is there. */
static inline uint32_t
wd_keyring_newest(const struct wd_keyring *k)
{
	return k->first + k->n_terms - 1;
}
static inline uint32_t
wd_keyring_oldest(const struct wd_keyring *k)
{
	return k->first;
}

/* A new one for a new store. 0 or a fault. */
int wd_keyring_make(const struct wd_id *store_id, struct wd_span root_key,
    struct wd_keyring *ret) WD_MUST_USE;

/* One more term, which encrypts from now on. WD_R_CONFLICT when there are as
 * many as there can be; or a fault. */
int wd_keyring_add_term(struct wd_keyring *k) WD_MUST_USE;

/* FIRST is the oldest term from now on: what is encrypted under older ones does
 * not open any more. WD_R_RANGE: it is not one of the terms. */
int wd_keyring_drop_before(struct wd_keyring *k, uint32_t first) WD_MUST_USE;

/* Flat form, as a secret. Reading it: WD_R_MALFORMED, WD_R_VERSION. */
int wd_keyring_flat(const struct wd_keyring *k, struct wd_secret **ret)
    WD_MUST_USE;
int wd_keyring_read(struct wd_span flat, struct wd_keyring *ret) WD_MUST_USE;

/*
 * What the store keeps under the name "check": whoever has read a keyring
 * compares it before anything is opened or, worse, encrypted with keys of
 * another store. It stays when terms go.
 */
int wd_keyring_check(const struct wd_keyring *k, uint8_t ret_check[32])
    WD_MUST_USE;

/* Under the root key, for the file. Opening it: WD_R_VERSION; WD_R_TAMPERED:
 * damaged, or of another root key or store. */
int wd_keyring_seal(const struct wd_keyring *k, struct wd_span root_key,
    struct wd_bytes **ret) WD_MUST_USE;
int wd_keyring_open(struct wd_span sealed, struct wd_span root_key,
    const struct wd_id *store_id, struct wd_keyring *ret) WD_MUST_USE;

/*
 * Data at rest: u32 term, then nonce || ciphertext || tag; AAD = store id,
 * table, row id, version, purpose. A row moved to another id, table or version
 * does not open: WD_R_TAMPERED. An unknown term, or one that was dropped:
 * WD_R_WRONG_STORE. Texts of a place are at most 512 bytes.
 */
struct wd_rest {
	const char *table, *row, *purpose;
	uint32_t version;
};
/* The places of the secrets in the store; ROW must live as long. */
static inline struct wd_rest
wd_rest_of_key(const struct wd_id *id, uint32_t version)
{
	return (struct wd_rest){ "versions", id->s, "key", version };
}
/* One that may never leave: what opens it to release it opens nothing. */
static inline struct wd_rest
wd_rest_of_staying_key(const struct wd_id *id, uint32_t version)
{
	return (struct wd_rest){ "versions", id->s, "key-stays", version };
}
/* Where a key that rests in a backend is to be found; no key itself. */
static inline struct wd_rest
wd_rest_of_reference(const struct wd_id *id, uint32_t version)
{
	return (struct wd_rest){ "versions", id->s, "key-ref", version };
}
static inline struct wd_rest
wd_rest_of_path(const char *path, uint32_t version)
{
	return (struct wd_rest){ "secrets", path, "secret", version };
}
/* The same place of what the HSM has wrapped too (seal/sealwrap.h), so that
 * whoever can write the database cannot take the mark from a row. */
struct wd_rest wd_rest_by_hsm(struct wd_rest place);

int wd_keyring_encrypt(const struct wd_keyring *k, const struct wd_rest *place,
    struct wd_span plain, struct wd_bytes **ret) WD_MUST_USE;
int wd_keyring_decrypt(const struct wd_keyring *k, const struct wd_rest *place,
    struct wd_span sealed, struct wd_secret **ret) WD_MUST_USE;
