/*
 * warder key …: keys and their certificates.
 */
#include "bin/warder/online.h"
#include "bin/warder/verbs.h"
#include "codec/base64.h"

#include <stdio.h>
#include <string.h>

enum { KEY_FILE_MAX = 65536, REQUEST_MAX = 200000, CHAIN_MAX = 32768 };

static const char keys_path[] = "/admin/v1/keys";
static const char one_key[] = "/admin/v1/keys/";

static const struct cli_option options[] = { CLI_ONLINE_OPTIONS };

static const struct cli_column key_lines[] = {
	{ "id", "id", 0 },
	{ "kind", "kind", 0 },
	{ "version", "version", 0 },
	{ "version_created", "of", 0 },
	{ "label", "label", 0 },
	{ "usage", "usage", 0 },
	{ "policy", "policy", 0 },
	{ "backend", "backend", 0 },
	{ "seal_wrap", "seal wrap", 0 },
	{ "attach", "attached", 0 },
	{ "leaves", "leaves", 0 },
	{ "broker_may_unwrap", "may unwrap", 0 },
	{ "created", "created", 0 },
};

static const struct cli_column key_columns[] = {
	{ "id", "ID", 36 },
	{ "kind", "KIND", 10 },
	{ "policy", "POLICY", 36 },
	{ "label", "LABEL", 0 },
};

/* ---- create, import, attach */

#define BACKEND_OPTIONS                                                      \
	{ "backend", "NAME",                                                 \
		"where it rests: a section of warder.conf(5), or embedded "  \
		"for "                                                       \
		"the server's own store; by default what default_backend "   \
		"says",                                                      \
		false },                                                     \
	    { "stays", NULL,                                                 \
		    "it may never leave where it rests, only be used there", \
		    false },                                                 \
	    { "seal-wrap", NULL,                                             \
		    "of the server's own store: the HSM of its seal wraps "  \
		    "it too, and is needed whenever it is used",             \
		    false },                                                 \
	    UNWRAP_OPTION

#define UNWRAP_OPTION                                                  \
	{                                                              \
		"broker-may-unwrap", NULL,                             \
		    "of a key that leaves its HSM wrapped alone: the " \
		    "server may unwrap it for clients that cannot",    \
		    false                                              \
	}

#define MAKE_OPTIONS                                                         \
	{ "label", "TEXT", "what PKCS#11 programs see", false },             \
	    { "policy", "ID", "what decides about its release", false },     \
	    { "usage", "TEXT", "a note", false },                            \
	{                                                                    \
		"certificate", "SUBJECT",                                    \
		    "also make a self-signed certificate: CN=…,DNS=…", false \
	}

static const struct cli_option create_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "kind", "KIND",
	    "aes-128 aes-192 aes-256 rsa-2048 rsa-3072 rsa-4096 ec-p256 "
	    "ec-p384 ec-p521 ed25519",
	    false },
	BACKEND_OPTIONS,
	MAKE_OPTIONS,
};

static const struct cli_option import_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "file", "FILE",
	    "private key (PEM or DER), or the bytes of an AES key or opaque "
	    "secret; - for standard input",
	    false },
	{ "kind", "KIND", "needed unless FILE is a private key", false },
	BACKEND_OPTIONS,
	MAKE_OPTIONS,
};

static const struct cli_option attach_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "kind", "KIND", "what it is", false },
	{ "backend", "NAME",
	    "a section of warder.conf(5); by default the only one that can",
	    false },
	{ "name", "TEXT", "what the backend calls it", false },
	UNWRAP_OPTION,
	MAKE_OPTIONS,
};

/* Behind "base64" and in front of "kind". */
static void
write_unwrap(struct wd_jtext *j, const struct cli_args *args)
{
	if (cli_has(args, "broker-may-unwrap"))
		wd_jtext_key_bool(j, "broker_may_unwrap", true);
}

/* Members behind "kind" in their order; PEM is the text of a key file. */
static void
write_rest(struct wd_jtext *j, const struct cli_args *args, struct wd_span pem)
{
	cli_member(j, args, "kind", "kind");
	cli_member(j, args, "label", "label");
	if (pem.len > 0) {
		wd_jtext_key(j, "pem");
		wd_jtext_string(j, pem);
	}
	cli_member(j, args, "policy", "policy");
	if (cli_has(args, "seal-wrap"))
		wd_jtext_key_bool(j, "seal_wrap", true);
	if (cli_has(args, "stays"))
		wd_jtext_key_bool(j, "stays", true);
	cli_member(j, args, "subject", "certificate");
	cli_member(j, args, "usage", "usage");
	wd_jtext_end(j);
}

static enum cli_exit
make(const struct cli_args *args, const struct wd_wr *wr)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	enum cli_exit e = cli_online_open(args, true, &o);

	if (e != CLI_OK ||
	    (e = cli_online_send(&o, "POST", keys_path, wr)) != CLI_OK)
		return e;
	return cli_show(&o, key_lines, WD_N(key_lines));
}

static enum cli_exit
run_create(const struct cli_args *args)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	if (cli_value(args, "kind") == NULL)
		return cli_usage(args, "which --kind of key?");
	wd_jtext_object(&j);
	cli_member(&j, args, "backend", "backend");
	write_unwrap(&j, args);
	write_rest(&j, args, wd_span(NULL, 0));
	return make(args, &wr);
}

const struct cli_verb cli_verb_key_create = {
	.name = "key create",
	.summary = "make a key in the server",
	.options = create_options,
	.n_options = WD_N(create_options),
	.example = "warder key create --kind ec-p256 --label web "
		   "--certificate CN=web.example,DNS=web.example",
	.run = run_create,
};

static enum cli_exit
run_import(const struct cli_args *args)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	WD_AUTO(wd_secret_freep) struct wd_secret *file = NULL;
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_span bytes, pem = { 0 };

	if (cli_value(args, "file") == NULL)
		return cli_usage(args, "which --file?");
	if (!cli_read_secret(cli_value(args, "file"), KEY_FILE_MAX, &file))
		return CLI_FAULT;
	bytes = wd_secret_borrow(file);
	if (bytes.len > 11 && wd_span_is(wd_span(bytes.p, 11), "-----BEGIN "))
		pem = bytes;
	wd_jtext_object(&j);
	cli_member(&j, args, "backend", "backend");
	if (pem.len == 0) {
		wd_jtext_key(&j, "base64");
		wd_jtext_b64(&j, bytes);
	}
	write_unwrap(&j, args);
	write_rest(&j, args, pem);
	return make(args, &wr);
}

const struct cli_verb cli_verb_key_import = {
	.name = "key import",
	.summary = "bring a key of one's own",
	.options = import_options,
	.n_options = WD_N(import_options),
	.example = "warder key import --file web.key --label web",
	.run = run_import,
};

static enum cli_exit
run_attach(const struct cli_args *args)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	if (cli_value(args, "name") == NULL || cli_value(args, "kind") == NULL)
		return cli_usage(args, "--kind and --name are needed");
	wd_jtext_object(&j);
	cli_member(&j, args, "attach", "name");
	cli_member(&j, args, "backend", "backend");
	write_unwrap(&j, args);
	write_rest(&j, args, wd_span(NULL, 0));
	return make(args, &wr);
}

const struct cli_verb cli_verb_key_attach = {
	.name = "key attach",
	.summary = "serve a key that rests in a backend",
	.options = attach_options,
	.n_options = WD_N(attach_options),
	.example = "warder key attach --kind rsa-2048 --backend vault "
		   "--name web/tls",
	.run = run_attach,
};

/* ---- list, show, delete */

static const struct cli_option list_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "kind", "KIND", "only these", false },
	{ "policy", "ID", "only those under this policy", false },
	CLI_PAGE_OPTIONS,
};

static bool
list_query(const struct cli_args *args, char *dst)
{
	static const char *const names[] = { "kind", "policy" };
	char part[CLI_PATH_MAX];

	dst[0] = '\0';
	for (size_t i = 0; i < WD_N(names); i++) {
		const char *value = cli_value(args, names[i]);
		size_t len = strlen(dst);

		if (value == NULL)
			continue;
		if (!cli_path(part, "", value, ""))
			return false;
		if (snprintf(dst + len, CLI_PATH_MAX - len, "%s%s=%s",
			len > 0 ? "&" : "", names[i],
			part) >= (int)(CLI_PATH_MAX - len))
			return false;
	}
	return true;
}

static enum cli_exit
run_list(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	char query[CLI_PATH_MAX];
	enum cli_exit e;

	if (!list_query(args, query))
		return CLI_USAGE;
	e = cli_online_open(args, true, &o);
	return e != CLI_OK
	    ? e
	    : cli_list(&o, keys_path, query, key_columns, WD_N(key_columns));
}

const struct cli_verb cli_verb_key_list = {
	.name = "key list",
	.summary = "list keys",
	.options = list_options,
	.n_options = WD_N(list_options),
	.example = "warder key list --kind ec-p256",
	.run = run_list,
};

static enum cli_exit
run_show(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *id = cli_need_operand(args, 0, "key");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (id == NULL || !cli_path(path, one_key, id, ""))
		return CLI_USAGE;
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "GET", path, NULL)) != CLI_OK)
		return e;
	return cli_show(&o, key_lines, WD_N(key_lines));
}

const struct cli_verb cli_verb_key_show = {
	.name = "key show",
	.summary = "show a key",
	.operands = "ID",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder key show 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10",
	.run = run_show,
};

static enum cli_exit
run_delete(const struct cli_args *args)
{
	return cli_delete(args, one_key, "key");
}

const struct cli_verb cli_verb_key_delete = {
	.name = "key delete",
	.summary = "delete a key and all its versions",
	.operands = "ID",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder key delete 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10",
	.run = run_delete,
};

/* ---- rotate */

static const struct cli_option rotate_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "certificate", "SUBJECT",
	    "also make a self-signed certificate: CN=…,DNS=…", false },
};

static enum cli_exit
run_rotate(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *id = cli_need_operand(args, 0, "key");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (id == NULL || !cli_path(path, one_key, id, "/rotate"))
		return CLI_USAGE;
	wd_jtext_object(&j);
	cli_member(&j, args, "subject", "certificate");
	wd_jtext_end(&j);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "POST", path, &wr)) != CLI_OK)
		return e;
	return cli_show(&o, key_lines, WD_N(key_lines));
}

const struct cli_verb cli_verb_key_rotate = {
	.name = "key rotate",
	.summary = "have the server make a new version of a key",
	.operands = "ID",
	.options = rotate_options,
	.n_options = WD_N(rotate_options),
	.example = "warder key rotate 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10 "
		   "--certificate CN=web.example,DNS=web.example",
	.run = run_rotate,
};

/* ---- seal wrap */

static const struct cli_option wrap_options[] = {
	CLI_ONLINE_OPTIONS,
	CLI_WRAP_OFF,
};

static enum cli_exit
run_wrap(const struct cli_args *args)
{
	const char *id = cli_need_operand(args, 0, "key");
	char path[CLI_PATH_MAX];

	if (id == NULL || !cli_path(path, one_key, id, "/seal-wrap"))
		return CLI_USAGE;
	return cli_seal_wrap(args, "PUT", path, key_lines, WD_N(key_lines));
}

const struct cli_verb cli_verb_key_seal_wrap = {
	.name = "key seal-wrap",
	.summary = "have the HSM of the seal wrap a key too, or not any more",
	.operands = "ID",
	.options = wrap_options,
	.n_options = WD_N(wrap_options),
	.example = "warder key seal-wrap 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10",
	.run = run_wrap,
};

/* ---- policy, csr, certificate */

static enum cli_exit
run_policy(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *id = cli_need_operand(args, 0, "key");
	const char *policy = id == NULL
	    ? NULL
	    : cli_need_operand(args, 1, "policy (an id, or none)");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (policy == NULL || !cli_path(path, one_key, id, "/policy"))
		return CLI_USAGE;
	wd_jtext_object(&j);
	wd_jtext_key(&j, "policy");
	if (strcmp(policy, "none") == 0)
		wd_jtext_null(&j);
	else
		wd_jtext_text(&j, policy);
	wd_jtext_end(&j);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "PUT", path, &wr)) != CLI_OK)
		return e;
	return cli_show(&o, key_lines, WD_N(key_lines));
}

const struct cli_verb cli_verb_key_policy = {
	.name = "key policy",
	.summary = "put a key under a policy",
	.operands = "ID POLICY|none",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder key policy 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10 "
		   "none",
	.run = run_policy,
};

static enum cli_exit
run_unwrap(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *id = cli_need_operand(args, 0, "key");
	const char *word =
	    id == NULL ? NULL : cli_need_operand(args, 1, "answer, yes or no");
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (word == NULL || !cli_path(path, one_key, id, "/unwrap"))
		return CLI_USAGE;
	if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0)
		return cli_usage(args, "yes or no?");
	wd_jtext_object(&j);
	wd_jtext_key_bool(&j, "broker_may_unwrap", word[0] == 'y');
	wd_jtext_end(&j);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "PUT", path, &wr)) != CLI_OK)
		return e;
	return cli_show(&o, key_lines, WD_N(key_lines));
}

const struct cli_verb cli_verb_key_unwrap = {
	.name = "key broker-may-unwrap",
	.summary = "let the server unwrap a key that leaves its HSM wrapped "
		   "alone, or not any more",
	.operands = "ID yes|no",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder key broker-may-unwrap "
		   "6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10 no",
	.run = run_unwrap,
};

static const struct cli_option csr_options[] = {
	CLI_ONLINE_OPTIONS,
	{ "subject", "SUBJECT", "CN=…,DNS=…", false },
};

static enum cli_exit
run_csr(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(REQUEST_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *id = cli_need_operand(args, 0, "key");
	struct cli_call call = { .method = "POST", .accept = "*/*" };
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (id == NULL || !cli_path(path, one_key, id, "/csr"))
		return CLI_USAGE;
	if (cli_value(args, "subject") == NULL)
		return cli_usage(args, "which --subject?");
	wd_jtext_object(&j);
	cli_member(&j, args, "subject", "subject");
	wd_jtext_end(&j);
	call.path = path;
	call.body = wd_wr_span(&wr);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_call(&o, &call)) != CLI_OK)
		return e;
	return cli_print_body(&o);
}

const struct cli_verb cli_verb_key_csr = {
	.name = "key csr",
	.summary = "have the server sign a certificate request",
	.operands = "ID",
	.options = csr_options,
	.n_options = WD_N(csr_options),
	.example = "warder key csr 6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10 "
		   "--subject CN=web.example",
	.run = run_csr,
};

static enum cli_exit
send_chain(struct cli_online *o, const char *path, const char *file)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *pem = NULL;
	struct cli_call call = {
		.method = "PUT", .path = path, .type = "application/x-pem-file"
	};
	enum cli_exit e;

	if (!cli_read_secret(file, CHAIN_MAX, &pem))
		return CLI_FAULT;
	call.body = wd_secret_borrow(pem);
	e = cli_online_call(o, &call);
	return e != CLI_OK ? e : cli_show(o, key_lines, WD_N(key_lines));
}

static enum cli_exit
run_certificate(const struct cli_args *args)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *id = cli_need_operand(args, 0, "key"), *file;
	struct cli_call call = { .method = "GET", .accept = "*/*" };
	char path[CLI_PATH_MAX];
	enum cli_exit e;
	int at = 0;

	if (id == NULL || !cli_path(path, one_key, id, "/certificate"))
		return CLI_USAGE;
	(void)cli_operand(args, &at); /* the key */
	file = cli_operand(args, &at);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK)
		return e;
	if (file != NULL)
		return send_chain(&o, path, file);
	call.path = path;
	e = cli_online_call(&o, &call);
	return e != CLI_OK ? e : cli_print_body(&o);
}

const struct cli_verb cli_verb_key_certificate = {
	.name = "key certificate",
	.summary = "store a key's certificate chain, or print it",
	.operands = "ID [FILE]",
	.options = options,
	.n_options = WD_N(options),
	.example = "warder key certificate "
		   "6f1d2c5e-3b1a-4c7e-9a52-0d2f4b6c8e10 web.pem",
	.run = run_certificate,
};
