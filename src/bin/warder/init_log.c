/*
 * The log of a new server: it begins with what `init` has made.
 */
#include "bin/warder/init.h"

#include "audit/create.h"
#include "codec/base64.h"
#include "sys/file.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

enum { DETAIL_MAX = 256 };

static int
open_folder(struct init *x, struct wd_diag *d)
{
	x->log = openat(
	    x->state, "log", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (x->log < 0)
		return wd_fault_errno(d, "cannot open the folder of the log");
	return 0;
}

int
init_log_folder(struct init *x, struct wd_diag *d)
{
	int r = init_owner_folder(
	    x, x->state, "log", x->conf.user_scribe, &x->made_log_folder, d);

	return r != 0 ? r : open_folder(x, d);
}

int
init_log_append(struct init *x, const struct wd_entry *e, struct wd_diag *d)
{
	/* Opened as the caller: the state folder is closed to scribe. */
	int r = open_folder(x, d);

	if (r == 0)
		r = init_owner_enter(x, x->conf.user_scribe, d);
	if (r == 0)
		r = wd_log_append(x->log, e, d);
	init_owner_leave();
	return r;
}

/* Who reads the log later will want to know which keys it began with. */
static void
write_detail(
    struct wd_wr *wr, const struct init *x, const struct wd_init_result *made)
{
	wd_wr_text(wr, "store ");
	wd_wr_bytes(wr, wd_id_span(&made->store_id));
	wd_wr_text(wr, ", seal ");
	wd_wr_text(wr, wd_seal_row(x->kind)->name);
	wd_wr_text(wr, ", release key ");
	wd_b64url_write(wr, WD_SPAN(made->thumbprint));
	wd_wr_text(wr, ", admin token ");
	wd_wr_bytes(wr, wd_id_span(&made->token_id));
}

static int
create(struct init *x, const struct wd_init_result *made, struct wd_diag *d)
{
	const struct passwd *pw = getpwuid(getuid());
	char detail[DETAIL_MAX] = "";
	struct wd_wr wr = wd_wr_fixed(detail, sizeof(detail) - 1);
	struct wd_entry e = { .event = WD_EV_INIT,
		.time = x->now,
		.actor = pw == NULL ? NULL : pw->pw_name,
		.detail = detail };

	write_detail(&wr, x, made);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_BUG, "the first entry is too long");
	return wd_log_create(
	    x->log, wd_span_text(x->conf.name), &e, x->log_key, d);
}

int
init_log_write(
    struct init *x, const struct wd_init_result *made, struct wd_diag *d)
{
	int r = init_owner_enter(x, x->conf.user_scribe, d);

	if (r != 0)
		return r;
	if (x->unfinished)
		wd_log_discard(x->log);
	r = create(x, made, d);
	x->made_log = r == 0;
	init_owner_leave();
	return r;
}

void
init_log_undo(const struct init *x)
{
	if (x->made_log)
		wd_log_discard(x->log);
	if (x->made_log_folder)
		(void)unlinkat(x->state, "log", AT_REMOVEDIR); /* made here */
}
