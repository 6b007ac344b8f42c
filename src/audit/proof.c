/*
 * Proofs, by walking from the root down without recursion and turning the list
 * round at the end.
 */
#include "audit/proof.h"

#include "base/reason.h"

int
wd_range_hash(
    const struct wd_nodes *nodes, uint64_t lo, uint64_t hi, uint8_t ret[32])
{
	uint8_t hash[32], left[32];
	uint64_t end = hi;
	int r;

	for (unsigned height = 0; end > lo; height++) {
		if (((hi - lo) >> height & 1) == 0)
			continue;
		end -= UINT64_C(1) << height;
		r = nodes->node(nodes->ctx, height, end >> height, left);
		if (r == 0 && end + (UINT64_C(1) << height) < hi)
			r = wd_node_hash(left, hash, left);
		if (r != 0)
			return r;
		wd_copy(hash, WD_SPAN(left));
	}
	wd_copy(ret, WD_SPAN(hash));
	return 0;
}

/* The largest power of two below N, which is 2 or more. */
static uint64_t
split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static int
push(const struct wd_nodes *nodes, uint64_t lo, uint64_t hi,
    struct wd_proof *proof)
{
	int r = wd_range_hash(nodes, lo, hi, proof->hash[proof->n]);

	proof->n += r == 0;
	return r;
}

static void
turn_round(const struct wd_proof *down, struct wd_proof *ret)
{
	*ret = (struct wd_proof){ down->n, { { 0 } } };
	for (size_t i = 0; i < down->n; i++)
		wd_copy(ret->hash[i], WD_SPAN(down->hash[down->n - 1 - i]));
}

int
wd_inclusion_make(const struct wd_nodes *nodes, uint64_t index, uint64_t size,
    struct wd_proof *ret)
{
	struct wd_proof down = { 0, { { 0 } } };
	uint64_t lo = 0, hi = size;
	int r = 0;

	if (index >= size)
		return WD_R_RANGE;
	while (hi - lo > 1 && r == 0) {
		uint64_t mid = lo + split(hi - lo);

		if (index < mid) {
			r = push(nodes, mid, hi, &down);
			hi = mid;
		} else {
			r = push(nodes, lo, mid, &down);
			lo = mid;
		}
	}
	if (r == 0)
		turn_round(&down, ret);
	return r;
}

int
wd_consistency_make(const struct wd_nodes *nodes, uint64_t old_size,
    uint64_t size, struct wd_proof *ret)
{
	struct wd_proof down = { 0, { { 0 } } };
	uint64_t lo = 0, hi = size;
	int r = 0;

	if (old_size > size)
		return WD_R_RANGE;
	if (old_size == 0)
		hi = 0; /* nothing to prove */
	while (hi > old_size && r == 0) {
		uint64_t mid = lo + split(hi - lo);

		if (old_size <= mid) {
			r = push(nodes, mid, hi, &down);
			hi = mid;
		} else {
			r = push(nodes, lo, mid, &down);
			lo = mid;
		}
	}
	/* The old tree's last subtree, unless it is the old tree itself. */
	if (r == 0 && lo > 0)
		r = push(nodes, lo, hi, &down);
	if (r == 0)
		turn_round(&down, ret);
	return r;
}
