/*
 * The Merkle tree over the entries (RFC 6962 section 2.1), kept as C2SP
 * tlog-tiles in the log folder: tile/<level>/<n>, tile/entries/<n>, checkpoint
 * (a signed note, Ed25519, log name "<server name>/log").
 */
#pragma once

#include "base/bytes.h"
#include "base/diag.h"
#include "crypto/pkey.h"

/* The right edge of the tree: enough to add leaves and give the root. */
struct wd_tree {
	uint64_t size;
	uint8_t edge[64][32]; /* complete subtrees, by height */
};

int wd_leaf_hash(struct wd_span entry, uint8_t ret[32]) WD_MUST_USE;
int wd_tree_add(struct wd_tree *t, const uint8_t leaf[32]) WD_MUST_USE;
int wd_tree_root(const struct wd_tree *t, uint8_t ret[32]) WD_MUST_USE;

/* Proofs as lists of hashes, most 64 each (RFC 6962 2.1.1, 2.1.2). */
struct wd_proof {
	size_t n;
	uint8_t hash[64][32];
};
/* 0 or WD_R_MISMATCH. */
int wd_inclusion_check(uint64_t index, uint64_t size, const uint8_t leaf[32],
    const struct wd_proof *proof, const uint8_t root[32]) WD_MUST_USE;
int wd_consistency_check(uint64_t old_size, const uint8_t old_root[32],
    uint64_t size, const uint8_t root[32], const struct wd_proof *proof)
    WD_MUST_USE;

/* Signed note: text, then "— name base64(key id || signature)". */
int wd_checkpoint_write(const char *log_name, uint64_t size,
    const uint8_t root[32], const struct wd_pkey *ed25519,
    struct wd_bytes **ret) WD_MUST_USE;
/* WD_R_MALFORMED; WD_R_MISMATCH for another name, key or signature. */
int wd_checkpoint_read(struct wd_span note, const char *log_name,
    const struct wd_pkey *ed25519, uint64_t *ret_size, uint8_t ret_root[32])
    WD_MUST_USE;
