/*
 * The administrator's token: the file of the first, and with --new-token one
 * more for a server that is there, when the last has expired or was lost. A
 * token counts only with a MAC by the server's own key, so that for another one
 * the seal is opened here, by whatever opens it.
 */
#include "bin/warder/init.h"

#include "bin/warder/args.h"
#include "bin/warder/restore.h"
#include "seal/admin_token.h"
#include "seal/rowguard.h"
#include "sys/file.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

enum { DETAIL_MAX = WD_RULES_MAX + 256 };

int
init_token_write(struct init *x, const struct wd_secret *token, bool replace,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *line = wd_secret_new(wd_secret_len(token) + 1);
	int r;

	if (line == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	wd_copy(wd_secret_bytes(line), wd_secret_borrow(token));
	wd_secret_bytes(line)[wd_secret_len(token)] = '\n';
	r = init_file_write(x->token, wd_secret_borrow(line), 0600, replace, d);
	x->made_token = r == 0;
	return r;
}

/* ---- one more */

static int
require_server(const struct init *x, struct wd_diag *d)
{
	if (faccessat(x->state, WD_SEAL_FILE_NAME, F_OK, AT_EACCESS) == 0)
		return 0;
	return wd_reject(d, WD_R_NOT_INITIALIZED,
	    "there is no server in %.150s: warder init makes one",
	    x->conf.state_dir);
}

/* The row waits, in a transaction, for file and log. */
static int
add_row(struct init *x, const struct wd_secret *key, struct wd_store **ret,
    struct wd_store_token *ret_row, struct wd_diag *d)
{
	WD_AUTO(wd_store_closep) struct wd_store *s = NULL;
	const struct wd_guard guard = wd_row_guard(key);
	int r = wd_store_open(x->conf.state_dir, &s, d);

	if (r != 0)
		return r;
	wd_store_guard(s, &guard);
	if ((r = wd_store_begin(s)) != 0 ||
	    (r = wd_admin_token_add_first(
		 s, x->now, ret_row, &x->result.token)) != 0)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(s));
	x->result.token_id = ret_row->id;
	x->result.token_expires = ret_row->expires;
	*ret = WD_TAKE(s);
	return 0;
}

static int
log_row(struct init *x, const struct wd_store_token *row, struct wd_diag *d)
{
	const struct passwd *pw = getpwuid(getuid());
	char detail[DETAIL_MAX];
	struct wd_entry e = { .event = WD_EV_TOKEN_CREATE,
		.time = x->now,
		.actor = pw == NULL ? NULL : pw->pw_name,
		.detail = detail };

	(void)snprintf(detail, sizeof(detail),
	    "token %s for %s, %lld seconds: %s; by warder init --new-token",
	    row->id.s, row->user, (long long)(row->expires - row->created),
	    row->rules); /* fits */
	return init_log_append(x, &e, d);
}

/* In the order of harm: an entry for a token that never was, a file that opens
 * nothing, and only then a token that works. */
static int
make_token(struct init *x, struct wd_store *s, const struct wd_store_token *row,
    struct wd_diag *d)
{
	int r = log_row(x, row, d);

	if (r == 0)
		r = init_token_write(x, x->result.token, true, d);
	if (r == 0)
		r = init_owner_enter(x, x->conf.user_keeper, d);
	if (r == 0 && wd_store_commit(s) != 0)
		r = wd_fault(d, WD_F_STORE, "%s", wd_store_why(s));
	init_owner_leave();
	if (r != 0 && x->made_token)
		(void)unlink(x->token); /* it opens nothing */
	return r;
}

static void
close_store(struct init *x, struct wd_store **s)
{
	/* Its files are the keeper's, those that closing makes too. */
	if (init_owner_enter(x, x->conf.user_keeper, NULL) == 0)
		wd_store_closep(s);
	init_owner_leave();
}

/* What tokens have their MAC by. */
static int
open_key(struct init *x, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(restore_done) struct restore o = { .x = x, .f = { .fd = -1 } };
	int r = restore_open_standing(&o, x->args, d);

	init_owner_leave(); /* a device was opened as another user */
	if (r == 0 && wd_row_key(&o.ring, ret) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no key");
	return r;
}

int
init_token_new(struct init *x, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_store *s = NULL;
	struct wd_store_token row;
	int r;

	if ((r = init_state_open(x, d)) != 0 ||
	    (r = require_server(x, d)) != 0 ||
	    (r = open_key(x, &key, d)) != 0 ||
	    (r = init_owner_enter(x, x->conf.user_keeper, d)) != 0)
		return r;
	r = add_row(x, key, &s, &row, d);
	init_owner_leave();
	if (r == 0)
		r = make_token(x, s, &row, d);
	close_store(x, &s);
	return r;
}

/* ---- what is asked for that */

int
init_token_plan(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	static const char *const others[] = { "server-name", "state-dir",
		"run-dir", "listen", "one-user", "name", "dev" };

	for (size_t i = 0; i < WD_N(others); i++)
		if (cli_has(args, others[i]))
			return wd_reject(d, WD_R_MALFORMED,
			    "--new-token goes with --config, --output, "
			    "--passphrase-file, --share-file and --json "
			    "alone");
	x->args = args;
	return init_plan_standing(args, x, d);
}
