/*
 * Reading and writing within deadlines. Must never leave a connection open that
 * has failed.
 */
#include "http/tls_stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/tls_stream_in.h"

int
wd_tls_stream_wait(
    struct wd_tls_stream *s, short events, int64_t deadline, struct wd_diag *d)
{
	struct pollfd p = { .fd = s->fd, .events = events };

	for (;;) {
		int64_t left = deadline - wd_time_mono_ms();
		int n;

		if (left <= 0)
			return wd_reject(d, WD_R_UNAVAILABLE,
			    "%s port %u did not answer in time", s->host,
			    s->port);
		n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return wd_fault_errno(d, "poll");
	}
}

/* ---- why libssl failed */

/* The alerts by which a server turns our certificate down (RFC 8446, 6.2). */
static bool
is_refusal(int reason)
{
	switch (reason) {
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

static int
say_shut(struct wd_tls_stream *s, struct wd_diag *d)
{
	s->shut = s->unanswered;
	return wd_reject(d, WD_R_UNAVAILABLE,
	    "%s port %u closed the connection", s->host, s->port);
}

static int
say_protocol(struct wd_tls_stream *s, struct wd_diag *d)
{
	unsigned long e = ERR_peek_error();
	int reason = ERR_GET_REASON(e);
	long verdict = SSL_get_verify_result(s->ssl);
	const char *text = ERR_reason_error_string(e);

	if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK)
		return wd_reject(d, WD_R_UNAVAILABLE,
		    "%s port %u is not trusted: %s", s->host, s->port,
		    X509_verify_cert_error_string(verdict));
	if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return say_shut(s, d);
	if (is_refusal(reason))
		return wd_reject(d, WD_R_PERMISSION,
		    "%s port %u refuses us, perhaps our certificate: %s",
		    s->host, s->port, text != NULL ? text : "no reason");
	return wd_reject(d, WD_R_UNAVAILABLE, "%s port %u: TLS fails: %s",
	    s->host, s->port, text != NULL ? text : "no reason");
}

/* A server of TLS 1.3 says after the handshake that it turns us down, and
 * closes, which may be noticed first. */
static bool
has_refused(struct wd_tls_stream *s)
{
	char byte;
	int n;

	ERR_clear_error();
	n = SSL_peek(s->ssl, &byte, 1);
	return n <= 0 && SSL_get_error(s->ssl, n) == SSL_ERROR_SSL &&
	    is_refusal(ERR_GET_REASON(ERR_peek_error()));
}

static int
say_system(struct wd_tls_stream *s, int error, struct wd_diag *d)
{
	if (has_refused(s))
		return say_protocol(s, d);
	if (error == 0 || error == ECONNRESET || error == EPIPE)
		return say_shut(s, d);
	return wd_reject(d, WD_R_UNAVAILABLE, "%s port %u: %s", s->host,
	    s->port, strerrordesc_np(error));
}

int
wd_tls_stream_again(
    struct wd_tls_stream *s, int n, int64_t deadline, struct wd_diag *d)
{
	int error = errno, r;

	switch (SSL_get_error(s->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return wd_tls_stream_wait(s, POLLIN, deadline, d);
	case SSL_ERROR_WANT_WRITE:
		return wd_tls_stream_wait(s, POLLOUT, deadline, d);
	case SSL_ERROR_ZERO_RETURN:
		r = say_shut(s, d);
		break;
	case SSL_ERROR_SYSCALL:
		r = say_system(s, error, d);
		break;
	default:
		r = say_protocol(s, d);
	}
	ERR_clear_error();
	return r;
}

/* ---- what is open */

void
wd_tls_stream_close(struct wd_tls_stream *s)
{
	if (s->ssl != NULL && SSL_is_init_finished(s->ssl))
		(void)SSL_shutdown(s->ssl); /* best effort: it may be gone */
	ERR_clear_error();
	SSL_free(s->ssl); /* NULL is fine */
	s->ssl = NULL;
	if (s->fd >= 0)
		(void)close(s->fd); /* nothing is lost with it */
	s->fd = -1;
}

bool
wd_tls_stream_is_idle(struct wd_tls_stream *s)
{
	char byte;
	int n;

	if (s->ssl == NULL)
		return false;
	ERR_clear_error();
	n = SSL_peek(s->ssl, &byte, 1);
	if (n <= 0 && SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ)
		return true;
	wd_tls_stream_close(s);
	return false;
}

bool
wd_tls_stream_was_shut(const struct wd_tls_stream *s)
{
	return s->shut;
}

static int
not_open(const struct wd_tls_stream *s, struct wd_diag *d)
{
	return wd_fault(d, WD_F_BUG, "no connection to %s", s->host);
}

int
wd_tls_stream_write(struct wd_tls_stream *s, struct wd_span bytes,
    int64_t deadline, struct wd_diag *d)
{
	size_t n = 0;

	if (s->ssl == NULL)
		return not_open(s, d);
	s->unanswered = true;
	s->shut = false;
	while (bytes.len > 0) {
		int ok, r;

		ERR_clear_error();
		errno = 0;
		ok = SSL_write_ex(s->ssl, bytes.p, bytes.len, &n);
		if (ok == 1) {
			bytes = wd_span(bytes.p + n, bytes.len - n);
			continue;
		}
		if ((r = wd_tls_stream_again(s, ok, deadline, d)) != 0) {
			wd_tls_stream_close(s);
			return r;
		}
	}
	return 0;
}

int
wd_tls_stream_read(struct wd_tls_stream *s, void *dst, size_t len,
    int64_t deadline, struct wd_diag *d)
{
	uint8_t *at = dst;
	size_t n = 0;

	if (s->ssl == NULL)
		return not_open(s, d);
	while (len > 0) {
		int ok, r;

		ERR_clear_error();
		errno = 0;
		ok = SSL_read_ex(s->ssl, at, len, &n);
		if (ok == 1) {
			s->unanswered = false;
			at += n;
			len -= n;
			continue;
		}
		if ((r = wd_tls_stream_again(s, ok, deadline, d)) != 0) {
			wd_tls_stream_close(s);
			return r;
		}
	}
	return 0;
}
