/*
 * A keyring and what tests of this layer share.
 */
#pragma once

#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "crypto/init.h"
#include "seal/keyring.h"

static const uint8_t t_root[32] = { 1, 2, 3, 4, 5 };

static inline struct wd_id
t_id(uint8_t n)
{
	uint8_t random[16] = { 0 };

	random[0] = n;
	return wd_id_from_random(random);
}

static inline int
crypto_setup(void **state)
{
	(void)state;
	return wd_crypto_init(NULL);
}

static inline int
keyring_setup(void **state)
{
	struct wd_keyring *k = wd_alloc(sizeof(*k));
	struct wd_id id = t_id(7);

	t_ok(wd_keyring_make(&id, WD_SPAN(t_root), k));
	*state = k;
	return 0;
}

static inline int
keyring_teardown(void **state)
{
	struct wd_keyring *k = *state;

	wd_keyring_done(k);
	k = wd_free(k);
	return 0;
}

#define with_keyring(test) \
	cmocka_unit_test_setup_teardown(test, keyring_setup, keyring_teardown)

/* The next bit over at position BIT of a copy. */
static inline struct wd_bytes *
t_flip(struct wd_span s, size_t bit)
{
	struct wd_bytes *b = wd_bytes_copy(s);

	b->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	return b;
}
