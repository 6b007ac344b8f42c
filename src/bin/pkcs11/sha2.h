/*
 * SHA-2 for the module, which may link libc and nothing else. Used nowhere else
 * in the product: the other processes have libcrypto.
 */
#pragma once

#include "base/span.h"

enum wd_sha2_alg { WD_SHA2_256, WD_SHA2_384, WD_SHA2_512 };

enum { WD_SHA2_MAX = 64 };

struct wd_sha2 {
	enum wd_sha2_alg alg;
	uint64_t h[8];
	uint64_t total; /* bytes added; up to 2^61 */
	size_t used;    /* of BLOCK */
	uint8_t block[128];
};

size_t wd_sha2_len(enum wd_sha2_alg alg);

void wd_sha2_init(struct wd_sha2 *s, enum wd_sha2_alg alg);
void wd_sha2_add(struct wd_sha2 *s, struct wd_span data);

/* Writes wd_sha2_len() bytes and wipes S. */
void wd_sha2_end(struct wd_sha2 *s, uint8_t ret_digest[WD_SHA2_MAX]);
