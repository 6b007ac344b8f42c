/*
 * Inside of http/tls_stream.h, for tls_stream*.c alone.
 */
#pragma once

#include "http/tls_stream.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

enum { WD_TLS_STREAM_ADDRESSES = 8 };

struct wd_tls_stream {
	SSL_CTX *ctx;
	SSL *ssl; /* NULL: not open */
	int fd;   /* -1: not open */
	char host[WD_TLS_STREAM_HOST_MAX + 1];
	uint16_t port;
	bool is_address; /* rather than a name */
	bool unanswered; /* nothing has come since the last write */
	bool shut;

	size_t n_addresses;
	struct wd_tls_stream_address {
		struct sockaddr_storage at;
		socklen_t len;
	} addresses[WD_TLS_STREAM_ADDRESSES];
};

/* Waits for poll()'s EVENTS. WD_R_UNAVAILABLE: too late. */
int wd_tls_stream_wait(struct wd_tls_stream *s, short events, int64_t deadline,
    struct wd_diag *d) WD_MUST_USE;

/* After a call of libssl returned N: 0 when it is to be made again, which was
 * waited for. */
int wd_tls_stream_again(struct wd_tls_stream *s, int n, int64_t deadline,
    struct wd_diag *d) WD_MUST_USE;
