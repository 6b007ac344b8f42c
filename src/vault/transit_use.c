/*
 * Uses of a key that stays in a Vault. The engine's texts ("vault:v1:…") end
 * here: what is handed on are bytes, and the version of the key apart.
 */
#include "vault/transit.h"

#include "codec/base64.h"
#include "vault/ask.h"

#include <stdio.h>

enum { TEXT_MAX = 256 << 10 };

static void
put_b64(struct wd_vault_ask *a, const char *name, struct wd_span bytes)
{
	wd_jtext_key(&a->j, name);
	wd_jtext_b64(&a->j, bytes);
}

static void
put_aad(struct wd_vault_ask *a, struct wd_span aad)
{
	if (aad.len > 0)
		put_b64(a, "associated_data", aad);
}

/* Where a version is to be named and one is known. */
static void
put_version(struct wd_vault_ask *a, const struct wd_vault_key *k)
{
	if (k->version != 0)
		wd_jtext_key_uint(&a->j, "key_version", k->version);
}

/* "vault:v3:…" in front of what follows. */
static void
put_versioned(struct wd_vault_ask *a, const char *name,
    const struct wd_vault_key *k, struct wd_span bytes, bool url)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TEXT_MAX);

	wd_wr_printf(&wr, "vault:v%u:", (unsigned)k->version);
	if (url)
		wd_b64url_write(&wr, bytes);
	else
		wd_b64_write(&wr, bytes);
	if (wd_wr_end(&wr) != 0)
		wd_wr_fail(&a->body);
	wd_jtext_key(&a->j, name);
	wd_jtext_string(&a->j, wd_wr_span(&wr));
}

static int
take_versioned(const struct wd_jval *data, const char *name, bool url,
    struct wd_bytes **ret, uint32_t *ret_version, struct wd_diag *d)
{
	struct wd_span text = { 0 }, rest = { 0 };
	uint64_t version = 0;
	int r = WD_R_MALFORMED;

	if (wd_jval_text(wd_jval_get(data, name), &text))
		r = wd_vault_versioned(text, &version, &rest);
	if (r == 0)
		r = url ? wd_b64url_decode(rest, ret)
			: wd_b64_decode(rest, ret);
	if (r > 0)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: member %s has not its form", name);
	if (r == 0)
		*ret_version = (uint32_t)version;
	return r;
}

/* ---- encryption */

int
wd_vault_encrypt(struct wd_vault *v, const struct wd_vault_key *k,
    struct wd_span plain, struct wd_span aad, struct wd_bytes **ret,
    uint32_t *ret_version, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	int r = wd_vault_ask_open(&a, k->mount, "encrypt", k->name, d);

	if (r != 0)
		return r;
	put_aad(&a, aad);
	put_version(&a, k);
	put_b64(&a, "plaintext", plain);
	if ((r = wd_vault_ask_post(v, &a, &reply, d)) != 0)
		return r;
	return take_versioned(
	    reply.data, "ciphertext", false, ret, ret_version, d);
}

int
wd_vault_decrypt(struct wd_vault *v, const struct wd_vault_key *k,
    struct wd_span cipher, struct wd_span aad, struct wd_secret **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	int r = wd_vault_ask_open(&a, k->mount, "decrypt", k->name, d);

	if (r != 0)
		return r;
	put_aad(&a, aad);
	put_versioned(&a, "ciphertext", k, cipher, false);
	if ((r = wd_vault_ask_post(v, &a, &reply, d)) != 0)
		return r;
	return wd_vault_secret(reply.data, "plaintext", TEXT_MAX, true, ret, d);
}

int
wd_vault_datakey(struct wd_vault *v, const struct wd_vault_key *k,
    unsigned bits, struct wd_secret **ret_key, struct wd_bytes **ret_wrapped,
    uint32_t *ret_version, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	int r =
	    wd_vault_ask_open(&a, k->mount, "datakey/plaintext", k->name, d);

	if (r != 0)
		return r;
	wd_jtext_key_uint(&a.j, "bits", bits);
	if ((r = wd_vault_ask_post(v, &a, &reply, d)) != 0 ||
	    (r = wd_vault_secret(
		 reply.data, "plaintext", TEXT_MAX, true, &key, d)) != 0)
		return r;
	if (wd_secret_len(key) != bits / 8)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: a fresh key of another size");
	r = take_versioned(
	    reply.data, "ciphertext", false, ret_wrapped, ret_version, d);
	if (r == 0)
		*ret_key = WD_TAKE(key);
	return r;
}

/* ---- signatures */

static const struct scheme {
	const char *algorithm, *marshaling, *salt; /* NULL: not said */
	bool url; /* the signature is in base64url */
} schemes[WD_VAULT_SCHEMES] = {
	[WD_VAULT_RSA_PSS] = { "pss", NULL, "hash", false },
	[WD_VAULT_RSA_PKCS1] = { "pkcs1v15", NULL, NULL, false },
	[WD_VAULT_ECDSA] = { NULL, "jws", NULL, true },
	[WD_VAULT_ED25519] = { NULL, NULL, NULL, false },
};

static void
put_if(struct wd_vault_ask *a, const char *name, const char *value)
{
	if (value != NULL)
		wd_jtext_key_text(&a->j, name, value);
}

static void
put_hashed(struct wd_vault_ask *a, const struct wd_vault_sign *how)
{
	if (how->hashed)
		wd_jtext_key_bool(&a->j, "prehashed", true);
}

static int
open_signature(struct wd_vault_ask *a, const char *what,
    const struct wd_vault_key *k, const struct wd_vault_sign *how,
    struct wd_diag *d)
{
	int r = wd_vault_ask_open(a, k->mount, what, k->name, d);

	if (r != 0)
		return r;
	put_if(a, "hash_algorithm", how->hash);
	put_b64(a, "input", how->message);
	return 0;
}

int
wd_vault_sign(struct wd_vault *v, const struct wd_vault_key *k,
    const struct wd_vault_sign *how, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	const struct scheme *s = &schemes[how->scheme];
	uint32_t version;
	int r = open_signature(&a, "sign", k, how, d);

	if (r != 0)
		return r;
	put_version(&a, k);
	put_if(&a, "marshaling_algorithm", s->marshaling);
	put_hashed(&a, how);
	put_if(&a, "salt_length", s->salt);
	put_if(&a, "signature_algorithm", s->algorithm);
	if ((r = wd_vault_ask_post(v, &a, &reply, d)) != 0)
		return r;
	return take_versioned(
	    reply.data, "signature", s->url, ret, &version, d);
}

int
wd_vault_verify(struct wd_vault *v, const struct wd_vault_key *k,
    const struct wd_vault_sign *how, struct wd_span sig, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	const struct scheme *s = &schemes[how->scheme];
	bool valid = false;
	int r = open_signature(&a, "verify", k, how, d);

	if (r != 0)
		return r;
	put_if(&a, "marshaling_algorithm", s->marshaling);
	put_hashed(&a, how);
	put_if(&a, "salt_length", s->salt);
	put_versioned(&a, "signature", k, sig, s->url);
	put_if(&a, "signature_algorithm", s->algorithm);
	if ((r = wd_vault_ask_post(v, &a, &reply, d)) != 0)
		return r;
	if (!wd_jval_bool(wd_jval_get(reply.data, "valid"), &valid))
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: it does not say whether it verifies");
	return valid
	    ? 0
	    : wd_reject(d, WD_R_MISMATCH, "vault: the signature is not good");
}
