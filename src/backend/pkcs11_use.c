/*
 * Keys of a token, used there. Signatures are verified here, by the public half
 * that the token gives.
 */
#include "backend/pkcs11_in.h"

#include "crypto/sig.h"

static const struct scheme {
	enum wd_backend_alg alg;
	enum wd_pkey_alg pair; /* WD_PKEY_NONE: any that fits */
	enum wd_token_scheme scheme;
	enum wd_sig_alg verify;
	enum wd_hash hash; /* of RSA */
} schemes[] = {
	{ WD_USE_RSA_PSS, WD_PKEY_NONE, WD_TOKEN_PSS, WD_SIG_PS256, WD_SHA256 },
	{ WD_USE_RSA_PSS_384, WD_PKEY_NONE, WD_TOKEN_PSS, WD_SIG_PS384,
	    WD_SHA384 },
	{ WD_USE_RSA_PSS_512, WD_PKEY_NONE, WD_TOKEN_PSS, WD_SIG_PS512,
	    WD_SHA512 },
	{ WD_USE_RSA_PKCS1, WD_PKEY_NONE, WD_TOKEN_PKCS1, WD_SIG_RS256,
	    WD_SHA256 },
	{ WD_USE_RSA_PKCS1_384, WD_PKEY_NONE, WD_TOKEN_PKCS1, WD_SIG_RS384,
	    WD_SHA384 },
	{ WD_USE_RSA_PKCS1_512, WD_PKEY_NONE, WD_TOKEN_PKCS1, WD_SIG_RS512,
	    WD_SHA512 },
	{ WD_USE_ECDSA, WD_PKEY_P256, WD_TOKEN_ECDSA, WD_SIG_ES256, 0 },
	{ WD_USE_ECDSA, WD_PKEY_P384, WD_TOKEN_ECDSA, WD_SIG_ES384, 0 },
	{ WD_USE_ECDSA, WD_PKEY_P521, WD_TOKEN_ECDSA, WD_SIG_ES512, 0 },
	{ WD_USE_ED25519, WD_PKEY_ED25519, WD_TOKEN_EDDSA, WD_SIG_EDDSA, 0 },
};

static const struct scheme *
scheme_of(const struct wd_backend_work *in)
{
	const struct wd_key_row *row = wd_key_row(in->kind);

	for (size_t i = 0; row != NULL && i < WD_N(schemes); i++)
		if (schemes[i].alg == in->alg &&
		    !(in->hashed && in->alg == WD_USE_ED25519) &&
		    (schemes[i].pair == row->pair ||
			(schemes[i].pair == WD_PKEY_NONE &&
			    row->family == WD_FAMILY_RSA)))
			return &schemes[i];
	return NULL;
}

static int
not_so(struct wd_diag *d)
{
	return wd_reject(
	    d, WD_R_UNSUPPORTED, "a key of this kind is not used so in an HSM");
}

static int
sign(struct wd_backend_pkcs11 *b, const struct wd_hsm_uri *u,
    const struct wd_backend_work *in, struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_token_text text = { .bytes = in->input,
		.hashed = in->hashed };
	const struct scheme *s = scheme_of(in);

	if (s == NULL)
		return not_so(d);
	text.hash = s->hash;
	return wd_token_sign(b->t, u, s->scheme, &text, ret, d);
}

static int
verify(struct wd_backend_pkcs11 *b, const struct wd_hsm_uri *u,
    const struct wd_backend_work *in, struct wd_diag *d)
{
	WD_AUTO(wd_token_key_done) struct wd_token_key k = { 0 };
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = NULL;
	const struct scheme *s = scheme_of(in);
	int r;

	if (s == NULL)
		return not_so(d);
	if ((r = wd_token_find(b->t, u, &k, d)) != 0)
		return r;
	r = k.spki == NULL ? WD_R_KEY_INVALID
			   : wd_pkey_from_spki(wd_bytes_span(k.spki), &public);
	if (r == 0)
		r = (in->hashed ? wd_sig_verify_digest : wd_sig_verify)(
		    public, s->verify, in->input, in->signature);
	if (r < 0)
		return wd_fault(d, WD_F_CRYPTO, "no signature is verified");
	if (r == WD_R_MISMATCH)
		return wd_reject(
		    d, WD_R_MISMATCH, "the key has not made this signature");
	return r == 0 ? 0 : not_so(d);
}

static int
use(struct wd_backend_pkcs11 *b, const struct wd_hsm_uri *u,
    const struct wd_backend_work *in, struct wd_secret **ret, struct wd_diag *d)
{
	const struct wd_key_row *row = wd_key_row(in->kind);
	enum wd_key_family family = row == NULL ? WD_FAMILY_NONE : row->family;
	bool fits = (in->alg == WD_USE_AES_GCM && family == WD_FAMILY_AES) ||
	    (in->alg == WD_USE_RSA_OAEP && family == WD_FAMILY_RSA &&
		in->use == WD_USE_DECRYPT);

	switch (in->use) {
	case WD_USE_ENCRYPT:
		return !fits
		    ? not_so(d)
		    : wd_token_encrypt(b->t, u, in->input, in->aad, ret, d);
	case WD_USE_DECRYPT:
		return !fits
		    ? not_so(d)
		    : wd_token_decrypt(b->t, u, in->input, in->aad, ret, d);
	case WD_USE_SIGN:
		return sign(b, u, in, ret, d);
	case WD_USE_VERIFY:
		return verify(b, u, in, d);
	}
	return not_so(d);
}

int
wd_pkcs11_use(void *x, const struct wd_backend_work *in, int64_t deadline,
    struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_hsm_uri u;
	int r = wd_pkcs11_locator(in->locator, &u, d);

	if (r != 0)
		return r;
	wd_pkcs11_watch(deadline);
	r = use(x, &u, in, ret, d);
	wd_pkcs11_watch_end();
	return r;
}
