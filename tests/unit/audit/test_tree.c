/*
 * RFC 6962 hashing and proofs: the reference tree of the certificate
 * transparency project, and every proof of every tree up to 70 leaves against
 * a definition that is written down as the RFC has it.
 */
#include "lib/t.h"

#include "audit/proof.h"
#include "base/reason.h"
#include "crypto/init.h"

#include <stdio.h>

enum { MOST = 70 };

static const struct {
	const char *leaf; /* hex */
	const char *root; /* of the tree that ends with it */
} reference[] = {
	{ "",
	    "6e340b9cffb37a989ca544e6bb780a2c"
	    "78901d3fb33738768511a30617afa01d" },
	{ "00",
	    "fac54203e7cc696cf0dfcb42c92a1d9d"
	    "baf70ad9e621f4bd8d98662f00e3c125" },
	{ "10",
	    "aeb6bcfe274b70a14fb067a5e5578264"
	    "db0fa9b51af5e0ba159158f329e06e77" },
	{ "2021",
	    "d37ee418976dd95753c1c73862b9398f"
	    "a2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "3031",
	    "4e3bbb1f7b478dcfe71fb631631519a3"
	    "bca12c9aefca1612bfce4c13a86264d4" },
	{ "40414243",
	    "76e67dadbcdf1e10e1b74ddc608abd2f"
	    "98dfb16fbce75277b5232a127f2087ef" },
	{ "5051525354555657",
	    "ddb89be403809e325750d3d263cd7892"
	    "9c2942b7942a34b77e122c9594a74c8c" },
	{ "606162636465666768696a6b6c6d6e6f",
	    "5dc9da79a70659a9ad559cb701ded9a2"
	    "ab9d823aad2f4960cfe370eff4604328" },
};

static size_t
unhex(const char *hex, uint8_t *dst)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(hex + 2 * n, "%2x", &v) == 1; n++)
		dst[n] = (uint8_t)v;
	return n;
}

static void
the_empty_tree_is_the_hash_of_nothing(void **state)
{
	struct wd_tree t = { 0 };
	uint8_t want[32], root[32];

	(void)state;
	(void)unhex("e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855",
	    want);
	t_ok(wd_tree_root(&t, root));
	t_span_equal(WD_SPAN(root), WD_SPAN(want));
}

static void
reference_roots_are_met(void **state)
{
	struct wd_tree t = { 0 };
	uint8_t leaf[16], hash[32], want[32], root[32];

	(void)state;
	for (size_t i = 0; i < WD_N(reference); i++) {
		size_t n = unhex(reference[i].leaf, leaf);

		t_ok(wd_leaf_hash(wd_span(leaf, n), hash));
		t_ok(wd_tree_add(&t, hash));
		t_ok(wd_tree_root(&t, root));
		(void)unhex(reference[i].root, want);
		t_span_equal(WD_SPAN(root), WD_SPAN(want));
		assert_int_equal(t.size, i + 1);
	}
}

/* MTH of RFC 6962, section 2.1, word for word. */
static uint8_t leaves[MOST][32];

static void
mth(size_t lo, size_t hi, uint8_t ret[32])
{
	uint8_t left[32], right[32];
	size_t k = 1;

	if (hi - lo == 1) {
		wd_copy(ret, WD_SPAN(leaves[lo]));
		return;
	}
	while (k * 2 < hi - lo)
		k *= 2;
	mth(lo, lo + k, left);
	mth(lo + k, hi, right);
	t_ok(wd_node_hash(left, right, ret));
}

static int
node_of_leaves(void *ctx, unsigned height, uint64_t n, uint8_t ret[32])
{
	uint64_t *size = ctx;

	/* A proof may ask for complete subtrees of its tree only. */
	assert_true((n + 1) << height <= *size);
	mth((size_t)(n << height), (size_t)((n + 1) << height), ret);
	return 0;
}

static int
make_leaves(void **state)
{
	(void)state;
	t_ok(wd_crypto_init(NULL));
	for (uint8_t i = 0; i < MOST; i++)
		t_ok(wd_leaf_hash(wd_span(&i, 1), leaves[i]));
	return 0;
}

static void
inclusion_is_refused_when_anything_differs(
    uint64_t index, uint64_t size, struct wd_proof *proof, uint8_t root[32])
{
	const uint8_t *leaf = leaves[index];

	for (size_t i = 0; i < proof->n; i++) {
		proof->hash[i][31 - i % 32] ^= 1;
		assert_int_equal(
		    wd_inclusion_check(index, size, leaf, proof, root),
		    WD_R_MISMATCH);
		proof->hash[i][31 - i % 32] ^= 1;
	}
	proof->n++;
	assert_int_equal(
	    wd_inclusion_check(index, size, leaf, proof, root), WD_R_MISMATCH);
	proof->n--;
	if (proof->n > 0) {
		proof->n--;
		assert_int_equal(
		    wd_inclusion_check(index, size, leaf, proof, root),
		    WD_R_MISMATCH);
		proof->n++;
	}
	for (uint64_t other = 0; other < size; other++)
		if (other != index)
			assert_int_equal(
			    wd_inclusion_check(other, size, leaf, proof, root),
			    WD_R_MISMATCH);
	assert_int_equal(
	    wd_inclusion_check(size, size, leaf, proof, root), WD_R_MISMATCH);
	root[0] ^= 0x80;
	assert_int_equal(
	    wd_inclusion_check(index, size, leaf, proof, root), WD_R_MISMATCH);
	root[0] ^= 0x80;
}

static void
inclusion_holds_for_every_leaf_of_every_tree(void **state)
{
	struct wd_proof proof;
	uint8_t root[32];

	(void)state;
	for (uint64_t size = 1; size <= MOST; size++) {
		struct wd_nodes nodes = { node_of_leaves, &size };

		mth(0, (size_t)size, root);
		for (uint64_t i = 0; i < size; i++) {
			t_ok(wd_inclusion_make(&nodes, i, size, &proof));
			t_ok(wd_inclusion_check(
			    i, size, leaves[i], &proof, root));
			inclusion_is_refused_when_anything_differs(
			    i, size, &proof, root);
		}
		assert_int_equal(
		    wd_inclusion_make(&nodes, size, size, &proof), WD_R_RANGE);
	}
	assert_int_equal(
	    wd_inclusion_check(0, 0, leaves[0], &proof, root), WD_R_MISMATCH);
}

static void
consistency_is_refused_when_anything_differs(uint64_t old, uint64_t size,
    uint8_t old_root[32], uint8_t root[32], struct wd_proof *proof)
{
	for (size_t i = 0; i < proof->n; i++) {
		proof->hash[i][i % 32] ^= 4;
		assert_int_equal(
		    wd_consistency_check(old, old_root, size, root, proof),
		    WD_R_MISMATCH);
		proof->hash[i][i % 32] ^= 4;
	}
	proof->n++;
	assert_int_equal(wd_consistency_check(old, old_root, size, root, proof),
	    WD_R_MISMATCH);
	proof->n--;
	if (proof->n > 0) {
		proof->n--;
		assert_int_equal(
		    wd_consistency_check(old, old_root, size, root, proof),
		    WD_R_MISMATCH);
		proof->n++;
	}
	old_root[5] ^= 1;
	assert_int_equal(wd_consistency_check(old, old_root, size, root, proof),
	    WD_R_MISMATCH);
	old_root[5] ^= 1;
	root[5] ^= 1;
	assert_int_equal(wd_consistency_check(old, old_root, size, root, proof),
	    WD_R_MISMATCH);
	root[5] ^= 1;
}

static void
consistency_holds_between_all_trees(void **state)
{
	struct wd_proof proof;
	uint8_t old_root[32], root[32];

	(void)state;
	for (uint64_t size = 1; size <= MOST; size++) {
		struct wd_nodes nodes = { node_of_leaves, &size };

		mth(0, (size_t)size, root);
		for (uint64_t old = 1; old <= size; old++) {
			mth(0, (size_t)old, old_root);
			t_ok(wd_consistency_make(&nodes, old, size, &proof));
			t_ok(wd_consistency_check(
			    old, old_root, size, root, &proof));
			consistency_is_refused_when_anything_differs(
			    old, size, old_root, root, &proof);
		}
		assert_int_equal(
		    wd_consistency_make(&nodes, size + 1, size, &proof),
		    WD_R_RANGE);
		assert_int_equal(
		    wd_consistency_check(size + 1, root, size, root, &proof),
		    WD_R_MISMATCH);
	}
}

static void
the_empty_tree_is_consistent_with_all(void **state)
{
	struct wd_proof proof = { 0 };
	uint64_t size = 9;
	struct wd_nodes nodes = { node_of_leaves, &size };

	(void)state;
	t_ok(wd_consistency_make(&nodes, 0, 9, &proof));
	assert_int_equal(proof.n, 0);
	t_ok(wd_consistency_check(0, leaves[0], 9, leaves[1], &proof));
	proof.n = 1;
	assert_int_equal(
	    wd_consistency_check(0, leaves[0], 9, leaves[1], &proof),
	    WD_R_MISMATCH);
}

static void
a_proof_of_too_many_hashes_is_refused(void **state)
{
	struct wd_proof proof = { .n = 65 };

	(void)state;
	assert_int_equal(wd_inclusion_check(0, 2, leaves[0], &proof, leaves[1]),
	    WD_R_MISMATCH);
	assert_int_equal(
	    wd_consistency_check(1, leaves[0], 2, leaves[1], &proof),
	    WD_R_MISMATCH);
}

static int
stop_at_height(void *ctx, unsigned height, const uint8_t hash[32])
{
	(void)hash;
	return height == *(unsigned *)ctx ? WD_R_TAMPERED : 0;
}

static void
a_leaf_that_is_not_wanted_changes_nothing(void **state)
{
	struct wd_tree t = { 0 };
	uint8_t before[32], after[32];
	unsigned height = 1;

	(void)state;
	t_ok(wd_tree_push(&t, leaves[0], stop_at_height, &height));
	t_ok(wd_tree_root(&t, before));
	assert_int_equal(wd_tree_push(&t, leaves[1], stop_at_height, &height),
	    WD_R_TAMPERED);
	t_ok(wd_tree_root(&t, after));
	assert_int_equal(t.size, 1);
	t_span_equal(WD_SPAN(before), WD_SPAN(after));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_empty_tree_is_the_hash_of_nothing),
		cmocka_unit_test(reference_roots_are_met),
		cmocka_unit_test(inclusion_holds_for_every_leaf_of_every_tree),
		cmocka_unit_test(consistency_holds_between_all_trees),
		cmocka_unit_test(the_empty_tree_is_consistent_with_all),
		cmocka_unit_test(a_proof_of_too_many_hashes_is_refused),
		cmocka_unit_test(a_leaf_that_is_not_wanted_changes_nothing),
	};

	return cmocka_run_group_tests(tests, make_leaves, NULL);
}
