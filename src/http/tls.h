/*
 * The server's side of TLS: 1.3 (1.2 by switch), one stateful ticket, a
 * session cache of its own that is bounded and forgets after five minutes.
 * Keys come as bytes, never as paths.
 */
#pragma once

#include "base/diag.h"

#include <openssl/types.h>

struct wd_tls;

struct wd_tls_config {
	struct wd_span key_pem;   /* private key, unencrypted */
	struct wd_span chain_pem; /* leaf first */
	struct wd_span client_ca; /* PEM; empty: no certificate is asked for */
	bool tls12;               /* also 1.2 */
};

/* WD_R_MALFORMED when a PEM text is none, WD_R_MISMATCH when key and
 * certificate do not belong together, or a fault. */
int wd_tls_new(const struct wd_tls_config *config, struct wd_tls **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_tls *wd_tls_free(struct wd_tls *tls);
void wd_tls_freep(struct wd_tls **tls);

/* For files of this folder: a new server session, or NULL. */
SSL *wd_tls_session(struct wd_tls *tls);

/* Tells the peer that nothing more will be sent; it may still send. */
void wd_tls_half_close(SSL *ssl);

/* As that, before SSL is freed: without it OpenSSL throws the session away
 * and the client cannot resume. */
void wd_tls_goodbye(SSL *ssl);

/*
 * Common names of the verified client certificate and of its issuer; empty
 * texts when there is none, or when a name is missing, doubled, longer than
 * SIZE - 1 bytes or holds control bytes.
 */
void wd_tls_client_names(SSL *ssl, char *cn, char *issuer, size_t size);
