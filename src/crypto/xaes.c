/*
 * XAES-256-GCM (C2SP, XAES-256-GCM.md): AES-256-GCM under a key that is derived
 * for each message from the first half of a random nonce of 192 bits, by CMAC
 * (NIST SP 800-108r1). With nonces that long no count of messages has to be
 * kept: 2^80 of them under one key still collide with 2^-32.
 */
#include "crypto/aead.h"

#include "base/rd.h"
#include "crypto/lib.h"
#include "crypto/rand.h"

#include <limits.h>

enum { BLOCK = 16, DERIVE = 12 };

static bool
encrypt_block(EVP_CIPHER_CTX *ctx, uint8_t block[BLOCK])
{
	int n = 0;

	return EVP_CipherUpdate(ctx, block, &n, block, BLOCK) == 1 &&
	    n == BLOCK;
}

/* K1 of CMAC: L times x in GF(2^128); in a time that says nothing of L. */
static bool
make_subkey(EVP_CIPHER_CTX *ctx, uint8_t k1[BLOCK])
{
	uint8_t top;

	wd_wipe(k1, BLOCK);
	if (!encrypt_block(ctx, k1))
		return false;
	top = k1[0] >> 7;
	for (size_t i = 0; i < BLOCK; i++)
		k1[i] = (uint8_t)(k1[i] << 1 |
		    (i + 1 < BLOCK ? k1[i + 1] >> 7 : 0));
	k1[BLOCK - 1] ^= (uint8_t)(0x87 * top);
	return true;
}

/* One whole block is MACed: 0, N, 'X', 0, nonce. */
static bool
derive_half(EVP_CIPHER_CTX *ctx, const uint8_t k1[BLOCK], uint8_t n,
    const uint8_t nonce[DERIVE], uint8_t half[BLOCK])
{
	uint8_t head[BLOCK - DERIVE] = { 0, n, 'X', 0 };

	wd_copy(half, WD_SPAN(head));
	wd_copy(half + sizeof(head), wd_span(nonce, DERIVE));
	for (size_t i = 0; i < BLOCK; i++)
		half[i] ^= k1[i];
	return encrypt_block(ctx, half);
}

static int
derive(struct wd_span key, const uint8_t nonce[DERIVE], struct wd_secret **ret)
{
	WD_AUTO(wd_evp_cipher_ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	WD_AUTO(wd_secret_freep)
	struct wd_secret *derived = wd_secret_new(WD_AEAD_KEY);
	uint8_t k1[BLOCK];
	bool good;

	if (derived == NULL)
		return WD_F_MEMORY;
	good = ctx != NULL &&
	    EVP_CipherInit_ex2(ctx, wd_lib()->block, key.p, NULL, 1, NULL) ==
		1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 && make_subkey(ctx, k1) &&
	    derive_half(ctx, k1, 1, nonce, wd_secret_bytes(derived)) &&
	    derive_half(ctx, k1, 2, nonce, wd_secret_bytes(derived) + BLOCK);
	wd_wipe(k1, sizeof(k1));
	if (!good)
		return wd_lib_fault();
	*ret = WD_TAKE(derived);
	return 0;
}

int
wd_xaes_seal_with(struct wd_span key, const uint8_t nonce[WD_XAES_NONCE],
    struct wd_span aad, struct wd_span plain, uint8_t *ret_cipher,
    uint8_t ret_tag[WD_AEAD_TAG])
{
	WD_AUTO(wd_secret_freep) struct wd_secret *derived = NULL;
	int r;

	if (key.len != WD_AEAD_KEY)
		return WD_F_BUG;
	if ((r = derive(key, nonce, &derived)) != 0)
		return r;
	return wd_gcm_encrypt(wd_secret_borrow(derived), nonce + DERIVE, aad,
	    plain, ret_cipher, ret_tag);
}

int
wd_xaes_seal(struct wd_span key, struct wd_span aad, struct wd_span plain,
    struct wd_bytes **ret_sealed)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	uint8_t *cipher;
	int r;

	if (plain.len > INT_MAX ||
	    (b = wd_bytes_new(plain.len + WD_XAES_EXTRA)) == NULL)
		return WD_F_MEMORY;
	cipher = b->p + WD_XAES_NONCE;
	if ((r = wd_rand(b->p, WD_XAES_NONCE)) != 0 ||
	    (r = wd_xaes_seal_with(
		 key, b->p, aad, plain, cipher, cipher + plain.len)) != 0)
		return r;
	*ret_sealed = WD_TAKE(b);
	return 0;
}

int
wd_xaes_open(struct wd_span key, struct wd_span aad, struct wd_span sealed,
    struct wd_secret **ret_plain)
{
	struct wd_rd rd = wd_rd(sealed);
	struct wd_span half = wd_rd_bytes(&rd, DERIVE);
	WD_AUTO(wd_secret_freep) struct wd_secret *derived = NULL;
	int r;

	if (key.len != WD_AEAD_KEY)
		return WD_F_BUG;
	if (sealed.len < WD_XAES_EXTRA)
		return WD_R_TAMPERED;
	if ((r = derive(key, half.p, &derived)) != 0)
		return r;
	/* The rest is as wd_aead_seal() leaves it. */
	return wd_aead_open(
	    wd_secret_borrow(derived), aad, wd_rd_rest(&rd), ret_plain);
}
