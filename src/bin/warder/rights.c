/*
 * warder token …, lease … and audit tail: who may, who holds, what happened.
 */
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"

#include "base/num.h"

#include <stdio.h>

enum { REQUEST_MAX = 8192 };

static const char tokens_path[] = "/admin/v1/tokens";

static const struct cli_option options[] = { CLI_ONLINE_OPTIONS };

/* ---- tokens */

static const struct cli_option create_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "user", "NAME", "who the log names", false },
	{ "rule", "RESOURCE:ACTION", "what it allows; repeat for more", true },
	{ "seconds", "N", "how long it lives (default 86400)", false },
};

static const struct cli_column made_lines[] = {
	{ "id", "id", 0 },
	{ "expires", "expires", 0 },
	{ "token", "token", 0 },
};

static const struct cli_column token_columns[] = {
	{ "id", "ID", 36 },
	{ "user", "USER", 16 },
	{ "expires", "EXPIRES", 20 },
	{ "rules", "RULES", 0 },
};

static void
write_token(struct wd_jtext *j, const struct cli_args *args, uint64_t seconds)
{
	const char *rule;
	int at = 0;

	wd_jtext_object(j);
	wd_jtext_key(j, "rules");
	wd_jtext_array(j);
	while ((rule = cli_next(args, "rule", &at)) != NULL)
		wd_jtext_text(j, rule);
	wd_jtext_end(j);
	wd_jtext_key_uint(j, "seconds", seconds);
	cli_member(j, args, "user", "user");
	wd_jtext_end(j);
}

static enum cli_exit
run_create(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *text = cli_value(args, "seconds");
	uint64_t seconds = 86400;
	enum cli_exit e;

	if (!cli_has(args, "user") || !cli_has(args, "rule"))
		return cli_usage(args, "--user and --rule are needed");
	if (text != NULL &&
	    !wd_num_parse(wd_span_text(text), UINT32_MAX, &seconds))
		return cli_usage(args, "--seconds is a number");
	write_token(&j, args, seconds);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "POST", tokens_path, &wr)) != CLI_OK)
		return e;
	return cli_show(&o, made_lines, WD_N(made_lines));
}

const struct cli_verb cli_verb_token_create = {
	.name = "token create",
	.summary = "make a token; it is shown this once",
	.options = create_options,
	.n_options = WD_N(create_options),
	.example = "warder token create --user alice --rule keys:create",
	.run = run_create,
};

static enum cli_exit
run_tokens(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, true, &o);

	if (e != CLI_OK ||
	    (e = cli_online_send(&o, "GET", tokens_path, NULL)) != CLI_OK)
		return e;
	return cli_show_list(&o, token_columns, WD_N(token_columns));
}

const struct cli_verb cli_verb_token_list = {
	.name = "token list",
	.summary = "list tokens, not their texts",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder token list",
	.run = run_tokens,
};

static enum cli_exit
run_token_revoke(const struct cli_args *args)
{
	return cli_delete(args, "/admin/v1/tokens/", "token");
}

const struct cli_verb cli_verb_token_revoke = {
	.name = "token revoke",
	.summary = "revoke a token",
	.operands = "ID",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder token revoke 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10",
	.run = run_token_revoke,
};

/* ---- leases */

static const struct cli_column lease_columns[] = {
	{ "id", "ID", 36 },
	{ "made", "MADE", 20 },
	{ "expires", "EXPIRES", 20 },
	{ "backend", "BACKEND", 12 },
	{ "upstream", "UPSTREAM", 13 },
	{ "path", "PATH", 0 },
};

static enum cli_exit
run_leases(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, true, &o);

	return e != CLI_OK ? e
			   : cli_list(&o, "/admin/v1/leases", "", lease_columns,
				 WD_N(lease_columns));
}

const struct cli_verb cli_verb_lease_list = {
	.name = "lease list",
	.summary = "list leases that have not ended, also with backends",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder lease list",
	.run = run_leases,
};

static const struct cli_option revoke_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "kind", "KIND",
	    "lease (the default), session, key, policy_version, prefix, "
	    "platform, measurement",
	    false },
};

static enum cli_exit
run_revoke(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *what = cli_need_operand(args, 0, "thing");
	const char *kind = cli_value(args, "kind");
	enum cli_exit e;

	if (what == NULL)
		return CLI_USAGE;
	if (kind == NULL)
		kind = "lease";
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "kind", kind);
	wd_jtext_key_text(&j, "what", what);
	wd_jtext_end(&j);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "POST", "/admin/v1/revocations", &wr)) !=
		CLI_OK)
		return e;
	if (!cli_has(args, "json"))
		(void)printf("revoked %s\n", what);
	return CLI_OK;
}

const struct cli_verb cli_verb_lease_revoke = {
	.name = "lease revoke",
	.summary = "end a lease, or all leases below something",
	.operands = "WHAT",
	.options = revoke_options,
	.n_options = WD_N(revoke_options),
	.example = "warder lease revoke --kind prefix default/db",
	.run = run_revoke,
};

/* ---- audit tail */

static const struct cli_option tail_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "from", "N", "from this entry on (default: the last ones)", false },
	{ "limit", "N", "at most this many, 1 to 100 (default 20)", false },
};

static const struct cli_column entry_columns[] = {
	{ "index", "INDEX", 8 },
	{ "entry.time", "TIME", 20 },
	{ "entry.event", "EVENT", 16 },
	{ "entry.result", "RESULT", 8 },
	{ "entry.reason", "REASON", 24 },
	{ "entry.actor", "ACTOR", 10 },
	{ "entry.path", "PATH", 0 },
};

static enum cli_exit
run_tail(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *from = cli_value(args, "from");
	const char *limit = cli_value(args, "limit");
	char path[CLI_PATH_MAX];
	uint64_t number;
	enum cli_exit e;

	if ((from != NULL &&
		!wd_num_parse(wd_span_text(from), UINT64_MAX, &number)) ||
	    (limit != NULL && !wd_num_parse(wd_span_text(limit), 100, &number)))
		return cli_usage(args, "--from and --limit are numbers");
	(void)snprintf(path, sizeof(path), "/admin/v1/audit?%s%s%slimit=%s",
	    from == NULL ? "" : "from=", from == NULL ? "" : from,
	    from == NULL ? "" : "&", limit == NULL ? "20" : limit);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "GET", path, NULL)) != CLI_OK)
		return e;
	return cli_show_list(&o, entry_columns, WD_N(entry_columns));
}

const struct cli_verb cli_verb_audit_tail = {
	.name = "audit tail",
	.summary = "show entries of the log",
	.options = tail_options,
	.n_options = WD_N(tail_options),
	.example = "warder audit tail --limit 10",
	.run = run_tail,
};
