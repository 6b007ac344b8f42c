/*
 * warder init: makes a new server, or a new admin token for one. The one verb
 * that writes the server's files, and only while none runs.
 */
#include "bin/warder/init.h"

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
	    "the configuration, " WD_CONF_FILE " when not given; made from "
	    "the options below when it is not there",
	    false },
	{ "output", "DIR",
	    "folder of the admin token, and of the configuration without "
	    "--config",
	    false },
	{ "server-name", "NAME", "the name clients know the server by", false },
	{ "state-dir", "DIR", "folder of store and log", false },
	{ "run-dir", "DIR", "folder of the admin socket", false },
	{ "listen", "ADDRESS:PORT", "where clients connect", false },
	{ "one-user", NULL, "all roles run as the user who starts the server",
	    false },
	{ "name", "NAME", "one more name or address in the TLS certificate",
	    true },
	{ "passphrase-file", "FILE",
	    "read the passphrase there; - is standard input", false },
	{ "shares", "N",
	    "instead of a passphrase: N shares for as many operators, printed "
	    "once",
	    false },
	{ "threshold", "K", "how many of the shares open the server", false },
	{ "break-glass-shares", "N",
	    "beside an HSM or TPM: N shares that open the server when that is "
	    "gone",
	    false },
	{ "break-glass-threshold", "K", "how many of those open it", false },
	{ "share-dir", "DIR",
	    "write the shares to files there instead of printing them", false },
	{ "seal", "KIND",
	    "what protects the root key: passphrase, shamir, pkcs11, tpm or "
	    "file (default passphrase)",
	    false },
	{ "pkcs11", "URI",
	    "the key in an HSM, as warder.conf(5) has it, for --seal pkcs11",
	    false },
	{ "pkcs11-environment", "NAME=VALUE",
	    "what the HSM's module finds its configuration by", false },
	{ "tpm", "PLACE", "the TPM, as device:/dev/tpmrm0, for --seal tpm",
	    false },
	{ "tpm-pcrs", "LIST",
	    "the registers that the seal is bound to (default 7)", false },
	{ "generate-key", NULL, "make that key in the HSM", false },
	{ "dev", NULL,
	    "for development: no passphrase, the key lies beside the data",
	    false },
	{ "new-token", NULL,
	    "instead: a new admin token for the server that is there, while "
	    "it does not run; needs what opens its seal",
	    false },
	{ "share-file", "FILE",
	    "for --new-token: a share; given as often as the seal needs",
	    true },
	{ "json", NULL, "answer with one JSON object", false },
};

/* Before the first secret. The environment is of no use from here on. */
static int
prepare(struct wd_diag *d)
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

static void
init_done(struct init *x)
{
	wd_bytes_freep(&x->conf_text);
	init_device_close(x);
	wd_secret_freep(&x->pin);
	wd_secret_freep(&x->passphrase);
	wd_init_result_done(&x->result);
	wd_fd_closep(&x->log);
	wd_fd_closep(&x->lock);
	wd_fd_closep(&x->state);
}

static enum cli_exit
say_why(int r, const struct wd_diag *d)
{
	(void)fprintf(stderr, "warder init: %s\n",
	    d->detail[0] != '\0' ? d->detail : wd_reason_row(r)->sentence);
	return r > 0 ? CLI_REJECTED : CLI_FAULT;
}

/* It is there, said or not. */
static enum cli_exit
say_unsaid(const struct init *x)
{
	if (x->result.shares != NULL && x->share_dir[0] == '\0')
		(void)fprintf(stderr,
		    "warder init: the shares could not be printed, so nobody "
		    "can open this server: remove %s and start again\n",
		    x->conf.state_dir);
	else
		(void)fprintf(stderr,
		    "warder init: done, but its report could not be printed\n");
	return CLI_FAULT;
}

/* What is made: by --new-token the second. */
static const struct way {
	int (*plan)(const struct cli_args *, struct init *, struct wd_diag *);
	int (*make)(struct init *, struct wd_diag *);
	bool (*report)(const struct init *);
	bool (*report_json)(const struct init *);
} ways[] = {
	{ init_plan, init_make, init_report, init_report_json },
	{ init_token_plan, init_token_new, init_report_token,
	    init_report_token_json },
};

static enum cli_exit
run(const struct cli_args *args)
{
	const struct way *way = &ways[cli_has(args, "new-token") ? 1 : 0];
	WD_AUTO(init_done)
	struct init x = { .state = -1, .lock = -1, .log = -1 };
	struct wd_diag d = { 0 };
	bool said;
	int r;

	x.passphrase_file = cli_value(args, "passphrase-file");
	if ((r = prepare(&d)) != 0)
		return say_why(r, &d);
	if ((r = way->plan(args, &x, &d)) > 0)
		return cli_usage(args, "%s", d.detail);
	if (r != 0 || (r = way->make(&x, &d)) != 0)
		return say_why(r, &d);
	said = cli_has(args, "json") ? way->report_json(&x) : way->report(&x);
	said = said && fflush(stdout) == 0;
	return said ? CLI_OK : say_unsaid(&x);
}

const struct cli_verb cli_verb_init = {
	.name = "init",
	.summary = "make a new server: store, root key, TLS certificate, "
		   "first admin token",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder init --server-name kbs.example",
	.run = run,
};
