/*
 * A TLS stream made and connected. Must never talk to a server whose
 * certificate and name were not verified.
 */
#include "http/tls_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/wr.h"
#include "http/text.h"
#include "http/tls_pem.h"
#include "http/tls_stream_in.h"

enum { CONNECT_MS = 5000 };    /* to one address */
enum { RESOLVER_SECONDS = 2 }; /* for one name server */

/* ---- how TLS is spoken */

static int
set_protocol(SSL_CTX *ctx, struct wd_diag *d)
{
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
		return wd_fault(
		    d, WD_F_CRYPTO, "TLS cannot be set up as required");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
		SSL_OP_CLEANSE_PLAINTEXT);
	/* Returns what is set. */
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
	return 0;
}

static int
make_context(struct wd_tls_stream *s, const struct wd_tls_stream_config *config,
    struct wd_diag *d)
{
	int r;

	s->ctx = SSL_CTX_new(TLS_client_method());
	if (s->ctx == NULL)
		return wd_fault(d, WD_F_CRYPTO, "TLS cannot start");
	if ((r = set_protocol(s->ctx, d)) != 0 ||
	    (r = wd_tls_trust(s->ctx, config->roots, false, d)) != 0)
		return r;
	return config->chain.len == 0 && config->key.len == 0
	    ? 0
	    : wd_tls_use_pair(s->ctx, config->chain, config->key, d);
}

static bool
is_host(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!wd_text_is_host(s.p[i]) || s.p[i] == '[' || s.p[i] == ']')
			return false;
	return s.len > 0;
}

int
wd_tls_stream_new(const struct wd_tls_stream_config *config,
    struct wd_tls_stream **ret, struct wd_diag *d)
{
	WD_AUTO(wd_tls_stream_freep)
	struct wd_tls_stream *s = wd_alloc(sizeof(*s));
	struct in6_addr any;
	int r;

	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for TLS");
	s->fd = -1;
	s->port = config->port;
	if (!is_host(config->host) || config->port == 0 ||
	    !wd_span_to_text(config->host, s->host, sizeof(s->host)))
		return wd_reject(d, WD_R_RANGE, "the server's name is none");
	s->is_address = inet_pton(AF_INET, s->host, &any) == 1 ||
	    inet_pton(AF_INET6, s->host, &any) == 1;
	if ((r = make_context(s, config, d)) != 0)
		return r;
	*ret = WD_TAKE(s);
	return 0;
}

struct wd_tls_stream *
wd_tls_stream_free(struct wd_tls_stream *s)
{
	if (s == NULL)
		return NULL;
	wd_tls_stream_close(s);
	SSL_CTX_free(s->ctx); /* NULL is fine */
	return wd_free(s);
}

void
wd_tls_stream_freep(struct wd_tls_stream **s)
{
	*s = wd_tls_stream_free(*s);
}

/* ---- addresses */

/* By itself the C library waits for a name server for ten seconds and more. */
static void
shorten_patience(void)
{
	if (res_init() != 0)
		return; /* then it is as the system has it */
	_res.retrans = RESOLVER_SECONDS;
	_res.retry = 1;
}

void
wd_tls_stream_resolve(struct wd_tls_stream *s)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = s->is_address ? AI_NUMERICHOST : AI_ADDRCONFIG };
	struct addrinfo *list = NULL;
	char port[8];
	struct wd_wr wr = wd_wr_fixed(port, sizeof(port) - 1);

	if (!s->is_address)
		shorten_patience();
	wd_wr_decimal(&wr, s->port);
	port[wr.len] = '\0';
	if (getaddrinfo(s->host, port, &hints, &list) != 0)
		return;
	s->n_addresses = 0;
	for (const struct addrinfo *a = list;
	     a != NULL && s->n_addresses < WD_TLS_STREAM_ADDRESSES;
	     a = a->ai_next) {
		struct wd_tls_stream_address *to =
		    &s->addresses[s->n_addresses++];

		wd_copy(&to->at, wd_span(a->ai_addr, a->ai_addrlen));
		to->len = a->ai_addrlen;
	}
	freeaddrinfo(list);
}

/* ---- connecting */

/* What became of a connect() that did not block. */
static int
finish_connect(struct wd_tls_stream *s, int64_t deadline, struct wd_diag *d)
{
	int error = 0;
	socklen_t len = sizeof(error);
	int r = wd_tls_stream_wait(s, POLLOUT, deadline, d);

	if (r != 0)
		return r;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0)
		return 0;
	return wd_reject(d, WD_R_UNAVAILABLE,
	    "%s port %u cannot be reached: %s", s->host, s->port,
	    strerrordesc_np(error));
}

static int
try_address(struct wd_tls_stream *s, const struct wd_tls_stream_address *a,
    int64_t deadline, struct wd_diag *d)
{
	int64_t soon = wd_time_mono_ms() + CONNECT_MS;
	const int on = 1;

	s->fd = socket(a->at.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (s->fd < 0)
		return wd_fault_errno(d, "socket");
	/* Only faster: a question is one write. */
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(s->fd, (const struct sockaddr *)&a->at, a->len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "%s port %u cannot be reached: %s", s->host, s->port,
		    strerrordesc_np(errno));
	return finish_connect(s, soon < deadline ? soon : deadline, d);
}

/* The first address that answers. */
static int
reach(struct wd_tls_stream *s, int64_t deadline, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = 0;

	if (s->n_addresses == 0)
		wd_tls_stream_resolve(s);
	for (size_t i = 0; i < s->n_addresses; i++) {
		wd_diag_clear(&why);
		r = try_address(s, &s->addresses[i], deadline, &why);
		if (r == 0)
			return 0;
		wd_tls_stream_close(s);
	}
	if (s->n_addresses == 0)
		return wd_reject(
		    d, WD_R_UNAVAILABLE, "the name %s is not found", s->host);
	s->n_addresses = 0; /* it may have moved */
	if (r < 0)
		return wd_fault(d, WD_F_SYSTEM, "%s", why.detail);
	return wd_reject(d, WD_R_UNAVAILABLE, "%s", why.detail);
}

/* Which name or address the certificate must be for (RFC 6125). */
static bool
expect_host(struct wd_tls_stream *s)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(s->ssl);

	if (s->is_address)
		return X509_VERIFY_PARAM_set1_ip_asc(p, s->host) == 1;
	X509_VERIFY_PARAM_set_hostflags(p,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
		X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(p, s->host, 0) == 1 &&
	    SSL_set_tlsext_host_name(s->ssl, s->host) == 1;
}

static int
shake_hands(struct wd_tls_stream *s, int64_t deadline, struct wd_diag *d)
{
	int r;

	s->ssl = SSL_new(s->ctx);
	if (s->ssl == NULL || !expect_host(s) || SSL_set_fd(s->ssl, s->fd) != 1)
		return wd_fault(d, WD_F_CRYPTO, "TLS cannot start");
	for (;;) {
		int n;

		ERR_clear_error();
		errno = 0;
		n = SSL_connect(s->ssl);
		if (n == 1)
			return 0;
		if ((r = wd_tls_stream_again(s, n, deadline, d)) != 0)
			return r;
	}
}

int
wd_tls_stream_connect(
    struct wd_tls_stream *s, int64_t deadline, struct wd_diag *d)
{
	int r;

	wd_tls_stream_close(s);
	s->unanswered = s->shut = false;
	if ((r = reach(s, deadline, d)) != 0)
		return r;
	if ((r = shake_hands(s, deadline, d)) != 0)
		wd_tls_stream_close(s);
	return r;
}
