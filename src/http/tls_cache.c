/*
 * The cache of resumable sessions. An id is random, so two of its bytes choose
 * the place; a collision forgets the older session, which costs its client one
 * full handshake.
 */
#include "http/tls_cache.h"

static size_t
place_of(struct wd_span id)
{
	size_t sum = 0;

	for (size_t i = 0; i < id.len && i < 2; i++)
		sum = sum * 256 + id.p[i];
	return sum % WD_TLS_CACHE_SIZE;
}

static struct wd_span
id_of(const SSL_SESSION *s)
{
	unsigned len = 0;
	const unsigned char *id = SSL_SESSION_get_id(s, &len);

	return wd_span(id, len);
}

void
wd_tls_cache_put(struct wd_tls_cache *c, SSL_SESSION *s)
{
	size_t i = place_of(id_of(s));

	SSL_SESSION_free(c->place[i]); /* NULL is fine */
	c->place[i] = s;
}

SSL_SESSION *
wd_tls_cache_take(struct wd_tls_cache *c, struct wd_span id)
{
	size_t i = place_of(id);

	if (c->place[i] == NULL || !wd_span_equal(id_of(c->place[i]), id))
		return NULL;
	return WD_TAKE(c->place[i]);
}

void
wd_tls_cache_done(struct wd_tls_cache *c)
{
	for (size_t i = 0; i < WD_TLS_CACHE_SIZE; i++) {
		SSL_SESSION_free(c->place[i]);
		c->place[i] = NULL;
	}
}
