/*
 * The files of a server by name. Must never remove any without the mark or
 * beside a seal:
 * whoever has lost a seal may still have a copy of it.
 */
#include "seal/init_files.h"

#include "seal/keyring.h"
#include "seal/seal.h"
#include "store/store.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mark {
	const char *name, *text, *advice;
} marks[] = {
	[WD_MAKING_NEW] = { "init.unfinished",
	    "The making of this server has not ended.\n",
	    "run warder init again, or empty the folder" },
	[WD_MAKING_RESTORED] = { "restore.unfinished",
	    "The restoring of this server has not ended.\n",
	    "run warder restore again, or empty the folder" },
};

/* Beside the seal and the key files of seals. */
static const char *const names[] = { WD_KEYRING_FILE, "store.db",
	"sessions.db", "upstream.db" };

static bool
is_there(int state, const char *name)
{
	struct stat st;

	return fstatat(state, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
wd_init_is_marked(int state, enum wd_making what)
{
	return is_there(state, marks[what].name);
}

bool
wd_init_unfinished(int state)
{
	return wd_init_is_marked(state, WD_MAKING_NEW);
}

bool
wd_restore_unfinished(int state)
{
	return wd_init_is_marked(state, WD_MAKING_RESTORED);
}

/* The other kind has not ended here: it alone knows what may go. */
static int
require_no_other(int state, enum wd_making what, struct wd_diag *d)
{
	const struct mark *m =
	    &marks[what == WD_MAKING_NEW ? WD_MAKING_RESTORED : WD_MAKING_NEW];

	if (!is_there(state, m->name))
		return 0;
	return wd_reject(d, WD_R_EXISTS, "%s is there: %s", m->name, m->advice);
}

static int
require_absent(int state, const char *name, struct wd_diag *d)
{
	if (name == NULL || !is_there(state, name))
		return 0;
	return wd_reject(d, WD_R_EXISTS,
	    "%s is there already: this folder holds a server, or what is left "
	    "of one",
	    name);
}

int
wd_making_require_none(int state, enum wd_making what, struct wd_diag *d)
{
	size_t n;
	const struct wd_seal_row *const *rows = wd_seal_rows(&n);
	int r = require_absent(state, WD_SEAL_FILE_NAME, d);

	if (r == 0)
		r = require_no_other(state, what, d);
	if (r != 0 || wd_init_is_marked(state, what))
		return r;
	for (size_t i = 0; r == 0 && i < WD_N(names); i++)
		r = require_absent(state, names[i], d);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = require_absent(state, rows[i]->key_file, d);
	return r;
}

int
wd_init_require_none(int state, struct wd_diag *d)
{
	return wd_making_require_none(state, WD_MAKING_NEW, d);
}

int
wd_restore_require_none(int state, struct wd_diag *d)
{
	return wd_making_require_none(state, WD_MAKING_RESTORED, d);
}

int
wd_init_mark(int state, enum wd_making what, struct wd_diag *d)
{
	const struct mark *m = &marks[what];

	wd_file_clean(state, m->name); /* of an attempt that was killed here */
	return wd_file_write(
	    state, m->name, wd_span_text(m->text), 0600, false, d);
}

int
wd_init_publish(
    int state, enum wd_making what, struct wd_span seal, struct wd_diag *d)
{
	const char *mark = marks[what].name;
	WD_AUTO(wd_fd_closep) int folder = -1;
	int r = wd_file_write(state, mark, seal, 0600, false, d);

	if (r != 0)
		return r;
	folder = openat(state, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 ||
	    renameat(state, mark, state, WD_SEAL_FILE_NAME) != 0 ||
	    fsync(folder) != 0)
		return wd_fault_errno(d, "cannot put the seal in place");
	return 0;
}

static void
remove_one(int state, const char *name)
{
	if (name == NULL)
		return;
	(void)unlinkat(state, name, 0); /* may not have been made */
	wd_file_clean(state, name);
}

void
wd_init_clear(int state, enum wd_making what, const char *state_path)
{
	size_t n;
	const struct wd_seal_row *const *rows = wd_seal_rows(&n);

	remove_one(state, WD_SEAL_FILE_NAME);
	remove_one(state, WD_KEYRING_FILE);
	for (size_t i = 0; i < n; i++)
		remove_one(state, rows[i]->key_file);
	wd_store_remove(state_path);
	remove_one(state, marks[what].name);
}
