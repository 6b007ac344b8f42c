/*
 * Digests and HMAC. Nothing of what was hashed stays in a context after the
 * call, since it may be secret.
 */
#include "crypto/hash.h"

#include "crypto/lib.h"

enum { BLOCK = 64 }; /* of SHA-256, in bytes */

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

/* What is digested before all parts; or nothing. */
static bool
digest_parts(EVP_MD_CTX *ctx, const EVP_MD *md, struct wd_span first,
    const struct wd_span *parts, size_t n_parts, uint8_t digest[WD_HASH_MAX])
{
	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, first.p, first.len) != 1)
		return false;
	for (size_t i = 0; i < n_parts; i++)
		if (EVP_DigestUpdate(ctx, parts[i].p, parts[i].len) != 1)
			return false;
	return EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
}

/* The start of SHA-256, and of no other, zeroes all that the context had of
 * the message before: so one context serves, and is started twice. */
static bool
sha256_parts(struct wd_span first, const struct wd_span *parts, size_t n_parts,
    uint8_t digest[WD_HASH_MAX])
{
	const EVP_MD *md = wd_lib()->md[WD_SHA256];
	EVP_MD_CTX *ctx = wd_lib()->sha256;
	bool good = digest_parts(ctx, md, first, parts, n_parts, digest);

	return EVP_DigestInit_ex2(ctx, md, NULL) == 1 && good;
}

static bool
other_parts(enum wd_hash alg, const struct wd_span *parts, size_t n_parts,
    uint8_t digest[WD_HASH_MAX])
{
	WD_AUTO(wd_evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	return ctx != NULL &&
	    digest_parts(ctx, wd_lib()->md[alg], wd_span(NULL, 0), parts,
		n_parts, digest);
}

int
wd_hash_parts(enum wd_hash alg, const struct wd_span *parts, size_t n_parts,
    uint8_t *ret_digest)
{
	uint8_t digest[WD_HASH_MAX];
	bool good = alg == WD_SHA256
	    ? sha256_parts(wd_span(NULL, 0), parts, n_parts, digest)
	    : other_parts(alg, parts, n_parts, digest);

	if (!good)
		return wd_lib_fault();
	wd_copy(ret_digest, wd_span(digest, wd_hash_len(alg)));
	wd_wipe(digest, sizeof(digest));
	return 0;
}

/* The key as a block, with every byte changed by PAD (RFC 2104, section 2). */
static void
pad_key(struct wd_span key, uint8_t pad, uint8_t ret_block[BLOCK])
{
	for (size_t i = 0; i < BLOCK; i++)
		ret_block[i] = pad ^ (i < key.len ? key.p[i] : 0);
}

static bool
hmac_parts(struct wd_span key, const struct wd_span *parts, size_t n_parts,
    uint8_t mac[WD_HASH_MAX])
{
	uint8_t block[BLOCK], inner[WD_HASH_MAX];
	struct wd_span message = wd_span(inner, 32);
	bool good;

	pad_key(key, 0x36, block);
	good = sha256_parts(WD_SPAN(block), parts, n_parts, inner);
	pad_key(key, 0x5c, block);
	good = good && sha256_parts(WD_SPAN(block), &message, 1, mac);
	wd_wipe(block, sizeof(block));
	wd_wipe(inner, sizeof(inner));
	return good;
}

/* Of two digests: libcrypto's own takes four times as long to set up. */
int
wd_hmac_sha256(struct wd_span key, const struct wd_span *parts, size_t n_parts,
    uint8_t ret_mac[32])
{
	uint8_t mac[WD_HASH_MAX], short_key[32];
	int r = 0;

	if (key.len > BLOCK) {
		r = wd_hash(WD_SHA256, key, short_key);
		key = WD_SPAN(short_key);
	}
	if (r == 0 && !hmac_parts(key, parts, n_parts, mac))
		r = wd_lib_fault();
	if (r == 0)
		wd_copy(ret_mac, wd_span(mac, 32));
	wd_wipe(mac, sizeof(mac));
	wd_wipe(short_key, sizeof(short_key));
	return r;
}
