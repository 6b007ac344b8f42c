/*
 * warder status, unseal, seal.
 */
#include "bin/warder/online.h"
#include "bin/warder/passphrase.h"
#include "bin/warder/verbs.h"

#include <stdio.h>

enum { SHARE_MAX = 1024 };

static const struct cli_option options[] = { CLI_ONLINE_OPTIONS };

/* ---- status */

static const struct cli_column status_lines[] = {
	{ "server_name", "server", 0 },
	{ "version", "version", 0 },
	{ "initialized", "initialized", 0 },
	{ "sealed", "sealed", 0 },
	{ "seal.kind", "seal type", 0 },
	{ "seal.shares", "total shares", CLI_RARE },
	{ "seal.threshold", "threshold", CLI_RARE },
	{ "seal.progress", "unseal progress", CLI_RARE },
	{ "seal.last_good_probe", "last good probe", CLI_RARE },
	{ "seal.failing_since", "failing since", CLI_RARE },
	{ "seal.wrapped", "seal-wrapped", CLI_RARE },
	{ "seal.wrap_failing_since", "wrap failing since", CLI_RARE },
	{ "seal.break_glass_shares", "break-glass shares", CLI_RARE },
	{ "seal.break_glass_threshold", "break-glass threshold", CLI_RARE },
	{ "seal.nonce", "unseal nonce", CLI_RARE },
	{ "keyring.term", "keyring term", 0 },
	{ "keyring.since", "keyring term since", 0 },
	{ "keys", "keys", 0 },
	{ "policies", "policies", 0 },
	{ "log.size", "log entries", 0 },
	{ "log.writable", "log writable", 0 },
	{ "clock", "clock", 0 },
	{ "warnings", "warnings", 0 },
};

static const struct cli_column process_columns[] = {
	{ "role", "ROLE", 12 },
	{ "cell", "CELL", 6 },
	{ "pid", "PID", 8 },
	{ "ready", "READY", 6 },
	{ "restarts", "RESTARTS", 9 },
	{ "missing", "MISSING FEATURES", 0 },
};

/* What the exit status says beside. */
static enum cli_exit
open_or_sealed(const struct cli_online *o)
{
	bool sealed = true;

	(void)wd_jval_bool(
	    wd_jval_get(wd_json_root(o->doc), "sealed"), &sealed);
	return sealed ? CLI_SEALED : CLI_OK;
}

static const struct cli_column backend_columns[] = {
	{ "name", "BACKEND", 16 },
	{ "kind", "KIND", 8 },
	{ "ready", "READY", 6 },
	{ "calls", "CALLS", 8 },
	{ "failures", "FAILURES", 9 },
	{ "words", "WHAT IS THERE", 0 },
};

static enum cli_exit
run_status(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, false, &o);

	if (e != CLI_OK ||
	    (e = cli_online_send(&o, "GET", "/admin/v1/status", NULL)) !=
		CLI_OK ||
	    (e = cli_show(&o, status_lines, WD_N(status_lines))) != CLI_OK)
		return e;
	if (cli_has(args, "json"))
		return open_or_sealed(&o);
	(void)printf("\n");
	e = cli_show_member(
	    &o, "processes", process_columns, WD_N(process_columns));
	if (e != CLI_OK)
		return e;
	(void)printf("\n");
	e = cli_show_member(
	    &o, "backends", backend_columns, WD_N(backend_columns));
	return e != CLI_OK ? e : open_or_sealed(&o);
}

const struct cli_verb cli_verb_status = {
	.name = "status",
	.summary = "show the state of a running server; exits 2 while it is "
		   "sealed",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder status",
	.run = run_status,
};

/* ---- unseal */

static const struct cli_option unseal_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "passphrase-file", "FILE",
	    "read the passphrase or share from FILE, - for standard input",
	    false },
	{ "nonce", "ID",
	    "the attempt the share is for; refused when another is under way",
	    false },
	{ "reset", NULL, "instead: forget the shares given so far", false },
	{ "break-glass", NULL,
	    "the share is one of those for the day on which the HSM or TPM "
	    "is gone",
	    false },
};

static const struct cli_column seal_lines[] = {
	{ "sealed", "sealed", 0 },
	{ "kind", "seal type", 0 },
	{ "shares", "total shares", CLI_RARE },
	{ "threshold", "threshold", CLI_RARE },
	{ "progress", "unseal progress", CLI_RARE },
	{ "nonce", "unseal nonce", CLI_RARE },
	{ "wait_seconds", "wait seconds", CLI_RARE },
};

/* SHARE may be NULL: to reset. */
static void
write_body(const struct cli_args *args, struct wd_jtext *j,
    const struct wd_secret *share)
{
	wd_jtext_object(j);
	if (cli_has(args, "break-glass"))
		wd_jtext_key_bool(j, "break_glass", true);
	cli_member(j, args, "nonce", "nonce");
	if (share == NULL)
		wd_jtext_key_bool(j, "reset", true);
	if (share != NULL) {
		wd_jtext_key(j, "share");
		wd_jtext_string(j, wd_secret_borrow(share));
	}
	wd_jtext_end(j);
}

static enum cli_exit
send_share(struct cli_online *o, const struct wd_secret *share)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *body = wd_secret_new(6 * SHARE_MAX + 512);
	struct cli_call call = { "POST", "/admin/v1/unseal", { 0 }, NULL,
		NULL };
	struct wd_wr wr;
	struct wd_jtext j;

	if (body == NULL)
		return CLI_FAULT;
	wr = wd_wr_fixed(wd_secret_bytes(body), wd_secret_len(body));
	j = wd_jtext(&wr);
	write_body(o->args, &j, share);
	if (wd_wr_end(&wr) != 0)
		return cli_usage(o->args, "--nonce is too long");
	call.body = wd_wr_span(&wr);
	return cli_online_call(o, &call);
}

static enum cli_exit
run_unseal(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL;
	enum cli_exit e = cli_online_open(args, false, &o);
	struct wd_diag d = { 0 };
	int r;

	if (e != CLI_OK)
		return e;
	r = cli_has(args, "reset")
	    ? 0
	    : cli_passphrase(cli_value(args, "passphrase-file"),
		  CLI_PASSPHRASE_KNOWN, &share, &d);
	if (r != 0) {
		(void)fprintf(stderr, "warder unseal: %s\n", d.detail);
		return r > 0 ? CLI_REJECTED : CLI_FAULT;
	}
	if ((e = send_share(&o, share)) != CLI_OK)
		return e;
	return cli_show(&o, seal_lines, WD_N(seal_lines));
}

const struct cli_verb cli_verb_unseal = {
	.name = "unseal",
	.summary = "open a sealed server",
	.options = unseal_options,
	.n_options = WD_N(unseal_options),
	.example = "warder unseal --passphrase-file -",
	.run = run_unseal,
};

/* ---- another term of the keyring */

static enum cli_exit
run_rotate(const struct cli_args *args)
{
	static const struct cli_column shown[] = {
		{ "keyring_term", "keyring term", 0 },
		{ "keyring_terms", "keyring terms", 0 },
	};
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, true, &o);

	if (e != CLI_OK ||
	    (e = cli_online_send(
		 &o, "POST", "/admin/v1/keyring/rotate", NULL)) != CLI_OK)
		return e;
	return cli_show(&o, shown, WD_N(shown));
}

const struct cli_verb cli_verb_keyring_rotate = {
	.name = "keyring rotate",
	.summary = "encrypt what is stored from now on under a new key",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder keyring rotate",
	.run = run_rotate,
};

/* ---- how far the keyring is */

static const struct cli_column keyring_lines[] = {
	{ "keyring.term", "term", 0 },
	{ "keyring.since", "since", 0 },
	{ "keyring.uses", "uses", 0 },
	{ "keyring.limit", "limit of uses", 0 },
	{ "keyring.terms", "terms", 0 },
	{ "keyring.rows_left", "rows under older terms", 0 },
	{ "warnings", "warnings", 0 },
};

static enum cli_exit
run_keyring_status(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, false, &o);

	if (e != CLI_OK ||
	    (e = cli_online_send(&o, "GET", "/admin/v1/status", NULL)) !=
		CLI_OK ||
	    (e = cli_show(&o, keyring_lines, WD_N(keyring_lines))) != CLI_OK)
		return e;
	return open_or_sealed(&o);
}

const struct cli_verb cli_verb_keyring_status = {
	.name = "keyring status",
	.summary = "show how often and how long the keyring's newest key has "
		   "encrypted, and what is still under older ones",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder keyring status",
	.run = run_keyring_status,
};

/* ---- seal */

static enum cli_exit
run_seal(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, true, &o);

	if (e != CLI_OK ||
	    (e = cli_online_send(&o, "POST", "/admin/v1/seal", NULL)) != CLI_OK)
		return e;
	return cli_show(&o, seal_lines, WD_N(seal_lines));
}

const struct cli_verb cli_verb_seal = {
	.name = "seal",
	.summary = "make every part of the server forget its keys",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder seal",
	.run = run_seal,
};
