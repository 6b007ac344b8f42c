/*
 * The guard of rows. The challenge key is itself derived from the root key and
 * the store's id, and is never given out.
 */
#include "seal/rowguard.h"

#include "crypto/hash.h"
#include "crypto/kdf.h"

int
wd_row_key(const struct wd_keyring *k, struct wd_secret **ret)
{
	return wd_hkdf(wd_secret_borrow(k->challenge_key), "warder/1/rows",
	    wd_id_span(&k->store_id), 32, ret);
}

static int
mac(const void *ctx, const struct wd_span *parts, size_t n,
    uint8_t ret[WD_ROW_MAC])
{
	const struct wd_secret *key = ctx;

	return wd_hmac_sha256(wd_secret_borrow(key), parts, n, ret);
}

struct wd_guard
wd_row_guard(const struct wd_secret *key)
{
	return (struct wd_guard){ key, mac };
}
