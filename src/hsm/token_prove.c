/*
 * Whether a key is the one it is said to be, by what it does: a token that
 * names another public key, or keeps another key than the one it was brought,
 * must not pass.
 */
#include "hsm/token_in.h"

#include "crypto/aead.h"
#include "crypto/rand.h"
#include "crypto/sig.h"

enum { TRIAL = 32 };

static int
other(struct wd_token *t, struct wd_diag *d)
{
	return wd_reject(d, WD_R_BACKEND_ANSWER,
	    "token %s has another key there than it says", wd_token_name(t));
}

static const struct {
	enum wd_pkey_alg pair;
	enum wd_token_scheme scheme;
	enum wd_sig_alg alg;
} trials[] = {
	{ WD_PKEY_RSA2048, WD_TOKEN_PSS, WD_SIG_PS256 },
	{ WD_PKEY_RSA3072, WD_TOKEN_PSS, WD_SIG_PS256 },
	{ WD_PKEY_RSA4096, WD_TOKEN_PSS, WD_SIG_PS256 },
	{ WD_PKEY_P256, WD_TOKEN_ECDSA, WD_SIG_ES256 },
	{ WD_PKEY_P384, WD_TOKEN_ECDSA, WD_SIG_ES384 },
	{ WD_PKEY_P521, WD_TOKEN_ECDSA, WD_SIG_ES512 },
	{ WD_PKEY_ED25519, WD_TOKEN_EDDSA, WD_SIG_EDDSA },
};

static int
prove_pair(struct wd_token *t, const struct wd_token_object *o,
    const struct wd_pkey *public, struct wd_span trial, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *sig = NULL;
	const struct wd_token_text text = { .bytes = trial };
	struct wd_diag why = { 0 };
	size_t i = 0;
	int r;

	while (trials[i].pair != o->shape->kind.pair)
		if (++i == WD_N(trials))
			return 0;
	r = wd_token_sign_object(t, o, trials[i].scheme, &text, &sig, &why);
	if (r == WD_R_UNSUPPORTED) /* it has not this scheme */
		return 0;
	if (r != 0) {
		*d = why;
		return r;
	}
	r = wd_sig_verify(public, trials[i].alg, trial, wd_secret_borrow(sig));
	return r == 0 ? 0 : other(t, d);
}

static int
prove_aes(struct wd_token *t, const struct wd_token_object *o,
    struct wd_span bytes, struct wd_span trial, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *sealed = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_diag why = { 0 };
	int r = wd_token_seal(t, o, trial, wd_span(NULL, 0), &sealed, &why);

	if (r == WD_R_UNSUPPORTED)
		return 0;
	if (r != 0) {
		*d = why;
		return r;
	}
	r = wd_aead_open(
	    bytes, wd_span(NULL, 0), wd_secret_borrow(sealed), &plain);
	return r == 0 && wd_ct_equal(wd_secret_borrow(plain), trial)
	    ? 0
	    : other(t, d);
}

/* The bytes that were brought have this public half. */
static int
same_public(struct wd_token *t, const struct wd_pkey *public,
    struct wd_span bytes, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *brought = NULL;

	if (bytes.len == 0)
		return 0;
	if (wd_pkey_from_private(bytes, &brought) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no private key");
	return wd_pkey_same_public(brought, public) ? 0 : other(t, d);
}

int
wd_token_prove(struct wd_token *t, const struct wd_token_object *o,
    struct wd_span bytes, struct wd_diag *d)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *public = NULL;
	uint8_t trial[TRIAL];
	int r = wd_rand(trial, sizeof(trial));

	if (r != 0)
		return wd_fault(d, WD_F_CRYPTO, "no random bytes");
	if (o->shape->class == CKO_SECRET_KEY)
		/* Only keys of this length can be tried here. */
		return bytes.len == WD_AEAD_KEY
		    ? prove_aes(t, o, bytes, WD_SPAN(trial), d)
		    : 0;
	if ((r = wd_token_public(t, o, &public, d)) != 0 ||
	    (r = same_public(t, public, bytes, d)) != 0 ||
	    !wd_token_is(t, o->handle, CKA_SIGN))
		return r;
	return prove_pair(t, o, public, WD_SPAN(trial), d);
}
