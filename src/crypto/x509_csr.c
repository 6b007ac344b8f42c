/*
 * Certificate requests (RFC 2986), signed by a key that is here or by one that
 * is elsewhere: then what is to be signed goes out, and what comes back is held
 * against the public half before it counts.
 */
#include "crypto/ecdsa.h"
#include "crypto/key.h"
#include "crypto/sig.h"
#include "crypto/x509_ext.h"
#include "crypto/x509_make.h"
#include "crypto/x509_make_in.h"

static void
request_freep(X509_REQ **req)
{
	X509_REQ_free(*req);
}

static void
algor_freep(X509_ALGOR **alg)
{
	X509_ALGOR_free(*alg);
}

static int
fill(X509_REQ *req, const struct wd_cert_spec *spec)
{
	WD_AUTO(wd_x509_name_freep) X509_NAME *subject = NULL;
	WD_AUTO(wd_exts_freep) wd_exts *exts = NULL;
	int r;

	if ((r = wd_x509_name(spec->subject, spec->n_subject, &subject)) != 0 ||
	    (r = wd_exts_of_request(spec, &exts)) != 0)
		return r;
	if (X509_REQ_set_subject_name(req, subject) != 1 ||
	    (exts != NULL && X509_REQ_add_extensions(req, exts) != 1))
		return wd_lib_fault();
	return 0;
}

static int
start(
    const struct wd_cert_spec *spec, const struct wd_pkey *key, X509_REQ **ret)
{
	WD_AUTO(request_freep) X509_REQ *req = X509_REQ_new();
	int r;

	if (req == NULL || X509_REQ_set_pubkey(req, key->evp) != 1)
		return wd_lib_fault();
	if ((r = fill(req, spec)) != 0)
		return r;
	*ret = WD_TAKE(req);
	return 0;
}

int
wd_csr_make(const struct wd_cert_spec *spec, const struct wd_pkey *key,
    struct wd_bytes **ret_der)
{
	WD_AUTO(request_freep) X509_REQ *req = NULL;
	int r;

	if (!key->is_private)
		return WD_R_KEY_INVALID;
	if ((r = start(spec, key, &req)) != 0)
		return r;
	if (X509_REQ_sign(req, key->evp, wd_x509_md(key)) <= 0)
		return wd_lib_fault();
	return wd_x509_encode(req, ASN1_ITEM_rptr(X509_REQ), ret_der);
}

/* ---- signed elsewhere */

/* What the signature is over. */
static int
info_of(X509_REQ *req, struct wd_bytes **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	int len = i2d_re_X509_REQ_tbs(req, NULL);
	uint8_t *p;

	if (len <= 0)
		return wd_lib_fault();
	if ((b = wd_bytes_new((size_t)len)) == NULL)
		return WD_F_MEMORY;
	p = b->p;
	if (i2d_re_X509_REQ_tbs(req, &p) != len)
		return wd_lib_fault();
	*ret = WD_TAKE(b);
	return 0;
}

static int
digest_of(const struct wd_pkey *key, struct wd_span info, struct wd_bytes **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	const EVP_MD *md = wd_x509_md(key);
	unsigned len = 0;

	if ((b = wd_bytes_new((size_t)EVP_MD_get_size(md))) == NULL)
		return WD_F_MEMORY;
	if (EVP_Digest(info.p, info.len, b->p, &len, md, NULL) != 1)
		return wd_lib_fault();
	*ret = WD_TAKE(b);
	return 0;
}

int
wd_csr_begin(const struct wd_cert_spec *spec, const struct wd_pkey *key,
    struct wd_bytes **ret, bool *ret_hashed)
{
	WD_AUTO(request_freep) X509_REQ *req = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *info = NULL;
	bool hashed = wd_x509_md(key) != NULL;
	int r;

	if ((r = start(spec, key, &req)) != 0 || (r = info_of(req, &info)) != 0)
		return r;
	if (!hashed)
		*ret = WD_TAKE(info);
	else if ((r = digest_of(key, wd_bytes_span(info), ret)) != 0)
		return r;
	*ret_hashed = hashed;
	return 0;
}

/* Its name and parameters: RFC 8017 has NULL there, RFC 5758 and 8410 none. */
static int
name_algorithm(X509_REQ *req, const struct wd_pkey *key)
{
	WD_AUTO(algor_freep) X509_ALGOR *alg = X509_ALGOR_new();
	const EVP_MD *md = wd_x509_md(key);
	bool rsa = key->row->family == WD_FAMILY_RSA;
	int nid = NID_ED25519;

	if (alg == NULL ||
	    (md != NULL &&
		OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(md),
		    EVP_PKEY_get_base_id(key->evp)) != 1) ||
	    X509_ALGOR_set0(alg, OBJ_nid2obj(nid),
		rsa ? V_ASN1_NULL : V_ASN1_UNDEF, NULL) != 1 ||
	    X509_REQ_set1_signature_algo(req, alg) != 1)
		return wd_lib_fault();
	return 0;
}

/* SIG as it stands in a request. */
static int
put_signature(X509_REQ *req, const struct wd_pkey *key, struct wd_span sig)
{
	uint8_t der[WD_ECDSA_DER_MAX];
	ASN1_BIT_STRING *bits;

	if (key->row->family == WD_FAMILY_EC) {
		if (sig.len != 2 * key->row->len)
			return WD_R_MISMATCH;
		sig = wd_span(der, wd_ecdsa_to_der(sig, der));
	}
	if (sig.len == 0 || sig.len > WD_SIG_MAX)
		return WD_R_MISMATCH;
	if ((bits = ASN1_BIT_STRING_new()) == NULL)
		return wd_lib_fault();
	if (ASN1_STRING_set(bits, sig.p, (int)sig.len) != 1) {
		ASN1_BIT_STRING_free(bits);
		return wd_lib_fault();
	}
	/* Whole bytes, whatever the last of them are. */
	bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 7);
	bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	X509_REQ_set0_signature(req, bits);
	return 0;
}

int
wd_csr_end(const struct wd_cert_spec *spec, const struct wd_pkey *key,
    struct wd_span sig, struct wd_bytes **ret_der)
{
	WD_AUTO(request_freep) X509_REQ *req = NULL;
	int r;

	if ((r = start(spec, key, &req)) != 0 ||
	    (r = name_algorithm(req, key)) != 0 ||
	    (r = put_signature(req, key, sig)) != 0)
		return r;
	r = wd_lib_verdict(X509_REQ_verify(req, key->evp), WD_R_MISMATCH);
	if (r != 0)
		return r;
	return wd_x509_encode(req, ASN1_ITEM_rptr(X509_REQ), ret_der);
}
