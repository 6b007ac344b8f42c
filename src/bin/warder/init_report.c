/*
 * What `init` says when it is done. Never a key and never the token, only
 * where they lie.
 */
#include "bin/warder/init.h"

#include "base/clock.h"
#include "bin/warder/online.h"
#include "codec/base64.h"
#include "codec/jtext.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { JSON_MAX = 32768, THUMBPRINT = 44 };

static void
thumbprint(const struct init *x, char ret[THUMBPRINT])
{
	struct wd_wr wr = wd_wr_fixed(ret, THUMBPRINT - 1);

	wd_b64url_write(&wr, WD_SPAN(x->result.thumbprint));
	ret[wr.len] = '\0';
}

static void
line(const char *name, const char *value, const char *remark)
{
	(void)printf("  %-16s %s%s%s\n", name, value,
	    remark[0] == '\0' ? "" : "\n                   ", remark);
}

static void
dated(const char *name, const char *value, int64_t seconds)
{
	char time[WD_TIME_TEXT], remark[WD_TIME_TEXT + 16];

	wd_time_format(seconds, time);
	(void)snprintf(remark, sizeof(remark), "until %s", time); /* fits */
	line(name, value, remark);
}

/* By write(2): no buffer of the library keeps a copy. */
static bool
write_all(struct wd_span s)
{
	while (s.len > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = wd_span(s.p + n, s.len - (size_t)n);
	}
	return true;
}

static bool
print_share(const struct init *x, unsigned i)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *room = wd_secret_new(WD_SHARE_TEXT);

	if (room == NULL)
		return false;
	(void)printf("  share %-3u        ", i + 1);
	return fflush(stdout) == 0 &&
	    write_all(init_share_text(&x->result, i, room)) &&
	    write_all(WD_SPAN_LIT("\n"));
}

static bool
print_shares(const struct init *x)
{
	bool said = true;

	if (x->result.shares == NULL)
		return true;
	if (x->share_dir[0] != '\0')
		line("shares", x->share_dir, "one file each");
	for (unsigned i = 0;
	     said && x->share_dir[0] == '\0' && i < x->split.shares; i++)
		said = print_share(x, i);
	return said;
}

static void
print_what(const struct init *x)
{
	char print[THUMBPRINT];

	thumbprint(x, print);
	line("server", x->conf.name, "");
	line("configuration", x->config, "");
	line("state", x->conf.state_dir, "");
	dated(
	    "TLS certificate", x->conf.tls_certificate, x->certificate_expires);
	dated("admin token", x->token, x->result.token_expires);
	line("log key", x->log_key,
	    "keep it elsewhere: warder audit verify checks the log by it");
	line("release key", print,
	    "for release_key in agents' "
	    "configurations");
}

/* What verbs find by themselves is not typed. */
static void
print_verb(const struct init *x, const char *verb)
{
	if (strcmp(x->conf.admin_socket, CLI_ADMIN_SOCKET) == 0)
		(void)printf("  warder %s\n", verb);
	else
		(void)printf(
		    "  warder %s --admin %s\n", verb, x->conf.admin_socket);
}

static void
print_next(const struct init *x)
{
	bool typed = x->kind == WD_SEAL_PASSPHRASE;
	bool shared = x->kind == WD_SEAL_SHAMIR;

	(void)printf("\nType next:\n\n  warderd --config %s\n", x->config);
	if (typed || shared)
		print_verb(x, "unseal");
	print_verb(x, "status");
	if (strcmp(x->token, CLI_TOKEN_FILE) != 0)
		(void)printf("  export WARDER_TOKEN_FILE=%s\n", x->token);
	if (typed)
		(void)printf("\nNobody can open this server without its "
			     "passphrase, not even you: keep it.\n");
	if (!shared && x->split.shares > 0)
		(void)printf("\nWhen the device is gone, any %u of the %u "
			     "break-glass shares open this server:\nwarder "
			     "unseal --break-glass. Give each to another "
			     "person; they are not shown again.\n",
		    x->split.threshold, x->split.shares);
	if (shared)
		(void)printf("\nAny %u of the %u shares open this server, "
			     "fewer never do: unseal asks for one\na call. "
			     "Give each to another person; they are not shown "
			     "again.\n",
		    x->split.threshold, x->split.shares);
}

bool
init_report(const struct init *x)
{
	const char *warning = wd_seal_row(x->kind)->warning;
	bool said;

	(void)printf("Warder is initialized.\n\n");
	said = print_shares(x);
	print_what(x);
	print_next(x);
	said = fflush(stdout) == 0 && said;
	if (warning != NULL)
		(void)fprintf(stderr, "\nWARNING: %s\n", warning);
	return said;
}

static bool
print_json(const struct wd_wr *wr)
{
	return wd_wr_end(wr) == 0 && write_all(wd_wr_span(wr));
}

bool
init_report_token(const struct init *x)
{
	(void)printf("There is a new admin token.\n\n");
	dated("admin token", x->token, x->result.token_expires);
	(void)printf("\nStart the server: the token is good once it runs. "
		     "The log has it;\nwarder token list shows which others "
		     "there are.\n");
	return true; /* the token is in its file */
}

bool
init_report_token_json(const struct init *x)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(JSON_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	wd_jtext_object(&j);
	wd_jtext_key(&j, "id");
	wd_jtext_string(&j, wd_id_span(&x->result.token_id));
	wd_jtext_key(&j, "token_expires");
	wd_jtext_time(&j, x->result.token_expires);
	wd_jtext_key_text(&j, "token_file", x->token);
	wd_jtext_end(&j);
	wd_wr_text(&wr, "\n");
	return print_json(&wr);
}

/* Null: there are none; those in files are not shown. */
static void
write_shares(struct wd_jtext *j, const struct init *x)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *room = wd_secret_new(WD_SHARE_TEXT);

	wd_jtext_key(j, "shares");
	if (x->result.shares == NULL || x->share_dir[0] != '\0' ||
	    room == NULL) {
		wd_jtext_null(j);
		return;
	}
	wd_jtext_array(j);
	for (unsigned i = 0; i < x->split.shares; i++)
		wd_jtext_string(j, init_share_text(&x->result, i, room));
	wd_jtext_end(j);
}

bool
init_report_json(const struct init *x)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(JSON_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	const char *warning = wd_seal_row(x->kind)->warning;
	char print[THUMBPRINT];

	thumbprint(x, print);
	wd_jtext_object(&j);
	wd_jtext_key_text(&j, "config", x->config);
	wd_jtext_key_text(&j, "log_key", x->log_key);
	wd_jtext_key_text(&j, "release_key", print);
	wd_jtext_key_text(&j, "seal", wd_seal_row(x->kind)->name);
	wd_jtext_key_text(&j, "server_name", x->conf.name);
	write_shares(&j, x);
	wd_jtext_key_text(&j, "state_dir", x->conf.state_dir);
	wd_jtext_key(&j, "store");
	wd_jtext_string(&j, wd_id_span(&x->result.store_id));
	wd_jtext_key_uint(&j, "threshold", x->split.threshold);
	wd_jtext_key_text(&j, "tls_certificate", x->conf.tls_certificate);
	wd_jtext_key(&j, "tls_certificate_expires");
	wd_jtext_time(&j, x->certificate_expires);
	wd_jtext_key(&j, "token_expires");
	wd_jtext_time(&j, x->result.token_expires);
	wd_jtext_key_text(&j, "token_file", x->token);
	wd_jtext_key(&j, "warning");
	if (warning == NULL)
		wd_jtext_null(&j);
	else
		wd_jtext_text(&j, warning);
	wd_jtext_end(&j);
	wd_wr_text(&wr, "\n");
	return print_json(&wr);
}
