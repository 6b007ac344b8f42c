/*
 * warder collateral …: signed vendor data, brought by hand. The server checks
 * each document before it stores it.
 */
#include "bin/warder/documents.h"
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { DOCUMENT_MAX = 716800, CHAIN_MAX = 32768 };

static const char collateral_path[] = "/admin/v1/collateral";

static const struct cli_option options[] = { CLI_ONLINE_OPTIONS };

static const struct cli_column columns[] = {
	{ "role", "ROLE", 18 },
	{ "tee", "TEE", 6 },
	{ "scope", "SCOPE", 17 },
	{ "class", "CLASS", 9 },
	{ "evaluation_number", "NUMBER", 7 },
	{ "issued", "ISSUED", 20 },
	{ "next_update", "NEXT UPDATE", 20 },
	{ "software", "SOFTWARE", 0 },
};

/* ---- import */

static const struct cli_option import_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "class", "CLASS", "standard (the default) or early", false },
};

/* False after a message, unless the file is not there. */
static bool
read_file(int dir, const char *name, size_t max, struct wd_bytes **ret)
{
	struct wd_diag d = { 0 };
	int r = wd_file_read(dir, name, max, ret, &d);

	if (r == 0 || r == WD_R_NOT_FOUND)
		return true;
	(void)fprintf(stderr, "warder: %s: %s\n", name, d.detail);
	return false;
}

static bool
read_chain(int dir, const struct cli_document *doc, struct wd_bytes **ret)
{
	if (doc->chain == NULL)
		return true;
	if (!read_file(dir, doc->chain, CHAIN_MAX, ret))
		return false;
	if (*ret == NULL && doc->or_chain != NULL &&
	    !read_file(dir, doc->or_chain, CHAIN_MAX, ret))
		return false;
	if (*ret != NULL)
		return true;
	(void)fprintf(
	    stderr, "warder: %s needs %s beside it\n", doc->file, doc->chain);
	return false;
}

static void
write_document(struct wd_jtext *j, const struct cli_args *args,
    const struct wd_bytes *bytes, const struct wd_bytes *chain)
{
	wd_jtext_object(j);
	if (chain != NULL) {
		wd_jtext_key(j, "chain");
		wd_jtext_string(j, wd_bytes_span(chain));
	}
	cli_member(j, args, "class", "class");
	wd_jtext_key(j, "document");
	wd_jtext_b64(j, wd_bytes_span(bytes));
	wd_jtext_end(j);
}

/* A document that is not there is no error; *N counts those that are. */
static enum cli_exit
import_one(
    struct cli_online *o, int dir, const struct cli_document *doc, size_t *n)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL, *chain = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(CLI_BODY_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (!read_file(dir, doc->file, DOCUMENT_MAX, &bytes))
		return CLI_FAULT;
	if (bytes == NULL)
		return CLI_OK;
	if (!read_chain(dir, doc, &chain) ||
	    !cli_path(path, "/admin/v1/collateral/", doc->role, ""))
		return CLI_FAULT;
	write_document(&j, o->args, bytes, chain);
	(*n)++;
	e = cli_online_send(o, "PUT", path, &wr);
	if (e != CLI_OK)
		(void)fprintf(stderr, "warder: %s was not stored\n", doc->file);
	else if (!cli_has(o->args, "json"))
		(void)printf("stored %s\n", doc->file);
	return e;
}

static enum cli_exit
run_import(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *name = cli_need_operand(args, 0, "folder");
	WD_AUTO(wd_fd_closep) int dir = -1;
	size_t n_documents, n = 0;
	const struct cli_document *documents = cli_documents(&n_documents);
	enum cli_exit e, worst = CLI_OK;

	if (name == NULL)
		return CLI_USAGE;
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		(void)fprintf(stderr, "warder: %s is no folder\n", name);
		return CLI_FAULT;
	}
	if ((e = cli_online_open(args, true, &o)) != CLI_OK)
		return e;
	for (size_t i = 0; i < n_documents; i++) {
		e = import_one(&o, dir, &documents[i], &n);
		if (e != CLI_OK)
			worst = e;
	}
	if (n > 0)
		return worst;
	(void)fprintf(stderr, "warder: there is no collateral in %s\n", name);
	return CLI_FAULT;
}

const struct cli_verb cli_verb_collateral_import = {
	.name = "collateral import",
	.summary = "bring a folder of collateral",
	.operands = "DIR",
	.options = import_options,
	.n_options = WD_N(import_options),
	.example = "warder collateral import collateral/",
	.run = run_import,
};

/* ---- list */

static enum cli_exit
run_list(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, true, &o);

	if (e != CLI_OK ||
	    (e = cli_online_send(&o, "GET", collateral_path, NULL)) != CLI_OK)
		return e;
	return cli_show_list(&o, columns, WD_N(columns));
}

const struct cli_verb cli_verb_collateral_list = {
	.name = "collateral list",
	.summary = "list what is stored, with its dates",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder collateral list",
	.run = run_list,
};
