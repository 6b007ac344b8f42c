/*
 * Uses of keys and algorithms of signatures, by name.
 */
#include "proto/use.h"

static const char *const uses[] = {
	[WD_KEYUSE_ENCRYPT] = "encrypt",
	[WD_KEYUSE_DECRYPT] = "decrypt",
	[WD_KEYUSE_SIGN] = "sign",
	[WD_KEYUSE_VERIFY] = "verify",
	[WD_KEYUSE_DATAKEY] = "datakey",
};

const char *
wd_keyuse_name(enum wd_keyuse use)
{
	return (size_t)use < WD_N(uses) ? uses[use] : NULL;
}

enum wd_keyuse
wd_keyuse_by_name(struct wd_span name)
{
	for (size_t i = 1; i < WD_N(uses); i++)
		if (wd_span_is(name, uses[i]))
			return (enum wd_keyuse)i;
	return WD_KEYUSE_NONE;
}

#define KIND(name) (1u << WD_KEY_##name)
#define RSA (KIND(RSA2048) | KIND(RSA3072) | KIND(RSA4096))

/* What a kind does when nothing is said comes first. */
static const struct {
	enum wd_keysig sig;
	const char *name;
	unsigned kinds; /* bits */
	size_t hash_len;
} sigs[] = {
	{ WD_KEYSIG_PS256, "PS256", RSA, 32 },
	{ WD_KEYSIG_RS256, "RS256", RSA, 32 },
	{ WD_KEYSIG_PS384, "PS384", RSA, 48 },
	{ WD_KEYSIG_PS512, "PS512", RSA, 64 },
	{ WD_KEYSIG_RS384, "RS384", RSA, 48 },
	{ WD_KEYSIG_RS512, "RS512", RSA, 64 },
	{ WD_KEYSIG_ES256, "ES256", KIND(P256), 32 },
	{ WD_KEYSIG_ES384, "ES384", KIND(P384), 48 },
	{ WD_KEYSIG_ES512, "ES512", KIND(P521), 64 },
	{ WD_KEYSIG_EDDSA, "EdDSA", KIND(ED25519), 0 },
};

const char *
wd_keysig_name(enum wd_keysig sig)
{
	for (size_t i = 0; i < WD_N(sigs); i++)
		if (sigs[i].sig == sig)
			return sigs[i].name;
	return NULL;
}

enum wd_keysig
wd_keysig_by_name(struct wd_span name)
{
	for (size_t i = 0; i < WD_N(sigs); i++)
		if (wd_span_is(name, sigs[i].name))
			return sigs[i].sig;
	return WD_KEYSIG_NONE;
}

enum wd_keysig
wd_keysig_of(enum wd_key_kind kind)
{
	for (size_t i = 0; i < WD_N(sigs); i++)
		if ((sigs[i].kinds >> kind & 1) != 0)
			return sigs[i].sig;
	return WD_KEYSIG_NONE;
}

size_t
wd_keysig_hash_len(enum wd_keysig sig)
{
	for (size_t i = 0; i < WD_N(sigs); i++)
		if (sigs[i].sig == sig)
			return sigs[i].hash_len;
	return 0;
}

bool
wd_keysig_fits(enum wd_keysig sig, enum wd_key_kind kind)
{
	for (size_t i = 0; i < WD_N(sigs); i++)
		if (sigs[i].sig == sig)
			return (sigs[i].kinds >> kind & 1) != 0;
	return false;
}
