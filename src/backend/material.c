/*
 * Bytes of keys by our kinds. What is recognized was made by others: nothing is
 * taken for a key of a kind that it is not.
 */
#include "backend/material.h"

#include "crypto/pkey.h"
#include "crypto/rand.h"

static const struct {
	enum wd_pkey_alg alg;
	enum wd_key_kind kind;
} pairs[] = {
	{ WD_PKEY_RSA2048, WD_KEY_RSA2048 },
	{ WD_PKEY_RSA3072, WD_KEY_RSA3072 },
	{ WD_PKEY_RSA4096, WD_KEY_RSA4096 },
	{ WD_PKEY_P256, WD_KEY_P256 },
	{ WD_PKEY_P384, WD_KEY_P384 },
	{ WD_PKEY_P521, WD_KEY_P521 },
	{ WD_PKEY_ED25519, WD_KEY_ED25519 },
};

enum wd_key_kind
wd_material_aes(size_t len)
{
	return len == 16 ? WD_KEY_AES128
	    : len == 24  ? WD_KEY_AES192
	    : len == 32  ? WD_KEY_AES256
			 : WD_KEY_NONE;
}

int
wd_material_make(
    enum wd_key_kind kind, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	const struct wd_key_row *row = wd_key_row(kind);
	enum wd_pkey_alg alg = WD_PKEY_NONE;
	int r;

	if (row == NULL || row->family == WD_FAMILY_OPAQUE)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "an opaque secret is brought, not made");
	for (size_t i = 0; i < WD_N(pairs); i++)
		if (pairs[i].kind == kind)
			alg = pairs[i].alg;
	if (alg == WD_PKEY_NONE)
		r = wd_rand_secret(row->bits / 8, ret);
	else if ((r = wd_pkey_generate(alg, &k)) == 0)
		r = wd_pkey_to_pkcs8(k, ret);
	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "cannot make a key");
}

int
wd_material_pair(struct wd_span bytes, enum wd_key_kind *ret_kind,
    struct wd_secret **ret_pkcs8, struct wd_bytes **ret_spki)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *pkcs8 = NULL;
	enum wd_key_kind kind = WD_KEY_NONE;
	int r = wd_pkey_from_private(bytes, &k);

	if (r != 0)
		return r < 0 ? r : WD_R_KEY_INVALID;
	for (size_t i = 0; i < WD_N(pairs); i++)
		if (pairs[i].alg == wd_pkey_alg(k))
			kind = pairs[i].kind;
	if (kind == WD_KEY_NONE)
		return WD_R_KEY_INVALID;
	if ((r = wd_pkey_to_pkcs8(k, &pkcs8)) != 0 ||
	    (r = wd_pkey_to_spki(k, ret_spki)) != 0)
		return r;
	*ret_kind = kind;
	*ret_pkcs8 = WD_TAKE(pkcs8);
	return 0;
}
