/*
 * Shares of several operators: how many, and their files for scripts that hand
 * them out. Shares lie in no file that was not asked for.
 */
#include "bin/warder/init.h"

#include "base/num.h"
#include "bin/warder/args.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the options */

static int
number(const struct cli_args *args, const char *option, unsigned *ret,
    struct wd_diag *d)
{
	const char *text = cli_value(args, option);
	uint64_t n;

	if (text == NULL || !wd_num_parse(wd_span_text(text), 255, &n) ||
	    n == 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "--%s takes a number from 1 to 255", option);
	*ret = (unsigned)n;
	return 0;
}

static int
plan_dir(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	const char *dir = cli_value(args, "share-dir");

	return dir == NULL
	    ? 0
	    : init_absolute(dir, x->share_dir, sizeof(x->share_dir) - 16, d);
}

static bool
has_break_glass(const struct cli_args *args)
{
	return cli_has(args, "break-glass-shares") ||
	    cli_has(args, "break-glass-threshold");
}

int
init_shares_plan(const struct cli_args *args, struct init *x, struct wd_diag *d)
{
	bool beside = has_break_glass(args);
	int r;

	if (beside && !wd_seal_row(x->kind)->device)
		return wd_reject(d, WD_R_MALFORMED,
		    "break-glass shares go with --seal pkcs11 or tpm");
	if (x->kind != WD_SEAL_SHAMIR && !beside) {
		if (cli_has(args, "threshold") || cli_has(args, "share-dir"))
			return wd_reject(d, WD_R_MALFORMED,
			    "--threshold and --share-dir go with --shares");
		return 0;
	}
	if ((r = number(args, beside ? "break-glass-shares" : "shares",
		 &x->split.shares, d)) != 0 ||
	    (r = number(args, beside ? "break-glass-threshold" : "threshold",
		 &x->split.threshold, d)) != 0)
		return r;
	if (x->split.threshold > x->split.shares ||
	    (x->split.threshold == 1 && x->split.shares > 1))
		return wd_reject(d, WD_R_RANGE,
		    "--threshold is from 2 to the number of shares, or 1 of 1");
	return plan_dir(args, x, d);
}

/* ---- texts and files */

struct wd_span
init_share_text(
    const struct wd_init_result *made, unsigned i, struct wd_secret *room)
{
	struct wd_span all = wd_secret_borrow(made->shares);
	struct wd_wr wr =
	    wd_wr_fixed(wd_secret_bytes(room), wd_secret_len(room));

	wd_share_write(
	    &wr, wd_span(all.p + (size_t)i * WD_SHARE_LEN, WD_SHARE_LEN));
	return wd_wr_span(&wr);
}

static void
file_name(char *dst, size_t size, const struct init *x, unsigned i)
{
	(void)snprintf(dst, size, "%s/%s-%u", x->share_dir,
	    x->kind == WD_SEAL_SHAMIR ? "share" : "break-glass",
	    i + 1); /* fits */
}

static int
write_one(const struct init *x, const struct wd_init_result *made, unsigned i,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *room = wd_secret_new(WD_SHARE_TEXT);
	char path[WD_CONF_PATH + 32];

	if (room == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	file_name(path, sizeof(path), x, i);
	return init_file_write(
	    path, init_share_text(made, i, room), 0600, false, d);
}

int
init_shares_write(
    struct init *x, const struct wd_init_result *made, struct wd_diag *d)
{
	int r = 0;

	if (made->shares == NULL || x->share_dir[0] == '\0')
		return 0;
	x->made_share_dir = mkdir(x->share_dir, 0700) == 0;
	if (!x->made_share_dir && errno != EEXIST)
		return wd_fault_errno(d, "cannot make %.150s", x->share_dir);
	for (unsigned i = 0; r == 0 && i < x->split.shares; i++) {
		r = write_one(x, made, i, d);
		if (r == 0)
			x->made_shares = i + 1;
	}
	return r;
}

void
init_shares_undo(const struct init *x)
{
	for (unsigned i = 0; i < x->made_shares; i++) {
		char path[WD_CONF_PATH + 32];

		file_name(path, sizeof(path), x, i);
		(void)unlink(path); /* it was made here */
	}
	if (x->made_share_dir)
		(void)rmdir(x->share_dir); /* likewise */
}
