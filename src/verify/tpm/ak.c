/*
 * Telling the forms of a key apart and reading the one it is in.
 */
#include "verify/tpm/ak.h"

#include "base/alloc.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/x509.h"

#define CERTIFICATE "CERTIFICATE"
#define PUBLIC_KEY "PUBLIC KEY"

static struct wd_tpm_ak *
ak_free(struct wd_tpm_ak *ak)
{
	if (ak == NULL)
		return NULL;
	ak->key = wd_pkey_free(ak->key);
	return wd_free(ak);
}

static void
ak_freep(struct wd_tpm_ak **ak)
{
	*ak = ak_free(*ak);
}

static void
ak_release(void *ak)
{
	(void)ak_free(ak);
}

static int
unusable(int r, struct wd_diag *d)
{
	if (r < 0)
		return wd_fault(
		    d, WD_F_CRYPTO, "cannot take in an attestation key");
	return wd_reject(d, WD_R_MALFORMED,
	    "the attestation key is in no form that is known");
}

static bool
begins(struct wd_span bytes, const char *text)
{
	struct wd_rd rd = wd_rd(bytes);
	struct wd_span t = wd_span_text(text);

	return wd_span_equal(wd_rd_bytes(&rd, t.len), t);
}

/* A certificate's second element is a sequence, that of a bare key its bits. */
static bool
is_spki(struct wd_span der)
{
	struct wd_rd rd = wd_rd(der);
	struct wd_rd in = wd_der_enter(&rd, WD_DER_SEQUENCE);

	(void)wd_der_enter(&in, WD_DER_SEQUENCE);
	return wd_der_peek(&in) == WD_DER_BIT_STRING;
}

static int
from_spki(struct wd_span der, struct wd_tpm_ak *ak)
{
	return wd_pkey_from_spki(der, &ak->key);
}

static int
from_certificate(struct wd_span der, struct wd_tpm_ak *ak)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	int r = wd_cert_parse(der, &c);

	if (r != 0)
		return r;
	ak->is_certificate = true;
	return wd_pkey_from_spki(wd_cert_spki(c), &ak->key);
}

/* The first block: those behind it are the certificate's issuers. */
static int
from_pem(struct wd_span pem, const char *label,
    int (*read)(struct wd_span der, struct wd_tpm_ak *ak), struct wd_tpm_ak *ak)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_rd rd = wd_rd(pem);
	int r = wd_pem_next(&rd, label, &der);

	return r != 0 ? r : read(wd_bytes_span(der), ak);
}

static int
from_area(struct wd_span bytes, struct wd_tpm_ak *ak, struct wd_diag *d)
{
	struct wd_tpm_public p;
	int r;

	if ((r = wd_tpm_public_parse(bytes, &p, d)) != 0 ||
	    (r = wd_tpm_public_is_ak(&p, d)) != 0)
		return r;
	if ((r = wd_tpm_public_name(&p, ak->name, &ak->name_len)) != 0 ||
	    (r = wd_tpm_public_key(&p, &ak->key)) != 0)
		return unusable(r, d);
	ak->has_area = true;
	ak->scheme = p.scheme;
	ak->scheme_hash = p.scheme_hash;
	return 0;
}

static int
read_any(struct wd_span bytes, struct wd_tpm_ak *ak, struct wd_diag *d)
{
	int r;

	if (begins(bytes, "-----BEGIN " CERTIFICATE "-----"))
		r = from_pem(bytes, CERTIFICATE, from_certificate, ak);
	else if (begins(bytes, "-----BEGIN " PUBLIC_KEY "-----"))
		r = from_pem(bytes, PUBLIC_KEY, from_spki, ak);
	else if (is_spki(bytes))
		r = from_spki(bytes, ak);
	else if (begins(bytes, "\x30"))
		r = from_certificate(bytes, ak);
	else
		return from_area(bytes, ak, d);
	return r == 0 ? 0 : unusable(r, d);
}

static int
digest_spki(struct wd_tpm_ak *ak, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *spki = NULL;

	if (wd_pkey_to_spki(ak->key, &spki) != 0 ||
	    wd_hash(WD_SHA256, wd_bytes_span(spki), ak->spki_sha256) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot write out a key");
	return 0;
}

static int
make(struct wd_span bytes, struct wd_tpm_ak **ret, struct wd_diag *d)
{
	WD_AUTO(ak_freep) struct wd_tpm_ak *ak = wd_alloc(sizeof(*ak));
	int r;

	if (ak == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a key");
	if ((r = read_any(bytes, ak, d)) != 0 || (r = digest_spki(ak, d)) != 0)
		return r;
	*ret = WD_TAKE(ak);
	return 0;
}

int
wd_tpm_ak_get(struct wd_verifier *v, struct wd_span bytes, int64_t at,
    const struct wd_tpm_ak **ret, struct wd_diag *d)
{
	struct wd_cache_key key = { 0 };
	struct wd_tpm_ak *fresh;
	int r;

	if (wd_hash(WD_SHA256, bytes, key.bytes) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	*ret = wd_cache_get(v->cache, WD_KEPT_AK, &key);
	if (*ret != NULL)
		return 0;
	if ((r = make(bytes, &fresh, d)) != 0)
		return r;
	*ret = wd_cache_put(
	    v->cache, WD_KEPT_AK, &key, fresh, ak_release, INT64_MAX, at);
	return 0;
}
