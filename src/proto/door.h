/*
 * Words shared by doors, keeper and verify: which dialect a request came by,
 * and what a key is.
 */
#pragma once

#include "base/span.h"
#include "crypto/pkey.h"

/* Numbers are bound into challenges. */
enum wd_door {
	WD_DOOR_NONE = 0,
	WD_DOOR_COCO = 1,
	WD_DOOR_ISECL = 2,
	WD_DOOR_ADMIN = 3,
};

enum wd_key_kind {
	WD_KEY_NONE = 0,
	WD_KEY_AES128 = 1,
	WD_KEY_AES192 = 2,
	WD_KEY_AES256 = 3,
	WD_KEY_RSA2048 = 4,
	WD_KEY_RSA3072 = 5,
	WD_KEY_RSA4096 = 6,
	WD_KEY_P256 = 7,
	WD_KEY_P384 = 8,
	WD_KEY_P521 = 9,
	WD_KEY_ED25519 = 10,
	WD_KEY_OPAQUE = 11,
};

/* How a key may leave where it rests. */
enum wd_leaves {
	WD_LEAVES_UNKNOWN = 0,
	WD_LEAVES_PLAIN = 1,
	WD_LEAVES_LEASED = 2,  /* each release makes a new one there */
	WD_LEAVES_WRAPPED = 3, /* to an RSA key alone */
	WD_LEAVES_NEVER = 4,   /* it is used there */
};

/* "plain"; NULL where that is not known. */
const char *wd_leaves_name(unsigned leaves);

enum wd_key_family {
	WD_FAMILY_NONE = 0,
	WD_FAMILY_AES = 1,
	WD_FAMILY_RSA = 2,
	WD_FAMILY_EC = 3,
	WD_FAMILY_ED25519 = 4,
	WD_FAMILY_OPAQUE = 5,
};

struct wd_key_row {
	enum wd_key_kind kind;
	enum wd_key_family family;
	const char *name;      /* of the command line: "rsa-2048", "ec-p256" */
	const char *algorithm; /* ISecL: "AES", "RSA", "EC" */
	unsigned bits;         /* ISecL key_length; 0 for curves */
	const char *curve;     /* ISecL curve_type; NULL else */
	enum wd_pkey_alg pair; /* WD_PKEY_NONE: AES and opaque */
};

const struct wd_key_row *wd_key_row(enum wd_key_kind kind); /* NULL: none */
const struct wd_key_row *wd_key_row_by_name(struct wd_span name);
/* Of a key pair. */
const struct wd_key_row *wd_key_row_by_pair(enum wd_pkey_alg pair);
const struct wd_key_row *wd_key_rows(size_t *ret_n);
