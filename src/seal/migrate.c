/*
 * The steps of a migration, each of them safe to be the last one.
 */
#include "seal/migrate.h"

#include "crypto/rand.h"
#include "seal/keyring.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WIPE_MAX = 1 << 16 };

const char *
wd_migrate_next(const char *name, char room[WD_NEXT_NAME])
{
	(void)snprintf(room, WD_NEXT_NAME, "%s.next", name); /* short names */
	return room;
}

/* ---- files that go */

/* Zeros over the bytes, then away with the name. What the disk keeps of it
 * elsewhere is not in our hands. */
static void
wipe(int state, const char *name)
{
	static const uint8_t zeros[512];
	WD_AUTO(wd_fd_closep)
	int fd = openat(state, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st = { 0 };

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= WIPE_MAX) {
		for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(zeros))
			if (pwrite(fd, zeros,
				(size_t)(st.st_size - at) < sizeof(zeros)
				    ? (size_t)(st.st_size - at)
				    : sizeof(zeros),
				at) < 0)
				break;
		(void)fsync(fd); /* the name goes in any case */
	}
	(void)unlinkat(state, name, 0); /* it may not be there */
	wd_file_clean(state, name);
}

static int
sync_folder(int state, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep)
	int fd = openat(state, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return wd_fault_errno(d, "cannot sync the state folder");
	return 0;
}

static void
wipe_next(int state)
{
	char room[WD_NEXT_NAME];
	size_t n;
	const struct wd_seal_row *const *rows = wd_seal_rows(&n);

	wipe(state, WD_SEAL_NEXT);
	wipe(state, WD_KEYRING_NEXT);
	for (size_t i = 0; i < n; i++)
		if (rows[i]->key_file != NULL)
			wipe(state, wd_migrate_next(rows[i]->key_file, room));
}

/* Key files of other seals than ROW's. */
static void
wipe_key_files(int state, const struct wd_seal_row *row)
{
	size_t n;
	const struct wd_seal_row *const *rows = wd_seal_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i] != row && rows[i]->key_file != NULL)
			wipe(state, rows[i]->key_file);
}

static int
move_up(int state, const char *name, struct wd_diag *d)
{
	char room[WD_NEXT_NAME];

	if (renameat(state, wd_migrate_next(name, room), state, name) != 0)
		return wd_fault_errno(d, "cannot rename %.60s", room);
	return 0;
}

/* The seal that was read must be the one on the disk before anything of the
 * other goes; likewise the names that were moved up. */
int
wd_migrate_settle(int state, const struct wd_seal_row *row,
    const struct wd_migrate_found *found, struct wd_diag *d)
{
	int r = sync_folder(state, d);

	if (r == 0 && found->keyring_next)
		r = move_up(state, WD_KEYRING_FILE, d);
	if (r == 0 && found->key_next)
		r = move_up(state, row->key_file, d);
	if (r == 0 && (found->keyring_next || found->key_next))
		r = sync_folder(state, d);
	if (r != 0)
		return r;
	wipe_next(state);
	wipe_key_files(state, row);
	return 0;
}

/* ---- what the new seal is */

int
wd_seal_use_check(const struct wd_seal_row *row, const struct wd_seal_use *use,
    struct wd_diag *d)
{
	size_t len = use->share.len;
	int r;

	if (row->device && use->split.shares > 0)
		row = &wd_seal_break_glass;
	if (row->split_of != NULL &&
	    (r = wd_seal_split_check(&use->split, d)) != 0)
		return r;
	if (row->key_file != NULL || row->device)
		return 0;
	if (len < row->share_min || len > row->share_max)
		return wd_reject(d, WD_R_RANGE,
		    "the %s must have %zu to %zu bytes",
		    row->split_of != NULL ? "key of the shares" : row->name,
		    row->share_min, row->share_max);
	return 0;
}

/* ---- writing it beside the old one */

static bool
has_break_glass(const struct wd_migrate *m)
{
	return m->row->device && m->use.split.shares > 0;
}

static int
write_key_file(
    const struct wd_migrate *m, struct wd_secret **ret_key, struct wd_diag *d)
{
	char room[WD_NEXT_NAME];
	int r = wd_rand_secret(m->row->share_min, ret_key);

	if (r != 0)
		return r;
	return wd_file_write(m->state, wd_migrate_next(m->row->key_file, room),
	    wd_secret_borrow(*ret_key), 0600, false, d);
}

static int
write_keyring(
    const struct wd_migrate *m, struct wd_span root, struct wd_diag *d)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	int r = wd_keyring_read(m->keyring, &k);

	if (r == 0)
		r = wd_keyring_seal(&k, root, &sealed);
	if (r != 0)
		return wd_fault(d, r < 0 ? r : WD_F_BUG, "no such keyring");
	return wd_file_write(
	    m->state, WD_KEYRING_NEXT, wd_bytes_span(sealed), 0600, false, d);
}

static int
write_next(const struct wd_migrate *m, struct wd_span root, struct wd_diag *d)
{
	WD_AUTO(wd_seal_file_done)
	struct wd_seal_file f = { m->row->kind, *m->store_id, NULL, NULL };
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_seal_use use = m->use;
	int r;

	if (m->row->key_file != NULL && (r = write_key_file(m, &key, d)) != 0)
		return r;
	if (key != NULL)
		use.share = wd_secret_borrow(key);
	if ((r = m->row->wrap(root, m->store_id, &use, &f.blob, d)) != 0 ||
	    (has_break_glass(m) &&
		(r = wd_seal_break_glass.wrap(
		     root, m->store_id, &use, &f.break_glass, d)) != 0) ||
	    (r = wd_seal_file_make(&f, &bytes)) != 0 ||
	    (r = write_keyring(m, root, d)) != 0)
		return r;
	return wd_file_write(
	    m->state, WD_SEAL_NEXT, wd_bytes_span(bytes), 0600, false, d);
}

/* ---- proving that it opens: from the disk, by nothing but what an operator
 * or a device will have */

static int
open_root(const struct wd_migrate *m, const struct wd_seal_file *f,
    struct wd_secret **ret_root, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_seal_use use = m->use;
	char room[WD_NEXT_NAME];
	int r = 0;

	if (m->row->key_file != NULL)
		r = wd_file_read_secret(m->state,
		    wd_migrate_next(m->row->key_file, room), m->row->share_max,
		    &key, d);
	if (r != 0)
		return r;
	if (key != NULL)
		use.share = wd_secret_borrow(key);
	return m->row->unwrap(
	    wd_bytes_span(f->blob), &f->store_id, &use, ret_root, d);
}

static int
open_keyring(const struct wd_migrate *m, struct wd_span root,
    struct wd_secret **ret_flat, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	int r =
	    wd_file_read(m->state, WD_KEYRING_NEXT, WD_KEYRING_MAX, &sealed, d);

	if (r != 0 ||
	    (r = wd_keyring_open(
		 wd_bytes_span(sealed), root, m->store_id, &k)) != 0)
		return r;
	return wd_keyring_flat(&k, ret_flat);
}

/* The other copy must give the same. */
static int
prove_break_glass(const struct wd_migrate *m, const struct wd_seal_file *f,
    struct wd_span root, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *again = NULL;
	int r;

	if (!has_break_glass(m))
		return 0;
	if (f->break_glass == NULL)
		return WD_F_SYSTEM;
	r = wd_seal_break_glass.unwrap(
	    wd_bytes_span(f->break_glass), &f->store_id, &m->use, &again, d);
	if (r != 0)
		return r;
	return wd_ct_equal(wd_secret_borrow(again), root) ? 0 : WD_F_SYSTEM;
}

static int
prove(const struct wd_migrate *m, struct wd_span root, struct wd_diag *d)
{
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *again = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *flat = NULL;
	int r;

	if ((r = wd_file_read(
		 m->state, WD_SEAL_NEXT, WD_SEAL_FILE_MAX, &bytes, d)) != 0 ||
	    (r = wd_seal_file_read(wd_bytes_span(bytes), &f)) != 0 ||
	    (r = open_root(m, &f, &again, d)) != 0 ||
	    (r = prove_break_glass(m, &f, root, d)) != 0 ||
	    (r = open_keyring(m, wd_secret_borrow(again), &flat, d)) != 0)
		return r;
	return wd_ct_equal(wd_secret_borrow(again), root) &&
		wd_ct_equal(wd_secret_borrow(flat), m->keyring)
	    ? 0
	    : WD_F_SYSTEM;
}

/* ---- the switch */

/* Whether the seal in force may be the new one after all. */
static bool
may_be_new(int state, const struct wd_bytes *old)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *now = NULL;

	return wd_file_read(state, WD_SEAL_FILE_NAME, WD_SEAL_FILE_MAX, &now,
		   NULL) != 0 ||
	    !wd_span_equal(wd_bytes_span(now), wd_bytes_span(old));
}

/* Not every file system can exchange; then the old seal is only unlinked. */
static int
exchange(int state)
{
	if (renameat2(state, WD_SEAL_NEXT, state, WD_SEAL_FILE_NAME,
		RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return renameat(state, WD_SEAL_NEXT, state, WD_SEAL_FILE_NAME);
}

static int
commit(const struct wd_migrate *m, bool *ret_unsure, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *old = NULL;
	int r = wd_file_read(
	    m->state, WD_SEAL_FILE_NAME, WD_SEAL_FILE_MAX, &old, d);

	if (r != 0)
		return r < 0 ? r : WD_F_SYSTEM;
	if (exchange(m->state) != 0) {
		r = wd_fault_errno(d, "cannot put the new seal in place");
		*ret_unsure = may_be_new(m->state, old);
		return r;
	}
	*ret_unsure = true;
	if ((r = sync_folder(m->state, d)) != 0)
		return r;
	*ret_unsure = false;
	return 0;
}

/* What says that the new seal does not open is no word about the caller's
 * share; a device's is. */
static int
proof_failed(const struct wd_migrate *m, int r, const struct wd_diag *why,
    struct wd_diag *d)
{
	if (r > 0 && m->row->device)
		return wd_reject(d, (enum wd_reason)r, "%s", why->detail);
	return wd_fault(d, r < 0 ? r : WD_F_SYSTEM,
	    "the new seal does not open again: %.150s", why->detail);
}

static int
write_and_prove(
    const struct wd_migrate *m, struct wd_span root, struct wd_diag *d)
{
	struct wd_diag why = { 0 };
	int r = write_next(m, root, d);

	if (r != 0)
		return r;
	r = prove(m, root, &why);
	return r == 0 ? 0 : proof_failed(m, r, &why, d);
}

int
wd_migrate(const struct wd_migrate *m, struct wd_secret **ret_root,
    bool *ret_unsure, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	struct wd_migrate_found found = { true, m->row->key_file != NULL };
	int r;

	*ret_unsure = false;
	if ((r = wd_seal_use_check(m->row, &m->use, d)) != 0 ||
	    (r = wd_rand_secret(WD_ROOT_KEY, &root)) != 0)
		return r;
	wipe_next(m->state); /* of one that was killed */
	r = write_and_prove(m, wd_secret_borrow(root), d);
	if (r == 0)
		r = commit(m, ret_unsure, d);
	if (r != 0) {
		if (!*ret_unsure)
			wipe_next(m->state);
		return r;
	}
	/* It is in force; what could not be put in order is when it is opened
	 * the next time. */
	*ret_unsure = wd_migrate_settle(m->state, m->row, &found, NULL) != 0;
	*ret_root = WD_TAKE(root);
	return 0;
}
