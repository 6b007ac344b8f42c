/*
 * JWE for one recipient. The protected header is authenticated as text, so its
 * bytes are part of the protocol.
 */
#include "crypto/jwe.h"

#include "base/reason.h"
#include "codec/base64.h"
#include "codec/jtext.h"
#include "crypto/aead.h"
#include "crypto/ecdh.h"
#include "crypto/kdf.h"
#include "crypto/once.h"
#include "crypto/rand.h"

enum { CEK_LEN = 32, WRAPPED_LEN = 40, HEADER_MAX = 512 };

void
wd_jwe_done(struct wd_jwe *jwe)
{
	jwe->protected_b64 = wd_bytes_free(jwe->protected_b64);
	jwe->encrypted_key = wd_bytes_free(jwe->encrypted_key);
	jwe->iv = wd_bytes_free(jwe->iv);
	jwe->ciphertext = wd_bytes_free(jwe->ciphertext);
	jwe->tag = wd_bytes_free(jwe->tag);
}

static void
write_epk(struct wd_jtext *j, const struct wd_pkey *epk)
{
	uint8_t buf[HEADER_MAX];
	struct wd_wr jwk = wd_wr_fixed(buf, sizeof(buf));

	wd_jwk_write(&jwk, epk, WD_JWE_NONE);
	if (wd_wr_end(&jwk) != 0)
		wd_wr_fail(j->wr);
	wd_jtext_key(j, "epk");
	wd_jtext_raw(j, wd_wr_span(&jwk));
}

/* EPK is NULL where the algorithm has none. */
static int
write_header(
    enum wd_jwe_alg alg, const struct wd_pkey *epk, struct wd_bytes **ret_b64)
{
	uint8_t buf[HEADER_MAX];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	WD_AUTO(wd_wr_done) struct wd_wr b64 = wd_wr_growing(2 * HEADER_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "alg", wd_jwe_alg_name(alg));
	wd_jtext_key_text(&j, "enc", "A256GCM");
	if (epk != NULL)
		write_epk(&j, epk);
	wd_jtext_end(&j);
	if (wd_wr_end(&wr) != 0)
		return WD_F_MEMORY;
	wd_b64url_write(&b64, wd_wr_span(&wr));
	return wd_wr_take(&b64, ret_b64);
}

/* The key that wraps: RFC 7518, section 4.6, with A256KW's 256 bits. */
static int
key_from(struct wd_span z, struct wd_secret **ret_kek)
{
	return wd_concat_kdf(
	    z, wd_jwe_alg_name(WD_JWE_ECDH_ES_A256KW), CEK_LEN, ret_kek);
}

static int
wrap_ecdh(
    const struct wd_pkey *recipient, struct wd_span cek, struct wd_jwe *jwe)
{
	struct wd_pkey epk = { .row = recipient->row, .has_point = true };
	WD_AUTO(wd_secret_freep) struct wd_secret *z = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *kek = NULL;
	int r;

	if ((r = wd_agree_once(recipient, epk.point, &z)) != 0 ||
	    (r = key_from(wd_secret_borrow(z), &kek)) != 0)
		return r;
	if ((jwe->encrypted_key = wd_bytes_new(WRAPPED_LEN)) == NULL)
		return WD_F_MEMORY;
	r = wd_aes_wrap(wd_secret_borrow(kek), cek, jwe->encrypted_key->p);
	if (r != 0)
		return r;
	return write_header(WD_JWE_ECDH_ES_A256KW, &epk, &jwe->protected_b64);
}

static int
wrap_oaep(
    const struct wd_pkey *recipient, struct wd_span cek, struct wd_jwe *jwe)
{
	int r = wd_oaep256_encrypt(recipient, cek, &jwe->encrypted_key);

	if (r != 0)
		return r;
	return write_header(WD_JWE_RSA_OAEP_256, NULL, &jwe->protected_b64);
}

static int
encrypt(struct wd_span cek, struct wd_span plain, struct wd_jwe *jwe)
{
	int r;

	jwe->iv = wd_bytes_new(WD_AEAD_NONCE);
	jwe->ciphertext = wd_bytes_new(plain.len);
	jwe->tag = wd_bytes_new(WD_AEAD_TAG);
	if (jwe->iv == NULL || jwe->ciphertext == NULL || jwe->tag == NULL)
		return WD_F_MEMORY;
	if ((r = wd_rand_public(jwe->iv->p, WD_AEAD_NONCE)) != 0)
		return r;
	return wd_gcm_encrypt(cek, jwe->iv->p,
	    wd_bytes_span(jwe->protected_b64), plain, jwe->ciphertext->p,
	    jwe->tag->p);
}

/* The curves are those whose keys wd_jwk_import() takes. */
static int
check_fit(const struct wd_pkey *k, enum wd_jwe_alg alg)
{
	enum wd_pkey_alg key = wd_pkey_alg(k);

	if (alg == WD_JWE_NONE)
		return WD_R_UNSUPPORTED;
	if (alg == WD_JWE_RSA_OAEP_256)
		return wd_pkey_is_rsa(key) ? 0 : WD_R_KEY_INVALID;
	return key == WD_PKEY_P256 || key == WD_PKEY_P521 ? 0
							  : WD_R_KEY_INVALID;
}

int
wd_jwe_seal(const struct wd_pkey *recipient, enum wd_jwe_alg alg,
    struct wd_span plain, struct wd_jwe *ret)
{
	WD_AUTO(wd_jwe_done) struct wd_jwe jwe = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *cek = NULL;
	int r;

	if ((r = check_fit(recipient, alg)) != 0 ||
	    (r = wd_rand_secret(CEK_LEN, &cek)) != 0)
		return r;
	r = alg == WD_JWE_RSA_OAEP_256
	    ? wrap_oaep(recipient, wd_secret_borrow(cek), &jwe)
	    : wrap_ecdh(recipient, wd_secret_borrow(cek), &jwe);
	if (r != 0 || (r = encrypt(wd_secret_borrow(cek), plain, &jwe)) != 0)
		return r;
	*ret = jwe;
	jwe = (struct wd_jwe){ 0 };
	return 0;
}

static int
unwrap_ecdh(const struct wd_pkey *own, const struct wd_pkey *epk,
    struct wd_span wrapped, struct wd_secret **ret_cek)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *z = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *kek = NULL;
	int r;

	if (epk == NULL)
		return WD_R_KEY_INVALID;
	if ((r = wd_ecdh(own, epk, &z)) != 0 ||
	    (r = key_from(wd_secret_borrow(z), &kek)) != 0)
		return r;
	return wd_aes_unwrap(wd_secret_borrow(kek), wrapped, ret_cek);
}

/*
 * A key that does not decrypt is replaced by a random one, so that the tag
 * fails later and nobody can tell which of the two was wrong (RFC 7516, section
 * 11.5).
 */
static int
unwrap_oaep(const struct wd_pkey *own, struct wd_span wrapped,
    struct wd_secret **ret_cek)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *cek = NULL;
	int r = wd_oaep256_decrypt(own, wrapped, &cek);

	if (r != 0 && r != WD_R_TAMPERED)
		return r;
	if (r == 0 && wd_secret_len(cek) == CEK_LEN) {
		*ret_cek = WD_TAKE(cek);
		return 0;
	}
	return wd_rand_secret(CEK_LEN, ret_cek);
}

int
wd_jwe_open(const struct wd_pkey *own, enum wd_jwe_alg alg,
    const struct wd_pkey *epk, const struct wd_jwe *jwe,
    struct wd_secret **ret_plain)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *cek = NULL;
	struct wd_span wrapped = wd_bytes_span(jwe->encrypted_key);
	int r;

	if ((r = check_fit(own, alg)) != 0)
		return r;
	if (wd_bytes_span(jwe->iv).len != WD_AEAD_NONCE ||
	    wd_bytes_span(jwe->tag).len != WD_AEAD_TAG)
		return WD_R_TAMPERED;
	r = alg == WD_JWE_RSA_OAEP_256 ? unwrap_oaep(own, wrapped, &cek)
				       : unwrap_ecdh(own, epk, wrapped, &cek);
	if (r != 0)
		return r;
	return wd_gcm_decrypt(wd_secret_borrow(cek), jwe->iv->p,
	    wd_bytes_span(jwe->protected_b64), wd_bytes_span(jwe->ciphertext),
	    jwe->tag->p, ret_plain);
}
