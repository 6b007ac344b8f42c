/*
 * Making proofs (RFC 6962 sections 2.1.1 and 2.1.2) from whatever holds the
 * hashes of complete subtrees: tiles on disk, or a list in a test.
 */
#pragma once

#include "audit/tree.h"

struct wd_nodes {
	/* The hash of leaves [n << height, (n + 1) << height): 0, what is
	 * wrong, or a fault. */
	int (*node)(void *ctx, unsigned height, uint64_t n, uint8_t ret[32]);
	void *ctx;
};

/* The root of leaves [lo, hi); LO is a multiple of the largest power of two
 * that is not over hi - lo, and lo < hi. */
int wd_range_hash(const struct wd_nodes *nodes, uint64_t lo, uint64_t hi,
    uint8_t ret[32]) WD_MUST_USE;

/* WD_R_RANGE: no such entry, or no such old tree; what NODES says; a fault. */
int wd_inclusion_make(const struct wd_nodes *nodes, uint64_t index,
    uint64_t size, struct wd_proof *ret) WD_MUST_USE;
int wd_consistency_make(const struct wd_nodes *nodes, uint64_t old_size,
    uint64_t size, struct wd_proof *ret) WD_MUST_USE;
