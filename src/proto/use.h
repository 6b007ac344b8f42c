/*
 * Keys that are used in the server: what can be wanted of one, and the names of
 * it at the doors, in rules of tokens and in the log.
 */
#pragma once

#include "proto/door.h"

/* Numbers travel between roles. */
enum wd_keyuse {
	WD_KEYUSE_NONE = 0,
	WD_KEYUSE_ENCRYPT = 1,
	WD_KEYUSE_DECRYPT = 2,
	WD_KEYUSE_SIGN = 3,
	WD_KEYUSE_VERIFY = 4,
	WD_KEYUSE_DATAKEY = 5, /* a new key, encrypted under the named one */
};

enum {
	WD_KEYUSE_DATA_MAX = 32768, /* bytes to encrypt, sign or verify */
	WD_KEYUSE_AAD_MAX = 4096,
	WD_KEYUSE_CIPHER_MAX = 33024, /* an envelope around DATA_MAX */
	WD_KEYUSE_SIG_MAX = 512,
	WD_KEYUSE_DIGEST_MAX = 64,
};

const char *wd_keyuse_name(enum wd_keyuse use); /* "encrypt"; NULL: none */
enum wd_keyuse wd_keyuse_by_name(struct wd_span name);

/* How a key signs, by the names of JOSE (RFC 7518, RFC 8037). Numbers travel
 * between roles. */
enum wd_keysig {
	WD_KEYSIG_NONE = 0,
	WD_KEYSIG_PS256 = 1,
	WD_KEYSIG_RS256 = 2,
	WD_KEYSIG_ES256 = 3,
	WD_KEYSIG_ES384 = 4,
	WD_KEYSIG_ES512 = 5,
	WD_KEYSIG_EDDSA = 6,
	WD_KEYSIG_PS384 = 7,
	WD_KEYSIG_PS512 = 8,
	WD_KEYSIG_RS384 = 9,
	WD_KEYSIG_RS512 = 10,
};

const char *wd_keysig_name(enum wd_keysig sig); /* NULL: none */
enum wd_keysig wd_keysig_by_name(struct wd_span name);

/* The first that keys of KIND make; NONE: they make none. */
enum wd_keysig wd_keysig_of(enum wd_key_kind kind);
/* Bytes of what its hash gives; 0: it has none apart (Ed25519). */
size_t wd_keysig_hash_len(enum wd_keysig sig);
bool wd_keysig_fits(enum wd_keysig sig, enum wd_key_kind kind);
