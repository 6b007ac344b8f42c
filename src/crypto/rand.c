/*
 * Random bytes. A failure never leaves bytes behind that look random.
 */
#include "crypto/rand.h"

#include "crypto/lib.h"

#include <assert.h>
#include <limits.h>
#include <openssl/rand.h>
#include <unistd.h>

int
wd_rand(void *dst, size_t len)
{
	if (len <= INT_MAX && RAND_priv_bytes(dst, (int)len) == 1)
		return 0;
	wd_wipe(dst, len);
	return wd_lib_fault();
}

/* Ids are public, so that bytes for the next few may wait here; not in a child,
 * which would draw the same. */
static struct {
	uint8_t bytes[256];
	size_t left;
	pid_t owner;
} ids;

static int
fill_ids(void)
{
	int r = wd_rand(ids.bytes, sizeof(ids.bytes));

	ids.left = r == 0 ? sizeof(ids.bytes) : 0;
	ids.owner = getpid();
	return r;
}

int
wd_rand_id(struct wd_id *ret_id)
{
	int r;

	if ((ids.left == 0 || ids.owner != getpid()) && (r = fill_ids()) != 0)
		return r;
	ids.left -= 16;
	*ret_id = wd_id_from_random(ids.bytes + ids.left);
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
