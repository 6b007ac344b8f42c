/*
 * The keys of one token of an HSM, through its maker's PKCS#11 module: made,
 * brought, found, used there, wrapped, destroyed. No function gives key bytes
 * in the clear. The module is foreign code that may hang or crash: only in a
 * process that holds nothing else.
 *
 * A session that was lost is opened again and the call tried once more, the
 * module initialized anew where that is needed. A PIN that the token refused is
 * not shown to it again: tokens lock after a few wrong ones.
 *
 * Results: 0, a fault of our own, or with a sentence
 *   WD_R_NOT_FOUND      there is no such key
 *   WD_R_EXISTS, WD_R_CONFLICT: several keys are meant
 *   WD_R_PERMISSION     the token refuses the PIN, or has locked it
 *   WD_R_UNSUPPORTED    it cannot do that, or not with this key
 *   WD_R_MAY_NOT_LEAVE  not even wrapped
 *   WD_R_UNAVAILABLE    no token, no session, the device fails: try again
 *   WD_R_BACKEND_ANSWER the module's answer cannot be right
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "base/secret.h"
#include "base/wr.h"
#include "crypto/hash.h"
#include "crypto/pkey.h"
#include "hsm/uri.h"

struct wd_token;

struct wd_token_how {
	struct wd_hsm_uri uri; /* of the token */
	/* Read at each login, so that it may be replaced. */
	char pin_file[WD_HSM_PATH_MAX + 1];
	/* Wraps by RSA-OAEP with SHA-1, where a token has nothing better. */
	bool oaep_sha1;
};

/*
 * Loads and initializes the module; maps executable memory, so before a sandbox
 * closes. Nothing is asked of the token yet. A fault when there is no module.
 */
int wd_token_load(const struct wd_token_how *how, struct wd_token **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_token *wd_token_free(struct wd_token *t);
void wd_token_freep(struct wd_token **t);

/* Logs in. WORDS gets what is there, and what is said of its PIN. */
int wd_token_check(struct wd_token *t, struct wd_wr *words, struct wd_diag *d)
    WD_MUST_USE;

/* Asks whether the sessions are still there and closes those that are not. */
void wd_token_look_after(struct wd_token *t);

/* ---- keys */

/* What a key is: a pair, or else AES of so many bits. */
struct wd_token_kind {
	enum wd_pkey_alg pair; /* WD_PKEY_NONE: AES */
	unsigned bits;         /* of an AES key */
};

struct wd_token_key {
	struct wd_token_kind kind;
	struct wd_hsm_uri uri; /* class, and id or label */
	struct wd_bytes *spki; /* DER; NULL: AES */
	bool stays;            /* may not even leave wrapped */
};
void wd_token_key_done(struct wd_token_key *k);

struct wd_token_spec {
	struct wd_token_kind kind;
	struct wd_span id;    /* CKA_ID */
	struct wd_span label; /* CKA_LABEL */
	struct wd_span bytes; /* to be brought: PKCS#8 or raw; none: made */
	bool stays;
};

/*
 * Sensitive and private always, extractable unless it stays, fit for
 * signatures, decryption and encryption and nothing else. Attributes are read
 * back; a key that is not what was asked for is destroyed again.
 */
int wd_token_make(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_key *ret, struct wd_diag *d) WD_MUST_USE;

/*
 * The one key that URI names. WD_R_UNSUPPORTED when it is not one to rely on:
 * not kept in the token, readable in the clear or, if it was made there, ever
 * so; or when it wants the PIN at each use.
 */
int wd_token_find(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_token_key *ret, struct wd_diag *d) WD_MUST_USE;

/* Both halves of a pair; 0 when there is none any more. */
int wd_token_destroy(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_diag *d) WD_MUST_USE;

/*
 * A new AES-256 key of the token under RSA-OAEP to CLIENT (SPKI, 2048 to 4096
 * bits), then the key under that AES key (RFC 5649): a private key as PKCS#8.
 */
int wd_token_wrap(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_span client, struct wd_bytes **ret, struct wd_diag *d)
    WD_MUST_USE;

/* ---- use */

enum { WD_TOKEN_GCM_EXTRA = 28 };

/* AES-GCM: iv, ciphertext, tag. */
int wd_token_encrypt(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_span plain, struct wd_span aad, struct wd_secret **ret,
    struct wd_diag *d) WD_MUST_USE;

/* AES-GCM, or RSA-OAEP with SHA-256 for RSA keys (AAD then is none).
 * WD_R_MISMATCH: it does not decrypt. */
int wd_token_decrypt(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_span cipher, struct wd_span aad, struct wd_secret **ret,
    struct wd_diag *d) WD_MUST_USE;

enum wd_token_scheme {
	WD_TOKEN_PSS, /* salt as long as the hash */
	WD_TOKEN_PKCS1,
	WD_TOKEN_ECDSA, /* hash by curve; raw r and s */
	WD_TOKEN_EDDSA,
};

/* What is to be signed: a message, or its digest by the scheme's hash. */
struct wd_token_text {
	struct wd_span bytes;
	bool hashed;       /* not with EDDSA */
	enum wd_hash hash; /* with RSA; of SHA-2 */
};

int wd_token_sign(struct wd_token *t, const struct wd_hsm_uri *uri,
    enum wd_token_scheme scheme, const struct wd_token_text *text,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;
