/*
 * warder reference …: named sets of reference values, which policies use
 * instead of listing values.
 */
#include "bin/warder/online.h"
#include "bin/warder/reference.h"
#include "bin/warder/verbs.h"

#include <stdio.h>

enum { FILE_MAX = 262144 };

static const char sets_path[] = "/admin/v1/reference-values";
static const char one_set[] = "/admin/v1/reference-values/";

static const struct cli_option options[] = { CLI_ONLINE_OPTIONS };

static const struct cli_column lines[] = {
	{ "name", "name", 0 },
	{ "description", "description", 0 },
	{ "version", "version", 0 },
	{ "expires", "expires", 0 },
	{ "used_by", "used by", 0 },
	{ "policies", "policies", 0 },
	{ "created", "created", 0 },
	{ "updated", "updated", 0 },
};

static const struct cli_column columns[] = {
	{ "name", "NAME", 24 },
	{ "updated", "UPDATED", 20 },
	{ "expires", "EXPIRES", 20 },
	{ "used_by", "USED BY", 7 },
	{ "description", "DESCRIPTION", 0 },
};

/* ---- add */

static const struct cli_option add_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "replace", NULL,
	    "a new version of a set that is there: every policy that names it "
	    "follows",
	    false },
	{ "from-evidence", "FILE",
	    "make the set of what verified evidence says: the answer of "
	    "`evidence verify --json` or `policy explain --json` (- for "
	    "standard input)",
	    false },
	{ "claim", "CLAIM", "a claim to take; pcr.N is a register", true },
	{ "name", "NAME", "the name of a set that is made so", false },
	{ "description", "TEXT", "what it is, likewise", false },
	{ "expires", "TIME", "its last second, likewise", false },
};

/* Claims of evidence, or a file as it is. */
static enum cli_exit
read_set(const struct cli_args *args, struct wd_reference **ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *text = NULL;
	const char *evidence = cli_value(args, "from-evidence");
	const char *file = evidence != NULL
	    ? evidence
	    : cli_need_operand(args, 0, "file (- for standard input)");
	struct wd_diag d = { 0 };
	int r;

	if (file == NULL)
		return CLI_USAGE;
	if (!cli_read_secret(file, FILE_MAX, &text))
		return CLI_FAULT;
	r = evidence != NULL
	    ? reference_from_evidence(args, wd_secret_borrow(text), ret, &d)
	    : wd_reference_parse(wd_secret_borrow(text), &d, ret);
	if (r == 0)
		return CLI_OK;
	(void)fprintf(stderr, "warder: %s: %s\n", file, d.detail);
	return r > 0 ? CLI_REJECTED : CLI_FAULT;
}

static bool
is_consistent(const struct cli_args *args)
{
	bool made = cli_value(args, "from-evidence") != NULL;

	if (made)
		return cli_value(args, "name") != NULL &&
		    cli_has(args, "claim");
	return !cli_has(args, "claim") && cli_value(args, "name") == NULL &&
	    cli_value(args, "description") == NULL &&
	    cli_value(args, "expires") == NULL;
}

static enum cli_exit
run_add(const struct cli_args *args)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_REFERENCE_TEXT_MAX);
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_reference_freep) struct wd_reference *set = NULL;
	struct wd_jtext j = wd_jtext(&wr);
	bool replace = cli_has(args, "replace");
	char name[WD_REFERENCE_NAME + 1], path[CLI_PATH_MAX];
	enum cli_exit e;

	if (!is_consistent(args))
		return cli_usage(args,
		    "--from-evidence wants --name and --claim; a file says all "
		    "of that itself");
	if ((e = read_set(args, &set)) != CLI_OK)
		return e;
	wd_reference_text(set, &j);
	if (!wd_span_to_text(set->name, name, sizeof(name)) ||
	    !cli_path(
		path, replace ? one_set : "", replace ? name : sets_path, ""))
		return CLI_USAGE;
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, replace ? "PUT" : "POST", path, &wr)) !=
		CLI_OK)
		return e;
	return cli_show(&o, lines, WD_N(lines));
}

const struct cli_verb cli_verb_reference_add = {
	.name = "reference add",
	.summary = "add a set of reference values, or a new version of one",
	.operands = "[FILE]",
	.options = add_options,
	.n_options = WD_N(add_options),
	.example = "warder evidence verify --tee sgx --json "
		   "--input quote=quote.bin \\\n"
		   "    --input tcb_info=tcb_info.json "
		   "--input qe_identity=qe_identity.json \\\n"
		   "    --input tcb_signing_chain=tcb_signing_chain.pem \\\n"
		   "    --input pck_crl=pck_crl.der "
		   "--input root_ca_crl=root_ca_crl.der |\n"
		   "    warder reference add --name web-1.4 --from-evidence - "
		   "--claim mrenclave",
	.run = run_add,
};

/* ---- list, show, delete */

static enum cli_exit
run_list(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, true, &o);

	return e != CLI_OK
	    ? e
	    : cli_list(&o, sets_path, "", columns, WD_N(columns));
}

const struct cli_verb cli_verb_reference_list = {
	.name = "reference list",
	.summary = "list sets of reference values",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder reference list",
	.run = run_list,
};

static enum cli_exit
run_show(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *name = cli_need_operand(args, 0, "name");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (name == NULL || !cli_path(path, one_set, name, ""))
		return CLI_USAGE;
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "GET", path, NULL)) != CLI_OK ||
	    (e = cli_show(&o, lines, WD_N(lines))) != CLI_OK)
		return e;
	return cli_show_document(&o, "values");
}

const struct cli_verb cli_verb_reference_show = {
	.name = "reference show",
	.summary = "show a set of reference values, and what names it",
	.operands = "NAME",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder reference show web-1.4",
	.run = run_show,
};

static enum cli_exit
run_delete(const struct cli_args *args)
{
	return cli_delete(args, one_set, "name");
}

const struct cli_verb cli_verb_reference_delete = {
	.name = "reference delete",
	.summary = "delete a set of reference values that no policy names",
	.operands = "NAME",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder reference delete web-1.3",
	.run = run_delete,
};
