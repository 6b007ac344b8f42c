/*
 * warder audit prove: proofs that somebody else can check with the log's public
 * key alone: that an entry is in the log, or that the log has only grown since
 * it had a certain size. Nothing is given out that was not checked.
 */
#include "bin/warder/verbs.h"

#include "audit/tile_nodes.h"
#include "base/num.h"
#include "base/reason.h"
#include "bin/warder/audit.h"
#include "codec/jtext.h"
#include "codec/utf8.h"

#include <inttypes.h>
#include <stdio.h>

enum { ANSWER_MAX = 1 << 20 };

static const struct cli_option options[] = {
	{ "log", "DIR", "the log folder", false },
	{ "key", "FILE",
	    "the public key that init printed; else the folder's own word is "
	    "taken for it",
	    false },
	{ "consistency", "SIZE",
	    "prove that the log still begins as when it had SIZE entries",
	    false },
	{ "json", NULL, "answer with one JSON object, as it does anyway",
	    false },
};

/* What is asked, and what goes out. */
struct proving {
	struct audit_log log;
	struct wd_bytes *note; /* the checkpoint as it was signed */
	struct wd_checkpoint checkpoint;

	bool inclusion;
	uint64_t index;
	struct wd_bytes *bundle; /* ENTRY views it */
	struct wd_span entry;
	uint8_t leaf[32];
	struct wd_proof in;

	bool consistency;
	uint64_t old_size;
	uint8_t old_root[32];
	struct wd_proof grown;
};

static void
proving_done(struct proving *p)
{
	audit_log_done(&p->log);
	wd_bytes_freep(&p->note);
	wd_bytes_freep(&p->bundle);
}

/* ---- making */

static int
failed(int r, const struct wd_tile_nodes *nodes, struct wd_diag *d)
{
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "%s",
		    nodes->why.detail[0] != '\0' ? nodes->why.detail
						 : "cannot make the proof");
	if (r == WD_R_MISMATCH)
		return wd_reject(d, WD_R_TAMPERED,
		    "the tiles do not lead to the signed root; see warder "
		    "audit verify");
	return wd_reject(d, (enum wd_reason)r, "%s", nodes->why.detail);
}

static int
read_entry(struct proving *p, struct wd_diag *d)
{
	uint64_t n = p->index / WD_TILE_WIDTH;
	uint64_t left = p->checkpoint.size - n * WD_TILE_WIDTH;
	const struct wd_tile t = { WD_TILE_ENTRIES, n,
		left < WD_TILE_WIDTH ? (unsigned)left : WD_TILE_WIDTH };
	int r = wd_tile_read(p->log.dir, &t, &p->bundle, d);

	if (r != 0)
		return r;
	if (wd_entries_get(wd_bytes_span(p->bundle),
		(unsigned)(p->index % WD_TILE_WIDTH), &p->entry) != 0)
		return wd_reject(d, WD_R_TAMPERED, "the bundle is malformed");
	if (wd_leaf_hash(p->entry, p->leaf) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	return 0;
}

static int
prove_inclusion(
    struct proving *p, struct wd_tile_nodes *nodes, struct wd_diag *d)
{
	const struct wd_nodes in = wd_tile_nodes_in(nodes);
	uint64_t size = p->checkpoint.size;
	int r;

	if (p->index >= size)
		return wd_reject(d, WD_R_RANGE,
		    "the checkpoint is over %" PRIu64 " entries, the last is "
		    "%" PRIu64,
		    size, size == 0 ? 0 : size - 1);
	if ((r = read_entry(p, d)) != 0)
		return r;
	r = wd_inclusion_make(&in, p->index, size, &p->in);
	if (r == 0)
		r = wd_inclusion_check(
		    p->index, size, p->leaf, &p->in, p->checkpoint.root);
	return r == 0 ? 0 : failed(r, nodes, d);
}

static int
prove_consistency(
    struct proving *p, struct wd_tile_nodes *nodes, struct wd_diag *d)
{
	const struct wd_nodes in = wd_tile_nodes_in(nodes);
	uint64_t size = p->checkpoint.size;
	const struct wd_tree none = { 0 };
	int r;

	if (p->old_size > size)
		return wd_reject(d, WD_R_RANGE,
		    "the checkpoint is over %" PRIu64 " entries", size);
	r = p->old_size == 0 ? wd_tree_root(&none, p->old_root)
			     : wd_range_hash(&in, 0, p->old_size, p->old_root);
	if (r == 0)
		r = wd_consistency_make(&in, p->old_size, size, &p->grown);
	if (r == 0)
		r = wd_consistency_check(p->old_size, p->old_root, size,
		    p->checkpoint.root, &p->grown);
	return r == 0 ? 0 : failed(r, nodes, d);
}

static int
prove(struct proving *p, struct wd_diag *d)
{
	WD_AUTO(wd_tile_nodes_done) struct wd_tile_nodes nodes = { 0 };
	int r = audit_checkpoint_read(&p->log, p->log.dir, WD_CHECKPOINT_FILE,
	    &p->note, &p->checkpoint, d);

	nodes = wd_tile_nodes(p->log.dir, p->checkpoint.size);
	if (r == 0 && p->inclusion)
		r = prove_inclusion(p, &nodes, d);
	if (r == 0 && p->consistency)
		r = prove_consistency(p, &nodes, d);
	return r;
}

/* ---- giving out */

static void
put_hashes(struct wd_jtext *j, const struct wd_proof *proof)
{
	wd_jtext_key(j, "hashes");
	wd_jtext_array(j);
	for (size_t i = 0; i < proof->n; i++)
		wd_jtext_hex(j, WD_SPAN(proof->hash[i]));
	wd_jtext_end(j);
}

static void
put_consistency(struct wd_jtext *j, const struct proving *p)
{
	wd_jtext_key(j, "consistency");
	wd_jtext_object(j);
	put_hashes(j, &p->grown);
	wd_jtext_key(j, "root");
	wd_jtext_hex(j, WD_SPAN(p->old_root));
	wd_jtext_key_uint(j, "size", p->old_size);
	wd_jtext_end(j);
}

/* The entry byte by byte, so that its hash can be computed. */
static void
put_inclusion(struct wd_jtext *j, const struct proving *p)
{
	wd_jtext_key(j, "inclusion");
	wd_jtext_object(j);
	wd_jtext_key(j, "entry");
	if (wd_utf8_is_text(p->entry))
		wd_jtext_string(j, p->entry);
	else
		wd_jtext_null(j);
	put_hashes(j, &p->in);
	wd_jtext_key_uint(j, "index", p->index);
	wd_jtext_key(j, "leaf");
	wd_jtext_hex(j, WD_SPAN(p->leaf));
	wd_jtext_end(j);
}

static bool
put(const struct proving *p)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(ANSWER_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "checkpoint");
	wd_jtext_string(&j, wd_bytes_span(p->note));
	if (p->consistency)
		put_consistency(&j, p);
	if (p->inclusion)
		put_inclusion(&j, p);
	wd_jtext_key(&j, "root");
	wd_jtext_hex(&j, WD_SPAN(p->checkpoint.root));
	wd_jtext_key_uint(&j, "size", p->checkpoint.size);
	wd_jtext_end(&j);
	wd_wr_u8(&wr, '\n');
	return wd_wr_end(&wr) == 0 && fwrite(wr.p, 1, wr.len, stdout) == wr.len;
}

/* ---- the verb */

static bool
is_number(const char *text, uint64_t *ret)
{
	return wd_num_parse(wd_span_text(text), INT64_MAX, ret);
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(proving_done) struct proving p = { .log = { .dir = -1 } };
	const char *old_size = cli_value(args, "consistency"), *index;
	struct wd_diag d = { 0 };
	int at = 0, r;

	index = cli_operand(args, &at);
	p.inclusion = index != NULL;
	p.consistency = old_size != NULL;
	if (cli_value(args, "log") == NULL)
		return cli_usage(args, "--log is needed");
	if ((index == NULL && old_size == NULL) ||
	    cli_operand(args, &at) != NULL)
		return cli_usage(args, "an index or --consistency is needed");
	if ((index != NULL && !is_number(index, &p.index)) ||
	    (old_size != NULL && !is_number(old_size, &p.old_size)))
		return cli_usage(args, "that is not a number");
	if ((r = audit_log_open(args, &p.log, &d)) != 0 ||
	    (r = prove(&p, &d)) != 0)
		return audit_complain(r, &d);
	return put(&p) ? CLI_OK : CLI_FAULT;
}

const struct cli_verb cli_verb_audit_prove = {
	.name = "audit prove",
	.summary = "prove that an entry is in the log, or that it only grew",
	.operands = "[INDEX]",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder audit prove --log /var/lib/warder/log 17",
	.run = run,
};
