/*
 * A connection to one TLS server, for protocols that are no HTTP: TLS 1.3 or
 * 1.2 with forward secrecy, the roots it is given and no others, the server's
 * name always checked. Blocks, within deadlines of monotonic milliseconds;
 * after any failure the connection is closed, so that an answer that comes late
 * is never taken for the next one. Call wd_crypto_init() first.
 *
 * Results: 0; WD_R_UNAVAILABLE when the server cannot be reached, is not who it
 * must be, closes, or is late; WD_R_PERMISSION when it refuses our certificate;
 * or a fault. The sentence names the server.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"

enum { WD_TLS_STREAM_HOST_MAX = 253 };

struct wd_tls_stream;

struct wd_tls_stream_config {
	struct wd_span host; /* a name or an address, without brackets */
	uint16_t port;
	struct wd_span roots;      /* PEM */
	struct wd_span chain, key; /* ours, PEM; empty: none is shown */
};

/* Connects to nothing; nothing of CONFIG is kept. Also WD_R_RANGE (no such
 * host), WD_R_MALFORMED, WD_R_MISMATCH. */
int wd_tls_stream_new(const struct wd_tls_stream_config *config,
    struct wd_tls_stream **ret, struct wd_diag *d) WD_MUST_USE;
struct wd_tls_stream *wd_tls_stream_free(struct wd_tls_stream *s);
void wd_tls_stream_freep(struct wd_tls_stream **s);

/*
 * Looks the server's name up and keeps what is found. Blocks for two
 * seconds for each name server of the system's at most. The first call, before
 * a sandbox closes, also loads what the resolver needs. Connecting calls it
 * when no address is known, or none answered.
 */
void wd_tls_stream_resolve(struct wd_tls_stream *s);

/* Anew; what was open is closed. */
int wd_tls_stream_connect(
    struct wd_tls_stream *s, int64_t deadline, struct wd_diag *d) WD_MUST_USE;
void wd_tls_stream_close(struct wd_tls_stream *s);

/* It is open, and nothing has come that nobody asked for, an end above all. */
bool wd_tls_stream_is_idle(struct wd_tls_stream *s);

int wd_tls_stream_write(struct wd_tls_stream *s, struct wd_span bytes,
    int64_t deadline, struct wd_diag *d) WD_MUST_USE;

/* Exactly LEN bytes. */
int wd_tls_stream_read(struct wd_tls_stream *s, void *dst, size_t len,
    int64_t deadline, struct wd_diag *d) WD_MUST_USE;

/* After a failure: the server had closed before anything came of an answer to
 * what was written last. */
bool wd_tls_stream_was_shut(const struct wd_tls_stream *s);
