/*
 * PEM texts for TLS. Must never ask anybody for a passphrase.
 */
#include "http/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

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

static void
pkey_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static BIO *
memory(struct wd_span s)
{
	return s.len > INT32_MAX ? NULL : BIO_new_mem_buf(s.p, (int)s.len);
}

/* Our keys are never encrypted; without this OpenSSL would ask a terminal. */
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
use_chain(SSL_CTX *ctx, struct wd_span pem, struct wd_diag *d)
{
	WD_AUTO(bio_freep) BIO *bio = memory(pem);
	WD_AUTO(x509_freep) X509 *leaf = NULL;

	if (bio == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for TLS");
	leaf = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	if (leaf == NULL || SSL_CTX_use_certificate(ctx, leaf) != 1)
		return wd_reject(d, WD_R_MALFORMED,
		    "the TLS certificate is not a PEM certificate");
	for (;;) {
		WD_AUTO(x509_freep)
		X509 *next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);

		if (next == NULL)
			break;
		if (SSL_CTX_add1_chain_cert(ctx, next) != 1)
			return wd_fault(
			    d, WD_F_CRYPTO, "the TLS chain is not taken");
	}
	ERR_clear_error(); /* the end of the text leaves an error behind */
	return 0;
}

static int
use_key(SSL_CTX *ctx, struct wd_span pem, struct wd_diag *d)
{
	WD_AUTO(bio_freep) BIO *bio = memory(pem);
	WD_AUTO(pkey_freep) EVP_PKEY *key = NULL;

	if (bio == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for TLS");
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key == NULL)
		return wd_reject(d, WD_R_MALFORMED,
		    "the TLS key is not an unencrypted PEM key");
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return wd_reject(d, WD_R_MISMATCH,
		    "the TLS key and certificate do not belong together");
	return 0;
}

int
wd_tls_use_pair(
    SSL_CTX *ctx, struct wd_span chain, struct wd_span key, struct wd_diag *d)
{
	int r = use_chain(ctx, chain, d);

	return r != 0 ? r : use_key(ctx, key, d);
}

int
wd_tls_trust(SSL_CTX *ctx, struct wd_span pem, bool clients, struct wd_diag *d)
{
	WD_AUTO(bio_freep) BIO *bio = memory(pem);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	const char *whose = clients ? "client CA" : "CA";
	size_t n = 0;

	if (bio == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for TLS");
	for (;; n++) {
		WD_AUTO(x509_freep)
		X509 *ca = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);

		if (ca == NULL)
			break;
		if (X509_STORE_add_cert(store, ca) != 1 ||
		    (clients && SSL_CTX_add_client_CA(ctx, ca) != 1))
			return wd_fault(d, WD_F_CRYPTO,
			    "a %s certificate is not taken", whose);
	}
	ERR_clear_error();
	if (n == 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the %s file holds no PEM certificate", whose);
	return 0;
}
