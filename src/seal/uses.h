/*
 * How often the newest term of the keyring has encrypted. The count lies in the
 * store, under the name "uses", with a MAC under a key of the keyring: whoever
 * can write the store cannot make a lower one up. An older count of the same
 * store that is put back is taken for what it says; whoever can do that can put
 * back a whole older store too.
 */
#pragma once

#include "base/span.h"
#include "seal/keyring.h"

#define WD_USES_NAME "uses"

enum { WD_USES_LEN = 1 + 4 + 8 + 8 + 32 };

struct wd_uses {
	uint32_t term;
	int64_t made; /* when the term began to encrypt */
	uint64_t n;   /* as were reserved: no fewer than there were */
};

/* 0 or a fault. */
int wd_uses_flat(const struct wd_keyring *k, const struct wd_uses *u,
    uint8_t ret[WD_USES_LEN]) WD_MUST_USE;

/* WD_R_TAMPERED: not what this keyring has counted; or a fault. */
int wd_uses_read(const struct wd_keyring *k, struct wd_span flat,
    struct wd_uses *ret) WD_MUST_USE;
