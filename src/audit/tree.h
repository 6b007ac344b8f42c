/*
 * The Merkle tree over the entries (RFC 6962 section 2.1): hashing, the right
 * edge of a growing tree, and the checks of proofs. Knows no files.
 */
#pragma once

#include "base/span.h"

/* The right edge of the tree: enough to add leaves and give the root. */
struct wd_tree {
	uint64_t size;
	uint8_t edge[64][32]; /* complete subtrees, by height */
};

int wd_leaf_hash(struct wd_span entry, uint8_t ret[32]) WD_MUST_USE;
int wd_node_hash(const uint8_t left[32], const uint8_t right[32],
    uint8_t ret[32]) WD_MUST_USE;

/* 0 or a fault. */
int wd_tree_add(struct wd_tree *t, const uint8_t leaf[32]) WD_MUST_USE;
/* The root of no leaves is the hash of nothing. */
int wd_tree_root(const struct wd_tree *t, uint8_t ret[32]) WD_MUST_USE;

/*
 * Adds a leaf and shows DONE every complete subtree that it finishes, from
 * height 0 (the leaf itself) upward. What DONE returns other than 0 comes back
 * and the leaf is not added.
 */
typedef int (*wd_subtree_fn)(
    void *ctx, unsigned height, const uint8_t hash[32]);
int wd_tree_push(struct wd_tree *t, const uint8_t leaf[32], wd_subtree_fn done,
    void *ctx) WD_MUST_USE;

/* Proofs as lists of hashes, most 64 each (RFC 6962 2.1.1, 2.1.2). */
struct wd_proof {
	size_t n;
	uint8_t hash[64][32];
};
/* 0 or WD_R_MISMATCH, or a fault. */
int wd_inclusion_check(uint64_t index, uint64_t size, const uint8_t leaf[32],
    const struct wd_proof *proof, const uint8_t root[32]) WD_MUST_USE;
int wd_consistency_check(uint64_t old_size, const uint8_t old_root[32],
    uint64_t size, const uint8_t root[32], const struct wd_proof *proof)
    WD_MUST_USE;
