/*
 * Opening a backup: the same that opens the server opens its backup, and only
 * then can it be known that nobody else made it.
 */
#include "bin/warder/restore.h"

#include "base/alloc.h"
#include "bin/warder/passphrase.h"
#include "seal/shamir.h"
#include "sys/file.h"

#include <fcntl.h>

void
restore_done(struct restore *r)
{
	backup_file_done(&r->f);
	wd_seal_file_done(&r->seal);
	wd_keyring_done(&r->ring);
	r->key_file = wd_secret_free(r->key_file);
	r->lost = wd_free(r->lost);
}

int
restore_look(struct restore *r, struct wd_diag *d)
{
	int q = wd_seal_file_read(
	    wd_bytes_span(r->f.file[WD_BACKUP_SEAL].bytes), &r->seal);

	if (q != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "the seal in the backup cannot be read");
	if (!wd_span_equal(wd_id_span(&r->seal.store_id),
		wd_id_span(&r->f.manifest.store)))
		return wd_reject(d, WD_R_TAMPERED,
		    "the seal in the backup is of another store");
	r->x->kind = r->seal.kind;
	return 0;
}

/* ---- what opens it */

static const char *
place(const struct restore *x)
{
	return x->standing ? "of the server" : "in the backup";
}

/* One share, from a file or asked for, behind those that are there. */
static int
add_share(const char *file, struct wd_wr *all, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *text = NULL, *share = NULL;
	int r = cli_passphrase(file, CLI_PASSPHRASE_KNOWN, &text, d);

	if (r != 0)
		return r;
	if (wd_share_read(wd_secret_borrow(text), &share) != 0)
		return wd_reject(d, WD_R_MALFORMED, "that is no share");
	wd_wr_bytes(all, wd_secret_borrow(share));
	return 0;
}

static int
add_shares(const struct cli_args *args, unsigned threshold, struct wd_wr *all,
    struct wd_diag *d)
{
	const char *file;
	unsigned n = 0;
	int at = 0, r = 0;

	while (r == 0 && n < WD_SHARES_MAX &&
	    (file = cli_next(args, "share-file", &at)) != NULL) {
		r = add_share(file, all, d);
		n++;
	}
	if (n > 0 && n < threshold)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "%u shares open this seal, %u were given", threshold, n);
	while (r == 0 && n < threshold) {
		r = add_share(NULL, all, d);
		n++;
	}
	return r;
}

static int
join_shares(const struct restore *x, const struct wd_seal_row *row,
    const struct cli_args *args, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *room =
	    wd_secret_new((size_t)WD_SHARES_MAX * WD_SHARE_LEN);
	struct wd_seal_split split;
	struct wd_wr all;
	int r;

	if (room == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	all = wd_wr_fixed(wd_secret_bytes(room), wd_secret_len(room));
	if (row->split_of(wd_bytes_span(x->seal.blob), &split) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "the seal %s cannot be read", place(x));
	if ((r = add_shares(args, split.threshold, &all, d)) != 0)
		return r;
	r = wd_shamir_join(wd_wr_span(&all), WD_SHARE_LEN, ret);
	return r > 0 ? wd_reject(d, WD_R_UNSEAL_REFUSED,
			   "the shares do not belong together, or one was "
			   "given twice")
		     : r;
}

static int
read_key_file(struct restore *x, const struct wd_seal_row *row,
    const struct cli_args *args, struct wd_secret **ret, struct wd_diag *d)
{
	const char *file = cli_value(args, "key-file");
	int r;

	if (file == NULL && !x->standing)
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "this seal opens by a file, %s, which no backup has: give "
		    "--key-file",
		    row->key_file);
	r = wd_file_read_secret(file == NULL ? x->x->state : AT_FDCWD,
	    file == NULL ? row->key_file : file, row->share_max, &x->key_file,
	    d);
	if (r != 0)
		return r;
	*ret = wd_secret_copy(wd_secret_borrow(x->key_file));
	return *ret != NULL ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

static int
get_share(struct restore *x, const struct wd_seal_row *row,
    const struct cli_args *args, struct wd_secret **ret, struct wd_diag *d)
{
	if (row->device)
		return 0;
	if (row->key_file != NULL)
		return read_key_file(x, row, args, ret, d);
	if (row->split_of != NULL)
		return join_shares(x, row, args, ret, d);
	return cli_passphrase(
	    cli_value(args, "passphrase-file"), CLI_PASSPHRASE_KNOWN, ret, d);
}

/* ---- opening it */

static int
unwrap(struct restore *x, const struct cli_args *args,
    struct wd_secret **ret_root, struct wd_diag *d)
{
	const struct wd_seal_row *row = wd_seal_row(x->seal.kind);
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL;
	struct wd_seal_device device;
	struct wd_seal_use use = { .device = &device };
	int r;

	if (row->device && (r = init_device_plan(args, x->x, d)) != 0)
		return r;
	if ((row->device && (r = init_device_open(x->x, &device, d)) != 0) ||
	    (r = get_share(x, row, args, &share, d)) != 0)
		return r;
	use.share = wd_secret_borrow(share);
	r = row->unwrap(
	    wd_bytes_span(x->seal.blob), &x->seal.store_id, &use, ret_root, d);
	init_device_close(x->x);
	if (r > 0 && d->detail[0] == '\0')
		return wd_reject(d, WD_R_UNSEAL_REFUSED,
		    "the %s does not open the seal %s", row->name, place(x));
	return r;
}

static int
open_ring(struct restore *x, const struct wd_bytes *sealed, struct wd_span root,
    struct wd_diag *d)
{
	int r = wd_keyring_open(
	    wd_bytes_span(sealed), root, &x->seal.store_id, &x->ring);

	if (r > 0)
		return wd_reject(d, WD_R_TAMPERED,
		    "the keyring %s is damaged, or of another root key",
		    place(x));
	return r < 0 ? wd_fault(d, WD_F_CRYPTO, "cannot open the keyring") : 0;
}

static int
check_mac(const struct restore *x, struct wd_diag *d)
{
	uint8_t mac[32];

	if (wd_manifest_mac(&x->ring, wd_bytes_span(x->f.text), mac) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot compute the MAC");
	if (wd_ct_equal(WD_SPAN(mac), WD_SPAN(x->f.mac)))
		return 0;
	return wd_reject(d, WD_R_TAMPERED,
	    "the backup was not made by this server, or was changed: its MAC "
	    "is wrong");
}

int
restore_open(struct restore *r, const struct cli_args *args, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	int q;

	if ((q = unwrap(r, args, &root, d)) != 0 ||
	    (q = open_ring(r, r->f.file[WD_BACKUP_KEYRING].bytes,
		 wd_secret_borrow(root), d)) != 0 ||
	    (q = check_mac(r, d)) != 0)
		return q;
	r->open = true;
	return 0;
}

int
restore_open_standing(
    struct restore *r, const struct cli_args *args, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *seal = NULL, *keyring = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	int dir = r->x->state, q;

	r->standing = true;
	if ((q = wd_file_read(
		 dir, WD_SEAL_FILE_NAME, WD_SEAL_FILE_MAX, &seal, d)) != 0 ||
	    (q = wd_file_read(
		 dir, WD_KEYRING_FILE, WD_KEYRING_MAX, &keyring, d)) != 0)
		return q;
	if (wd_seal_file_read(wd_bytes_span(seal), &r->seal) != 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "the seal of the server cannot be read");
	r->x->kind = r->seal.kind;
	if ((q = unwrap(r, args, &root, d)) != 0 ||
	    (q = open_ring(r, keyring, wd_secret_borrow(root), d)) != 0)
		return q;
	r->open = true;
	return 0;
}
