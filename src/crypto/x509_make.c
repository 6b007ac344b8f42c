/*
 * Certificates and lists: frame, names and times by libcrypto, extensions by
 * x509_ext.c.
 */
#include "crypto/x509_make.h"

#include "crypto/key.h"
#include "crypto/rand.h"
#include "crypto/x509_ext.h"
#include "crypto/x509_make_in.h"

enum {
	SERIAL_MAX = 20,
	SERIAL_RANDOM = 16,
	NAME_MAX_BYTES = 1024, /* libcrypto knows the limits of each field */
	VERSION_3 = 2,
	VERSION_2 = 1
};

static void
cert_freep(X509 **x)
{
	X509_free(*x);
}

static void
crl_freep(X509_CRL **crl)
{
	X509_CRL_free(*crl);
}

void
wd_x509_name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static void
time_freep(ASN1_TIME **t)
{
	ASN1_TIME_free(*t);
}

static void
integer_freep(ASN1_INTEGER **n)
{
	ASN1_INTEGER_free(*n);
}

int
wd_x509_encode(
    const void *object, const ASN1_ITEM *item, struct wd_bytes **ret_der)
{
	int len = ASN1_item_i2d(object, NULL, item);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	uint8_t *p;

	if (len <= 0)
		return wd_lib_fault();
	if ((b = wd_bytes_new((size_t)len)) == NULL)
		return WD_F_MEMORY;
	p = b->p;
	if (ASN1_item_i2d(object, &p, item) != len)
		return wd_lib_fault();
	*ret_der = WD_TAKE(b);
	return 0;
}

const EVP_MD *
wd_x509_md(const struct wd_pkey *k)
{
	static const enum wd_hash by_alg[] = {
		[WD_PKEY_RSA2048] = WD_SHA256,
		[WD_PKEY_RSA3072] = WD_SHA256,
		[WD_PKEY_RSA4096] = WD_SHA256,
		[WD_PKEY_P256] = WD_SHA256,
		[WD_PKEY_P384] = WD_SHA384,
		[WD_PKEY_P521] = WD_SHA512,
	};

	if (k->row->family == WD_FAMILY_ED25519)
		return NULL;
	return wd_lib()->md[by_alg[k->row->alg]];
}

/* Ready to sign with ISSUER's key; PSS counts for RSA alone. */
static int
signing_context(const struct wd_pkey *issuer, bool pss, EVP_MD_CTX **ret)
{
	WD_AUTO(wd_evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool as_pss = pss && issuer->row->family == WD_FAMILY_RSA;
	EVP_PKEY_CTX *key; /* the context's */

	if (ctx == NULL ||
	    EVP_DigestSignInit(ctx, &key,
		as_pss ? wd_lib()->md[WD_SHA384] : wd_x509_md(issuer), NULL,
		issuer->evp) != 1)
		return wd_lib_fault();
	if (as_pss &&
	    (EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) != 1 ||
		EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) !=
		    1))
		return wd_lib_fault();
	*ret = WD_TAKE(ctx);
	return 0;
}

static int
add_rdn(X509_NAME *name, const struct wd_rdn *rdn)
{
	ASN1_OBJECT *id = OBJ_txt2obj(rdn->oid, 1);
	struct wd_span value = wd_span_text(rdn->value);
	int ok = 0;

	if (id == NULL)
		return wd_lib_fault();
	if (value.len > 0 && value.len <= NAME_MAX_BYTES)
		ok = X509_NAME_add_entry_by_OBJ(
		    name, id, MBSTRING_UTF8, value.p, (int)value.len, -1, 0);
	ASN1_OBJECT_free(id);
	return wd_lib_verdict(ok, WD_R_RANGE);
}

int
wd_x509_name(const struct wd_rdn *rdn, size_t n_rdn, X509_NAME **ret)
{
	WD_AUTO(wd_x509_name_freep) X509_NAME *name = X509_NAME_new();
	int r;

	if (name == NULL)
		return wd_lib_fault();
	for (size_t i = 0; i < n_rdn; i++)
		if ((r = add_rdn(name, &rdn[i])) != 0)
			return r;
	*ret = WD_TAKE(name);
	return 0;
}

/* UTCTime to 2049, GeneralizedTime from 2050 on; years 1970 to 9999. */
static int
make_time(int64_t seconds, ASN1_TIME **ret)
{
	if (seconds < 0)
		return WD_R_RANGE;
	*ret = ASN1_TIME_set(NULL, seconds);
	return *ret == NULL ? wd_lib_verdict(0, WD_R_RANGE) : 0;
}

static int
make_serial(struct wd_span serial, ASN1_INTEGER **ret)
{
	WD_AUTO(wd_bn_freep) BIGNUM *n = NULL;

	if (serial.len > SERIAL_MAX)
		return WD_R_RANGE;
	n = BN_bin2bn(serial.p, (int)serial.len, NULL);
	if (n == NULL || (*ret = BN_to_ASN1_INTEGER(n, NULL)) == NULL)
		return wd_lib_fault();
	return 0;
}

/* Positive and always as long: the first bits are 01. */
static int
random_serial(ASN1_INTEGER **ret)
{
	uint8_t bytes[SERIAL_RANDOM];
	int r;

	if ((r = wd_rand(bytes, sizeof(bytes))) != 0)
		return r;
	bytes[0] = (bytes[0] & 0x3f) | 0x40;
	return make_serial(WD_SPAN(bytes), ret);
}

static int
set_serial(X509 *x, struct wd_span serial)
{
	WD_AUTO(integer_freep) ASN1_INTEGER *n = NULL;
	int r = serial.len == 0 ? random_serial(&n) : make_serial(serial, &n);

	if (r != 0)
		return r;
	return X509_set_serialNumber(x, n) == 1 ? 0 : wd_lib_fault();
}

static int
set_names(X509 *x, const struct wd_cert_spec *spec)
{
	WD_AUTO(wd_x509_name_freep) X509_NAME *subject = NULL;
	WD_AUTO(wd_x509_name_freep) X509_NAME *issuer = NULL;
	bool self = spec->issuer == NULL;
	int r;

	if ((r = wd_x509_name(spec->subject, spec->n_subject, &subject)) != 0 ||
	    (r = wd_x509_name(self ? spec->subject : spec->issuer,
		 self ? spec->n_subject : spec->n_issuer, &issuer)) != 0)
		return r;
	if (X509_set_subject_name(x, subject) != 1 ||
	    X509_set_issuer_name(x, issuer) != 1)
		return wd_lib_fault();
	return 0;
}

static int
set_dates(X509 *x, const struct wd_cert_spec *spec)
{
	WD_AUTO(time_freep) ASN1_TIME *from = NULL;
	WD_AUTO(time_freep) ASN1_TIME *to = NULL;
	int r;

	if (spec->not_after < spec->not_before)
		return WD_R_RANGE;
	if ((r = make_time(spec->not_before, &from)) != 0 ||
	    (r = make_time(spec->not_after, &to)) != 0)
		return r;
	if (X509_set1_notBefore(x, from) != 1 || X509_set1_notAfter(x, to) != 1)
		return wd_lib_fault();
	return 0;
}

static int
set_extensions(X509 *x, const struct wd_cert_spec *spec,
    const struct wd_pkey *subject, const struct wd_pkey *issuer)
{
	WD_AUTO(wd_exts_freep) wd_exts *exts = NULL;
	int r = wd_exts_of_cert(spec, subject, issuer, &exts);

	if (r != 0)
		return r;
	for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++)
		if (X509_add_ext(x, sk_X509_EXTENSION_value(exts, i), -1) != 1)
			return wd_lib_fault();
	return 0;
}

int
wd_cert_make(const struct wd_cert_spec *spec, const struct wd_pkey *subject,
    const struct wd_pkey *issuer, struct wd_bytes **ret_der)
{
	WD_AUTO(cert_freep) X509 *x = X509_new();
	WD_AUTO(wd_evp_md_ctx_freep) EVP_MD_CTX *ctx = NULL;
	int r;

	if (!issuer->is_private)
		return WD_R_KEY_INVALID;
	if (x == NULL || X509_set_version(x, VERSION_3) != 1 ||
	    X509_set_pubkey(x, subject->evp) != 1)
		return wd_lib_fault();
	if ((r = set_serial(x, spec->serial)) != 0 ||
	    (r = set_names(x, spec)) != 0 || (r = set_dates(x, spec)) != 0 ||
	    (r = set_extensions(x, spec, subject, issuer)) != 0 ||
	    (r = signing_context(issuer, spec->pss, &ctx)) != 0)
		return r;
	if (X509_sign_ctx(x, ctx) <= 0)
		return wd_lib_fault();
	return wd_x509_encode(x, ASN1_ITEM_rptr(X509), ret_der);
}

static int
revoke(X509_CRL *crl, struct wd_span serial, ASN1_TIME *when)
{
	WD_AUTO(integer_freep) ASN1_INTEGER *n = NULL;
	X509_REVOKED *entry;
	int r;

	if ((r = make_serial(serial, &n)) != 0)
		return r;
	entry = X509_REVOKED_new();
	if (entry != NULL && X509_REVOKED_set_serialNumber(entry, n) == 1 &&
	    X509_REVOKED_set_revocationDate(entry, when) == 1 &&
	    X509_CRL_add0_revoked(crl, entry) == 1)
		return 0;
	X509_REVOKED_free(entry);
	return wd_lib_fault();
}

static int
fill_times_and_entries(X509_CRL *crl, const struct wd_crl_spec *spec)
{
	WD_AUTO(time_freep) ASN1_TIME *this_update = NULL;
	WD_AUTO(time_freep) ASN1_TIME *next_update = NULL;
	int r;

	if (spec->next_update < spec->this_update)
		return WD_R_RANGE;
	if ((r = make_time(spec->this_update, &this_update)) != 0 ||
	    (r = make_time(spec->next_update, &next_update)) != 0)
		return r;
	if (X509_CRL_set1_lastUpdate(crl, this_update) != 1 ||
	    X509_CRL_set1_nextUpdate(crl, next_update) != 1)
		return wd_lib_fault();
	for (size_t i = 0; i < spec->n_revoked && r == 0; i++)
		r = revoke(crl, spec->revoked[i], this_update);
	return r;
}

static int
fill_issuer(
    X509_CRL *crl, const struct wd_crl_spec *spec, const struct wd_pkey *issuer)
{
	WD_AUTO(wd_x509_name_freep) X509_NAME *name = NULL;
	WD_AUTO(wd_exts_freep) wd_exts *exts = NULL;
	int r;

	if ((r = wd_x509_name(spec->issuer, spec->n_issuer, &name)) != 0 ||
	    (r = wd_exts_of_crl(issuer, &exts)) != 0)
		return r;
	if (X509_CRL_set_issuer_name(crl, name) != 1)
		return wd_lib_fault();
	for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++)
		if (X509_CRL_add_ext(
			crl, sk_X509_EXTENSION_value(exts, i), -1) != 1)
			return wd_lib_fault();
	return 0;
}

int
wd_crl_make(const struct wd_crl_spec *spec, const struct wd_pkey *issuer,
    struct wd_bytes **ret_der)
{
	WD_AUTO(crl_freep) X509_CRL *crl = X509_CRL_new();
	WD_AUTO(wd_evp_md_ctx_freep) EVP_MD_CTX *ctx = NULL;
	int r;

	if (!issuer->is_private)
		return WD_R_KEY_INVALID;
	if (crl == NULL || X509_CRL_set_version(crl, VERSION_2) != 1)
		return wd_lib_fault();
	if ((r = fill_issuer(crl, spec, issuer)) != 0 ||
	    (r = fill_times_and_entries(crl, spec)) != 0 ||
	    (r = signing_context(issuer, spec->pss, &ctx)) != 0)
		return r;
	if (X509_CRL_sign_ctx(crl, ctx) <= 0)
		return wd_lib_fault();
	return wd_x509_encode(crl, ASN1_ITEM_rptr(X509_CRL), ret_der);
}
