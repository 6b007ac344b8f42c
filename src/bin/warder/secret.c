/*
 * warder secret …: opaque secrets by path.
 */
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"

#include <stdio.h>

enum { SECRET_MAX = 65536 };

static const char secrets_path[] = "/admin/v1/secrets";
static const char one_secret[] = "/admin/v1/secrets/";

static const struct cli_option options[] = { CLI_ONLINE_OPTIONS };

static const struct cli_column lines[] = {
	{ "path", "path", 0 },
	{ "version", "version", 0 },
	{ "policy", "policy", 0 },
	{ "seal_wrap", "seal wrap", 0 },
	{ "updated", "updated", 0 },
};

static const struct cli_column columns[] = {
	{ "path", "PATH", 40 },
	{ "version", "VERSION", 8 },
	{ "policy", "POLICY", 36 },
	{ "seal_wrap", "WRAP", 5 },
	{ "updated", "UPDATED", 0 },
};

static const struct cli_option put_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "file", "FILE", "its bytes; - for standard input, the default",
	    false },
	{ "policy", "ID", "also put the path under this policy", false },
	{ "seal-wrap", NULL,
	    "the HSM of the seal wraps it too, and is needed whenever it is "
	    "read; what is written there next stays so",
	    false },
};

static bool
put_path(const struct cli_args *args, const char *name, char *dst)
{
	const char *policy = cli_value(args, "policy");
	bool wrap = cli_has(args, "seal-wrap");
	char base[CLI_PATH_MAX];

	if (!cli_path(base, one_secret, name, "") ||
	    (policy != NULL && !cli_path(dst, "", policy, "")))
		return false;
	return snprintf(dst, CLI_PATH_MAX, "%s%s%s%s", base,
		   policy != NULL ? "?policy=" : "",
		   policy != NULL ? policy : "",
		   !wrap                ? ""
		       : policy != NULL ? "&seal_wrap=true"
					: "?seal_wrap=true") < CLI_PATH_MAX;
}

static enum cli_exit
run_put(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *bytes = NULL;
	const char *name = cli_need_operand(args, 0, "path");
	const char *file = cli_value(args, "file");
	struct cli_call call = { .method = "PUT",
		.type = "application/octet-stream" };
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (name == NULL || !put_path(args, name, path))
		return CLI_USAGE;
	if (!cli_read_secret(file == NULL ? "-" : file, SECRET_MAX, &bytes))
		return CLI_FAULT;
	if (wd_secret_len(bytes) == 0)
		return cli_usage(args, "there is nothing to store");
	call.path = path;
	call.body = wd_secret_borrow(bytes);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_call(&o, &call)) != CLI_OK)
		return e;
	return cli_show(&o, lines, WD_N(lines));
}

const struct cli_verb cli_verb_secret_put = {
	.name = "secret put",
	.summary = "store a secret under a path",
	.operands = "PATH",
	.options = put_options,
	.n_options = WD_N(put_options),
	.example = "warder secret put default/db/password --file password",
	.run = run_put,
};

static enum cli_exit
run_get(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *name = cli_need_operand(args, 0, "path");
	struct cli_call call = { .method = "GET", .accept = "*/*" };
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (name == NULL || !cli_path(path, one_secret, name, ""))
		return CLI_USAGE;
	call.path = path;
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_call(&o, &call)) != CLI_OK)
		return e;
	return cli_print_body(&o);
}

const struct cli_verb cli_verb_secret_get = {
	.name = "secret get",
	.summary = "print the bytes of a secret",
	.operands = "PATH",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder secret get default/db/password > password",
	.run = run_get,
};

static const struct cli_option list_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "prefix", "PATH", "only those below it", false },
};

static enum cli_exit
run_list(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *prefix = cli_value(args, "prefix");
	char query[CLI_PATH_MAX] = "";
	enum cli_exit e;

	if (prefix != NULL && !cli_path(query, "prefix=", prefix, ""))
		return CLI_USAGE;
	e = cli_online_open(args, true, &o);
	return e != CLI_OK
	    ? e
	    : cli_list(&o, secrets_path, query, columns, WD_N(columns));
}

const struct cli_verb cli_verb_secret_list = {
	.name = "secret list",
	.summary = "list secrets",
	.options = list_options,
	.n_options = WD_N(list_options),
	.example = "warder secret list --prefix default",
	.run = run_list,
};

static const struct cli_option wrap_options[] = {
	CLI_ONLINE_OPTIONS,
	CLI_WRAP_OFF,
};

static enum cli_exit
run_wrap(const struct cli_args *args)
{
	const char *name = cli_need_operand(args, 0, "path");
	char path[CLI_PATH_MAX];

	if (name == NULL || !cli_path(path, one_secret, name, ""))
		return CLI_USAGE;
	return cli_seal_wrap(args, "POST", path, lines, WD_N(lines));
}

const struct cli_verb cli_verb_secret_seal_wrap = {
	.name = "secret seal-wrap",
	.summary = "have the HSM of the seal wrap a secret too, or not any "
		   "more",
	.operands = "PATH",
	.options = wrap_options,
	.n_options = WD_N(wrap_options),
	.example = "warder secret seal-wrap default/db/password",
	.run = run_wrap,
};

static enum cli_exit
run_delete(const struct cli_args *args)
{
	return cli_delete(args, one_secret, "path");
}

const struct cli_verb cli_verb_secret_delete = {
	.name = "secret delete",
	.summary = "delete a secret",
	.operands = "PATH",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder secret delete default/db/password",
	.run = run_delete,
};
