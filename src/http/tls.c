/*
 * The TLS context of a listener.
 */
#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/alloc.h"
#include "http/tls_cache.h"
#include "http/tls_pem.h"

struct wd_tls {
	SSL_CTX *ctx;
	struct wd_tls_cache cache;
};

/* A certificate is asked for, not demanded: policies say whom they need. One
 * that is sent but does not verify ends the handshake. */
static int
use_client_ca(SSL_CTX *ctx, struct wd_span pem, struct wd_diag *d)
{
	int r = wd_tls_trust(ctx, pem, true, d);

	if (r == 0)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return r;
}

/* ---- resumption */

static int
session_made(SSL *ssl, SSL_SESSION *s)
{
	struct wd_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	wd_tls_cache_put(&tls->cache, s);
	return 1; /* the reference is ours */
}

static SSL_SESSION *
session_asked(SSL *ssl, const unsigned char *id, int len, int *ret_copy)
{
	struct wd_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	*ret_copy = 0; /* the reference is the caller's: used once */
	return wd_tls_cache_take(
	    &tls->cache, wd_span(id, len < 0 ? 0 : (size_t)len));
}

static void
resume_by_state(struct wd_tls *tls)
{
	static const unsigned char context[] = "warder";

	SSL_CTX_set_app_data(tls->ctx, tls);
	SSL_CTX_set_options(tls->ctx, SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_num_tickets(tls->ctx, 1); /* cannot fail */
	SSL_CTX_set_session_cache_mode(tls->ctx,
	    SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL |
		SSL_SESS_CACHE_NO_AUTO_CLEAR);
	SSL_CTX_set_timeout(tls->ctx, WD_TLS_SESSION_SECONDS);
	SSL_CTX_sess_set_new_cb(tls->ctx, session_made);
	SSL_CTX_sess_set_get_cb(tls->ctx, session_asked);
	(void)SSL_CTX_set_session_id_context(
	    tls->ctx, context, sizeof(context) - 1); /* short enough */
}

/* ---- protocol */

/* The name of our one protocol, as ALPN has it: length and text. */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *ctx)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen = NULL;

	(void)ssl;
	(void)ctx;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in,
		in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int
set_protocol(SSL_CTX *ctx, bool tls12, struct wd_diag *d)
{
	char groups[] = "X25519:P-256"; /* not const in libssl's macro */
	int lowest = tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;

	if (SSL_CTX_set_min_proto_version(ctx, lowest) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, groups) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
		return wd_fault(
		    d, WD_F_CRYPTO, "TLS cannot be set up as required");
	/* A client that just closes loses nothing, since lengths are in the
	 * requests; but as an error it would cost it the session. */
	SSL_CTX_set_options(ctx,
	    SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
		SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
		SSL_OP_CLEANSE_PLAINTEXT);
	/* Returns what is set. What waits to be sent may move and grow.
	 * libssl's buffers stay with a connection until that rests: to get them
	 * anew and wipe them for each record costs more than the record. */
	(void)SSL_CTX_set_mode(ctx,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1); /* a record and its head in one read */
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	return 0;
}

int
wd_tls_new(
    const struct wd_tls_config *config, struct wd_tls **ret, struct wd_diag *d)
{
	WD_AUTO(wd_tls_freep) struct wd_tls *tls = wd_alloc(sizeof(*tls));
	int r;

	if (tls == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for TLS");
	tls->ctx = SSL_CTX_new(TLS_server_method());
	if (tls->ctx == NULL)
		return wd_fault(d, WD_F_CRYPTO, "TLS cannot start");
	if ((r = set_protocol(tls->ctx, config->tls12, d)) != 0 ||
	    (r = wd_tls_use_pair(
		 tls->ctx, config->chain_pem, config->key_pem, d)) != 0)
		return r;
	if (config->client_ca.len > 0 &&
	    (r = use_client_ca(tls->ctx, config->client_ca, d)) != 0)
		return r;
	resume_by_state(tls);
	*ret = WD_TAKE(tls);
	return 0;
}

struct wd_tls *
wd_tls_free(struct wd_tls *tls)
{
	if (tls == NULL)
		return NULL;
	wd_tls_cache_done(&tls->cache);
	SSL_CTX_free(tls->ctx); /* NULL is fine */
	return wd_free(tls);
}

void
wd_tls_freep(struct wd_tls **tls)
{
	*tls = wd_tls_free(*tls);
}

SSL *
wd_tls_session(struct wd_tls *tls)
{
	return SSL_new(tls->ctx);
}

void
wd_tls_half_close(SSL *ssl)
{
	if (SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl); /* best effort: it may be gone */
	ERR_clear_error();               /* the stream reads the queue */
}

void
wd_tls_goodbye(SSL *ssl)
{
	SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
	wd_tls_half_close(ssl);
}
