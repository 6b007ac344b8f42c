/*
 * AES-256-GCM and AES key wrap. Plaintext that failed its check is wiped and
 * never handed out, not even in part.
 */
#include "crypto/aead.h"

#include "base/rd.h"
#include "crypto/lib.h"
#include "crypto/rand.h"

#include <limits.h>
#include <string.h>

enum { WRAP_KEY = 32, WRAPPED = 40 };

/* libcrypto counts in int. */
static bool
fits_int(struct wd_span s)
{
	return s.len <= INT_MAX;
}

/* Lengths up to the final step, the same for both directions. */
static bool
gcm_start(EVP_CIPHER_CTX *ctx, struct wd_span key, const uint8_t *nonce,
    struct wd_span aad, int encrypt)
{
	int n;

	if (EVP_CipherInit_ex2(
		ctx, wd_lib()->gcm, key.p, nonce, encrypt, NULL) != 1)
		return false;
	return aad.len == 0 ||
	    EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.len) == 1;
}

int
wd_gcm_encrypt(struct wd_span key, const uint8_t nonce[WD_AEAD_NONCE],
    struct wd_span aad, struct wd_span plain, uint8_t *ret_cipher,
    uint8_t ret_tag[WD_AEAD_TAG])
{
	WD_AUTO(wd_evp_cipher_ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t none[1];
	int n;

	if (key.len != WD_AEAD_KEY || !fits_int(aad) || !fits_int(plain))
		return WD_F_BUG;
	if (ctx == NULL || !gcm_start(ctx, key, nonce, aad, 1))
		return wd_lib_fault();
	if (plain.len > 0 &&
	    EVP_CipherUpdate(ctx, ret_cipher, &n, plain.p, (int)plain.len) != 1)
		return wd_lib_fault();
	if (EVP_CipherFinal_ex(ctx, none, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(
		ctx, EVP_CTRL_AEAD_GET_TAG, WD_AEAD_TAG, ret_tag) != 1)
		return wd_lib_fault();
	return 0;
}

/* libcrypto does not write to the tag although it takes it without const. */
static bool
set_tag(EVP_CIPHER_CTX *ctx, const uint8_t *tag)
{
	return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, WD_AEAD_TAG,
		   (void *)(uintptr_t)tag) == 1;
}

int
wd_gcm_decrypt(struct wd_span key, const uint8_t nonce[WD_AEAD_NONCE],
    struct wd_span aad, struct wd_span cipher, const uint8_t tag[WD_AEAD_TAG],
    struct wd_secret **ret_plain)
{
	WD_AUTO(wd_evp_cipher_ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	uint8_t none[1];
	int n, r;

	if (key.len != WD_AEAD_KEY || !fits_int(aad) || !fits_int(cipher))
		return WD_F_BUG;
	if ((plain = wd_secret_new(cipher.len)) == NULL)
		return WD_F_MEMORY;
	if (ctx == NULL || !gcm_start(ctx, key, nonce, aad, 0))
		return wd_lib_fault();
	if (cipher.len > 0 &&
	    EVP_CipherUpdate(ctx, wd_secret_bytes(plain), &n, cipher.p,
		(int)cipher.len) != 1)
		return wd_lib_fault();
	if (!set_tag(ctx, tag))
		return wd_lib_fault();
	r = wd_lib_verdict(EVP_CipherFinal_ex(ctx, none, &n), WD_R_TAMPERED);
	if (r == 0)
		*ret_plain = WD_TAKE(plain);
	return r;
}

int
wd_aead_seal(struct wd_span key, struct wd_span aad, struct wd_span plain,
    struct wd_bytes **ret_sealed)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	uint8_t *cipher;
	int r;

	if (!fits_int(plain))
		return WD_F_MEMORY;
	if ((b = wd_bytes_new(plain.len + WD_AEAD_EXTRA)) == NULL)
		return WD_F_MEMORY;
	cipher = b->p + WD_AEAD_NONCE;
	if ((r = wd_rand(b->p, WD_AEAD_NONCE)) != 0 ||
	    (r = wd_gcm_encrypt(
		 key, b->p, aad, plain, cipher, cipher + plain.len)) != 0)
		return r;
	*ret_sealed = WD_TAKE(b);
	return 0;
}

int
wd_aead_open(struct wd_span key, struct wd_span aad, struct wd_span sealed,
    struct wd_secret **ret_plain)
{
	struct wd_rd rd = wd_rd(sealed);
	struct wd_span nonce = wd_rd_bytes(&rd, WD_AEAD_NONCE);
	struct wd_span cipher, tag;

	if (sealed.len < WD_AEAD_EXTRA)
		return WD_R_TAMPERED;
	cipher = wd_rd_bytes(&rd, sealed.len - WD_AEAD_EXTRA);
	tag = wd_rd_bytes(&rd, WD_AEAD_TAG);
	return wd_gcm_decrypt(key, nonce.p, aad, cipher, tag.p, ret_plain);
}

/* One call of the RFC 3394 cipher; the count of bytes written, or 0. */
static size_t
unwrap_once(struct wd_span kek, struct wd_span in, uint8_t *out)
{
	WD_AUTO(wd_evp_cipher_ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t none[1];
	int n = 0;
	int rest = 0;

	if (ctx == NULL)
		return 0;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2(ctx, wd_lib()->wrap, kek.p, NULL, 0, NULL) !=
		1 ||
	    EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.len) != 1 ||
	    EVP_CipherFinal_ex(ctx, none, &rest) != 1)
		return 0;
	return (size_t)n;
}

/* Six rounds over the parts of TEXT: a check of eight bytes, then the key (RFC
 * 3394, section 2.2.1). */
static bool
wrap_rounds(EVP_CIPHER_CTX *ctx, uint8_t text[WRAPPED])
{
	uint8_t b[16];
	bool good = true;
	int n;

	for (size_t t = 1; good && t <= 6 * WRAP_KEY / 8; t++) {
		uint8_t *part = text + 8 * ((t - 1) % (WRAP_KEY / 8) + 1);

		wd_copy(b, wd_span(text, 8));
		wd_copy(b + 8, wd_span(part, 8));
		good = EVP_CipherUpdate(ctx, b, &n, b, sizeof(b)) == 1;
		b[7] ^= (uint8_t)t;
		wd_copy(text, wd_span(b, 8));
		wd_copy(part, wd_span(b + 8, 8));
	}
	wd_wipe(b, sizeof(b));
	return good;
}

/* By the block cipher: libcrypto's own wrapping does without the processor's
 * AES and takes several times as long. */
int
wd_aes_wrap(struct wd_span kek, struct wd_span key, uint8_t ret_wrapped[40])
{
	WD_AUTO(wd_evp_cipher_ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t text[WRAPPED];
	bool good;

	if (kek.len != WD_AEAD_KEY || key.len != WRAP_KEY)
		return WD_F_BUG;
	memset(text, 0xa6, 8);
	wd_copy(text + 8, key);
	good = ctx != NULL &&
	    EVP_CipherInit_ex2(ctx, wd_lib()->block, kek.p, NULL, 1, NULL) ==
		1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 && wrap_rounds(ctx, text);
	if (good)
		wd_copy(ret_wrapped, WD_SPAN(text));
	wd_wipe(text, sizeof(text));
	return good ? 0 : wd_lib_fault();
}

int
wd_aes_unwrap_any(
    struct wd_span kek, struct wd_span wrapped, struct wd_secret **ret_key)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;

	if (kek.len != WD_AEAD_KEY)
		return WD_F_BUG;
	if (wrapped.len < 24 || wrapped.len % 8 != 0 || wrapped.len > INT32_MAX)
		return WD_R_TAMPERED;
	if ((key = wd_secret_new(wrapped.len)) == NULL)
		return WD_F_MEMORY;
	if (unwrap_once(kek, wrapped, wd_secret_bytes(key)) != wrapped.len - 8)
		return wd_lib_verdict(0, WD_R_TAMPERED);
	wd_secret_shorten(key, wrapped.len - 8);
	*ret_key = WD_TAKE(key);
	return 0;
}

int
wd_aes_unwrap(
    struct wd_span kek, struct wd_span wrapped, struct wd_secret **ret_key)
{
	if (kek.len == WD_AEAD_KEY && wrapped.len != WRAPPED)
		return WD_R_TAMPERED;
	return wd_aes_unwrap_any(kek, wrapped, ret_key);
}
