/*
 * Random bytes of the kernel-seeded generator of libcrypto.
 */
#pragma once

#include "base/id.h"
#include "base/secret.h"

/* 0 or a fault; on a fault DST is zeroed. */
int wd_rand(void *dst, size_t len) WD_MUST_USE;

/* For what everybody may know: ids, nonces. Drawn in advance and thus cheaper;
 * never for a key, a credential or what only must not be guessed. LEN is at
 * most 1024. On a fault DST is zeroed. */
int wd_rand_public(void *dst, size_t len) WD_MUST_USE;

int wd_rand_id(struct wd_id *ret_id) WD_MUST_USE;

int wd_rand_secret(size_t len, struct wd_secret **ret) WD_MUST_USE;

/* A uniform number below LIMIT (at least 1). */
int wd_rand_below(uint32_t limit, uint32_t *ret) WD_MUST_USE;
