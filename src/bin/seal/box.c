/*
 * Opening the seal. The files are read anew at each attempt, so that one that
 * was put back from a backup is seen. What they hold is ours, but may have been
 * changed by whoever can write the folder.
 */
#include "bin/seal/box.h"

#include "seal/keyring.h"
#include "sys/file.h"
#include "sys/log.h"

void
seal_box_close(struct seal_box *b)
{
	b->keyring = wd_secret_free(b->keyring);
	b->root = wd_secret_free(b->root);
}

/* A file of ours that is not as we wrote it. */
static int
damaged(struct wd_diag *d, int r, const char *what)
{
	if (r < 0)
		return wd_fault(
		    d, (enum wd_faults)r, "%s cannot be read", what);
	if (r == WD_R_VERSION)
		return wd_fault(d, WD_F_STORE,
		    "%s has a format that this program does not read", what);
	return wd_reject(d, WD_R_TAMPERED, "%s is missing or damaged", what);
}

/* ---- the seal file */

/* How many have to speak for it to open. */
static int
read_split(const struct wd_seal_file *f, struct seal_box *b, struct wd_diag *d)
{
	struct wd_seal_split split = { 1, 1 }, spare = { 0, 0 };
	int r = 0;

	if (b->row->automatic)
		split = (struct wd_seal_split){ 0, 0 };
	else if (b->row->split_of != NULL)
		r = b->row->split_of(wd_bytes_span(f->blob), &split);
	if (r == 0 && f->break_glass != NULL)
		r = wd_seal_break_glass.split_of(
		    wd_bytes_span(f->break_glass), &spare);
	if (r != 0) {
		b->row = NULL;
		return damaged(d, r, "the seal file");
	}
	b->split = split;
	b->break_glass = spare;
	return 0;
}

static int
read_seal(struct seal_box *b, struct wd_seal_file *ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_diag why = { 0 };
	int r = wd_file_read(
	    b->dir, WD_SEAL_FILE_NAME, WD_SEAL_FILE_MAX, &bytes, &why);

	b->row = NULL;
	b->split = b->break_glass = (struct wd_seal_split){ 0, 0 };
	b->initialized = r != WD_R_NOT_FOUND;
	if (r == WD_R_NOT_FOUND && wd_restore_unfinished(b->dir))
		return wd_reject(d, WD_R_NOT_INITIALIZED,
		    "the state folder is half restored: run warder restore "
		    "again");
	if (r == WD_R_NOT_FOUND)
		return wd_reject(d, WD_R_NOT_INITIALIZED,
		    "there is no seal in the state folder: run warder init");
	if (r < 0)
		return wd_fault(d, (enum wd_faults)r, "%s", why.detail);
	if (r == 0)
		r = wd_seal_file_read(wd_bytes_span(bytes), ret);
	if (r != 0)
		return damaged(d, r, "the seal file");
	b->row = wd_seal_row(ret->kind);
	return read_split(ret, b, d);
}

int
seal_box_look(struct seal_box *b, struct wd_diag *d)
{
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };

	return read_seal(b, &f, d);
}

/* ---- share, root key, keyring */

static int
read_share(const struct seal_box *b, const char *name, struct wd_secret **ret,
    struct wd_diag *d)
{
	int r = wd_file_read_secret(b->dir, name, b->row->share_max, ret, NULL);

	return r != 0 ? damaged(d, r, b->row->key_file) : 0;
}

static int
unwrap(const struct seal_box *b, const struct wd_seal_file *f,
    struct wd_span share, struct wd_secret **ret_root, struct wd_diag *d)
{
	const struct wd_seal_use use = { .share = share, .device = b->device };
	struct wd_diag why = { 0 };
	int r = WD_R_UNSEAL_REFUSED;

	/* No seal was made with another length: not worth half a second. */
	if (b->row->device)
		share = wd_span(NULL, 0);
	if (share.len >= b->row->share_min && share.len <= b->row->share_max)
		r = b->row->unwrap(
		    wd_bytes_span(f->blob), &f->store_id, &use, ret_root, &why);
	if (r != 0 && b->row->device) /* its own words, but no guess */
		return r < 0 ? wd_fault(d, (enum wd_faults)r, "%s", why.detail)
			     : wd_reject(d,
				   r == WD_R_UNSEAL_REFUSED ? WD_R_TAMPERED
							    : (enum wd_reason)r,
				   "%s", why.detail);
	if (r == WD_R_UNSEAL_REFUSED && b->row->key_file != NULL)
		return wd_reject(d, WD_R_TAMPERED, "%s does not open this seal",
		    b->row->key_file);
	if (r == WD_R_UNSEAL_REFUSED && b->row->split_of != NULL)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "the shares do not open this seal: at least one is wrong; "
		    "all have to be given again");
	if (r == WD_R_UNSEAL_REFUSED)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "the %s does not open this seal", b->row->name);
	return r == 0 ? 0 : damaged(d, r, "the seal file");
}

/* By the file of the key, or its successor where the file is of another seal.
 */
static int
unwrap_by_file(const struct seal_box *b, const struct wd_seal_file *f,
    const char *name, struct wd_secret **ret_root, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *own = NULL;
	int r = read_share(b, name, &own, d);

	return r != 0 ? r : unwrap(b, f, wd_secret_borrow(own), ret_root, d);
}

static int
open_root(const struct seal_box *b, const struct wd_seal_file *f,
    struct wd_span share, struct wd_migrate_found *found,
    struct wd_secret **ret_root, struct wd_diag *d)
{
	char room[WD_NEXT_NAME];
	int r;

	if (b->row->key_file == NULL)
		return unwrap(b, f, share, ret_root, d);
	r = unwrap_by_file(b, f, b->row->key_file, ret_root, d);
	if (r != WD_R_TAMPERED)
		return r;
	found->key_next =
	    unwrap_by_file(b, f, wd_migrate_next(b->row->key_file, room),
		ret_root, NULL) == 0;
	if (found->key_next)
		wd_diag_clear(d);
	return found->key_next ? 0 : r;
}

static void
count_terms(struct seal_box *b, const struct wd_keyring *k)
{
	b->terms = k->n_terms;
	b->term = wd_keyring_newest(k);
}

static int
read_keyring(struct seal_box *b, const char *name, struct wd_span root,
    const struct wd_id *store_id, struct wd_secret **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	int r = wd_file_read(b->dir, name, WD_KEYRING_MAX, &sealed, NULL);

	if (r != 0 ||
	    (r = wd_keyring_open(wd_bytes_span(sealed), root, store_id, &k)) !=
		0)
		return r;
	count_terms(b, &k);
	return wd_keyring_flat(&k, ret);
}

/* Likewise its successor. */
static int
open_keyring(struct seal_box *b, struct wd_span root,
    const struct wd_id *store_id, struct wd_migrate_found *found,
    struct wd_diag *d)
{
	int r = read_keyring(b, WD_KEYRING_FILE, root, store_id, &b->keyring);

	if (r == WD_R_TAMPERED || r == WD_R_NOT_FOUND)
		found->keyring_next = read_keyring(b, WD_KEYRING_NEXT, root,
					  store_id, &b->keyring) == 0;
	if (r == 0 || found->keyring_next)
		return 0;
	if (r == WD_R_TAMPERED)
		return wd_reject(d, WD_R_TAMPERED,
		    "the keyring file is damaged, or of another root key");
	return damaged(d, r, "the keyring file");
}

/* Nothing can be written while two seals lie side by side. */
static void
settle(struct seal_box *b, const struct wd_migrate_found *found)
{
	struct wd_diag d = { 0 };
	int r = wd_migrate_settle(b->dir, b->row, found, &d);

	if (r == 0)
		return;
	b->root = wd_secret_free(b->root);
	wd_log_result("seal_not_in_order", r, &d);
}

/* The keyring by the root key that is there; then the files in order. */
static int
open_by_root(struct seal_box *b, const struct wd_seal_file *f,
    struct wd_migrate_found *found, struct wd_diag *d)
{
	int r =
	    open_keyring(b, wd_secret_borrow(b->root), &f->store_id, found, d);

	if (r != 0) {
		seal_box_close(b);
		return r;
	}
	b->store_id = f->store_id;
	settle(b, found);
	return 0;
}

int
seal_box_open(struct seal_box *b, struct wd_span share, struct wd_diag *d)
{
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	struct wd_migrate_found found = { 0 };
	int r;

	seal_box_close(b);
	if ((r = read_seal(b, &f, d)) != 0 ||
	    (r = open_root(b, &f, share, &found, &b->root, d)) != 0)
		return r;
	return open_by_root(b, &f, &found, d);
}

int
seal_box_break_glass(
    struct seal_box *b, struct wd_span share, struct wd_diag *d)
{
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	const struct wd_seal_use use = { .share = share };
	struct wd_migrate_found found = { 0 };
	int r;

	seal_box_close(b);
	if ((r = read_seal(b, &f, d)) != 0)
		return r;
	if (f.break_glass == NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "this server has no break-glass shares");
	r = wd_seal_break_glass.unwrap(
	    wd_bytes_span(f.break_glass), &f.store_id, &use, &b->root, NULL);
	if (r == WD_R_UNSEAL_REFUSED)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "the shares do not open this server: at least one is "
		    "wrong; all have to be given again");
	if (r != 0)
		return damaged(d, r, "the seal file");
	return open_by_root(b, &f, &found, d);
}

int
seal_box_probe(const struct seal_box *b, struct wd_diag *d)
{
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	struct seal_box copy = *b;
	int r;

	if ((r = read_seal(&copy, &f, d)) != 0 ||
	    (r = unwrap(&copy, &f, wd_span(NULL, 0), &root, d)) != 0)
		return r;
	if (b->root == NULL ||
	    wd_ct_equal(wd_secret_borrow(root), wd_secret_borrow(b->root)))
		return 0;
	return wd_reject(d, WD_R_TAMPERED, "the seal file is another one");
}

/* ---- another seal */

/* What writing takes. */
static int
require_root(const struct seal_box *b, struct wd_diag *d)
{
	if (b->keyring == NULL)
		return wd_reject(d, WD_R_SEALED,
		    "the seal has been started again and is to be opened "
		    "first");
	if (b->root == NULL)
		return wd_reject(d, WD_R_CONFLICT,
		    "the files of the seal are not in order: seal and unseal "
		    "first");
	return 0;
}

static int
check_break_glass(const struct seal_box *b, const struct wd_seal_row *row,
    const struct wd_seal_use *use, bool drop, struct wd_diag *d)
{
	if (b->break_glass.shares == 0 || drop ||
	    (row->device && use->split.shares > 0))
		return 0;
	return wd_reject(d, WD_R_CONFLICT,
	    "the break-glass shares open nothing afterwards: have new ones "
	    "made, or say that they are dropped");
}

int
seal_box_migrate(struct seal_box *b, const struct wd_seal_row *row,
    const struct wd_seal_use *use, bool drop, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	struct wd_migrate m = { b->dir, &b->store_id, row, *use,
		wd_secret_borrow(b->keyring) };
	bool unsure = false;
	int r;

	if ((r = require_root(b, d)) != 0)
		return r;
	if ((r = check_break_glass(b, row, use, drop, d)) != 0)
		return r;
	m.use.device = b->device;
	r = wd_migrate(&m, &root, &unsure, d);
	if (r == 0 || unsure)
		b->root = wd_secret_free(b->root);
	if (r == 0 && !unsure)
		b->root = WD_TAKE(root);
	return r != 0 ? r : seal_box_look(b, d);
}

/* ---- another term */

/* What is written must open again, and be what is told to keepers. */
static int
seal_again(const struct seal_box *b, const struct wd_keyring *k,
    struct wd_span flat, struct wd_bytes **ret)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring again = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *same = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	struct wd_span root = wd_secret_borrow(b->root);
	int r;

	if ((r = wd_keyring_seal(k, root, &sealed)) != 0 ||
	    (r = wd_keyring_open(
		 wd_bytes_span(sealed), root, &b->store_id, &again)) != 0 ||
	    (r = wd_keyring_flat(&again, &same)) != 0)
		return r < 0 ? r : WD_F_BUG;
	if (!wd_ct_equal(wd_secret_borrow(same), flat))
		return WD_F_BUG;
	*ret = WD_TAKE(sealed);
	return 0;
}

/* K takes the place of the keyring that there is. */
static int
replace(struct seal_box *b, const struct wd_keyring *k, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *flat = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	int r;

	if ((r = wd_keyring_flat(k, &flat)) != 0 ||
	    (r = seal_again(b, k, wd_secret_borrow(flat), &sealed)) != 0)
		return wd_fault(
		    d, r < 0 ? (enum wd_faults)r : WD_F_BUG, "no new keyring");
	if ((r = wd_file_write(b->dir, WD_KEYRING_FILE, wd_bytes_span(sealed),
		 0600, false, d)) != 0)
		return r;
	wd_secret_freep(&b->keyring);
	b->keyring = WD_TAKE(flat);
	count_terms(b, k);
	return 0;
}

/* A file that may or may not be the new one does no harm: nothing is written
 * under the new term before this has succeeded. */
int
seal_box_rotate(struct seal_box *b, struct wd_diag *d)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	int r;

	if ((r = require_root(b, d)) != 0)
		return r;
	r = wd_keyring_read(wd_secret_borrow(b->keyring), &k);
	if (r == 0)
		r = wd_keyring_add_term(&k);
	if (r == WD_R_CONFLICT)
		return wd_reject(d, WD_R_CONFLICT,
		    "the keyring has %d terms, and no more fit",
		    WD_KEYRING_TERMS);
	if (r != 0)
		return wd_fault(
		    d, r < 0 ? (enum wd_faults)r : WD_F_BUG, "no new keyring");
	return replace(b, &k, d);
}

/* Nor here: nothing is left under the terms that go. */
int
seal_box_drop(struct seal_box *b, uint32_t oldest, struct wd_diag *d)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	int r;

	if ((r = require_root(b, d)) != 0)
		return r;
	r = wd_keyring_read(wd_secret_borrow(b->keyring), &k);
	if (r == 0)
		r = wd_keyring_drop_before(&k, oldest);
	if (r == WD_R_RANGE)
		return wd_reject(d, WD_R_RANGE, "the keyring has no term %u",
		    (unsigned)oldest);
	if (r != 0)
		return wd_fault(
		    d, r < 0 ? (enum wd_faults)r : WD_F_BUG, "no new keyring");
	return replace(b, &k, d);
}
