/*
 * Checks of inclusion and consistency proofs, without recursion, as RFC 9162
 * sections 2.1.3.2 and 2.1.4.2 describe them; the trees are those of RFC 6962.
 * A proof comes from outside: every length is checked, nothing is trusted.
 */
#include "audit/tree.h"

#include "base/reason.h"

static int
same(const uint8_t a[32], const uint8_t b[32])
{
	return wd_ct_equal(wd_span(a, 32), wd_span(b, 32)) ? 0 : WD_R_MISMATCH;
}

int
wd_inclusion_check(uint64_t index, uint64_t size, const uint8_t leaf[32],
    const struct wd_proof *proof, const uint8_t root[32])
{
	uint64_t node = index, last = size - 1;
	uint8_t hash[32];
	int r;

	if (index >= size || proof->n > WD_N(proof->hash))
		return WD_R_MISMATCH;
	wd_copy(hash, wd_span(leaf, 32));
	for (size_t i = 0; i < proof->n; i++) {
		if (last == 0)
			return WD_R_MISMATCH;
		if ((node & 1) == 0 && node != last) {
			r = wd_node_hash(hash, proof->hash[i], hash);
		} else {
			r = wd_node_hash(proof->hash[i], hash, hash);
			for (; (node & 1) == 0 && node != 0; last >>= 1)
				node >>= 1;
		}
		if (r != 0)
			return r;
		node >>= 1;
		last >>= 1;
	}
	return last == 0 ? same(hash, root) : WD_R_MISMATCH;
}

/* The two roots that a consistency proof leads to, step by step. */
struct consistency {
	uint64_t node, last;
	uint8_t old_hash[32], hash[32];
};

static int
consistency_step(struct consistency *c, const uint8_t next[32])
{
	int r;

	if (c->last == 0)
		return WD_R_MISMATCH;
	if ((c->node & 1) == 0 && c->node != c->last) {
		r = wd_node_hash(c->hash, next, c->hash);
	} else {
		r = wd_node_hash(next, c->old_hash, c->old_hash);
		if (r == 0)
			r = wd_node_hash(next, c->hash, c->hash);
		for (; (c->node & 1) == 0 && c->node != 0; c->last >>= 1)
			c->node >>= 1;
	}
	c->node >>= 1;
	c->last >>= 1;
	return r;
}

int
wd_consistency_check(uint64_t old_size, const uint8_t old_root[32],
    uint64_t size, const uint8_t root[32], const struct wd_proof *proof)
{
	struct consistency c = { old_size - 1, size - 1, { 0 }, { 0 } };
	size_t i = 0;
	int r;

	if (old_size > size || proof->n > WD_N(proof->hash))
		return WD_R_MISMATCH;
	/* Nothing is consistent with everything; equals need no proof. */
	if (old_size == 0)
		return proof->n == 0 ? 0 : WD_R_MISMATCH;
	if (old_size == size)
		return proof->n == 0 ? same(old_root, root) : WD_R_MISMATCH;
	for (; (c.node & 1) != 0; c.last >>= 1)
		c.node >>= 1;
	/* An old tree that is complete is a node of the new one: the proof
	 * leaves its root out. */
	if (c.node == 0) {
		wd_copy(c.hash, wd_span(old_root, 32));
	} else if (proof->n > 0) {
		wd_copy(c.hash, WD_SPAN(proof->hash[i]));
		i++;
	}
	wd_copy(c.old_hash, WD_SPAN(c.hash));
	for (; i < proof->n; i++)
		if ((r = consistency_step(&c, proof->hash[i])) != 0)
			return r;
	if (c.last != 0 || same(c.old_hash, old_root) != 0)
		return WD_R_MISMATCH;
	return same(c.hash, root);
}
