/*
 * Making a server step by step. Each step notes what it made; when one fails,
 * exactly that goes again. What counts as the server being there is the seal
 * file, which comes last.
 */
#include "bin/warder/init.h"

#include "bin/warder/passphrase.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- folders */

static int
make_folder(const char *path, bool *ret_made, struct wd_diag *d)
{
	*ret_made = mkdir(path, 0755) == 0;
	if (!*ret_made && errno != EEXIST)
		return wd_fault_errno(d, "cannot make %.150s", path);
	/* Certificate and configuration are for everyone; the umask is ours. */
	if (*ret_made && chmod(path, 0755) != 0)
		return wd_fault_errno(d, "cannot open %.150s to others", path);
	return 0;
}

static int
make_folders(struct init *x, struct wd_diag *d)
{
	int r = make_folder(x->folder, &x->made_folder, d);

	if (r == 0)
		r = make_folder(x->output, &x->made_output, d);
	return r;
}

static void
undo_folders(const struct init *x)
{
	/* Not when they are empty no more: then they are not ours alone. */
	if (x->made_output)
		(void)rmdir(x->output);
	if (x->made_folder)
		(void)rmdir(x->folder);
}

/* Opened as the keeper, which has to get there too. */
static int
open_state(struct init *x, struct wd_diag *d)
{
	int r = init_owner_enter(x, x->conf.user_keeper, d);

	if (r != 0)
		return r;
	x->state = open(x->conf.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->state < 0)
		r = wd_fault_errno(
		    d, "cannot open %.120s as its user", x->conf.state_dir);
	init_owner_leave();
	return r;
}

int
init_state_open(struct init *x, struct wd_diag *d)
{
	int r = open_state(x, d);

	return r != 0 ? r : wd_lock_take(x->state, &x->lock, d);
}

static int
make_state(struct init *x, struct wd_diag *d)
{
	int r = init_owner_folder(x, AT_FDCWD, x->conf.state_dir,
	    x->conf.user_keeper, &x->made_state, d);

	return r != 0 ? r : init_state_open(x, d);
}

static void
undo_state(const struct init *x)
{
	if (!x->made_state)
		return;
	if (x->state >= 0)
		(void)unlinkat(x->state, WD_LOCK_NAME, 0); /* may not be */
	(void)rmdir(x->conf.state_dir); /* ours alone: nothing else in it */
}

/* ---- what may not be there */

static int
check_absent(struct init *x, struct wd_diag *d)
{
	const char *const ours[] = { x->conf.tls_key, x->conf.tls_certificate,
		x->config, x->token };
	int r = x->restore != NULL ? wd_restore_require_none(x->state, d)
				   : wd_init_require_none(x->state, d);

	if (r != 0)
		return r;
	for (size_t i = 0; i < WD_N(ours); i++)
		init_file_clean(ours[i]);
	x->unfinished = x->restore != NULL ? wd_restore_unfinished(x->state)
					   : wd_init_unfinished(x->state);
	if (x->restore != NULL)
		return 0; /* the token stays what it was */
	if (init_file_is_there(x->token) && !x->unfinished)
		return wd_reject(
		    d, WD_R_EXISTS, "%.150s is there already", x->token);
	return 0;
}

static int
ask_passphrase(struct init *x, struct wd_diag *d)
{
	if (x->kind != WD_SEAL_PASSPHRASE || x->restore != NULL)
		return 0;
	return cli_passphrase(
	    x->passphrase_file, CLI_PASSPHRASE_NEW, &x->passphrase, d);
}

/* ---- TLS */

static void
undo_tls(const struct init *x)
{
	if (x->made_certificate)
		(void)unlink(x->conf.tls_certificate); /* it was made here */
	if (x->made_key)
		(void)unlink(x->conf.tls_key); /* likewise */
}

/* ---- the configuration */

static int
make_conf(struct init *x, struct wd_diag *d)
{
	int r;

	if (x->conf_text == NULL)
		return 0;
	r = init_file_write(
	    x->config, wd_bytes_span(x->conf_text), 0644, false, d);
	x->made_conf = r == 0;
	return r;
}

static void
undo_conf(const struct init *x)
{
	if (x->made_conf)
		(void)unlink(x->config); /* it was made here */
}

/* ---- store, root key, token, seal */

/* Whoever finds a seal must find the log and the token too. */
static int
before_seal(void *ctx, const struct wd_init_result *made, struct wd_diag *d)
{
	struct init *x = ctx;
	int r;

	init_owner_leave();
	if ((r = init_shares_write(x, made, d)) != 0 ||
	    (r = init_log_write(x, made, d)) != 0 ||
	    (r = init_token_write(x, made->token, x->unfinished, d)) != 0)
		return r;
	return init_owner_enter(x, x->conf.user_keeper, d);
}

static int
make_server(struct init *x, struct wd_diag *d)
{
	struct wd_init how = { .state_path = x->conf.state_dir,
		.state = x->state,
		.kind = x->kind,
		.passphrase = wd_secret_borrow(x->passphrase),
		.split = x->split,
		.now = x->now,
		.before_seal = before_seal,
		.ctx = x };
	struct wd_seal_device device;
	int r = 0;

	if (x->restore != NULL)
		return x->restore(x, x->restore_ctx, d);

	if (wd_seal_row(x->kind)->device) {
		r = init_device_open(x, &device, d);
		how.device = &device;
	}
	if (r == 0)
		r = init_owner_enter(x, x->conf.user_keeper, d);
	if (r == 0)
		r = wd_init_state(&how, &x->result, d);
	init_device_close(x);
	init_owner_leave();
	return r;
}

static void
undo_server(const struct init *x)
{
	if (x->made_token)
		(void)unlink(x->token); /* it was made here */
	init_shares_undo(x);
}

/* ---- all of it */

static const struct {
	int (*make)(struct init *x, struct wd_diag *d);
	void (*undo)(const struct init *x); /* also after a failed make */
} steps[] = {
	{ make_folders, undo_folders },
	{ make_state, undo_state },
	{ check_absent, NULL },
	{ ask_passphrase, NULL }, /* after what would make it pointless */
	{ init_tls, undo_tls },
	{ init_log_folder, init_log_undo },
	{ make_conf, undo_conf },
	{ make_server, undo_server },
};

int
init_make(struct init *x, struct wd_diag *d)
{
	size_t n = 0;
	int r = 0;

	while (r == 0 && n < WD_N(steps))
		r = steps[n++].make(x, d);
	while (r != 0 && n > 0) {
		n--;
		if (steps[n].undo != NULL)
			steps[n].undo(x);
	}
	return r;
}
