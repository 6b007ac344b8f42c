/*
 * Keys as entries of a Vault's key-value engine. Written in the layout that
 * Intel's key broker used: the entry ID has one member, ID, whose text is an
 * object in JSON. Read in that layout and in what else people put there. Pure.
 */
#pragma once

#include "backend/backend.h"
#include "codec/json.h"

/*
 * The data of an entry NAME, in canonical JSON: the key BYTES of ID, and for a
 * key pair SPKI. 0 or a fault.
 */
int wd_vault_entry_write(const struct wd_id *id, struct wd_span name,
    enum wd_key_kind kind, struct wd_span bytes, struct wd_span spki,
    struct wd_bytes **ret) WD_MUST_USE;

struct wd_vault_found {
	enum wd_key_kind kind;
	struct wd_secret *bytes; /* PKCS#8 DER, or raw */
	struct wd_bytes *spki;   /* NULL: symmetric or opaque */
};
void wd_vault_found_done(struct wd_vault_found *f);

/*
 * The key in DATA, the entry that ends in NAME. MEMBER says which of its
 * members; empty: the one called NAME, or the only one, or (members "algorithm"
 * and others) the entry is itself such an object. A text that is a private key,
 * PEM or DER in base64, is that key; any other text is an opaque secret.
 * WD_R_UNSUPPORTED: it does not say which; WD_R_NOT_FOUND: no such member;
 * WD_R_BACKEND_ANSWER: not in its form; or a fault.
 */
int wd_vault_entry_read(const struct wd_jval *data, struct wd_span name,
    struct wd_span member, struct wd_vault_found *ret, struct wd_diag *d)
    WD_MUST_USE;

/* Kinds of keys and what libcrypto's door calls them. */
enum wd_key_kind wd_vault_kind_of(struct wd_span pkcs8, struct wd_bytes **spki);
