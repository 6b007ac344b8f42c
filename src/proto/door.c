/*
 * The kinds of keys, and how they leave.
 */
#include "proto/door.h"

static const struct wd_key_row rows[] = {
	{ WD_KEY_AES128, WD_FAMILY_AES, "aes-128", "AES", 128, NULL,
	    WD_PKEY_NONE },
	{ WD_KEY_AES192, WD_FAMILY_AES, "aes-192", "AES", 192, NULL,
	    WD_PKEY_NONE },
	{ WD_KEY_AES256, WD_FAMILY_AES, "aes-256", "AES", 256, NULL,
	    WD_PKEY_NONE },
	{ WD_KEY_RSA2048, WD_FAMILY_RSA, "rsa-2048", "RSA", 2048, NULL,
	    WD_PKEY_RSA2048 },
	{ WD_KEY_RSA3072, WD_FAMILY_RSA, "rsa-3072", "RSA", 3072, NULL,
	    WD_PKEY_RSA3072 },
	{ WD_KEY_RSA4096, WD_FAMILY_RSA, "rsa-4096", "RSA", 4096, NULL,
	    WD_PKEY_RSA4096 },
	{ WD_KEY_P256, WD_FAMILY_EC, "ec-p256", "EC", 0, "secp256r1",
	    WD_PKEY_P256 },
	{ WD_KEY_P384, WD_FAMILY_EC, "ec-p384", "EC", 0, "secp384r1",
	    WD_PKEY_P384 },
	{ WD_KEY_P521, WD_FAMILY_EC, "ec-p521", "EC", 0, "secp521r1",
	    WD_PKEY_P521 },
	{ WD_KEY_ED25519, WD_FAMILY_ED25519, "ed25519", "EC", 0, "ed25519",
	    WD_PKEY_ED25519 },
	{ WD_KEY_OPAQUE, WD_FAMILY_OPAQUE, "opaque", "OPAQUE", 0, NULL,
	    WD_PKEY_NONE },
};

const struct wd_key_row *
wd_key_rows(size_t *ret_n)
{
	*ret_n = WD_N(rows);
	return rows;
}

const struct wd_key_row *
wd_key_row(enum wd_key_kind kind)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].kind == kind)
			return &rows[i];
	return NULL;
}

const struct wd_key_row *
wd_key_row_by_pair(enum wd_pkey_alg pair)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].pair == pair && pair != WD_PKEY_NONE)
			return &rows[i];
	return NULL;
}

const struct wd_key_row *
wd_key_row_by_name(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (wd_span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

const char *
wd_leaves_name(unsigned leaves)
{
	static const char *const names[] = {
		[WD_LEAVES_PLAIN] = "plain",
		[WD_LEAVES_LEASED] = "leased",
		[WD_LEAVES_WRAPPED] = "wrapped",
		[WD_LEAVES_NEVER] = "never",
	};

	return leaves < WD_N(names) ? names[leaves] : NULL;
}
