/*
 * Digests of what does not lie in memory as a whole.
 */
#include "crypto/lib.h"

#include "base/alloc.h"

struct wd_hasher {
	EVP_MD_CTX *ctx;
	enum wd_hash alg;
};

struct wd_hasher *
wd_hasher_free(struct wd_hasher *h)
{
	if (h == NULL)
		return NULL;
	wd_evp_md_ctx_freep(&h->ctx);
	return wd_free(h);
}

void
wd_hasher_freep(struct wd_hasher **h)
{
	*h = wd_hasher_free(*h);
}

struct wd_hasher *
wd_hasher_new(enum wd_hash alg)
{
	WD_AUTO(wd_hasher_freep) struct wd_hasher *h = wd_alloc(sizeof(*h));

	if (h == NULL)
		return NULL;
	h->alg = alg;
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL ||
	    EVP_DigestInit_ex2(h->ctx, wd_lib()->md[alg], NULL) != 1) {
		(void)wd_lib_fault(); /* NULL says it */
		return NULL;
	}
	return WD_TAKE(h);
}

int
wd_hasher_add(struct wd_hasher *h, struct wd_span data)
{
	if (EVP_DigestUpdate(h->ctx, data.p, data.len) != 1)
		return wd_lib_fault();
	return 0;
}

int
wd_hasher_end(struct wd_hasher *h, uint8_t *ret_digest)
{
	uint8_t digest[WD_HASH_MAX];

	if (EVP_DigestFinal_ex(h->ctx, digest, NULL) != 1)
		return wd_lib_fault();
	wd_copy(ret_digest, wd_span(digest, wd_hash_len(h->alg)));
	wd_wipe(digest, sizeof(digest));
	return 0;
}
