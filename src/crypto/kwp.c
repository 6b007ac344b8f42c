/*
 * AES key wrap with padding (RFC 5649), which engines and modules want keys
 * under that are brought to them, and which HSMs put those under that may leave
 * them. Rare, so that nothing is kept ready for it.
 */
#include "crypto/aead.h"
#include "crypto/lib.h"

#include <limits.h>

static void
cipher_freep(EVP_CIPHER **c)
{
	EVP_CIPHER_free(*c);
}

int
wd_aes_wrap_padded(
    struct wd_span kek, struct wd_span key, struct wd_bytes **ret_wrapped)
{
	WD_AUTO(cipher_freep)
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, "AES-256-WRAP-PAD", NULL);
	WD_AUTO(wd_evp_cipher_ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	WD_AUTO(wd_bytes_freep) struct wd_bytes *out = NULL;
	uint8_t none[1];
	int n = 0, rest = 0;

	if (kek.len != WD_AEAD_KEY || key.len == 0 || key.len > INT_MAX - 16)
		return WD_F_BUG;
	if (c == NULL || ctx == NULL)
		return wd_lib_fault();
	/* A whole number of eight bytes, and eight in front. */
	if ((out = wd_bytes_new((key.len + 7) / 8 * 8 + 8)) == NULL)
		return WD_F_MEMORY;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2(ctx, c, kek.p, NULL, 1, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, out->p, &n, key.p, (int)key.len) != 1 ||
	    EVP_CipherFinal_ex(ctx, none, &rest) != 1 || n < 0 ||
	    (size_t)n != out->len)
		return wd_lib_fault();
	*ret_wrapped = WD_TAKE(out);
	return 0;
}

/* What is no wrapping of KEK's is refused for one reason, whatever is wrong. */
int
wd_aes_unwrap_padded(
    struct wd_span kek, struct wd_span wrapped, struct wd_secret **ret_key)
{
	WD_AUTO(cipher_freep)
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, "AES-256-WRAP-PAD", NULL);
	WD_AUTO(wd_evp_cipher_ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	WD_AUTO(wd_secret_freep) struct wd_secret *out = NULL;
	int n = 0, ok;

	if (kek.len != WD_AEAD_KEY)
		return WD_F_BUG;
	if (wrapped.len < 16 || wrapped.len % 8 != 0 ||
	    wrapped.len > INT_MAX - 16)
		return WD_R_TAMPERED;
	if (c == NULL || ctx == NULL)
		return wd_lib_fault();
	if ((out = wd_secret_new(wrapped.len)) == NULL)
		return WD_F_MEMORY;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2(ctx, c, kek.p, NULL, 0, NULL) != 1)
		return wd_lib_fault();
	ok = EVP_CipherUpdate(
	    ctx, wd_secret_bytes(out), &n, wrapped.p, (int)wrapped.len);
	if (ok != 1 || n <= 0 || (size_t)n > wrapped.len - 8)
		return wd_lib_verdict(0, WD_R_TAMPERED);
	wd_secret_shorten(out, (size_t)n);
	*ret_key = WD_TAKE(out);
	return 0;
}
