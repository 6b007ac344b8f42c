/*
 * Keys of the transit engine, used there.
 */
#include "backend/vault_in.h"

#include "crypto/aead.h"

/* A locator of a key that stays, as the client takes it. */
static struct wd_vault_key
key_of(const struct wd_vault_locator *l)
{
	return (struct wd_vault_key){ l->mount, l->path, (uint32_t)l->version };
}

static int
to_secret(struct wd_bytes *b, struct wd_secret **ret, struct wd_diag *d)
{
	*ret = wd_secret_copy(wd_bytes_span(b));
	return *ret != NULL ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

static int
encrypt(struct wd_backend_vault *x, const struct wd_vault_key *k,
    const struct wd_backend_work *in, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *cipher = NULL;
	uint32_t version = 0;
	int r;

	if (in->alg != WD_USE_AES_GCM)
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "vault: this key does not encrypt so");
	r = wd_vault_encrypt(x->v, k, in->input, in->aad, &cipher, &version, d);
	if (r == 0 &&
	    (version != k->version ||
		cipher->len != in->input.len + WD_AEAD_EXTRA))
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: ciphertext of another form");
	return r != 0 ? r : to_secret(cipher, ret, d);
}

static int
decrypt(struct wd_backend_vault *x, const struct wd_vault_key *k,
    const struct wd_backend_work *in, struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r;

	if (in->alg != WD_USE_AES_GCM && in->alg != WD_USE_RSA_OAEP)
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "vault: this key does not decrypt so");
	r = wd_vault_decrypt(x->v, k, in->input, in->aad, ret, &why);
	if (r == WD_R_MALFORMED)
		return wd_reject(
		    d, WD_R_MISMATCH, "vault: the key does not decrypt it");
	if (r != 0 && d != NULL && d->result == 0)
		*d = why;
	return r;
}

/* ---- signatures */

static const char *
hash_of(const struct wd_backend_work *in)
{
	if (in->alg == WD_USE_ED25519)
		return NULL;
	if (in->alg == WD_USE_ECDSA && in->kind == WD_KEY_P384)
		return "sha2-384";
	if (in->alg == WD_USE_ECDSA && in->kind == WD_KEY_P521)
		return "sha2-512";
	if (in->alg == WD_USE_RSA_PSS_384 || in->alg == WD_USE_RSA_PKCS1_384)
		return "sha2-384";
	if (in->alg == WD_USE_RSA_PSS_512 || in->alg == WD_USE_RSA_PKCS1_512)
		return "sha2-512";
	return "sha2-256";
}

static int
how_of(const struct wd_backend_work *in, struct wd_vault_sign *ret,
    struct wd_diag *d)
{
	static const enum wd_vault_scheme schemes[] = {
		[WD_USE_RSA_PSS] = WD_VAULT_RSA_PSS,
		[WD_USE_RSA_PKCS1] = WD_VAULT_RSA_PKCS1,
		[WD_USE_RSA_PSS_384] = WD_VAULT_RSA_PSS,
		[WD_USE_RSA_PSS_512] = WD_VAULT_RSA_PSS,
		[WD_USE_RSA_PKCS1_384] = WD_VAULT_RSA_PKCS1,
		[WD_USE_RSA_PKCS1_512] = WD_VAULT_RSA_PKCS1,
		[WD_USE_ECDSA] = WD_VAULT_ECDSA,
		[WD_USE_ED25519] = WD_VAULT_ED25519,
	};

	if (in->alg < WD_USE_RSA_PSS || in->alg > WD_USE_RSA_PKCS1_512 ||
	    (in->hashed && in->alg == WD_USE_ED25519))
		return wd_reject(
		    d, WD_R_UNSUPPORTED, "vault: this key does not sign so");
	*ret = (struct wd_vault_sign){ schemes[in->alg], hash_of(in), in->input,
		in->hashed };
	return 0;
}

static int
sign(struct wd_backend_vault *x, const struct wd_vault_key *k,
    const struct wd_backend_work *in, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sig = NULL;
	struct wd_vault_sign how;
	int r = how_of(in, &how, d);

	if (r == 0)
		r = wd_vault_sign(x->v, k, &how, &sig, d);
	return r != 0 ? r : to_secret(sig, ret, d);
}

static int
verify(struct wd_backend_vault *x, const struct wd_vault_key *k,
    const struct wd_backend_work *in, struct wd_diag *d)
{
	struct wd_vault_sign how;
	int r = how_of(in, &how, d);

	return r != 0 ? r : wd_vault_verify(x->v, k, &how, in->signature, d);
}

int
wd_vault_use(struct wd_backend_vault *x, const struct wd_backend_work *in,
    struct wd_secret **ret, struct wd_diag *d)
{
	struct wd_vault_locator l;
	struct wd_vault_key k;
	int r = wd_vault_locator_read(in->locator, &l, d);

	if (r != 0)
		return r;
	if (l.sort != WD_VAULT_STAYS)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "vault: only keys of the transit engine are used there");
	k = key_of(&l);
	switch (in->use) {
	case WD_USE_ENCRYPT:
		return encrypt(x, &k, in, ret, d);
	case WD_USE_DECRYPT:
		return decrypt(x, &k, in, ret, d);
	case WD_USE_SIGN:
		return sign(x, &k, in, ret, d);
	case WD_USE_VERIFY:
		return verify(x, &k, in, d);
	}
	return wd_reject(d, WD_R_UNSUPPORTED, "no such use of a key");
}
