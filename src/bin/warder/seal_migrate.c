/*
 * warder seal migrate: another seal for a server that runs. Shares are made
 * here and are in the operators' hands before the server hears of them, so
 * that no moment exists in which only shares that nobody has could open it.
 */
#include "bin/warder/new_shares.h"
#include "bin/warder/online.h"
#include "bin/warder/passphrase.h"
#include "bin/warder/verbs.h"

#include "base/num.h"
#include "codec/base64.h"

#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 6 * 1024 + 512 };

struct migrate {
	const struct cli_args *args;
	const struct wd_seal_row *row;
	struct wd_secret *passphrase;
	struct cli_new_shares shares;
};

static void
done(struct migrate *x)
{
	x->passphrase = wd_secret_free(x->passphrase);
	cli_new_shares_done(&x->shares);
}

static const struct cli_option options[] = {
	CLI_ONLINE_OPTIONS,
	{ "to", "KIND",
	    "what is to open the server: passphrase, shamir, pkcs11, tpm, or "
	    "file (development only)",
	    false },
	{ "passphrase-file", "FILE",
	    "read the new passphrase from FILE, - for standard input", false },
	{ "shares", "N", "shamir: how many shares there are to be", false },
	{ "threshold", "K", "shamir: how many of them open it", false },
	{ "break-glass-shares", "N",
	    "pkcs11, tpm: N shares beside it, which open the server when the "
	    "device is gone",
	    false },
	{ "break-glass-threshold", "K", "how many of those open it", false },
	{ "drop-break-glass", NULL,
	    "no more break-glass shares, where there are some", false },
	{ "share-dir", "DIR",
	    "write the shares there, one file each, instead of printing them",
	    false },
	{ "generate-key", NULL,
	    "pkcs11: first make the key that the server's configuration names",
	    false },
};

static const struct cli_column lines[] = {
	{ "kind", "seal type", 0 },
	{ "shares", "total shares", 0 },
	{ "threshold", "threshold", 0 },
	{ "sealed", "sealed", 0 },
};

static enum cli_exit
complain(int r, const struct wd_diag *d)
{
	(void)fprintf(stderr, "warder seal migrate: %s\n", d->detail);
	return r > 0 ? CLI_REJECTED : CLI_FAULT;
}

/* ---- what is asked */

static bool
read_number(const struct cli_args *args, const char *option, unsigned *ret)
{
	const char *text = cli_value(args, option);
	uint64_t n;

	if (text == NULL || !wd_num_parse(wd_span_text(text), 255, &n) ||
	    n == 0)
		return false;
	*ret = (unsigned)n;
	return true;
}

static bool
read_split(struct migrate *x, const char *shares, const char *threshold)
{
	struct wd_seal_split *s = &x->shares.split;

	return read_number(x->args, shares, &s->shares) &&
	    read_number(x->args, threshold, &s->threshold);
}

static bool
makes_shares(const struct migrate *x)
{
	return x->shares.split.shares > 0;
}

/* Options that say nothing to this kind are a mistake. */
static enum cli_exit
check_options(const struct migrate *x)
{
	static const struct {
		const char *option;
		enum wd_seal_kind kind;
	} goes_with[] = {
		{ "passphrase-file", WD_SEAL_PASSPHRASE },
		{ "shares", WD_SEAL_SHAMIR },
		{ "threshold", WD_SEAL_SHAMIR },
		{ "generate-key", WD_SEAL_PKCS11 },
	};

	for (size_t i = 0; i < WD_N(goes_with); i++)
		if (cli_has(x->args, goes_with[i].option) &&
		    x->row->kind != goes_with[i].kind)
			return cli_usage(x->args, "--%s goes with --to %s",
			    goes_with[i].option,
			    wd_seal_row(goes_with[i].kind)->name);
	if (cli_has(x->args, "share-dir") && !makes_shares(x))
		return cli_usage(x->args, "--share-dir goes with shares");
	if (makes_shares(x) && cli_has(x->args, "json") &&
	    !cli_has(x->args, "share-dir"))
		return cli_usage(
		    x->args, "with --json shares go to a --share-dir");
	return CLI_OK;
}

static enum cli_exit
plan(struct migrate *x)
{
	const char *to = cli_value(x->args, "to");

	if (to == NULL)
		return cli_usage(x->args, "--to says what is to open it");
	x->row = wd_seal_by_name(wd_span_text(to));
	if (x->row == NULL)
		return cli_usage(x->args, "there is no seal '%s'", to);
	if (x->row->kind == WD_SEAL_SHAMIR &&
	    !read_split(x, "shares", "threshold"))
		return cli_usage(x->args,
		    "--to shamir needs --shares and --threshold, numbers from "
		    "1 to 255");
	if ((cli_has(x->args, "break-glass-shares") ||
		cli_has(x->args, "break-glass-threshold")) &&
	    (!x->row->device ||
		!read_split(x, "break-glass-shares", "break-glass-threshold")))
		return cli_usage(x->args,
		    "break-glass shares and threshold are numbers from 1 to "
		    "255, with --to pkcs11 or tpm");
	x->shares.dir = cli_value(x->args, "share-dir");
	x->shares.name = x->row->device ? "break-glass" : "share";
	return check_options(x);
}

/* What opens it from now on. */
static enum cli_exit
make_credentials(struct migrate *x)
{
	struct wd_diag d = { 0 };
	int r = 0;

	if (x->row->kind == WD_SEAL_PASSPHRASE)
		r = cli_passphrase(cli_value(x->args, "passphrase-file"),
		    CLI_PASSPHRASE_NEW, &x->passphrase, &d);
	if (makes_shares(x) && (r = cli_new_shares_make(&x->shares, &d)) == 0)
		r = cli_new_shares_hand_out(&x->shares, &d);
	return r == 0 ? CLI_OK : complain(r, &d);
}

/* ---- asking for it */

static void
write_body(const struct migrate *x, struct wd_jtext *j)
{
	wd_jtext_object(j);
	if (cli_has(x->args, "drop-break-glass"))
		wd_jtext_key_bool(j, "drop_break_glass", true);
	if (x->row->kind == WD_SEAL_PKCS11)
		wd_jtext_key_bool(
		    j, "generate_key", cli_has(x->args, "generate-key"));
	if (x->shares.key != NULL) {
		wd_jtext_key(j, "key");
		wd_jtext_b64(j, wd_secret_borrow(x->shares.key));
	}
	wd_jtext_key_text(j, "kind", x->row->name);
	if (x->passphrase != NULL) {
		wd_jtext_key(j, "passphrase");
		wd_jtext_string(j, wd_secret_borrow(x->passphrase));
	}
	if (x->shares.key != NULL) {
		wd_jtext_key_uint(j, "shares", x->shares.split.shares);
		wd_jtext_key_uint(j, "threshold", x->shares.split.threshold);
	}
	wd_jtext_end(j);
}

static enum cli_exit
send(struct migrate *x, struct cli_online *o)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *body = wd_secret_new(BODY_MAX);
	struct cli_call call = { "POST", "/admin/v1/seal/migrate", { 0 }, NULL,
		NULL };
	struct wd_wr wr;
	struct wd_jtext j;

	if (body == NULL)
		return CLI_FAULT;
	wr = wd_wr_fixed(wd_secret_bytes(body), wd_secret_len(body));
	j = wd_jtext(&wr);
	write_body(x, &j);
	if (wd_wr_end(&wr) != 0)
		return CLI_FAULT;
	call.body = wd_wr_span(&wr);
	return cli_online_call(o, &call);
}

/* A refusal leaves the old seal; after a fault nobody knows yet. */
static enum cli_exit
not_done(struct migrate *x, enum cli_exit e)
{
	if (e == CLI_REJECTED && x->shares.all != NULL)
		cli_new_shares_take_back(&x->shares);
	if (e == CLI_FAULT)
		(void)fprintf(stderr,
		    "warder: whether the seal was changed is not known. Keep "
		    "what opened it before\nand what was to open it from now "
		    "on: warder status says which seal it has.\n");
	return e;
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(done) struct migrate x = { .args = args };
	enum cli_exit e = plan(&x);

	if (e != CLI_OK || (e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = make_credentials(&x)) != CLI_OK)
		return e;
	if ((e = send(&x, &o)) != CLI_OK)
		return not_done(&x, e);
	if (x.row->warning != NULL)
		(void)fprintf(stderr, "WARNING: %s\n", x.row->warning);
	return cli_show(&o, lines, WD_N(lines));
}

const struct cli_verb cli_verb_seal_migrate = {
	.name = "seal migrate",
	.summary = "have something else open the server from now on",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder seal migrate --to shamir --shares 5 --threshold 3 "
		   "--share-dir /root/shares",
	.run = run,
};
