/*
 * warder backup verify: restores a backup into an empty place that goes again,
 * and says whether it would do.
 */
#include "bin/warder/restore_say.h"
#include "bin/warder/verbs.h"

#include "bin/warder/online.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cli_option options[] = {
	{ "config", "FILE",
	    "the configuration, for a seal by an HSM or TPM; " WD_CONF_FILE
	    " when not given",
	    false },
	RESTORE_OPTIONS,
	{ "sealed", NULL,
	    "do not open it: neither who made it nor its secrets are looked "
	    "at",
	    false },
	{ "dir", "DIR",
	    "where there is room for the store (default: the folder of the "
	    "backup)",
	    false },
	{ "json", NULL, "answer with one JSON object", false },
};

/* The empty place. */
struct place {
	char dir[WD_CONF_PATH];
	bool made;
};

static void
place_done(struct place *p)
{
	if (!p->made)
		return;
	wd_store_remove(p->dir);
	(void)rmdir(p->dir); /* nothing else was put there */
}

static int
make_place(const struct cli_args *args, const char *file, struct place *p,
    struct wd_diag *d)
{
	const char *given = cli_value(args, "dir");
	const char *slash = strrchr(file, '/');
	int len = given != NULL ? (int)strlen(given)
	    : slash == NULL     ? 1
				: (int)(slash - file) + (slash == file);
	int n = snprintf(p->dir, sizeof(p->dir), "%.*s/.verify.XXXXXX", len,
	    given != NULL       ? given
		: slash == NULL ? "."
				: file);

	if (n < 0 || (size_t)n >= sizeof(p->dir))
		return wd_reject(d, WD_R_RANGE, "the path is too long");
	if (mkdtemp(p->dir) == NULL)
		return wd_fault_errno(d, "cannot make a folder in %.*s", len,
		    given != NULL ? given : p->dir);
	p->made = true;
	return 0;
}

/* Only a device has its place in a configuration. */
static int
plan(struct restore *r, const struct cli_args *args, struct wd_diag *d)
{
	if (!wd_seal_row(r->seal.kind)->device)
		return 0;
	return init_plan_restored(args,
	    wd_bytes_span(r->f.file[WD_BACKUP_CONFIGURATION].bytes), r->x, d);
}

static int
verify(struct restore *r, const struct cli_args *args, const char *file,
    struct place *p, struct wd_diag *d)
{
	int q;

	if ((q = backup_file_open(file, &r->f, d)) != 0 ||
	    (q = restore_look(r, d)) != 0)
		return q;
	if (!cli_has(args, "sealed") &&
	    ((q = plan(r, args, d)) != 0 ||
		(q = restore_open(r, args, d)) != 0))
		return q;
	if ((q = make_place(args, file, p, d)) != 0)
		return q;
	return restore_load(r, p->dir, d);
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(restore_init_done)
	struct init x = { .state = -1, .lock = -1, .log = -1 };
	WD_AUTO(restore_done) struct restore r = { .x = &x, .f = { .fd = -1 } };
	WD_AUTO(place_done) struct place p = { .made = false };
	const char *file = cli_need_operand(args, 0, "backup");
	struct wd_diag d = { 0 };
	int q;

	if (file == NULL)
		return CLI_USAGE;
	if ((q = restore_prepare(&d)) != 0 ||
	    (q = verify(&r, args, file, &p, &d)) != 0)
		return restore_complain("warder backup verify", q, &d);
	return restore_say_verified(&r, cli_has(args, "json")) ? CLI_OK
							       : CLI_FAULT;
}

const struct cli_verb cli_verb_backup_verify = {
	.name = "backup verify",
	.summary = "restore a backup into an empty place that goes again",
	.operands = "FILE",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder backup verify monday.backup --passphrase-file -",
	.run = run,
};
