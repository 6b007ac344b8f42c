/*
 * Signatures over what a PKCS#11 caller has hashed already. The holder signs
 * bytes it cannot judge; so lengths are checked here and nothing is padded or
 * cut to fit.
 */
#include "crypto/ecdsa.h"
#include "crypto/sig.h"

#include <openssl/rsa.h>

enum {
	PKCS1_OVERHEAD = 11, /* RFC 8017, section 7.2.1 */
	PSS_OVERHEAD = 2     /* section 9.1.1 */
};

static int
pkcs1_check(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span digest)
{
	(void)params; /* any DigestInfo: its hash is inside */
	return digest.len == 0 || digest.len > k->row->len - PKCS1_OVERHEAD
	    ? WD_R_RANGE
	    : 0;
}

/* SHA-1 is here for old PCR banks, not for new signatures. */
static int
pss_check(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span digest)
{
	size_t hash_len = wd_hash_len(params->hash);

	if (params->hash == WD_SHA1 || params->mgf == WD_SHA1 ||
	    digest.len != hash_len || params->salt_len > hash_len ||
	    hash_len + params->salt_len + PSS_OVERHEAD > k->row->len)
		return WD_R_RANGE;
	return 0;
}

/* A longer digest is cut to the order's size by ECDSA itself. */
static int
ecdsa_check(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span digest)
{
	(void)k;      /* every curve takes every digest */
	(void)params; /* nothing to choose */
	return digest.len == 0 || digest.len > WD_HASH_MAX ? WD_R_RANGE : 0;
}

static int
eddsa_check(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span message)
{
	(void)k;       /* one curve */
	(void)params;  /* nothing to choose */
	(void)message; /* any length, none included */
	return 0;
}

static bool
pss_setup(EVP_PKEY_CTX *ctx, const struct wd_raw_params *params)
{
	const struct wd_lib *lib = wd_lib();

	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, lib->md[params->hash]) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, lib->md[params->mgf]) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)params->salt_len) == 1;
}

static int
rsa_raw(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t *sig)
{
	WD_AUTO(wd_evp_pkey_ctx_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->evp, NULL);
	size_t len = k->row->len;
	bool ready;

	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1)
		return wd_lib_fault();
	ready = params->kind == WD_RAW_RSA_PSS
	    ? pss_setup(ctx, params)
	    : EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	if (!ready || EVP_PKEY_sign(ctx, sig, &len, digest.p, digest.len) != 1)
		return wd_lib_fault();
	return len == k->row->len ? 0 : WD_F_BUG;
}

static int
ecdsa_raw(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t *sig)
{
	(void)params; /* nothing to choose */
	return wd_ecdsa_sign(k, digest, sig);
}

static int
eddsa_raw(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span message, uint8_t *sig)
{
	(void)params; /* nothing to choose */
	return wd_ed25519_sign(k, message, sig);
}

struct raw_row {
	enum wd_key_family family;
	int (*check)(const struct wd_pkey *, const struct wd_raw_params *,
	    struct wd_span);
	int (*sign)(const struct wd_pkey *, const struct wd_raw_params *,
	    struct wd_span, uint8_t *);
};

static const struct raw_row rows[] = {
	[WD_RAW_ECDSA] = { WD_FAMILY_EC, ecdsa_check, ecdsa_raw },
	[WD_RAW_RSA_PKCS1] = { WD_FAMILY_RSA, pkcs1_check, rsa_raw },
	[WD_RAW_RSA_PSS] = { WD_FAMILY_RSA, pss_check, rsa_raw },
	[WD_RAW_EDDSA] = { WD_FAMILY_ED25519, eddsa_check, eddsa_raw },
};

int
wd_sign_raw(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
{
	const struct raw_row *row = &rows[params->kind];
	uint8_t sig[WD_SIG_MAX];
	int r;

	if (!k->is_private || row->family != k->row->family)
		return WD_R_KEY_INVALID;
	if ((r = row->check(k, params, digest)) != 0 ||
	    (r = row->sign(k, params, digest, sig)) != 0)
		return r;
	*ret_len = wd_pkey_sig_len(k);
	wd_copy(ret_sig, wd_span(sig, *ret_len));
	return 0;
}
