/*
 * RFC 6962 hashing. Leaves and nodes are told apart by their first byte, so a
 * node can never pass for an entry.
 */
#include "audit/tree.h"

#include "base/reason.h"
#include "crypto/hash.h"

static const uint8_t leaf_mark = 0;
static const uint8_t node_mark = 1;

int
wd_leaf_hash(struct wd_span entry, uint8_t ret[32])
{
	const struct wd_span parts[] = { wd_span(&leaf_mark, 1), entry };

	return wd_hash_parts(WD_SHA256, parts, WD_N(parts), ret);
}

int
wd_node_hash(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32])
{
	const struct wd_span parts[] = { wd_span(&node_mark, 1),
		wd_span(left, 32), wd_span(right, 32) };

	return wd_hash_parts(WD_SHA256, parts, WD_N(parts), ret);
}

int
wd_tree_push(
    struct wd_tree *t, const uint8_t leaf[32], wd_subtree_fn done, void *ctx)
{
	uint8_t hash[32];
	unsigned height = 0;
	int r;

	wd_copy(hash, wd_span(leaf, 32));
	for (;; height++) {
		if (done != NULL && (r = done(ctx, height, hash)) != 0)
			return r;
		if ((t->size >> height & 1) == 0)
			break;
		r = wd_node_hash(t->edge[height], hash, hash);
		if (r != 0)
			return r;
	}
	wd_copy(t->edge[height], WD_SPAN(hash));
	t->size++;
	return 0;
}

int
wd_tree_add(struct wd_tree *t, const uint8_t leaf[32])
{
	return wd_tree_push(t, leaf, NULL, NULL);
}

int
wd_tree_root(const struct wd_tree *t, uint8_t ret[32])
{
	uint8_t hash[32];
	bool any = false;
	int r;

	if (t->size == 0)
		return wd_hash(WD_SHA256, wd_span(NULL, 0), ret);
	for (unsigned height = 0; height < 64; height++) {
		if ((t->size >> height & 1) == 0)
			continue;
		if (!any)
			wd_copy(hash, WD_SPAN(t->edge[height]));
		else if ((r = wd_node_hash(t->edge[height], hash, hash)) != 0)
			return r;
		any = true;
	}
	wd_copy(ret, WD_SPAN(hash));
	return 0;
}
