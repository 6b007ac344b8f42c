/*
 * Bytes of keys by our kinds. What is recognized was made by others: nothing is
 * taken for a key of a kind that it is not.
 */
#include "backend/material.h"

#include "crypto/pkey.h"
#include "crypto/rand.h"

enum wd_key_kind
wd_backend_aes(size_t len)
{
	size_t n;
	const struct wd_key_row *rows = wd_key_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].family == WD_FAMILY_AES && rows[i].bits / 8 == len)
			return rows[i].kind;
	return WD_KEY_NONE;
}

int
wd_backend_generate(
    enum wd_key_kind kind, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	const struct wd_key_row *row = wd_key_row(kind);
	int r;

	if (row == NULL || row->family == WD_FAMILY_OPAQUE)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "an opaque secret is brought, not made");
	if (row->pair == WD_PKEY_NONE)
		r = wd_rand_secret(row->bits / 8, ret);
	else if ((r = wd_pkey_generate(row->pair, &k)) == 0)
		r = wd_pkey_to_pkcs8(k, ret);
	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "cannot make a key");
}

int
wd_backend_pair(struct wd_span bytes, enum wd_key_kind *ret_kind,
    struct wd_secret **ret_pkcs8, struct wd_bytes **ret_spki)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *pkcs8 = NULL;
	const struct wd_key_row *row;
	int r = wd_pkey_from_private(bytes, &k);

	if (r != 0)
		return r < 0 ? r : WD_R_KEY_INVALID;
	row = wd_key_row_by_pair(wd_pkey_alg(k));
	if (row == NULL)
		return WD_R_KEY_INVALID;
	if ((r = wd_pkey_to_pkcs8(k, &pkcs8)) != 0 ||
	    (r = wd_pkey_to_spki(k, ret_spki)) != 0)
		return r;
	*ret_kind = row->kind;
	*ret_pkcs8 = WD_TAKE(pkcs8);
	return 0;
}
