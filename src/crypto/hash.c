/*
 * Digests and HMAC. Nothing of what was hashed stays in a context after the
 * call, since it may be secret.
 */
#include "crypto/hash.h"

#include "crypto/lib.h"

size_t
wd_hash_len(enum wd_hash alg)
{
	static const size_t len[] = {
		[WD_SHA256] = 32,
		[WD_SHA384] = 48,
		[WD_SHA512] = 64,
		[WD_SHA1] = 20,
	};

	return len[alg];
}

int
wd_hash(enum wd_hash alg, struct wd_span data, uint8_t *ret_digest)
{
	return wd_hash_parts(alg, &data, 1, ret_digest);
}

static bool
digest_parts(EVP_MD_CTX *ctx, const EVP_MD *md, const struct wd_span *parts,
    size_t n_parts, uint8_t digest[WD_HASH_MAX])
{
	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		return false;
	for (size_t i = 0; i < n_parts; i++)
		if (EVP_DigestUpdate(ctx, parts[i].p, parts[i].len) != 1)
			return false;
	return EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
}

/* The start of SHA-256, and of no other, zeroes all that the context had of
 * the message before: so one context serves, and is started twice. */
static bool
sha256_parts(
    const struct wd_span *parts, size_t n_parts, uint8_t digest[WD_HASH_MAX])
{
	const EVP_MD *md = wd_lib()->md[WD_SHA256];
	EVP_MD_CTX *ctx = wd_lib()->sha256;
	bool good = digest_parts(ctx, md, parts, n_parts, digest);

	return EVP_DigestInit_ex2(ctx, md, NULL) == 1 && good;
}

static bool
other_parts(enum wd_hash alg, const struct wd_span *parts, size_t n_parts,
    uint8_t digest[WD_HASH_MAX])
{
	WD_AUTO(wd_evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	return ctx != NULL &&
	    digest_parts(ctx, wd_lib()->md[alg], parts, n_parts, digest);
}

int
wd_hash_parts(enum wd_hash alg, const struct wd_span *parts, size_t n_parts,
    uint8_t *ret_digest)
{
	uint8_t digest[WD_HASH_MAX];
	bool good = alg == WD_SHA256 ? sha256_parts(parts, n_parts, digest)
				     : other_parts(alg, parts, n_parts, digest);

	if (!good)
		return wd_lib_fault();
	wd_copy(ret_digest, wd_span(digest, wd_hash_len(alg)));
	wd_wipe(digest, sizeof(digest));
	return 0;
}

/* libcrypto takes a NULL key as "the key set before": there is none here. */
static int
hmac_start(EVP_MAC_CTX *ctx, struct wd_span key)
{
	static const uint8_t none[1] = { 0 };
	const uint8_t *p = key.len == 0 ? none : key.p;

	return EVP_MAC_init(ctx, p, key.len, NULL);
}

int
wd_hmac_sha256(struct wd_span key, const struct wd_span *parts, size_t n_parts,
    uint8_t ret_mac[32])
{
	WD_AUTO(wd_evp_mac_ctx_freep)
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(wd_lib()->hmac_sha256);
	uint8_t mac[32];
	size_t len;

	if (ctx == NULL || hmac_start(ctx, key) != 1)
		return wd_lib_fault();
	for (size_t i = 0; i < n_parts; i++)
		if (EVP_MAC_update(ctx, parts[i].p, parts[i].len) != 1)
			return wd_lib_fault();
	if (EVP_MAC_final(ctx, mac, &len, sizeof(mac)) != 1)
		return wd_lib_fault();
	wd_copy(ret_mac, WD_SPAN(mac));
	wd_wipe(mac, sizeof(mac));
	return 0;
}
