/*
 * Random bytes. A failure never leaves bytes behind that look random.
 */
#include "crypto/rand.h"

#include "crypto/lib.h"

#include <assert.h>
#include <limits.h>
#include <openssl/rand.h>
#include <pthread.h>

int
wd_rand(void *dst, size_t len)
{
	if (len <= INT_MAX && RAND_priv_bytes(dst, (int)len) == 1)
		return 0;
	wd_wipe(dst, len);
	return wd_lib_fault();
}

/* What is public may wait here until it is needed; not in a child, which would
 * hand out the same. */
static struct {
	uint8_t bytes[1024];
	size_t left;
	bool minded; /* that a child forgets them */
} pool;

static void
forget(void)
{
	pool.left = 0;
}

static int
fill(void)
{
	int r = wd_rand(pool.bytes, sizeof(pool.bytes));

	if (!pool.minded && pthread_atfork(NULL, NULL, forget) != 0)
		return WD_F_MEMORY;
	pool.minded = true;
	pool.left = r == 0 ? sizeof(pool.bytes) : 0;
	return r;
}

int
wd_rand_public(void *dst, size_t len)
{
	int r;

	assert(len <= sizeof(pool.bytes));
	if (pool.left < len && (r = fill()) != 0) {
		wd_wipe(dst, len);
		return r;
	}
	pool.left -= len;
	wd_copy(dst, wd_span(pool.bytes + pool.left, len));
	return 0;
}

int
wd_rand_id(struct wd_id *ret_id)
{
	uint8_t random[16];
	int r;

	if ((r = wd_rand_public(random, sizeof(random))) != 0)
		return r;
	*ret_id = wd_id_from_random(random);
	return 0;
}

int
wd_rand_secret(size_t len, struct wd_secret **ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_new(len);
	int r;

	if (s == NULL)
		return WD_F_MEMORY;
	if ((r = wd_rand(wd_secret_bytes(s), len)) != 0)
		return r;
	*ret = WD_TAKE(s);
	return 0;
}

/*
 * Draws 32 bits until one falls below the largest multiple of LIMIT, so that
 * every remainder is equally likely; at worst every second draw is dropped.
 */
int
wd_rand_below(uint32_t limit, uint32_t *ret)
{
	uint32_t draw, reject_below;
	int r;

	assert(limit > 0);
	reject_below = (uint32_t)((UINT64_C(1) << 32) % limit);
	do {
		if ((r = wd_rand(&draw, sizeof(draw))) != 0)
			return r;
	} while (draw < reject_below);
	*ret = draw % limit;
	return 0;
}
