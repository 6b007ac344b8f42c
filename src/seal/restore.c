/*
 * The state of a server out of a backup. Works in a folder that no server uses;
 * the caller holds its lock and has found the backup to be this server's.
 */
#include "seal/seal.h"

#include "seal/init_files.h"
#include "seal/keyring.h"
#include "sys/file.h"

struct undo {
	const struct wd_restore *how;
	bool armed;
};

static void
undo(struct undo *u)
{
	if (u->armed)
		wd_init_clear(
		    u->how->state, WD_MAKING_RESTORED, u->how->state_path);
}

/* What an automatic seal opens with, where it is a file. */
static int
write_key(const struct wd_restore *how, struct wd_diag *d)
{
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	const struct wd_seal_row *row;
	int r = wd_seal_file_read(how->seal, &f);

	if (r != 0)
		return r > 0 ? wd_reject(d, (enum wd_reason)r,
				   "the seal in the backup cannot be read")
			     : r;
	row = wd_seal_row(f.kind);
	if (row->key_file == NULL)
		return 0;
	return wd_file_write(
	    how->state, row->key_file, how->key, 0600, true, d);
}

static int
make_all(const struct wd_restore *how, struct wd_diag *d)
{
	int r;

	if ((r = wd_init_mark(how->state, WD_MAKING_RESTORED, d)) != 0 ||
	    (r = how->load(how->ctx, d)) != 0 ||
	    (r = wd_file_write(how->state, WD_KEYRING_FILE, how->keyring, 0600,
		 true, d)) != 0 ||
	    (r = write_key(how, d)) != 0 ||
	    (r = how->before_seal(how->ctx, d)) != 0)
		return r;
	return wd_init_publish(how->state, WD_MAKING_RESTORED, how->seal, d);
}

int
wd_restore_state(const struct wd_restore *how, struct wd_diag *d)
{
	WD_AUTO(undo) struct undo u = { how, false };
	int r = wd_restore_require_none(how->state, d);

	if (r != 0)
		return r;
	if (wd_restore_unfinished(how->state))
		wd_init_clear(how->state, WD_MAKING_RESTORED, how->state_path);
	u.armed = true;
	if ((r = make_all(how, d)) != 0)
		return r;
	u.armed = false;
	return 0;
}
