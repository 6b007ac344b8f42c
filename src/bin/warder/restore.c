/*
 * warder restore: makes a server out of a backup, in an empty place. It is
 * there as a whole or not at all; what was killed is started again.
 */
#include "bin/warder/restore.h"

#include "bin/warder/online.h"
#include "bin/warder/restore_say.h"
#include "bin/warder/verbs.h"
#include "crypto/init.h"
#include "crypto/memory.h"
#include "sys/arena.h"
#include "sys/file.h"
#include "sys/harden.h"

#include <stdio.h>

enum { ARENA = 8 << 20 };

static const struct cli_option options[] = {
	{ "config", "FILE",
	    "the configuration, " WD_CONF_FILE " when not given; taken from "
	    "the backup when it is not there",
	    false },
	RESTORE_OPTIONS,
	{ "json", NULL, "answer with one JSON object", false },
};

/* Before the first secret. */
int
restore_prepare(struct wd_diag *d)
{
	int r;

	init_credentials_note();
	if ((r = wd_harden_process(d)) != 0 ||
	    (r = wd_arena_install(ARENA, d)) != 0 ||
	    (r = wd_crypto_use_memory(
		 wd_arena_alloc, wd_arena_realloc, wd_arena_free, d)) != 0)
		return r;
	return wd_crypto_init(d);
}

void
restore_init_done(struct init *x)
{
	wd_bytes_freep(&x->conf_text);
	init_device_close(x);
	wd_secret_freep(&x->pin);
	wd_fd_closep(&x->log);
	wd_fd_closep(&x->lock);
	wd_fd_closep(&x->state);
}

/* ---- making it */

static int
load(void *ctx, struct wd_diag *d)
{
	struct restore *r = ctx;

	return restore_load(r, r->x->conf.state_dir, d);
}

/* Whoever finds a seal must find the log too. */
static int
before_seal(void *ctx, struct wd_diag *d)
{
	struct restore *r = ctx;
	int q;

	init_owner_leave();
	if ((q = restore_log_write(r, d)) != 0)
		return q;
	return init_owner_enter(r->x, r->x->conf.user_keeper, d);
}

static int
make(struct init *x, void *ctx, struct wd_diag *d)
{
	struct restore *r = ctx;
	const struct wd_restore how = { .state_path = x->conf.state_dir,
		.state = x->state,
		.seal = wd_bytes_span(r->f.file[WD_BACKUP_SEAL].bytes),
		.keyring = wd_bytes_span(r->f.file[WD_BACKUP_KEYRING].bytes),
		.key = wd_secret_borrow(r->key_file),
		.load = load,
		.before_seal = before_seal,
		.ctx = r };
	int q = restore_log_look(r, d);

	if (q == 0)
		q = init_owner_enter(x, x->conf.user_keeper, d);
	if (q == 0)
		q = wd_restore_state(&how, d);
	init_owner_leave();
	return q;
}

/* ---- the verb */

static int
restore(struct restore *r, const struct cli_args *args, const char *file,
    struct wd_diag *d)
{
	struct init *x = r->x;
	int q;

	if ((q = backup_file_open(file, &r->f, d)) != 0 ||
	    (q = restore_look(r, d)) != 0 ||
	    (q = init_plan_restored(args,
		 wd_bytes_span(r->f.file[WD_BACKUP_CONFIGURATION].bytes), x,
		 d)) != 0 ||
	    (q = restore_open(r, args, d)) != 0)
		return q;
	x->certificate = wd_bytes_span(r->f.file[WD_BACKUP_CERTIFICATE].bytes);
	x->restore = make;
	x->restore_ctx = r;
	return init_make(x, d);
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(restore_init_done)
	struct init x = { .state = -1, .lock = -1, .log = -1 };
	WD_AUTO(restore_done) struct restore r = { .x = &x, .f = { .fd = -1 } };
	const char *file = cli_need_operand(args, 0, "backup");
	struct wd_diag d = { 0 };
	int q;

	if (file == NULL)
		return CLI_USAGE;
	if ((q = restore_prepare(&d)) != 0 ||
	    (q = restore(&r, args, file, &d)) != 0)
		return restore_complain("warder restore", q, &d);
	if (restore_say(&r, cli_has(args, "json")))
		return CLI_OK;
	(void)fprintf(stderr,
	    "warder restore: done, but its report could not be printed\n");
	return CLI_FAULT;
}

const struct cli_verb cli_verb_restore = {
	.name = "restore",
	.summary = "make a server out of a backup, in an empty place",
	.operands = "FILE",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder restore /var/backups/warder/monday.backup "
		   "--passphrase-file -",
	.run = run,
};
