/*
 * The way to the admin door and back. A refusal is printed as the server says
 * it, with its reason and the request's id, which is in the server's log.
 */
#include "bin/warder/online.h"

#include "base/env.h"
#include "bin/warder/passphrase.h"
#include "codec/address.h"
#include "crypto/init.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN_MAX = 128, ROOTS_MAX = 1 << 20, DEADLINE_MS = 30000 };

void
cli_online_done(struct cli_online *o)
{
	wd_json_freep(&o->doc);
	wd_client_answer_done(&o->answer);
	wd_client_freep(&o->client);
	wd_secret_freep(&o->token);
}

/* ---- files */

static enum cli_exit
complain(const struct wd_diag *d)
{
	(void)fprintf(stderr, "warder: %s\n", d->detail);
	return CLI_FAULT;
}

bool
cli_read_secret(const char *name, size_t max, struct wd_secret **ret)
{
	bool is_input = strcmp(name, "-") == 0;
	WD_AUTO(wd_fd_closep)
	int opened = is_input ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	struct wd_diag d = { 0 };

	if (!is_input && opened < 0) {
		(void)fprintf(
		    stderr, "warder: %s: %s\n", name, strerror(errno));
		return false;
	}
	if (wd_fd_read_secret(is_input ? STDIN_FILENO : opened, max, ret, &d) ==
	    0)
		return true;
	(void)fprintf(stderr, "warder: %s: %s\n", name, d.detail);
	return false;
}

static const char *
token_file(const struct cli_args *args)
{
	const char *name = cli_value(args, "token-file");

	if (name == NULL)
		name = wd_env("WARDER_TOKEN_FILE");
	return name == NULL ? CLI_TOKEN_FILE : name;
}

/* A token that others can read is everybody's. */
static bool
is_private(const char *name)
{
	struct stat st;

	if (stat(name, &st) != 0 || (st.st_mode & 077) == 0)
		return true; /* opening it says what is wrong */
	(void)fprintf(stderr,
	    "warder: %s can be read by others; chmod 600 it first\n", name);
	return false;
}

static enum cli_exit
read_token(struct cli_online *o)
{
	const char *name = token_file(o->args);

	if (!is_private(name) || !cli_read_secret(name, TOKEN_MAX, &o->token))
		return CLI_FAULT;
	cli_drop_line_end(o->token);
	return CLI_OK;
}

/* ---- the server */

static enum cli_exit
open_tls(struct cli_online *o, const char *address)
{
	const char *ca = cli_value(o->args, "ca");
	WD_AUTO(wd_secret_freep) struct wd_secret *roots = NULL;
	struct wd_client_options options = { .max_body = CLI_BODY_MAX * 2,
		.deadline_ms = DEADLINE_MS };
	struct wd_address at;
	struct wd_diag d = { 0 };

	if (ca == NULL)
		return cli_usage(o->args,
		    "a TLS address needs --ca FILE; nobody else is trusted");
	if (!wd_address_split(wd_span_text(address), &at))
		return cli_usage(o->args,
		    "'%s' is neither a socket's path nor HOST:PORT", address);
	options.host = at.host;
	options.port = at.port;
	if (!cli_read_secret(ca, ROOTS_MAX, &roots))
		return CLI_FAULT;
	options.roots = wd_secret_borrow(roots);
	if (wd_client_new(&options, &o->client, &d) != 0)
		return complain(&d);
	wd_client_resolve(o->client);
	return CLI_OK;
}

static enum cli_exit
open_socket(struct cli_online *o, const char *path)
{
	struct wd_client_options options = { .socket = path,
		.host = WD_SPAN_LIT("localhost"),
		.max_body = CLI_BODY_MAX * 2,
		.deadline_ms = DEADLINE_MS };
	struct wd_diag d = { 0 };

	return wd_client_new(&options, &o->client, &d) == 0 ? CLI_OK
							    : complain(&d);
}

enum cli_exit
cli_online_open(
    const struct cli_args *args, bool with_token, struct cli_online *ret)
{
	const char *address = cli_value(args, "admin");
	struct wd_diag d = { 0 };
	enum cli_exit e;

	*ret = (struct cli_online){ .args = args };
	if (wd_crypto_init(&d) != 0)
		return complain(&d);
	if (with_token && (e = read_token(ret)) != CLI_OK)
		return e;
	if (address == NULL)
		address = CLI_ADMIN_SOCKET;
	ret->address = address;
	return strchr(address, '/') != NULL ? open_socket(ret, address)
					    : open_tls(ret, address);
}

/* ---- requests */

/* What the server says of a refusal, in one line. */
static void
say_refusal(const struct cli_online *o)
{
	const struct wd_jval *root = wd_json_root(o->doc);
	struct wd_span reason = { 0 }, detail = { 0 }, request = { 0 };

	if (!wd_jval_text(wd_jval_get(root, "reason"), &reason)) {
		(void)fprintf(stderr, "warder: the server answered %u\n",
		    o->answer.status);
		return;
	}
	/* what is absent is shown as nothing */
	(void)wd_jval_text(wd_jval_get(root, "detail"), &detail);
	(void)wd_jval_text(wd_jval_get(root, "request"), &request);
	(void)fprintf(stderr, "warder: refused, %.*s: %.*s (request %.*s)\n",
	    (int)reason.len, (const char *)reason.p, (int)detail.len,
	    (const char *)detail.p, (int)request.len, (const char *)request.p);
}

static enum cli_exit
judge(struct cli_online *o, bool is_json)
{
	struct wd_span body = wd_bytes_span(o->answer.body);
	bool refused = o->answer.status / 100 != 2;
	struct wd_diag d = { 0 };

	wd_json_freep(&o->doc);
	if ((is_json || refused) && body.len > 0 &&
	    wd_json_parse(body, &d, &o->doc) != 0 && !refused) {
		(void)fprintf(stderr,
		    "warder: the server's answer is not JSON: %s\n", d.detail);
		return CLI_FAULT;
	}
	if (!refused)
		return CLI_OK;
	say_refusal(o);
	return o->answer.status >= 500 ? CLI_FAULT : CLI_REJECTED;
}

enum cli_exit
cli_online_call(struct cli_online *o, const struct cli_call *call)
{
	struct wd_client_ask ask = { .path = call->path,
		.accept = call->accept,
		.method =
		    strcmp(call->method, "GET") == 0 ? NULL : call->method,
		.body = call->body,
		.type = call->type,
		.bearer = wd_secret_borrow(o->token) };
	struct wd_diag d = { 0 };

	wd_client_answer_done(&o->answer);
	o->answer = (struct wd_client_answer){ 0 };
	if (wd_client_send(o->client, &ask, &o->answer, &d) != 0) {
		(void)fprintf(stderr, "warder: no answer from %s: %s\n",
		    o->address, d.detail);
		return CLI_FAULT;
	}
	return judge(o, call->accept == NULL);
}

enum cli_exit
cli_online_send(struct cli_online *o, const char *method, const char *path,
    const struct wd_wr *wr)
{
	struct cli_call call = { .method = method, .path = path };

	if (wr != NULL) {
		if (wd_wr_end(wr) != 0) {
			(void)fprintf(stderr,
			    "warder: what is to be sent is too large or no "
			    "UTF-8 text\n");
			return CLI_USAGE;
		}
		call.body = wd_wr_span(wr);
	}
	return cli_online_call(o, &call);
}

/* ---- what requests are made of */

static bool
is_path_text(const char *s)
{
	return s[0] != '\0' &&
	    s[strspn(s,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._~/")] == '\0';
}

bool
cli_path(char *dst, const char *before, const char *operand, const char *after)
{
	int n;

	if (!is_path_text(operand)) {
		(void)fprintf(stderr,
		    "warder: '%s' is no id or path: letters, digits, - . _ ~ "
		    "and / only\n",
		    operand);
		return false;
	}
	n = snprintf(dst, CLI_PATH_MAX, "%s%s%s", before, operand, after);
	if (n > 0 && n < CLI_PATH_MAX)
		return true;
	(void)fprintf(stderr, "warder: that path is too long\n");
	return false;
}

const char *
cli_need_operand(const struct cli_args *args, int n, const char *what)
{
	const char *word = NULL;
	int at = 0;

	for (int i = 0; i <= n; i++)
		word = cli_operand(args, &at);
	if (word == NULL)
		(void)cli_usage(args, "which %s?", what);
	return word;
}

void
cli_member(struct wd_jtext *j, const struct cli_args *args, const char *key,
    const char *option)
{
	const char *value = cli_value(args, option);

	if (value != NULL)
		wd_jtext_key_text(j, key, value);
}

enum cli_exit
cli_delete(const struct cli_args *args, const char *before, const char *what)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	const char *name = cli_need_operand(args, 0, what);
	char path[CLI_PATH_MAX];
	enum cli_exit e;

	if (name == NULL || !cli_path(path, before, name, ""))
		return CLI_USAGE;
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, "DELETE", path, NULL)) != CLI_OK)
		return e;
	if (!cli_has(args, "json"))
		(void)printf("deleted %s\n", name);
	return CLI_OK;
}

enum cli_exit
cli_seal_wrap(const struct cli_args *args, const char *method, const char *path,
    const struct cli_column *lines, size_t n)
{
	WD_AUTO(cli_online_done) struct cli_online o = { 0 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(64);
	struct wd_jtext j = wd_jtext(&wr);
	enum cli_exit e;

	wd_jtext_object(&j);
	wd_jtext_key_bool(&j, "seal_wrap", !cli_has(args, "off"));
	wd_jtext_end(&j);
	if ((e = cli_online_open(args, true, &o)) != CLI_OK ||
	    (e = cli_online_send(&o, method, path, &wr)) != CLI_OK)
		return e;
	return cli_show(&o, lines, n);
}
