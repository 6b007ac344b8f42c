/*
 * Wrapping: AES-GCM with a nonce of ours, or RSA-OAEP.
 *
 * Blob: u8 1 (format), u8 mechanism, then for GCM 12 bytes of nonce; the rest
 * is what the HSM gave.
 */
#include "hsm/hsm_in.h"

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/rand.h"

enum {
	FORMAT = 1,
	GCM = 1,
	OAEP_SHA256 = 2,
	OAEP_SHA1 = 3,
	NONCE = 12,
	TAG_BITS = 128,
	KEY_MAX = 64,
	OUT_MAX = 1024, /* an RSA key of 8192 bits */
};

/* A mechanism with its parameters beside it; must not be copied. */
struct mechanism {
	struct ck_mechanism m;
	struct ck_gcm_params gcm;
	struct ck_rsa_pkcs_oaep_params oaep;
	unsigned char nonce[NONCE];
};

static void
prepare(struct mechanism *x, uint8_t kind)
{
	if (kind == GCM) {
		x->gcm = (struct ck_gcm_params){ .iv_ptr = x->nonce,
			.iv_len = NONCE,
			.iv_bits = 8 * NONCE,
			.tag_bits = TAG_BITS };
		x->m = (struct ck_mechanism){ CKM_AES_GCM, &x->gcm,
			sizeof(x->gcm) };
		return;
	}
	x->oaep = (struct ck_rsa_pkcs_oaep_params){
		.hash_alg = kind == OAEP_SHA1 ? CKM_SHA_1 : CKM_SHA256,
		.mgf = kind == OAEP_SHA1 ? CKG_MGF1_SHA1 : CKG_MGF1_SHA256,
		.source = CKZ_DATA_SPECIFIED,
	};
	x->m = (struct ck_mechanism){ CKM_RSA_PKCS_OAEP, &x->oaep,
		sizeof(x->oaep) };
}

/* ---- one attempt each */

static ck_rv_t
encrypt(struct wd_hsm *h, struct mechanism *x, struct wd_span key, uint8_t *out,
    unsigned long *len)
{
	unsigned char *in = (unsigned char *)(uintptr_t)key.p;
	ck_rv_t rv = h->f->C_EncryptInit(h->session, &x->m, h->encrypt);

	return rv != CKR_OK
	    ? rv
	    : h->f->C_Encrypt(h->session, in, key.len, out, len);
}

static ck_rv_t
decrypt(struct wd_hsm *h, struct mechanism *x, struct wd_span sealed,
    struct wd_secret *room, unsigned long *len)
{
	unsigned char *in = (unsigned char *)(uintptr_t)sealed.p;
	ck_rv_t rv = h->f->C_DecryptInit(h->session, &x->m, h->decrypt);

	return rv != CKR_OK ? rv
			    : h->f->C_Decrypt(h->session, in, sealed.len,
				  wd_secret_bytes(room), len);
}

/* ---- wrapping */

static uint8_t
kind_of(const struct wd_hsm *h)
{
	if (!h->is_rsa)
		return GCM;
	return h->how.oaep_sha1 ? OAEP_SHA1 : OAEP_SHA256;
}

/* A session that was lost meanwhile is opened once more. */
static int
wrap_once(struct wd_hsm *h, struct wd_span key, struct wd_bytes **ret_blob,
    ck_rv_t *ret_rv, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(OUT_MAX + 64);
	struct mechanism x = { 0 };
	unsigned long len = OUT_MAX;
	uint8_t out[OUT_MAX];
	int r = wd_hsm_session(h, d);

	if (r != 0 || (r = wd_rand(x.nonce, sizeof(x.nonce))) != 0)
		return r;
	prepare(&x, kind_of(h));
	*ret_rv = encrypt(h, &x, key, out, &len);
	if (*ret_rv != CKR_OK || len > sizeof(out))
		return wd_hsm_fault(d, "encrypt", *ret_rv);
	wd_wr_u8(&wr, FORMAT);
	wd_wr_u8(&wr, kind_of(h));
	if (!h->is_rsa)
		wd_wr_bytes(&wr, WD_SPAN(x.nonce));
	wd_wr_bytes(&wr, wd_span(out, len));
	return wd_wr_take(&wr, ret_blob) == 0
	    ? 0
	    : wd_fault(d, WD_F_MEMORY, "no memory");
}

int
wd_hsm_wrap(struct wd_hsm *h, struct wd_span key, struct wd_bytes **ret_blob,
    struct wd_diag *d)
{
	ck_rv_t rv = CKR_OK;
	struct wd_diag why = { 0 };
	int r;

	if (key.len == 0 || key.len > KEY_MAX)
		return wd_fault(d, WD_F_BUG, "no key of that length");
	r = wrap_once(h, key, ret_blob, &rv, &why);
	if (r < 0 && wd_hsm_is_session_lost(rv)) {
		wd_hsm_close_session(h);
		return wrap_once(h, key, ret_blob, &rv, d);
	}
	if (r != 0 && d != NULL)
		*d = why;
	return r;
}

/* ---- unwrapping */

static int
read_blob(struct wd_rd *rd, struct mechanism *x, bool *ret_rsa)
{
	uint8_t format = wd_rd_u8(rd), kind = wd_rd_u8(rd);

	if (format != FORMAT || kind < GCM || kind > OAEP_SHA1)
		wd_rd_fail(rd);
	if (kind == GCM)
		wd_rd_copy(rd, x->nonce, sizeof(x->nonce));
	if (wd_rd_ok(rd) != 0)
		return WD_R_MALFORMED;
	prepare(x, kind);
	*ret_rsa = kind != GCM;
	return 0;
}

static int
unwrap_once(struct wd_hsm *h, struct wd_span blob, struct wd_secret **ret_key,
    ck_rv_t *ret_rv, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *key = wd_secret_new(OUT_MAX);
	struct mechanism x = { 0 };
	struct wd_rd rd = wd_rd(blob);
	unsigned long len = OUT_MAX;
	bool rsa = false;
	int r = key == NULL ? WD_F_MEMORY : read_blob(&rd, &x, &rsa);

	if (r != 0)
		return r > 0
		    ? wd_reject(d, WD_R_MALFORMED, "the seal file is damaged")
		    : r;
	if ((r = wd_hsm_session(h, d)) != 0)
		return r;
	*ret_rv = CKR_GENERAL_ERROR;
	if (rsa == h->is_rsa)
		*ret_rv = decrypt(h, &x, wd_rd_rest(&rd), key, &len);
	if (*ret_rv != CKR_OK || len == 0 || len > KEY_MAX)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "the key %.64s in the HSM does not open this seal (%08lx)",
		    h->uri.object, *ret_rv);
	wd_secret_shorten(key, len);
	*ret_key = WD_TAKE(key);
	return 0;
}

int
wd_hsm_unwrap(struct wd_hsm *h, struct wd_span blob, struct wd_secret **ret_key,
    struct wd_diag *d)
{
	ck_rv_t rv = CKR_OK;
	int r = unwrap_once(h, blob, ret_key, &rv, d);

	if (r == 0 || !wd_hsm_is_session_lost(rv))
		return r;
	wd_hsm_close_session(h);
	rv = CKR_OK;
	r = unwrap_once(h, blob, ret_key, &rv, d);
	if (r > 0 && wd_hsm_is_session_lost(rv))
		return wd_hsm_fault(d, "decrypt", rv);
	return r;
}
