/*
 * warder policy …: what decides about releases, and where it applies.
 */
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"

#include <stdio.h>
#include <string.h>

enum { POLICY_MAX = 65536, REQUEST_MAX = 140000 };

static const char policies_path[] = "/admin/v1/policies";
static const char one_policy[] = "/admin/v1/policies/";
static const char one_binding[] = "/admin/v1/bindings/";

static const struct cli_option options[] = { CLI_ONLINE_OPTIONS };

static const struct cli_column lines[] = {
	{ "id", "id", 0 },
	{ "version", "version", 0 },
	{ "schema", "schema", 0 },
	{ "prefixes", "prefixes", 0 },
	{ "created", "created", 0 },
	{ "updated", "updated", 0 },
};

static const struct cli_column columns[] = {
	{ "id", "ID", 36 },
	{ "schema", "SCHEMA", 8 },
	{ "updated", "UPDATED", 20 },
	{ "prefixes", "PREFIXES", 0 },
};

/* ---- add */

static const struct cli_option add_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "id", "ID", "a new version of this policy, not a new one", false },
	{ "prefix", "PATH", "also bind it to this path or prefix", false },
};

static enum cli_exit
send_policy(const struct cli_args *args, const struct wd_wr *wr)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *id = cli_value(args, "id");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (!cli_path(path, id == NULL ? "" : one_policy,
		id == NULL ? policies_path : id, ""))
		return CLI_USAGE;
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, id == NULL ? "POST" : "PUT", path, wr)) !=
		CLI_OK)
		return e;
	return cli_show(&o, lines, WD_N(lines));
}

static enum cli_exit
run_add(const struct cli_args *args)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	WD_AUTO(wd_secret_freep) struct wd_secret *text = NULL;
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	const char *file = cli_need_operand(args, 0,
	    "file (- for standard "
	    "input)");
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_diag d = { 0 };

	if (file == NULL)
		return CLI_USAGE;
	if (!cli_read_secret(file, POLICY_MAX, &text))
		return CLI_FAULT;
	if (wd_json_parse(wd_secret_borrow(text), &d, &doc) != 0) {
		(void)fprintf(stderr, "warder: %s: %s\n", file, d.detail);
		return CLI_REJECTED;
	}
	wd_jtext_object(&j);
	wd_jtext_key(&j, "policy");
	wd_jtext_raw(&j, wd_secret_borrow(text));
	cli_member(&j, args, "prefix", "prefix");
	wd_jtext_end(&j);
	return send_policy(args, &wr);
}

const struct cli_verb cli_verb_policy_add = {
	.name = "policy add",
	.summary = "add a policy, or a new version of one",
	.operands = "FILE",
	.options = add_options,
	.n_options = WD_N(add_options),
	.example = "warder policy add web.json --prefix default/db",
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
	    : cli_list(&o, policies_path, "", columns, WD_N(columns));
}

const struct cli_verb cli_verb_policy_list = {
	.name = "policy list",
	.summary = "list policies",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder policy list",
	.run = run_list,
};

static enum cli_exit
run_show(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *id = cli_need_operand(args, 0, "policy");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (id == NULL || !cli_path(path, one_policy, id, ""))
		return CLI_USAGE;
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "GET", path, NULL)) != CLI_OK ||
	    (e = cli_show(&o, lines, WD_N(lines))) != CLI_OK)
		return e;
	return cli_show_document(&o, "policy");
}

const struct cli_verb cli_verb_policy_show = {
	.name = "policy show",
	.summary = "show a policy",
	.operands = "ID",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder policy show 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10",
	.run = run_show,
};

static enum cli_exit
run_delete(const struct cli_args *args)
{
	return cli_delete(args, one_policy, "policy");
}

const struct cli_verb cli_verb_policy_delete = {
	.name = "policy delete",
	.summary = "delete a policy that nothing is bound to",
	.operands = "ID",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder policy delete 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10",
	.run = run_delete,
};

/* ---- bind, unbind */

static enum cli_exit
run_bind(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *id = cli_need_operand(args, 0, "policy");
	const char *prefix =
	    id == NULL ? NULL : cli_need_operand(args, 1, "path or prefix");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (prefix == NULL || !cli_path(path, one_binding, prefix, ""))
		return CLI_USAGE;
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "policy", id);
	wd_jtext_end(&j);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "PUT", path, &wr)) != CLI_OK)
		return e;
	if (!cli_has(args, "json"))
		(void)printf("%s is under policy %s\n", prefix, id);
	return CLI_OK;
}

const struct cli_verb cli_verb_policy_bind = {
	.name = "policy bind",
	.summary = "put a path or prefix of secrets under a policy",
	.operands = "ID PATH",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder policy bind 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10 "
		   "default/db",
	.run = run_bind,
};

static enum cli_exit
run_unbind(const struct cli_args *args)
{
	return cli_delete(args, one_binding, "path or prefix");
}

const struct cli_verb cli_verb_policy_unbind = {
	.name = "policy unbind",
	.summary = "take a path or prefix from under its policy",
	.operands = "PATH",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder policy unbind default/db",
	.run = run_unbind,
};
