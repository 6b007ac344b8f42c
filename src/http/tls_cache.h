/*
 * Sessions that clients may resume: a fixed number of places, each session
 * used once. For http/tls.c alone.
 */
#pragma once

#include "base/span.h"

#include <openssl/ssl.h>

enum { WD_TLS_CACHE_SIZE = 1024, WD_TLS_SESSION_SECONDS = 300 };

struct wd_tls_cache {
	SSL_SESSION *place[WD_TLS_CACHE_SIZE];
};

/* Takes S. It puts out whatever had its place before. */
void wd_tls_cache_put(struct wd_tls_cache *c, SSL_SESSION *s);

/* The session of this id, which leaves the cache; NULL when there is none. */
SSL_SESSION *wd_tls_cache_take(struct wd_tls_cache *c, struct wd_span id);

void wd_tls_cache_done(struct wd_tls_cache *c);
