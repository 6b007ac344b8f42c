/*
 * Who a client says it is: names out of a certificate that TLS has verified.
 */
#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* The only common name of N as printable UTF-8; false when there is not
 * exactly one, so that two readers cannot pick different ones. */
static bool
common_name(const X509_NAME *n, char *dst, size_t size)
{
	int at = X509_NAME_get_index_by_NID(n, NID_commonName, -1);
	unsigned char *utf8 = NULL;
	bool ok;
	int len;

	if (at < 0 || X509_NAME_get_index_by_NID(n, NID_commonName, at) >= 0)
		return false;
	len = ASN1_STRING_to_UTF8(
	    &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(n, at)));
	if (len <= 0)
		return false;
	ok = wd_span_to_text(wd_span(utf8, (size_t)len), dst, size);
	OPENSSL_free(utf8);
	for (const char *c = dst; ok && *c != '\0'; c++)
		ok = (unsigned char)*c >= 0x20 && *c != 0x7f;
	return ok;
}

void
wd_tls_client_names(SSL *ssl, char *cn, char *issuer, size_t size)
{
	X509 *cert = SSL_get1_peer_certificate(ssl);
	bool ok = cert != NULL && SSL_get_verify_result(ssl) == X509_V_OK &&
	    common_name(X509_get_subject_name(cert), cn, size) &&
	    common_name(X509_get_issuer_name(cert), issuer, size);

	X509_free(cert);
	/* A name that cannot be read leaves an error behind, which the next
	 * read of any other connection would take for its own. */
	ERR_clear_error();
	if (ok)
		return;
	wd_wipe(cn, size);
	wd_wipe(issuer, size);
}
