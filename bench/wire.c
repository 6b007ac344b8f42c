/*
 * HTTP/1.1 as the server here writes it: one Content-Length, no other framing.
 */
#include "wire.h"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 128 << 10, COOKIE = 256 };

struct wire {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	char host[256];
	char cookie[COOKIE];
	char out[ROOM], in[ROOM + 1];
};

static int
dial(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_family = AF_INET };
	struct addrinfo *ai = NULL;
	int fd = -1;

	if (getaddrinfo(host, port, &hints, &ai) != 0)
		return -1;
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
		(void)close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

static bool
set_up(struct wire *w, const char *ca)
{
	w->ctx = SSL_CTX_new(TLS_client_method());
	if (w->ctx == NULL ||
	    SSL_CTX_load_verify_locations(w->ctx, ca, NULL) != 1)
		return false;
	SSL_CTX_set_verify(w->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_read_ahead(w->ctx, 1);
	w->ssl = SSL_new(w->ctx);
	return w->ssl != NULL && SSL_set1_host(w->ssl, w->host) == 1 &&
	    SSL_set_tlsext_host_name(w->ssl, w->host) == 1 &&
	    SSL_set_fd(w->ssl, w->fd) == 1 && SSL_connect(w->ssl) == 1;
}

struct wire *
wire_open(const char *host, const char *port, const char *ca)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	(void)snprintf(w->host, sizeof(w->host), "%s", host);
	w->fd = dial(host, port);
	if (w->fd >= 0 && set_up(w, ca))
		return w;
	ERR_print_errors_fp(stderr);
	return wire_close(w);
}

struct wire *
wire_close(struct wire *w)
{
	if (w == NULL)
		return NULL;
	SSL_free(w->ssl);
	SSL_CTX_free(w->ctx);
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w);
	return NULL;
}

static bool
send_request(struct wire *w, const char *head, struct wd_span body)
{
	int n = snprintf(w->out, sizeof(w->out),
	    "%s\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n", head, w->host,
	    body.len);

	if (n < 0 || (size_t)n + body.len > sizeof(w->out))
		return false;
	if (body.len > 0)
		wd_copy(w->out + n, body);
	n += (int)body.len;
	return SSL_write(w->ssl, w->out, n) == n;
}

/* The value of a field; NULL without. */
static const char *
field(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at == NULL ? NULL : at + strlen(name);
}

static void
keep_cookie(struct wire *w)
{
	const char *at = field(w->in, "\r\nSet-Cookie: ");
	size_t len = at == NULL ? 0 : strcspn(at, ";\r");

	if (len > 0 && len < sizeof(w->cookie)) {
		wd_copy(w->cookie, wd_span(at, len));
		w->cookie[len] = '\0';
	}
}

/* Reads until HAVE bytes are there; how many there are then. */
static size_t
read_to(struct wire *w, size_t have, size_t want)
{
	int n = 1;

	while (n > 0 && have < want) {
		n = SSL_read(w->ssl, w->in + have, (int)(ROOM - have));
		have += n > 0 ? (size_t)n : 0;
	}
	w->in[have < ROOM ? have : ROOM] = '\0';
	return have;
}

int
wire_ask(struct wire *w, const char *head, struct wd_span body,
    struct wd_span *ret_body)
{
	const char *end = NULL, *length;
	size_t have = 0, want;

	if (!send_request(w, head, body))
		return -1;
	while (end == NULL) {
		size_t before = have;

		have = read_to(w, have, have + 1);
		if (have == before)
			return -1;
		end = strstr(w->in, "\r\n\r\n");
	}
	length = field(w->in, "\r\nContent-Length: ");
	want = (size_t)(end + 4 - w->in);
	want += length == NULL ? 0 : strtoul(length, NULL, 10);
	if (want > ROOM || read_to(w, have, want) != want)
		return -1;
	keep_cookie(w);
	*ret_body = wd_span(end + 4, want - (size_t)(end + 4 - w->in));
	return (int)strtol(w->in + sizeof("HTTP/1.1"), NULL, 10);
}

const char *
wire_cookie(const struct wire *w)
{
	return w->cookie;
}
