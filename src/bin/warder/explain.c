/*
 * warder policy explain: what evidence would get, clause by clause. The server
 * judges with its own roots, collateral and clock; nothing is released.
 */
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"
#include "sys/file.h"
#include "verify/bundle.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { EVIDENCE_MAX = 400000, REQUEST_MAX = 500000 };

static const struct cli_option options[] = {
	CLI_ONLINE_OPTIONS,
	{ "tee", "TEE", "what made the evidence; JSON says it itself", false },
	{ "input", "PART=FILE", "a part of the evidence, for --tee", true },
};

static const struct cli_column lines[] = {
	{ "verdict", "verdict", 0 },
	{ "reason", "reason", 0 },
	{ "detail", "detail", 0 },
	{ "policy", "policy", 0 },
	{ "version", "version", 0 },
	{ "lease_seconds", "lease seconds", 0 },
};

/* What a file of that TEE is, when there is only one. */
static const struct {
	enum wd_tee tee;
	enum wd_part part;
} whole[] = {
	{ WD_TEE_SGX, WD_IN_QUOTE },
	{ WD_TEE_TDX, WD_IN_QUOTE },
	{ WD_TEE_SNP, WD_IN_REPORT },
	{ WD_TEE_CCA, WD_IN_TOKEN },
	{ WD_TEE_PSA, WD_IN_TOKEN },
};

/* ---- the request */

static bool
read_evidence(const char *name, struct wd_bytes **ret)
{
	struct wd_diag d = { 0 };

	if (wd_file_read(AT_FDCWD, name, EVIDENCE_MAX, ret, &d) == 0)
		return true;
	(void)fprintf(stderr, "warder: %s\n", d.detail);
	return false;
}

/* As it was sent to /attest, or the member of it that is the evidence. */
static enum cli_exit
write_json(struct wd_jtext *j, struct wd_span text)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *evidence = NULL;
	struct wd_diag d = { 0 };
	const struct wd_jval *v, *inner;
	struct wd_span additional;

	if (wd_json_parse(text, &d, &doc) != 0) {
		(void)fprintf(stderr, "warder: the evidence: %s\n", d.detail);
		return CLI_REJECTED;
	}
	v = wd_json_root(doc);
	if ((inner = wd_jval_get(v, "tee-evidence")) != NULL)
		v = inner;
	if (wd_jval_text(wd_jval_get(v, "additional_evidence"), &additional) &&
	    additional.len > 0) {
		wd_jtext_key(j, "additional_evidence");
		wd_jtext_string(j, additional);
	}
	if ((inner = wd_jval_get(v, "primary_evidence")) != NULL)
		v = inner;
	if (wd_json_canonical(v, &evidence) != 0)
		return CLI_FAULT;
	wd_jtext_key(j, "evidence");
	wd_jtext_raw(j, wd_bytes_span(evidence));
	return CLI_OK;
}

static bool
write_part(struct wd_jtext *j, const char *name, const char *file)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;

	if (!read_evidence(file, &bytes))
		return false;
	wd_jtext_key(j, name);
	wd_jtext_b64(j, wd_bytes_span(bytes));
	return true;
}

/* The file given for PART; NULL: none. */
static const char *
input_of(const struct cli_args *args, const char *part)
{
	const char *input;
	int at = 0;

	while ((input = cli_next(args, "input", &at)) != NULL) {
		const char *equals = strchr(input, '=');

		if (equals != NULL &&
		    wd_span_is(wd_span(input, (size_t)(equals - input)), part))
			return equals + 1;
	}
	return NULL;
}

/* Members of an object come in order of their names. */
static const char *
next_name(const char *after)
{
	const char *next = NULL;

	for (int i = 0; i < WD_IN_COUNT; i++) {
		const char *name = wd_part_name((enum wd_part)i);

		if (strcmp(name, after) > 0 &&
		    (next == NULL || strcmp(name, next) < 0))
			next = name;
	}
	return next;
}

static enum cli_exit
write_parts(struct wd_jtext *j, const struct cli_args *args,
    const char *whole_of, const char *file)
{
	wd_jtext_key(j, "parts");
	wd_jtext_object(j);
	for (const char *name = ""; (name = next_name(name)) != NULL;) {
		const char *from =
		    whole_of != NULL && strcmp(name, whole_of) == 0
		    ? file
		    : input_of(args, name);

		if (from != NULL && !write_part(j, name, from))
			return CLI_FAULT;
	}
	wd_jtext_end(j);
	return CLI_OK;
}

/* The name of the part that a whole file of TEE is; NULL: there is none. */
static const char *
part_of(const char *tee)
{
	for (size_t i = 0; i < WD_N(whole); i++)
		if (wd_tee_by_name(wd_span_text(tee)) == whole[i].tee)
			return wd_part_name(whole[i].part);
	return NULL;
}

static enum cli_exit
write_evidence(struct wd_jtext *j, const struct cli_args *args,
    const char *file, bool *ret_tee)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	const char *tee = cli_value(args, "tee");
	const char *part = file == NULL || tee == NULL ? NULL : part_of(tee);

	*ret_tee = tee != NULL;
	if (tee == NULL) {
		if (file == NULL)
			return cli_usage(args, "the evidence is missing");
		if (!read_evidence(file, &bytes))
			return CLI_FAULT;
		if (bytes->len == 0 || bytes->p[0] != '{')
			return cli_usage(args,
			    "--tee is needed for evidence that is not JSON");
		return write_json(j, wd_bytes_span(bytes));
	}
	if (file != NULL && part == NULL)
		return cli_usage(
		    args, "evidence of %s has several parts: use --input", tee);
	return write_parts(j, args, part, file);
}

static enum cli_exit
write_request(struct wd_jtext *j, const struct cli_args *args, const char *what,
    const char *file)
{
	char path[CLI_PATH_MAX];
	enum cli_exit e;
	bool has_tee;

	wd_jtext_object(j);
	if ((e = write_evidence(j, args, file, &has_tee)) != CLI_OK)
		return e;
	if (!cli_path(path, strchr(what, '/') == NULL ? "default/key/" : "",
		what, ""))
		return CLI_USAGE;
	wd_jtext_key_text(j, "path", path);
	if (has_tee)
		wd_jtext_key_text(j, "tee", cli_value(args, "tee"));
	wd_jtext_end(j);
	return CLI_OK;
}

/* ---- the answer */

static void
show_text(const struct wd_jval *clause, const char *name, const char *before)
{
	struct wd_span text = { 0 };

	if (wd_jval_text(wd_jval_get(clause, name), &text) && text.len > 0)
		(void)printf(
		    "%s%.*s", before, (int)text.len, (const char *)text.p);
}

static void
show_clauses(const struct wd_jval *clauses)
{
	for (size_t i = 0; i < wd_jval_count(clauses); i++) {
		const struct wd_jval *c = wd_jval_at(clauses, i);
		uint64_t depth = 0;

		(void)wd_jval_uint(wd_jval_get(c, "depth"), 64, &depth);
		(void)printf("%*s", 2 + (int)depth * 2, "");
		show_text(c, "result", "");
		show_text(c, "name", "  ");
		show_text(c, "expected", "  expected ");
		show_text(c, "got", "  got ");
		(void)printf("\n");
	}
}

static enum cli_exit
show(const struct cli_online *o)
{
	const struct wd_jval *root = wd_json_root(o->doc);
	struct wd_span verdict = { 0 };
	enum cli_exit e = cli_show(o, lines, WD_N(lines));

	if (e != CLI_OK)
		return e;
	if (!cli_has(o->args, "json"))
		show_clauses(wd_jval_get(root, "clauses"));
	return wd_jval_text(wd_jval_get(root, "verdict"), &verdict) &&
		wd_span_is(verdict, "allow")
	    ? CLI_OK
	    : CLI_REJECTED;
}

static const char *
second_operand(const struct cli_args *args)
{
	int at = 0;

	return cli_operand(args, &at) == NULL ? NULL : cli_operand(args, &at);
}

static enum cli_exit
run(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *what = cli_need_operand(args, 0, "key or path");
	const char *file = second_operand(args);
	enum cli_exit e;

	if (what == NULL)
		return CLI_USAGE;
	if ((e = write_request(&j, args, what, file)) != CLI_OK ||
	    (e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "POST", "/admin/v1/explain", &wr)) !=
		CLI_OK)
		return e;
	return show(&o);
}

const struct cli_verb cli_verb_policy_explain = {
	.name = "policy explain",
	.summary = "say what evidence would get, clause by clause",
	.operands = "KEY|PATH [EVIDENCE]",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder policy explain 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10 "
		   "--tee sgx quote.bin",
	.run = run,
};
