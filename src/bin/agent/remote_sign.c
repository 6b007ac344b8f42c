/*
 * The door signs by the names of JOSE; programs ask by mechanism, hash and
 * salt. Whatever has no such name is refused here and asked of nobody.
 */
#include "bin/agent/remote_sign.h"

enum { DIGEST_INFO = 19 };

/* DigestInfo of RFC 8017, section 9.2, note 1, up to the digest, with SHA-256.
 */
static const uint8_t sha256_info[DIGEST_INFO] = { 0x30, 0x31, 0x30, 0x0d, 0x06,
	0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
	0x04, 0x20 };

static enum wd_holder_status
take_digest(struct wd_remote_sign *x, enum wd_keysig sig, struct wd_span digest)
{
	x->sig = sig;
	x->hashed = true;
	x->len = digest.len;
	wd_copy(x->digest, digest);
	return WD_HOLDER_OK;
}

/* What RSA does with a hash. */
static const struct rsa_row {
	enum wd_holder_hash hash;
	size_t len;
	uint8_t id; /* last byte of its identifier */
	enum wd_keysig pkcs1, pss;
} rsa_rows[] = {
	{ WD_HOLDER_SHA256, 32, 1, WD_KEYSIG_RS256, WD_KEYSIG_PS256 },
	{ WD_HOLDER_SHA384, 48, 2, WD_KEYSIG_RS384, WD_KEYSIG_PS384 },
	{ WD_HOLDER_SHA512, 64, 3, WD_KEYSIG_RS512, WD_KEYSIG_PS512 },
};

/* The hashes differ in three bytes. */
static bool
is_info_of(const struct rsa_row *row, struct wd_span d)
{
	uint8_t info[DIGEST_INFO];

	if (d.len != DIGEST_INFO + row->len)
		return false;
	wd_copy(info, WD_SPAN(sha256_info));
	info[1] = (uint8_t)(DIGEST_INFO - 2 + row->len);
	info[14] = row->id;
	info[18] = (uint8_t)row->len;
	return wd_span_equal(wd_span(d.p, DIGEST_INFO), WD_SPAN(info));
}

static enum wd_holder_status
of_pkcs1(const struct wd_holder_sign *ask, struct wd_remote_sign *x)
{
	struct wd_span d = ask->data;

	for (size_t i = 0; i < WD_N(rsa_rows); i++)
		if (is_info_of(&rsa_rows[i], d))
			return take_digest(x, rsa_rows[i].pkcs1,
			    wd_span(d.p + DIGEST_INFO, rsa_rows[i].len));
	return WD_HOLDER_MECHANISM;
}

static enum wd_holder_status
of_pss(const struct wd_holder_sign *ask, struct wd_remote_sign *x)
{
	for (size_t i = 0; i < WD_N(rsa_rows); i++) {
		const struct rsa_row *row = &rsa_rows[i];

		if (ask->hash != row->hash || ask->mgf != ask->hash ||
		    ask->salt_len != row->len)
			continue;
		return ask->data.len != row->len
		    ? WD_HOLDER_DATA_LENGTH
		    : take_digest(x, row->pss, ask->data);
	}
	return WD_HOLDER_PARAMETER;
}

static enum wd_keysig
ecdsa_of(enum wd_holder_kind kind)
{
	switch (kind) {
	case WD_HOLDER_P256:
		return WD_KEYSIG_ES256;
	case WD_HOLDER_P384:
		return WD_KEYSIG_ES384;
	case WD_HOLDER_P521:
		return WD_KEYSIG_ES512;
	case WD_HOLDER_RSA:
	case WD_HOLDER_ED25519:
		break;
	}
	return WD_KEYSIG_NONE;
}

static enum wd_holder_status
of_ecdsa(enum wd_holder_kind kind, const struct wd_holder_sign *ask,
    struct wd_remote_sign *x)
{
	enum wd_keysig sig = ecdsa_of(kind);
	size_t len = wd_keysig_hash_len(sig);
	uint8_t digest[WD_KEYUSE_DIGEST_MAX] = { 0 };
	struct wd_span d = ask->data;

	if (sig == WD_KEYSIG_NONE)
		return WD_HOLDER_MECHANISM;
	if (d.len == 0 || d.len > sizeof(digest))
		return WD_HOLDER_DATA_LENGTH;
	d.len = d.len < len ? d.len : len;
	wd_copy(digest + len - d.len, d);
	return take_digest(x, sig, wd_span(digest, len));
}

static enum wd_holder_status
of_eddsa(const struct wd_holder_sign *ask, struct wd_remote_sign *x)
{
	if (ask->data.len > WD_KEYUSE_DATA_MAX)
		return WD_HOLDER_DATA_LENGTH;
	x->sig = WD_KEYSIG_EDDSA;
	return WD_HOLDER_OK;
}

enum wd_holder_status
wd_remote_sign_of(enum wd_holder_kind kind, const struct wd_holder_sign *ask,
    struct wd_remote_sign *ret)
{
	*ret = (struct wd_remote_sign){ 0 };
	switch (ask->mech) {
	case WD_HOLDER_PKCS1:
		return of_pkcs1(ask, ret);
	case WD_HOLDER_PSS:
		return of_pss(ask, ret);
	case WD_HOLDER_ECDSA:
		return of_ecdsa(kind, ask, ret);
	case WD_HOLDER_EDDSA:
		return of_eddsa(ask, ret);
	}
	return WD_HOLDER_MECHANISM;
}

static enum wd_sig_alg
alg_of(enum wd_keysig sig)
{
	static const enum wd_sig_alg algs[] = {
		[WD_KEYSIG_NONE] = WD_SIG_EDDSA, /* is never asked for */
		[WD_KEYSIG_PS256] = WD_SIG_PS256,
		[WD_KEYSIG_RS256] = WD_SIG_RS256,
		[WD_KEYSIG_PS384] = WD_SIG_PS384,
		[WD_KEYSIG_PS512] = WD_SIG_PS512,
		[WD_KEYSIG_RS384] = WD_SIG_RS384,
		[WD_KEYSIG_RS512] = WD_SIG_RS512,
		[WD_KEYSIG_ES256] = WD_SIG_ES256,
		[WD_KEYSIG_ES384] = WD_SIG_ES384,
		[WD_KEYSIG_ES512] = WD_SIG_ES512,
		[WD_KEYSIG_EDDSA] = WD_SIG_EDDSA,
	};

	return algs[sig];
}

int
wd_remote_sign_verify(const struct wd_pkey *key, const struct wd_remote_sign *x,
    struct wd_span message, struct wd_span sig)
{
	int r = x->hashed ? wd_sig_verify_digest(key, alg_of(x->sig),
				wd_span(x->digest, x->len), sig)
			  : wd_sig_verify(key, alg_of(x->sig), message, sig);

	return r == WD_R_KEY_INVALID || r == WD_R_RANGE ? WD_R_MISMATCH : r;
}
