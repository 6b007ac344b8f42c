/*
 * RSA-OAEP. Why a decryption failed is never told: one result for
 * every cause.
 */
#include "crypto/ecdh.h"

#include "crypto/key.h"

#include <openssl/rsa.h>

static bool
set_oaep(EVP_PKEY_CTX *ctx, enum wd_hash hash)
{
	const EVP_MD *md = wd_lib()->md[hash];

	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1;
}

int
wd_oaep_encrypt(const struct wd_pkey *rsa, enum wd_hash hash,
    struct wd_span plain, struct wd_bytes **ret)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	size_t len = rsa->row->len;

	if (rsa->row->family != WD_FAMILY_RSA)
		return WD_R_KEY_INVALID;
	if (plain.len > len - 2 * wd_hash_len(hash) - 2)
		return WD_R_RANGE;
	if ((b = wd_bytes_new(len)) == NULL)
		return WD_F_MEMORY;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, rsa->evp, NULL);
	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    !set_oaep(ctx, hash) ||
	    EVP_PKEY_encrypt(ctx, b->p, &len, plain.p, plain.len) != 1)
		return wd_lib_fault();
	*ret = WD_TAKE(b);
	return 0;
}

int
wd_oaep_decrypt(const struct wd_pkey *rsa, enum wd_hash hash,
    struct wd_span cipher, struct wd_secret **ret)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	size_t len = rsa->row->len;
	int ok;

	if (!rsa->is_private || rsa->row->family != WD_FAMILY_RSA)
		return WD_R_KEY_INVALID;
	if (cipher.len != len)
		return WD_R_TAMPERED;
	if ((s = wd_secret_new(len)) == NULL)
		return WD_F_MEMORY;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, rsa->evp, NULL);
	if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) != 1 ||
	    !set_oaep(ctx, hash))
		return wd_lib_fault();
	ok = EVP_PKEY_decrypt(
	    ctx, wd_secret_bytes(s), &len, cipher.p, cipher.len);
	if (ok != 1)
		return wd_lib_verdict(ok, WD_R_TAMPERED);
	wd_secret_shorten(s, len);
	*ret = WD_TAKE(s);
	return 0;
}

int
wd_oaep256_encrypt(
    const struct wd_pkey *rsa, struct wd_span plain, struct wd_bytes **ret)
{
	return wd_oaep_encrypt(rsa, WD_SHA256, plain, ret);
}

int
wd_oaep256_decrypt(
    const struct wd_pkey *rsa, struct wd_span cipher, struct wd_secret **ret)
{
	return wd_oaep_decrypt(rsa, WD_SHA256, cipher, ret);
}
