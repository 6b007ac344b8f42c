/*
 * What keys do, by family. Secrets are only ever in struct wd_secret; what a
 * backend gave is held to what was asked before it counts.
 */
#include "broker/use_in.h"

#include "crypto/aead.h"
#include "crypto/ecdh.h"

enum { OAEP_OVERHEAD = 2 * 32 + 2 };

int
wd_use_not_decrypted(struct wd_diag *d)
{
	return wd_reject(
	    d, WD_R_MISMATCH, "this is nothing that the key decrypts");
}

int
wd_use_aad(struct wd_span head, struct wd_span aad, uint8_t room[WD_USE_ROOM],
    struct wd_span *ret)
{
	struct wd_wr wr = wd_wr_fixed(room, WD_USE_ROOM);

	wd_wr_bytes(&wr, head);
	wd_wr_bytes(&wr, aad);
	*ret = wd_wr_span(&wr);
	return wd_wr_end(&wr) == 0 ? 0 : WD_R_TOO_LARGE;
}

static int
fault(struct wd_using *u)
{
	return wd_fault(u->d, WD_F_CRYPTO, "the key could not be used");
}

int
wd_use_wrong_answer(struct wd_diag *d)
{
	return wd_reject(d, WD_R_BACKEND_ANSWER,
	    "the backend's answer is not of the form it must have");
}

/* What is to be encrypted: the caller's, or the new key. */
static struct wd_span
plain_of(const struct wd_using *u)
{
	return u->w->use == WD_KEYUSE_DATAKEY ? wd_secret_borrow(u->x->datakey)
					      : u->w->input;
}

static int
take_output(struct wd_using *u, struct wd_wr *wr)
{
	return wd_wr_take(wr, &u->done.output) == 0
	    ? 0
	    : wd_fault(u->d, WD_F_MEMORY, "no memory");
}

/* HEAD and BODY in a row. */
static int
put_envelope(struct wd_using *u, struct wd_span head, struct wd_span body)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_KEYUSE_CIPHER_MAX);

	wd_wr_bytes(&wr, head);
	wd_wr_bytes(&wr, body);
	return take_output(u, &wr);
}

static struct wd_span
head_of(const struct wd_using *u, enum wd_envelope_how how,
    uint8_t room[WD_ENVELOPE_HEAD])
{
	struct wd_wr wr = wd_wr_fixed(room, WD_ENVELOPE_HEAD);

	wd_envelope_head(
	    &wr, how, &u->thing->key.id, u->thing->version.version);
	return wd_wr_span(&wr);
}

/* The new key goes to the caller too, unless that was not wanted. */
static int
give_datakey(struct wd_using *u)
{
	if (u->w->use != WD_KEYUSE_DATAKEY || u->w->wrapped)
		return 0;
	u->done.plain = WD_TAKE(u->x->datakey);
	return 0;
}

/* ---- AES */

static int
aes_check(struct wd_using *u)
{
	if (u->kind->kind != WD_KEY_AES256)
		return wd_reject(u->d, WD_R_UNSUPPORTED,
		    "of AES keys only those of 256 bits encrypt here");
	if (u->w->use == WD_KEYUSE_DECRYPT && u->envelope.how == 0)
		return wd_reject(
		    u->d, WD_R_MALFORMED, "the ciphertext is no envelope");
	return 0;
}

static int
aes_encrypt(struct wd_using *u)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *body = NULL;
	uint8_t room[WD_USE_ROOM], head_room[WD_ENVELOPE_HEAD];
	struct wd_span head = head_of(u, WD_ENVELOPE_XAES, head_room), aad;
	int r = wd_use_aad(head, u->w->aad, room, &aad);

	if (r != 0)
		return wd_reject(u->d, WD_R_TOO_LARGE, "too much to go with");
	if (wd_xaes_seal(wd_secret_borrow(u->bytes), aad, plain_of(u), &body) !=
	    0)
		return fault(u);
	r = put_envelope(u, head, wd_bytes_span(body));
	return r != 0 ? r : give_datakey(u);
}

static int
aes_encrypted(struct wd_using *u)
{
	uint8_t head_room[WD_ENVELOPE_HEAD];
	struct wd_span head = head_of(u, WD_ENVELOPE_GCM, head_room);
	int r;

	if (u->answer.len != plain_of(u).len + WD_AEAD_EXTRA)
		return wd_use_wrong_answer(u->d);
	r = put_envelope(u, head, u->answer);
	return r != 0 ? r : give_datakey(u);
}

static int
aes_decrypt(struct wd_using *u)
{
	struct wd_span key = wd_secret_borrow(u->bytes), aad;
	uint8_t room[WD_USE_ROOM];
	int r = wd_use_aad(u->envelope.head, u->w->aad, room, &aad);

	if (r != 0)
		return wd_use_not_decrypted(u->d);
	switch (u->envelope.how) {
	case WD_ENVELOPE_XAES:
		r = wd_xaes_open(key, aad, u->body, &u->done.plain);
		break;
	case WD_ENVELOPE_GCM:
		r = wd_aead_open(key, aad, u->body, &u->done.plain);
		break;
	case WD_ENVELOPE_OAEP:
		r = WD_R_TAMPERED;
		break;
	}
	if (r < 0)
		return fault(u);
	return r > 0 ? wd_use_not_decrypted(u->d) : 0;
}

static int
take_plain(struct wd_using *u)
{
	u->done.plain = wd_secret_copy(u->answer);
	return u->done.plain != NULL ? 0
				     : wd_fault(u->d, WD_F_MEMORY, "no memory");
}

static int
aes_decrypted(struct wd_using *u)
{
	if (u->answer.len + WD_AEAD_EXTRA != u->body.len)
		return wd_use_wrong_answer(u->d);
	return take_plain(u);
}

/* ---- RSA */

static int
rsa_check(struct wd_using *u)
{
	size_t len = u->kind->bits / 8;

	if (u->w->aad.len > 0)
		return wd_reject(
		    u->d, WD_R_UNSUPPORTED, "RSA keys take no data to go with");
	if (u->w->use != WD_KEYUSE_DECRYPT)
		return u->w->input.len <= len - OAEP_OVERHEAD
		    ? 0
		    : wd_reject(u->d, WD_R_TOO_LARGE,
			  "a key of kind %s encrypts at most %zu bytes",
			  u->kind->name, len - OAEP_OVERHEAD);
	if (u->envelope.how == 0 && u->w->input.len != len)
		return wd_reject(u->d, WD_R_MALFORMED,
		    "the ciphertext is no envelope, and not as long as one of "
		    "RSA");
	return 0;
}

static int
public_key(struct wd_using *u, struct wd_pkey **ret)
{
	if (wd_pkey_from_spki(wd_bytes_span(u->thing->version.spki), ret) != 0)
		return fault(u);
	return 0;
}

static int
private_key(struct wd_using *u, struct wd_pkey **ret)
{
	if (wd_pkey_from_own(wd_secret_borrow(u->bytes), ret) != 0)
		return fault(u);
	return 0;
}

static int
rsa_encrypt(struct wd_using *u)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *body = NULL;
	uint8_t room[WD_ENVELOPE_HEAD];
	int r = public_key(u, &key);

	if (r != 0)
		return r;
	if (wd_oaep256_encrypt(key, plain_of(u), &body) != 0)
		return fault(u);
	r = put_envelope(
	    u, head_of(u, WD_ENVELOPE_OAEP, room), wd_bytes_span(body));
	return r != 0 ? r : give_datakey(u);
}

static int
rsa_decrypt(struct wd_using *u)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	int r = private_key(u, &key);

	if (r != 0)
		return r;
	if (u->envelope.how != 0 && u->envelope.how != WD_ENVELOPE_OAEP)
		return wd_use_not_decrypted(u->d);
	r = wd_oaep256_decrypt(key, u->body, &u->done.plain);
	if (r < 0)
		return fault(u);
	return r > 0 ? wd_use_not_decrypted(u->d) : 0;
}

static int
rsa_decrypted(struct wd_using *u)
{
	if (u->answer.len > u->kind->bits / 8 - OAEP_OVERHEAD)
		return wd_use_wrong_answer(u->d);
	return take_plain(u);
}

/* ---- signatures */

static const struct {
	enum wd_sig_alg alg;
	enum wd_backend_alg backend;
} sigs[] = {
	[WD_KEYSIG_PS256] = { WD_SIG_PS256, WD_USE_RSA_PSS },
	[WD_KEYSIG_PS384] = { WD_SIG_PS384, WD_USE_RSA_PSS_384 },
	[WD_KEYSIG_PS512] = { WD_SIG_PS512, WD_USE_RSA_PSS_512 },
	[WD_KEYSIG_RS256] = { WD_SIG_RS256, WD_USE_RSA_PKCS1 },
	[WD_KEYSIG_RS384] = { WD_SIG_RS384, WD_USE_RSA_PKCS1_384 },
	[WD_KEYSIG_RS512] = { WD_SIG_RS512, WD_USE_RSA_PKCS1_512 },
	[WD_KEYSIG_ES256] = { WD_SIG_ES256, WD_USE_ECDSA },
	[WD_KEYSIG_ES384] = { WD_SIG_ES384, WD_USE_ECDSA },
	[WD_KEYSIG_ES512] = { WD_SIG_ES512, WD_USE_ECDSA },
	[WD_KEYSIG_EDDSA] = { WD_SIG_EDDSA, WD_USE_ED25519 },
};

enum wd_backend_alg
wd_use_backend_alg(enum wd_keysig sig)
{
	return sigs[sig].backend;
}

static int
digest_check(struct wd_using *u)
{
	size_t len = wd_keysig_hash_len(u->sig);

	if (len == 0)
		return wd_reject(u->d, WD_R_UNSUPPORTED,
		    "Ed25519 signs messages, not their digests");
	if (u->w->input.len != len)
		return wd_reject(u->d, WD_R_RANGE,
		    "a digest for %s has %zu bytes, not %zu",
		    wd_keysig_name(u->sig), len, u->w->input.len);
	return 0;
}

static int
sig_check(struct wd_using *u)
{
	const char *name = wd_keysig_name(u->w->sig);

	u->sig = u->w->sig == WD_KEYSIG_NONE ? wd_keysig_of(u->kind->kind)
					     : u->w->sig;
	u->done.sig = u->sig;
	if (wd_keysig_fits(u->sig, u->kind->kind))
		return u->w->hashed ? digest_check(u) : 0;
	return wd_reject(u->d, WD_R_UNSUPPORTED,
	    "keys of kind %s do not sign by %s", u->kind->name,
	    name == NULL ? "that" : name);
}

static int
sign(struct wd_using *u)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	uint8_t sig[WD_SIG_MAX];
	size_t len = 0;
	int r = private_key(u, &key);

	if (r != 0)
		return r;
	r = (u->w->hashed ? wd_sign_digest : wd_sign)(
	    key, sigs[u->sig].alg, u->w->input, sig, &len);
	if (r != 0)
		return fault(u);
	u->done.output = wd_bytes_copy(wd_span(sig, len));
	return u->done.output != NULL
	    ? 0
	    : wd_fault(u->d, WD_F_MEMORY, "no memory");
}

/* RET: whether SIG is one. */
static int
check_signature(struct wd_using *u, struct wd_span sig, bool *ret)
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *key = NULL;
	int r = public_key(u, &key);

	if (r != 0)
		return r;
	r = (u->w->hashed ? wd_sig_verify_digest : wd_sig_verify)(
	    key, sigs[u->sig].alg, u->w->input, sig);
	if (r != 0 && r != WD_R_MISMATCH)
		return fault(u);
	*ret = r == 0;
	return 0;
}

/* By the key that is registered, or it is none. */
static int
signed_there(struct wd_using *u)
{
	bool good = false;
	int r = check_signature(u, u->answer, &good);

	if (r != 0)
		return r;
	if (!good)
		return wd_use_wrong_answer(u->d);
	u->done.output = wd_bytes_copy(u->answer);
	return u->done.output != NULL
	    ? 0
	    : wd_fault(u->d, WD_F_MEMORY, "no memory");
}

static int
verify(struct wd_using *u)
{
	return check_signature(u, u->w->signature, &u->done.valid);
}

#define AES (1u << WD_FAMILY_AES)
#define RSA (1u << WD_FAMILY_RSA)
#define PAIRS (RSA | 1u << WD_FAMILY_EC | 1u << WD_FAMILY_ED25519)

static const struct wd_use_row rows[] = {
	{ WD_KEYUSE_ENCRYPT, AES, true, aes_check, aes_encrypt, aes_encrypted },
	{ WD_KEYUSE_DATAKEY, AES, true, aes_check, aes_encrypt, aes_encrypted },
	{ WD_KEYUSE_DECRYPT, AES, true, aes_check, aes_decrypt, aes_decrypted },
	{ WD_KEYUSE_ENCRYPT, RSA, false, rsa_check, rsa_encrypt, NULL },
	{ WD_KEYUSE_DATAKEY, RSA, false, rsa_check, rsa_encrypt, NULL },
	{ WD_KEYUSE_DECRYPT, RSA, true, rsa_check, rsa_decrypt, rsa_decrypted },
	{ WD_KEYUSE_SIGN, PAIRS, true, sig_check, sign, signed_there },
	{ WD_KEYUSE_VERIFY, PAIRS, false, sig_check, verify, NULL },
};

const struct wd_use_row *
wd_use_row(enum wd_keyuse use, enum wd_key_family family)
{
	for (size_t i = 0; i < WD_N(rows); i++)
		if (rows[i].use == use && (rows[i].families >> family & 1) != 0)
			return &rows[i];
	return NULL;
}
