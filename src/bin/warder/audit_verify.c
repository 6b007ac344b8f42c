/*
 * warder audit verify: checks a log offline, all of it.
 */
#include "bin/warder/verbs.h"

#include "audit/verify.h"
#include "bin/warder/audit.h"
#include "codec/hex.h"
#include "codec/jtext.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

enum { FINDINGS_MAX = 32, ANSWER_MAX = 65536 };

static const struct cli_option options[] = {
	{ "log", "DIR", "the log folder", false },
	{ "key", "FILE",
	    "the public key that init printed; else the folder's own word is "
	    "taken for it",
	    false },
	{ "checkpoint", "FILE",
	    "a checkpoint that was kept elsewhere: the log must contain it",
	    false },
	{ "json", NULL, "answer with one JSON object", false },
};

struct findings {
	struct wd_log_finding f[FINDINGS_MAX];
	unsigned n;
};

static void
found(void *ctx, const struct wd_log_finding *f)
{
	struct findings *all = ctx;

	if (all->n < FINDINGS_MAX)
		all->f[all->n++] = *f;
}

/* ---- in words */

static void
say_root(const char *name, uint64_t size, const uint8_t root[32])
{
	char hex[65];

	wd_hex_format(wd_span(root, 32), hex);
	(void)printf("%-12s %" PRIu64 " entries, root %s\n", name, size, hex);
}

static void
say(const struct audit_log *l, const struct wd_log_check *c,
    const struct findings *all)
{
	(void)printf("%-12s %s\n", "log", l->key.name);
	(void)printf("%-12s %s\n", "key",
	    l->pinned ? "as given"
		      : "the folder's own word; give --key to be sure");
	say_root("journal", c->entries, c->root);
	if (c->is_signed)
		say_root("checkpoint", c->checkpoint.size, c->checkpoint.root);
	for (unsigned i = 0; i < all->n; i++)
		(void)printf("%-12s %s\n", wd_log_finding_name(all->f[i].kind),
		    all->f[i].text);
	if (c->n_findings > all->n)
		(void)printf("%-12s %u more\n", "and", c->n_findings - all->n);
	(void)printf("%s\n", c->n_findings == 0 ? "verified" : "REJECTED");
}

/* ---- as JSON */

static void
put_finding(struct wd_jtext *j, const struct wd_log_finding *f)
{
	wd_jtext_object(j);
	wd_jtext_key_text(j, "detail", f->text);
	if (f->has_entry)
		wd_jtext_key_uint(j, "entry", f->entry);
	wd_jtext_key_text(j, "kind", wd_log_finding_name(f->kind));
	wd_jtext_end(j);
}

static void
put_checkpoint(struct wd_jtext *j, const struct wd_checkpoint *c)
{
	wd_jtext_key(j, "checkpoint");
	wd_jtext_object(j);
	wd_jtext_key(j, "root");
	wd_jtext_hex(j, WD_SPAN(c->root));
	wd_jtext_key_uint(j, "size", c->size);
	wd_jtext_end(j);
}

static bool
put(const struct audit_log *l, const struct wd_log_check *c,
    const struct findings *all)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(ANSWER_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	if (c->is_signed)
		put_checkpoint(&j, &c->checkpoint);
	wd_jtext_key_uint(&j, "entries", c->entries);
	wd_jtext_key(&j, "findings");
	wd_jtext_array(&j);
	for (unsigned i = 0; i < all->n; i++)
		put_finding(&j, &all->f[i]);
	wd_jtext_end(&j);
	wd_jtext_key_bool(&j, "key_pinned", l->pinned);
	wd_jtext_key_text(&j, "log", l->key.name);
	wd_jtext_key_uint(&j, "more", c->n_findings - all->n);
	wd_jtext_key(&j, "root");
	wd_jtext_hex(&j, WD_SPAN(c->root));
	wd_jtext_key_text(
	    &j, "verdict", c->n_findings == 0 ? "verified" : "rejected");
	wd_jtext_end(&j);
	wd_wr_u8(&wr, '\n');
	return wd_wr_end(&wr) == 0 && fwrite(wr.p, 1, wr.len, stdout) == wr.len;
}

/* ---- the verb */

/* One that is not signed by the key says nothing about this log. */
static int
read_remembered(const struct cli_args *args, const struct audit_log *l,
    struct wd_checkpoint *room, const struct wd_checkpoint **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *note = NULL;
	const char *file = cli_value(args, "checkpoint");
	struct wd_diag why = { 0 };
	int r;

	*ret = NULL;
	if (file == NULL)
		return 0;
	r = audit_checkpoint_read(l, AT_FDCWD, file, &note, room, &why);
	if (r == 0)
		*ret = room;
	if (r > 0 && r != WD_R_NOT_FOUND)
		return wd_reject(
		    d, (enum wd_reason)r, "--checkpoint: %s", why.detail);
	return r != 0 ? wd_fault(d, WD_F_SYSTEM, "%s", why.detail) : 0;
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(audit_log_done) struct audit_log l = { .dir = -1 };
	struct findings all = { .n = 0 };
	struct wd_checkpoint remembered;
	struct wd_log_check c = { .found = found, .ctx = &all };
	struct wd_diag d = { 0 };
	int r;

	if (cli_value(args, "log") == NULL)
		return cli_usage(args, "--log is needed");
	if ((r = audit_log_open(args, &l, &d)) != 0 ||
	    (r = read_remembered(args, &l, &remembered, &c.remembered, &d)) !=
		0)
		return audit_complain(r, &d);
	c.key = &l.key;
	if ((r = wd_log_verify(l.dir, &c, &d)) != 0)
		return audit_complain(r, &d);
	if (!cli_has(args, "json"))
		say(&l, &c, &all);
	else if (!put(&l, &c, &all))
		return CLI_FAULT;
	return c.n_findings == 0 ? CLI_OK : CLI_REJECTED;
}

const struct cli_verb cli_verb_audit_verify = {
	.name = "audit verify",
	.summary = "check a log offline: every entry, tile and signature",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder audit verify --log /var/lib/warder/log "
		   "--key checkpoint.pub",
	.run = run,
};
