/*
 * Keys of a token, used there. Digests are made here: fewer bytes to the token,
 * and mechanisms that more modules have. Every failure to decrypt counts as
 * wrong bytes, since modules do not agree on what they answer.
 */
#include "hsm/token_in.h"

#include "crypto/rand.h"
#include "crypto/sig.h"

enum { TAG = 16, NONCE = 12, RSA_MAX = 512 };

/* A call from outside, whichever. */
struct use {
	const struct wd_hsm_uri *uri;
	enum wd_token_scheme scheme;
	const struct wd_token_text *text; /* to sign */
	struct wd_span input, aad;
	struct wd_secret *output;
};

static int
run(struct wd_token *t, wd_token_work work, struct use *x,
    struct wd_secret **ret, struct wd_diag *d)
{
	int r = wd_token_run(t, false, work, x, d);

	if (r == 0)
		*ret = WD_TAKE(x->output);
	x->output = wd_secret_free(x->output);
	return r;
}

static int
not_so(struct wd_token *t, const char *what, struct wd_diag *d)
{
	return wd_reject(d, WD_R_UNSUPPORTED,
	    "the key in token %s does not %s so", wd_token_name(t), what);
}

/* A second attempt begins with nothing. */
static uint8_t *
room(struct wd_secret **s, size_t len)
{
	*s = wd_secret_free(*s);
	*s = wd_secret_new(len);
	return *s == NULL ? NULL : wd_secret_bytes(*s);
}

/* ---- AES-GCM, encrypting */

int
wd_token_seal(struct wd_token *t, const struct wd_token_object *o,
    struct wd_span plain, struct wd_span aad, struct wd_secret **ret,
    struct wd_diag *d)
{
	struct wd_token_mechanism x;
	unsigned long len = plain.len + TAG;
	uint8_t *p = room(ret, NONCE + plain.len + TAG);
	ck_rv_t rv;

	if (p == NULL || wd_rand(x.nonce, sizeof(x.nonce)) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory, or no nonce");
	wd_token_gcm(&x, aad);
	rv = t->f->C_EncryptInit(t->session, &x.m, o->handle);
	if (rv == CKR_OK)
		rv = t->f->C_Encrypt(
		    t->session, wd_token_in(plain), plain.len, p + NONCE, &len);
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "encrypt", rv);
	if (len != plain.len + TAG)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s gives a ciphertext of another length",
		    wd_token_name(t));
	/* Tokens that make their own nonces put them there. */
	wd_copy(p, WD_SPAN(x.nonce));
	return 0;
}

static int
encrypt(struct wd_token *t, void *ctx, struct wd_diag *d)
{
	struct use *x = ctx;
	struct wd_token_object o;
	int r = wd_token_handle(t, x->uri, &o, d);

	if (r == 0 && o.shape->type != CKK_AES)
		return not_so(t, "encrypt", d);
	return r != 0 ? r
		      : wd_token_seal(t, &o, x->input, x->aad, &x->output, d);
}

int
wd_token_encrypt(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_span plain, struct wd_span aad, struct wd_secret **ret,
    struct wd_diag *d)
{
	struct use x = { .uri = uri, .input = plain, .aad = aad };

	return run(t, encrypt, &x, ret, d);
}

/* ---- decrypting */

static int
does_not_decrypt(struct wd_token *t, ck_rv_t rv, struct wd_diag *d)
{
	if (wd_token_is_lost(rv) || rv == CKR_MECHANISM_INVALID ||
	    rv == CKR_KEY_FUNCTION_NOT_PERMITTED)
		return wd_token_refuse(t, d, "decrypt", rv);
	return wd_reject(d, WD_R_MISMATCH,
	    "the key in token %s does not decrypt it", wd_token_name(t));
}

static int
decrypt_with(struct wd_token *t, const struct wd_token_object *o,
    struct wd_token_mechanism *m, struct wd_span cipher, struct use *x,
    struct wd_diag *d)
{
	unsigned long len = cipher.len;
	uint8_t *p = room(&x->output, cipher.len);
	ck_rv_t rv;

	if (p == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	rv = t->f->C_DecryptInit(t->session, &m->m, o->handle);
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "decrypt", rv);
	rv = t->f->C_Decrypt(
	    t->session, wd_token_in(cipher), cipher.len, p, &len);
	if (rv != CKR_OK)
		return does_not_decrypt(t, rv, d);
	if (len > cipher.len)
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s gives more than there can be", wd_token_name(t));
	wd_secret_shorten(x->output, len);
	return 0;
}

static int
decrypt(struct wd_token *t, void *ctx, struct wd_diag *d)
{
	struct use *x = ctx;
	struct wd_token_mechanism m;
	struct wd_token_object o;
	struct wd_span cipher = x->input;
	bool rsa;
	int r = wd_token_handle(t, x->uri, &o, d);

	if (r != 0)
		return r;
	rsa = o.shape->type == CKK_RSA;
	if (!rsa && o.shape->type != CKK_AES)
		return not_so(t, "decrypt", d);
	if (rsa ? cipher.len != o.shape->bits / 8 || x->aad.len != 0
		: cipher.len < WD_TOKEN_GCM_EXTRA)
		return wd_reject(d, WD_R_MISMATCH,
		    "the key in token %s does not decrypt what has this length",
		    wd_token_name(t));
	if (rsa) {
		wd_token_oaep(&m, false);
	} else {
		wd_copy(m.nonce, wd_span(cipher.p, NONCE));
		cipher = wd_span(cipher.p + NONCE, cipher.len - NONCE);
		wd_token_gcm(&m, x->aad);
	}
	return decrypt_with(t, &o, &m, cipher, x, d);
}

int
wd_token_decrypt(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_span cipher, struct wd_span aad, struct wd_secret **ret,
    struct wd_diag *d)
{
	struct use x = { .uri = uri, .input = cipher, .aad = aad };

	return run(t, decrypt, &x, ret, d);
}

/* ---- signatures */

static const uint8_t sha256_info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
	0x20 };

static const struct {
	enum wd_token_scheme scheme;
	ck_key_type_t type;
	ck_mechanism_type_t mechanism;
} schemes[] = {
	{ WD_TOKEN_PSS, CKK_RSA, CKM_RSA_PKCS_PSS },
	{ WD_TOKEN_PKCS1, CKK_RSA, CKM_RSA_PKCS },
	{ WD_TOKEN_ECDSA, CKK_EC, CKM_ECDSA },
	{ WD_TOKEN_EDDSA, CKK_EC_EDWARDS, CKM_EDDSA },
};

static enum wd_hash
hash_of(const struct wd_token_object *o, const struct wd_token_text *text)
{
	if (o->shape->type == CKK_RSA)
		return text->hash;
	switch (o->shape->kind.pair) {
	case WD_PKEY_P384:
		return WD_SHA384;
	case WD_PKEY_P521:
		return WD_SHA512;
	default:
		return WD_SHA256;
	}
}

/* DigestInfo up to the digest: the hashes differ in three bytes. */
static void
write_info(enum wd_hash hash, uint8_t *dst)
{
	static const uint8_t ids[] = {
		[WD_SHA256] = 1, [WD_SHA384] = 2, [WD_SHA512] = 3
	};

	wd_copy(dst, WD_SPAN(sha256_info));
	dst[1] = (uint8_t)(sizeof(sha256_info) - 2 + wd_hash_len(hash));
	dst[14] = ids[hash];
	dst[18] = (uint8_t)wd_hash_len(hash);
}

/* What the token is to sign, of TEXT. */
static int
digest(const struct wd_token_object *o, enum wd_token_scheme scheme,
    const struct wd_token_text *text,
    uint8_t dst[sizeof(sha256_info) + WD_HASH_MAX], struct wd_span *ret)
{
	size_t head = scheme == WD_TOKEN_PKCS1 ? sizeof(sha256_info) : 0;
	enum wd_hash hash = hash_of(o, text);
	int r = 0;

	*ret = text->bytes;
	if (scheme == WD_TOKEN_EDDSA)
		return text->hashed ? WD_F_BUG : 0;
	if (head > 0)
		write_info(hash, dst);
	if (!text->hashed)
		r = wd_hash(hash, text->bytes, dst + head);
	else if (text->bytes.len == wd_hash_len(hash))
		wd_copy(dst + head, text->bytes);
	else
		r = WD_F_BUG;
	*ret = wd_span(dst, head + wd_hash_len(hash));
	return r;
}

static size_t
length_of(const struct wd_token_object *o)
{
	if (o->shape->type == CKK_RSA)
		return o->shape->bits / 8;
	return o->shape->type == CKK_EC
	    ? 2 * wd_pkey_coordinate_len(o->shape->kind.pair)
	    : 64;
}

static int
sign_with(struct wd_token *t, const struct wd_token_object *o,
    struct wd_token_mechanism *m, struct wd_span in, struct wd_secret **ret,
    struct wd_diag *d)
{
	unsigned long len = RSA_MAX;
	uint8_t *p = room(ret, RSA_MAX);
	ck_rv_t rv;

	if (p == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	rv = t->f->C_SignInit(t->session, &m->m, o->handle);
	if (rv == CKR_OK)
		rv = t->f->C_Sign(t->session, wd_token_in(in), in.len, p, &len);
	if (rv != CKR_OK)
		return wd_token_refuse(t, d, "sign", rv);
	if (len != length_of(o))
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "token %s gives a signature of another length",
		    wd_token_name(t));
	wd_secret_shorten(*ret, len);
	return 0;
}

int
wd_token_sign_object(struct wd_token *t, const struct wd_token_object *o,
    enum wd_token_scheme scheme, const struct wd_token_text *text,
    struct wd_secret **ret, struct wd_diag *d)
{
	uint8_t dst[sizeof(sha256_info) + WD_HASH_MAX];
	struct wd_token_mechanism m;
	struct wd_span in;

	for (size_t i = 0; i < WD_N(schemes); i++) {
		if (schemes[i].scheme != scheme ||
		    schemes[i].type != o->shape->type)
			continue;
		wd_token_plain(&m, schemes[i].mechanism);
		if (scheme == WD_TOKEN_PSS)
			wd_token_pss(&m, text->hash);
		if (digest(o, scheme, text, dst, &in) != 0)
			return wd_fault(d, WD_F_CRYPTO, "no digest");
		return sign_with(t, o, &m, in, ret, d);
	}
	return not_so(t, "sign", d);
}

static int
sign(struct wd_token *t, void *ctx, struct wd_diag *d)
{
	struct use *x = ctx;
	struct wd_token_object o;
	int r = wd_token_handle(t, x->uri, &o, d);

	return r != 0
	    ? r
	    : wd_token_sign_object(t, &o, x->scheme, x->text, &x->output, d);
}

int
wd_token_sign(struct wd_token *t, const struct wd_hsm_uri *uri,
    enum wd_token_scheme scheme, const struct wd_token_text *text,
    struct wd_secret **ret, struct wd_diag *d)
{
	struct use x = { .uri = uri, .scheme = scheme, .text = text };

	return run(t, sign, &x, ret, d);
}
