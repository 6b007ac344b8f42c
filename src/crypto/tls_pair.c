/*
 * Whether a TLS key and a certificate belong together. Says nothing of whether
 * clients will trust the certificate.
 */
#include "crypto/tls_pair.h"

#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "crypto/lib.h"

static void
bio_freep(BIO **b)
{
	BIO_free(*b); /* NULL is fine */
}

static void
x509_freep(X509 **x)
{
	X509_free(*x);
}

/* Without this libcrypto would ask a terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static int
open_text(struct wd_span text, BIO **ret)
{
	if (text.len == 0 || text.len > INT_MAX)
		return WD_R_MALFORMED;
	*ret = BIO_new_mem_buf(text.p, (int)text.len);
	return *ret == NULL ? wd_lib_fault() : 0;
}

static int
read_leaf(struct wd_span chain, X509 **ret)
{
	WD_AUTO(bio_freep) BIO *bio = NULL;
	int r = open_text(chain, &bio);

	if (r != 0)
		return r;
	*ret = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	return *ret == NULL ? wd_lib_verdict(0, WD_R_MALFORMED) : 0;
}

static int
read_key(struct wd_span key, EVP_PKEY **ret)
{
	WD_AUTO(bio_freep) BIO *bio = NULL;
	int r = open_text(key, &bio);

	if (r != 0)
		return r;
	*ret = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	return *ret == NULL ? wd_lib_verdict(0, WD_R_MALFORMED) : 0;
}

static bool
read_time(const ASN1_TIME *time, int64_t *ret)
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*ret = wd_time_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
	return true;
}

static int
say(struct wd_diag *d, int r, const char *sentence)
{
	return r > 0 ? wd_reject(d, (enum wd_reason)r, "%s", sentence)
		     : wd_fault(d, (enum wd_faults)r, "%s", sentence);
}

int
wd_tls_pair_check(struct wd_span key, struct wd_span chain,
    struct wd_tls_pair *ret, struct wd_diag *d)
{
	WD_AUTO(x509_freep) X509 *leaf = NULL;
	WD_AUTO(wd_evp_pkey_freep) EVP_PKEY *private = NULL;
	struct wd_tls_pair pair;
	int r;

	if ((r = read_leaf(chain, &leaf)) != 0)
		return say(d, r, "not a PEM certificate");
	if ((r = read_key(key, &private)) != 0)
		return say(d, r, "not an unencrypted PEM private key");
	if (X509_check_private_key(leaf, private) != 1)
		return say(d, wd_lib_verdict(0, WD_R_MISMATCH),
		    "the key is not the certificate's");
	if (!read_time(X509_get0_notBefore(leaf), &pair.not_before) ||
	    !read_time(X509_get0_notAfter(leaf), &pair.not_after))
		return say(d, wd_lib_verdict(0, WD_R_MALFORMED),
		    "the certificate's dates are not readable");
	*ret = pair;
	return 0;
}
