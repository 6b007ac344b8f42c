/*
 * What `init` is asked: by a configuration that is there, or by options, which
 * then become one. Either way the same reader has checked it.
 */
#include "bin/warder/init.h"

#include "base/clock.h"
#include "bin/warder/args.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 4096 };

/* ---- paths */

int
init_absolute(const char *path, char *ret, size_t size, struct wd_diag *d)
{
	char here[WD_CONF_PATH] = "";
	size_t len;
	int n;

	if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return wd_fault_errno(d, "the current folder");
	n = snprintf(
	    ret, size, "%s%s%s", here, here[0] == '\0' ? "" : "/", path);
	if (n < 0 || (size_t)n >= size)
		return wd_reject(
		    d, WD_R_RANGE, "%.100s...: the path is too long", path);
	for (len = (size_t)n; len > 1 && ret[len - 1] == '/'; len--)
		ret[len - 1] = '\0';
	return 0;
}

/* The file of the configuration, its folder, and the token in it. */
static int
find_places(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	const char *config = cli_value(args, "config");
	const char *output = cli_value(args, "output");
	char path[WD_CONF_PATH];
	int r, n;

	if (config == NULL && output != NULL) {
		n = snprintf(path, sizeof(path), "%s/warder.conf", output);
		if (n < 0 || (size_t)n >= sizeof(path))
			return wd_reject(d, WD_R_RANGE, "--output is too long");
		config = path;
	}
	if (config == NULL)
		config = WD_CONF_FILE;
	if ((r = init_absolute(config, x->config, sizeof(x->config), d)) != 0)
		return r;
	(void)snprintf(x->folder, sizeof(x->folder), "%.*s",
	    (int)(strrchr(x->config, '/') - x->config), x->config); /* fits */
	r = init_absolute(output != NULL ? output : x->folder, x->output,
	    sizeof(x->output), d);
	if (r != 0)
		return r;
	(void)snprintf(
	    x->token, sizeof(x->token), "%s/" INIT_TOKEN, x->output); /* fits */
	return 0;
}

/* ---- the text of a new configuration */

/* What the ini form gives a meaning would not come back as it was. */
static bool
is_plain(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if ((uint8_t)*c < ' ' || *c == ';' || *c == '#' || *c == 0x7f)
			return false;
	return true;
}

static int
write_value(
    struct wd_wr *wr, const char *name, const char *value, struct wd_diag *d)
{
	if (!is_plain(value))
		return wd_reject(d, WD_R_MALFORMED,
		    "%s cannot hold ';', '#' or control characters", name);
	wd_wr_text(wr, name);
	wd_wr_text(wr, " = ");
	wd_wr_text(wr, value);
	wd_wr_text(wr, "\n");
	return 0;
}

/* An option that is a path, or what stands for it. */
static int
write_path(
    struct wd_wr *wr, const char *name, const char *path, struct wd_diag *d)
{
	char whole[WD_CONF_PATH];
	int r = init_absolute(path, whole, sizeof(whole), d);

	return r != 0 ? r : write_value(wr, name, whole, d);
}

static int
write_server(const struct cli_args *args, const struct init *x,
    struct wd_wr *wr, struct wd_diag *d)
{
	const char *name = cli_value(args, "server-name");
	const char *state = cli_value(args, "state-dir");
	const char *run = cli_value(args, "run-dir");
	char near[WD_CONF_PATH + 8];
	int r;

	wd_wr_text(wr, "[server]\n");
	if ((r = write_value(wr, "name", name, d)) != 0 ||
	    (state != NULL && (r = write_path(wr, "state_dir", state, d)) != 0))
		return r;
	/* Only root can make a folder in /run. */
	(void)snprintf(near, sizeof(near), "%s/run", x->folder); /* fits */
	if (run == NULL && getuid() != 0)
		run = near;
	return run == NULL ? 0 : write_path(wr, "run_dir", run, d);
}

static int
write_public(const struct cli_args *args, struct wd_wr *wr, struct wd_diag *d)
{
	const char *listen = cli_value(args, "listen");
	int r = 0;

	wd_wr_text(wr, "\n[public]\n");
	if (listen != NULL)
		r = write_value(wr, "listen", listen, d);
	wd_wr_text(wr, "tls_key = tls.key\ntls_certificate = tls.pem\n");
	if (cli_has(args, "one-user"))
		wd_wr_text(wr, "\n[users]\nseparate = no\n");
	return r;
}

/* Its ';' do no harm: no blank stands before them, and the reader has looked.
 */
static int
write_hsm(const struct cli_args *args, struct wd_wr *wr, struct wd_diag *d)
{
	const char *uri = cli_value(args, "pkcs11");
	const char *pair = cli_value(args, "pkcs11-environment");
	const char *tpm = cli_value(args, "tpm");
	const char *pcrs = cli_value(args, "tpm-pcrs");
	struct wd_hsm_uri unused;
	int r;

	if (uri == NULL && pair == NULL && tpm == NULL && pcrs == NULL)
		return 0;
	wd_wr_text(wr, "\n[seal]\n");
	if (uri != NULL &&
	    (r = wd_hsm_uri_read(wd_span_text(uri), &unused, d)) != 0)
		return r;
	if (uri != NULL && strchr(uri, ' ') != NULL)
		return wd_reject(
		    d, WD_R_MALFORMED, "blanks of --pkcs11 are written %%20");
	if (uri != NULL)
		wd_wr_printf(wr, "pkcs11 = %s\n", uri);
	if ((tpm != NULL && (r = write_value(wr, "tpm", tpm, d)) != 0) ||
	    (pcrs != NULL && (r = write_value(wr, "tpm_pcrs", pcrs, d)) != 0))
		return r;
	return pair == NULL ? 0
			    : write_value(wr, "pkcs11_environment", pair, d);
}

static int
write_conf(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TEXT_MAX);
	int r;

	wd_wr_text(&wr,
	    "# Made by warder init. Keys that are not here have their "
	    "defaults;\n# warder.conf(5) lists all of them.\n\n");
	if ((r = write_server(args, x, &wr, d)) != 0 ||
	    (r = write_public(args, &wr, d)) != 0 ||
	    (r = write_hsm(args, &wr, d)) != 0)
		return r;
	if (wd_wr_take(&wr, &x->conf_text) != 0)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	return wd_conf_parse(
	    wd_bytes_span(x->conf_text), x->folder, &x->conf, d);
}

/* ---- the configuration: there already, or from options */

static bool
has_options(const struct cli_args *args)
{
	static const char *const names[] = { "server-name", "state-dir",
		"run-dir", "listen", "one-user", "pkcs11", "pkcs11-environment",
		"tpm", "tpm-pcrs" };
	bool any = false;

	for (size_t i = 0; i < WD_N(names); i++)
		any = any || cli_has(args, names[i]);
	return any;
}

/* An init that was killed may have written just this. */
static bool
is_the_same(const struct init *x)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *there = NULL;

	return wd_file_read(AT_FDCWD, x->config, TEXT_MAX, &there, NULL) == 0 &&
	    wd_span_equal(wd_bytes_span(there), wd_bytes_span(x->conf_text));
}

static int
plan_conf(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	bool there = init_file_is_there(x->config);
	int r;

	if (there && !has_options(args))
		return wd_conf_read(x->config, &x->conf, d);
	if (cli_value(args, "server-name") == NULL)
		return wd_reject(d, WD_R_MALFORMED,
		    "there is no %.120s: give --server-name and what else it "
		    "shall say",
		    x->config);
	if ((r = write_conf(args, x, d)) != 0)
		return r;
	if (there && !is_the_same(x))
		return wd_reject(d, WD_R_EXISTS,
		    "%.120s is there already: give options that it does not "
		    "decide, or another --config",
		    x->config);
	if (there)
		x->conf_text = wd_bytes_free(x->conf_text);
	return 0;
}

int
init_plan_standing(
    const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	int r = find_places(args, x, d);

	x->now = wd_time_now();
	return r != 0 ? r : wd_conf_read(x->config, &x->conf, d);
}

int
init_plan_restored(const struct cli_args *args, struct wd_span text,
    struct init *x, struct wd_diag *d)
{
	int r = find_places(args, x, d);

	x->now = wd_time_now();
	if (r != 0)
		return r;
	x->names[x->n_names++] = x->conf.name;
	if (init_file_is_there(x->config))
		return wd_conf_read(x->config, &x->conf, d);
	if (text.len == 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "there is no %.120s, and none in the backup: give "
		    "--config",
		    x->config);
	x->conf_text = wd_bytes_copy(text);
	if (x->conf_text == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	return wd_conf_parse(text, x->folder, &x->conf, d);
}

static int
plan_names(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	const char *name;
	int at = 0;

	x->names[x->n_names++] = x->conf.name;
	while ((name = cli_next(args, "name", &at)) != NULL) {
		if (x->n_names == INIT_NAMES)
			return wd_reject(d, WD_R_RANGE,
			    "a certificate with over %d names", INIT_NAMES);
		x->names[x->n_names++] = name;
	}
	return 0;
}

/* What the root key is to be under. */
static int
name_seal(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	const char *name = cli_value(args, "seal");
	const struct wd_seal_row *row =
	    name == NULL ? NULL : wd_seal_by_name(wd_span_text(name));

	if (name == NULL)
		return 0;
	if (row == NULL)
		return wd_reject(
		    d, WD_R_MALFORMED, "there is no seal %.32s", name);
	if (x->kind != WD_SEAL_NONE && x->kind != row->kind)
		return wd_reject(d, WD_R_MALFORMED,
		    "--seal %s and an option for another kind", name);
	x->kind = row->kind;
	return 0;
}

static int
plan_seal(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	int r;

	static const struct {
		const char *option;
		enum wd_seal_kind kind;
	} kinds[] = {
		{ "passphrase-file", WD_SEAL_PASSPHRASE },
		{ "shares", WD_SEAL_SHAMIR },
		{ "dev", WD_SEAL_FILE },
	};
	const char *chosen = NULL;

	for (size_t i = 0; i < WD_N(kinds); i++) {
		if (!cli_has(args, kinds[i].option))
			continue;
		if (chosen != NULL)
			return wd_reject(d, WD_R_MALFORMED,
			    "--%s and --%s exclude each other", chosen,
			    kinds[i].option);
		chosen = kinds[i].option;
		x->kind = kinds[i].kind;
	}
	if ((r = name_seal(args, x, d)) != 0)
		return r;
	if (x->kind == WD_SEAL_NONE)
		x->kind = WD_SEAL_PASSPHRASE;
	return init_shares_plan(args, x, d);
}

int
init_plan(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	int r;

	x->now = wd_time_now();
	if ((r = plan_seal(args, x, d)) != 0 ||
	    (r = find_places(args, x, d)) != 0 ||
	    (r = plan_conf(args, x, d)) != 0 ||
	    (r = init_device_plan(args, x, d)) != 0)
		return r;
	return plan_names(args, x, d);
}
