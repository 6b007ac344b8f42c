/*
 * Signatures over what a PKCS#11 caller has hashed already. The holder signs
 * bytes it cannot judge; so lengths are checked here and nothing is padded or
 * cut to fit.
 */
#include "base/alloc.h"
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

/* What is kept between signatures. */
struct wd_signer {
	const struct wd_pkey *key;
	EVP_PKEY_CTX *ctx; /* NULL: none; else ready for PARAMS */
	struct wd_raw_params params;
};

static void
signer_done(struct wd_signer *s)
{
	wd_evp_pkey_ctx_freep(&s->ctx);
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

static bool
setup(EVP_PKEY_CTX *ctx, const struct wd_raw_params *params)
{
	if (EVP_PKEY_sign_init(ctx) != 1)
		return false;
	if (params->kind == WD_RAW_RSA_PSS)
		return pss_setup(ctx, params);
	return params->kind == WD_RAW_ECDSA ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
}

static bool
is_ready(const struct wd_signer *s, const struct wd_raw_params *params)
{
	return s->ctx != NULL && s->params.kind == params->kind &&
	    (params->kind != WD_RAW_RSA_PSS ||
		(s->params.hash == params->hash &&
		    s->params.mgf == params->mgf &&
		    s->params.salt_len == params->salt_len));
}

static int
make_ready(struct wd_signer *s, const struct wd_raw_params *params)
{
	if (is_ready(s, params))
		return 0;
	signer_done(s);
	s->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->key->evp, NULL);
	if (s->ctx == NULL || !setup(s->ctx, params)) {
		signer_done(s);
		return wd_lib_fault();
	}
	s->params = *params;
	return 0;
}

static int
rsa_raw(struct wd_signer *s, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t *sig)
{
	size_t len = s->key->row->len;
	int r = make_ready(s, params);

	if (r != 0)
		return r;
	if (EVP_PKEY_sign(s->ctx, sig, &len, digest.p, digest.len) != 1)
		return wd_lib_fault();
	return len == s->key->row->len ? 0 : WD_F_BUG;
}

static int
ecdsa_raw(struct wd_signer *s, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t *sig)
{
	int r = make_ready(s, params);

	return r != 0
	    ? r
	    : wd_ecdsa_sign_with(s->ctx, s->key->row->len, digest, sig);
}

static int
eddsa_raw(struct wd_signer *s, const struct wd_raw_params *params,
    struct wd_span message, uint8_t *sig)
{
	(void)params; /* nothing to choose */
	return wd_ed25519_sign(s->key, message, sig);
}

struct raw_row {
	enum wd_key_family family;
	int (*check)(const struct wd_pkey *, const struct wd_raw_params *,
	    struct wd_span);
	int (*sign)(struct wd_signer *, const struct wd_raw_params *,
	    struct wd_span, uint8_t *);
};

static const struct raw_row rows[] = {
	[WD_RAW_ECDSA] = { WD_FAMILY_EC, ecdsa_check, ecdsa_raw },
	[WD_RAW_RSA_PKCS1] = { WD_FAMILY_RSA, pkcs1_check, rsa_raw },
	[WD_RAW_RSA_PSS] = { WD_FAMILY_RSA, pss_check, rsa_raw },
	[WD_RAW_EDDSA] = { WD_FAMILY_ED25519, eddsa_check, eddsa_raw },
};

/* A context that failed is not used again. */
int
wd_signer_sign(struct wd_signer *s, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
{
	const struct raw_row *row = &rows[params->kind];
	uint8_t sig[WD_SIG_MAX];
	int r;

	if (!s->key->is_private || row->family != s->key->row->family)
		return WD_R_KEY_INVALID;
	r = row->check(s->key, params, digest);
	if (r != 0)
		return r;
	r = row->sign(s, params, digest, sig);
	if (r != 0) {
		signer_done(s);
		return r;
	}
	*ret_len = wd_pkey_sig_len(s->key);
	wd_copy(ret_sig, wd_span(sig, *ret_len));
	return 0;
}

int
wd_sign_raw(const struct wd_pkey *k, const struct wd_raw_params *params,
    struct wd_span digest, uint8_t ret_sig[WD_SIG_MAX], size_t *ret_len)
{
	WD_AUTO(signer_done) struct wd_signer s = { .key = k };

	return wd_signer_sign(&s, params, digest, ret_sig, ret_len);
}

struct wd_signer *
wd_signer_new(const struct wd_pkey *key)
{
	struct wd_signer *s = wd_alloc(sizeof(*s));

	if (s != NULL)
		s->key = key;
	return s;
}

struct wd_signer *
wd_signer_free(struct wd_signer *s)
{
	if (s == NULL)
		return NULL;
	signer_done(s);
	return wd_free(s);
}

void
wd_signer_freep(struct wd_signer **s)
{
	*s = wd_signer_free(*s);
}
