/*
 * Signatures over messages: one table row per algorithm, one way each for
 * ECDSA, RSA and Ed25519.
 */
#include "crypto/sig.h"

#include "crypto/ecdsa.h"

#include <openssl/rsa.h>

struct sig_row {
	enum wd_key_family family;
	enum wd_hash hash;
	enum wd_pkey_alg curve; /* ECDSA: the only one */
	int padding;            /* RSA */
};

static const struct sig_row rows[] = {
	[WD_SIG_ES256] = { WD_FAMILY_EC, WD_SHA256, WD_PKEY_P256, 0 },
	[WD_SIG_ES384] = { WD_FAMILY_EC, WD_SHA384, WD_PKEY_P384, 0 },
	[WD_SIG_ES512] = { WD_FAMILY_EC, WD_SHA512, WD_PKEY_P521, 0 },
	[WD_SIG_RS256] = { WD_FAMILY_RSA, WD_SHA256, 0, RSA_PKCS1_PADDING },
	[WD_SIG_RS384] = { WD_FAMILY_RSA, WD_SHA384, 0, RSA_PKCS1_PADDING },
	[WD_SIG_RS512] = { WD_FAMILY_RSA, WD_SHA512, 0, RSA_PKCS1_PADDING },
	[WD_SIG_PS256] = { WD_FAMILY_RSA, WD_SHA256, 0, RSA_PKCS1_PSS_PADDING },
	[WD_SIG_PS384] = { WD_FAMILY_RSA, WD_SHA384, 0, RSA_PKCS1_PSS_PADDING },
	[WD_SIG_PS512] = { WD_FAMILY_RSA, WD_SHA512, 0, RSA_PKCS1_PSS_PADDING },
	[WD_SIG_EDDSA] = { WD_FAMILY_ED25519, WD_SHA512, 0, 0 },
};

static bool
fits(const struct sig_row *row, const struct wd_pkey *k)
{
	if (row->family != k->row->family)
		return false;
	return row->family != WD_FAMILY_EC || row->curve == k->row->alg;
}

/* PSS with MGF1 of the same hash and a salt as long as the hash. */
static bool
rsa_setup(EVP_PKEY_CTX *ctx, const struct sig_row *row)
{
	const EVP_MD *md = wd_lib()->md[row->hash];

	if (EVP_PKEY_CTX_set_rsa_padding(ctx, row->padding) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
		return false;
	return row->padding != RSA_PKCS1_PSS_PADDING ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static int
rsa_verify_digest(const struct wd_pkey *k, const struct sig_row *row,
    struct wd_span digest, struct wd_span sig)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;

	if (sig.len != k->row->len)
		return WD_R_MISMATCH;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
	    !rsa_setup(ctx, row))
		return wd_lib_fault();
	return wd_lib_verified(ctx,
	    EVP_PKEY_verify(ctx, sig.p, sig.len, digest.p, digest.len), sig,
	    digest);
}

static int
rsa_verify(const struct wd_pkey *k, const struct sig_row *row,
    struct wd_span message, struct wd_span sig)
{
	uint8_t digest[WD_HASH_MAX];
	int r;

	if (sig.len != k->row->len)
		return WD_R_MISMATCH;
	if ((r = wd_hash(row->hash, message, digest)) != 0)
		return r;
	return rsa_verify_digest(
	    k, row, wd_span(digest, wd_hash_len(row->hash)), sig);
}

static int
ec_verify_parts(const struct wd_pkey *k, const struct sig_row *row,
    const struct wd_span *parts, size_t n_parts, struct wd_span sig)
{
	uint8_t digest[WD_HASH_MAX];
	int r;

	if (sig.len != 2 * k->row->len)
		return WD_R_MISMATCH;
	if ((r = wd_hash_parts(row->hash, parts, n_parts, digest)) != 0)
		return r;
	return wd_ecdsa_verify(k, wd_span(digest, wd_hash_len(row->hash)), sig);
}

static int
ec_verify(const struct wd_pkey *k, const struct sig_row *row,
    struct wd_span message, struct wd_span sig)
{
	return ec_verify_parts(k, row, &message, 1, sig);
}

int
wd_ec_verify_parts(const struct wd_pkey *k, enum wd_sig_alg alg,
    const struct wd_span *parts, size_t n_parts, struct wd_span sig)
{
	if (rows[alg].family != WD_FAMILY_EC || !fits(&rows[alg], k))
		return WD_R_KEY_INVALID;
	return ec_verify_parts(k, &rows[alg], parts, n_parts, sig);
}

static int
ed25519_verify(const struct wd_pkey *k, const struct sig_row *row,
    struct wd_span message, struct wd_span sig)
{
	WD_AUTO(wd_evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	(void)row; /* the hash is part of the algorithm */
	if (sig.len != 64)
		return WD_R_MISMATCH;
	if (ctx == NULL ||
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k->evp) != 1)
		return wd_lib_fault();
	return wd_lib_verdict(
	    EVP_DigestVerify(ctx, sig.p, sig.len, message.p, message.len),
	    WD_R_MISMATCH);
}

int
wd_sig_verify(const struct wd_pkey *k, enum wd_sig_alg alg,
    struct wd_span message, struct wd_span sig)
{
	static int (*const by_family[])(const struct wd_pkey *,
	    const struct sig_row *, struct wd_span, struct wd_span) = {
		[WD_FAMILY_RSA] = rsa_verify,
		[WD_FAMILY_EC] = ec_verify,
		[WD_FAMILY_ED25519] = ed25519_verify,
	};

	if (!fits(&rows[alg], k))
		return WD_R_KEY_INVALID;
	return by_family[k->row->family](k, &rows[alg], message, sig);
}

int
wd_sig_verify_digest(const struct wd_pkey *k, enum wd_sig_alg alg,
    struct wd_span digest, struct wd_span sig)
{
	const struct sig_row *row = &rows[alg];

	if (!fits(row, k) || row->family == WD_FAMILY_ED25519)
		return WD_R_KEY_INVALID;
	if (digest.len != wd_hash_len(row->hash))
		return WD_R_RANGE;
	return row->family == WD_FAMILY_RSA
	    ? rsa_verify_digest(k, row, digest, sig)
	    : wd_ecdsa_verify(k, digest, sig);
}

static int
rsa_sign_digest(const struct wd_pkey *k, const struct sig_row *row,
    struct wd_span digest, uint8_t *sig)
{
	WD_AUTO(wd_evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;
	size_t len = k->row->len;

	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
	    !rsa_setup(ctx, row) ||
	    EVP_PKEY_sign(ctx, sig, &len, digest.p, digest.len) != 1)
		return wd_lib_fault();
	return len == k->row->len ? 0 : WD_F_BUG;
}

static int
rsa_sign(const struct wd_pkey *k, const struct sig_row *row,
    struct wd_span message, uint8_t *sig)
{
	uint8_t digest[WD_HASH_MAX];
	int r = wd_hash(row->hash, message, digest);

	return r != 0 ? r
		      : rsa_sign_digest(k, row,
			    wd_span(digest, wd_hash_len(row->hash)), sig);
}

static int
ec_sign(const struct wd_pkey *k, const struct sig_row *row,
    struct wd_span message, uint8_t *sig)
{
	uint8_t digest[WD_HASH_MAX];
	int r;

	if ((r = wd_hash(row->hash, message, digest)) != 0)
		return r;
	return wd_ecdsa_sign(k, wd_span(digest, wd_hash_len(row->hash)), sig);
}

static int
ed25519_sign(const struct wd_pkey *k, const struct sig_row *row,
    struct wd_span message, uint8_t *sig)
{
	(void)row; /* the hash is part of the algorithm */
	return wd_ed25519_sign(k, message, sig);
}

int
wd_sign(const struct wd_pkey *k, enum wd_sig_alg alg, struct wd_span message,
    uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
{
	static int (*const by_family[])(const struct wd_pkey *,
	    const struct sig_row *, struct wd_span, uint8_t *) = {
		[WD_FAMILY_RSA] = rsa_sign,
		[WD_FAMILY_EC] = ec_sign,
		[WD_FAMILY_ED25519] = ed25519_sign,
	};
	uint8_t sig[WD_SIG_MAX];
	int r;

	if (!k->is_private || !fits(&rows[alg], k))
		return WD_R_KEY_INVALID;
	r = by_family[k->row->family](k, &rows[alg], message, sig);
	if (r != 0)
		return r;
	*ret_len = wd_pkey_sig_len(k);
	wd_copy(ret_sig, wd_span(sig, *ret_len));
	return 0;
}

int
wd_sign_digest(const struct wd_pkey *k, enum wd_sig_alg alg,
    struct wd_span digest, uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
{
	const struct sig_row *row = &rows[alg];
	uint8_t sig[WD_SIG_MAX];
	int r;

	if (!k->is_private || !fits(row, k) || row->family == WD_FAMILY_ED25519)
		return WD_R_KEY_INVALID;
	if (digest.len != wd_hash_len(row->hash))
		return WD_R_RANGE;
	r = row->family == WD_FAMILY_RSA ? rsa_sign_digest(k, row, digest, sig)
					 : wd_ecdsa_sign(k, digest, sig);
	if (r != 0)
		return r;
	*ret_len = wd_pkey_sig_len(k);
	wd_copy(ret_sig, wd_span(sig, *ret_len));
	return 0;
}
