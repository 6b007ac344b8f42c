/*
 * Each call of libcrypto's generator runs through so much code that it is the
 * dearest part of a signature after the multiplication in a process that has
 * just come to run: one call for many signatures, then. The bytes wait in
 * secret memory, are given out once and wiped; a child forgets them. Must never
 * serve keys, which are made of nothing but such bytes.
 */
/* RAND_METHOD: a provider of our own would replace the generator for keys. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/nonce.h"

#include "base/secret.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>

enum { AHEAD = 1024 };

static struct {
	struct wd_secret *bytes; /* AHEAD of them */
	size_t left;
} pool;

static void
forget(void)
{
	pool.left = 0;
}

static bool
make_pool(void)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_new(AHEAD);

	if (s == NULL || pthread_atfork(NULL, NULL, forget) != 0)
		return false;
	pool.bytes = WD_TAKE(s);
	return true;
}

/* Past the method that is set: by the generator that keys are drawn from. */
static bool
generate(void *dst, size_t len)
{
	EVP_RAND_CTX *source = RAND_get0_private(NULL);

	return source != NULL &&
	    EVP_RAND_generate(source, dst, len, 0, 0, NULL, 0) == 1;
}

static bool
take(unsigned char *dst, size_t len)
{
	uint8_t *from;

	if (len > AHEAD)
		return generate(dst, len);
	if (pool.left < len) {
		pool.left = 0;
		if (!generate(wd_secret_bytes(pool.bytes), AHEAD))
			return false;
		pool.left = AHEAD;
	}
	pool.left -= len;
	from = wd_secret_bytes(pool.bytes) + pool.left;
	wd_copy(dst, wd_span(from, len));
	wd_wipe(from, len);
	return true;
}

/* As RAND_METHOD wants it. */
static int
draw(unsigned char *dst, int len)
{
	return len >= 0 && take(dst, (size_t)len) ? 1 : 0;
}

void
wd_nonce_begin(void)
{
	static const RAND_METHOD ahead = { .bytes = draw };

	if (pool.bytes != NULL || make_pool())
		(void)RAND_set_rand_method(&ahead); /* else none is set */
}

/* Not NULL: libcrypto would look for an engine at each call. */
void
wd_nonce_end(void)
{
	(void)RAND_set_rand_method(RAND_OpenSSL()); /* only a lock could fail */
}
