/*
 * The state of a new server. Works in a folder that no server uses; the caller
 * holds its lock. What was made is removed again when a later step fails.
 */
#include "seal/seal.h"

#include "crypto/jwk.h"
#include "crypto/rand.h"
#include "seal/admin_token.h"
#include "seal/init_files.h"
#include "seal/keyring.h"
#include "seal/rowguard.h"
#include "seal/shamir.h"
#include "seal/uses.h"
#include "sys/file.h"

void
wd_init_result_done(struct wd_init_result *x)
{
	x->token = wd_secret_free(x->token);
	x->shares = wd_secret_free(x->shares);
}

/* ---- what is taken back */

struct undo {
	const struct wd_init *how;
	bool armed;
};

static void
undo(struct undo *u)
{
	if (u->armed)
		wd_init_clear(u->how->state, WD_MAKING_NEW, u->how->state_path);
}

/* ---- the store */

static int
add_token(struct wd_store *s, int64_t now, struct wd_init_result *ret)
{
	struct wd_store_token t;
	int r = wd_admin_token_add_first(s, now, &t, &ret->token);

	if (r != 0)
		return r;
	ret->token_id = t.id;
	ret->token_expires = t.expires;
	return 0;
}

static int
fill_store(const struct wd_init *how, const struct wd_keyring *k,
    struct wd_init_result *ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *row_key = NULL;
	WD_AUTO(wd_store_closep) struct wd_store *s = NULL;
	struct wd_guard guard;
	struct wd_uses uses = { wd_keyring_newest(k), how->now, 0 };
	uint8_t check[32], count[WD_USES_LEN];
	int r;

	if ((r = wd_row_key(k, &row_key)) != 0 ||
	    (r = wd_keyring_check(k, check)) != 0 ||
	    (r = wd_uses_flat(k, &uses, count)) != 0 ||
	    (r = wd_store_create(how->state_path, &k->store_id, d)) != 0 ||
	    (r = wd_store_open(how->state_path, &s, d)) != 0)
		return r;
	guard = wd_row_guard(row_key);
	wd_store_guard(s, &guard);
	if ((r = wd_meta_put(s, "check", WD_SPAN(check))) != 0 ||
	    (r = wd_meta_put(s, WD_USES_NAME, WD_SPAN(count))) != 0 ||
	    (r = wd_store_revocations_begin(s)) != 0 ||
	    (r = add_token(s, how->now, ret)) != 0)
		return wd_fault(d, WD_F_STORE, "%s", wd_store_why(s));
	return 0;
}

/* ---- seal and keyring */

static int
write_keyring(const struct wd_init *how, const struct wd_keyring *k,
    struct wd_span root, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	int r = wd_keyring_seal(k, root, &sealed);

	if (r != 0)
		return r;
	return wd_file_write(
	    how->state, WD_KEYRING_FILE, wd_bytes_span(sealed), 0600, true, d);
}

/* A random key that exists in shares alone. */
static int
make_shares(const struct wd_init *how, struct wd_init_result *made,
    struct wd_secret **ret)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	int r;

	if ((r = wd_rand_secret(WD_SHARE_KEY, &key)) != 0 ||
	    (r = wd_shamir_split(wd_secret_borrow(key), how->split.shares,
		 how->split.threshold, &made->shares)) != 0)
		return r;
	*ret = WD_TAKE(key);
	return 0;
}

/* What wraps the root key: typed, random in a file of its own, or shared. */
static int
make_share(const struct wd_init *how, const struct wd_seal_row *row,
    struct wd_init_result *made, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL;
	int r;

	if (row->device)
		return 0; /* it makes its own */
	if (row->split_of != NULL)
		return make_shares(how, made, ret);
	if (row->key_file == NULL) {
		*ret = wd_secret_copy(how->passphrase);
		return *ret == NULL ? WD_F_MEMORY : 0;
	}
	if ((r = wd_rand_secret(row->share_min, &share)) != 0 ||
	    (r = wd_file_write(how->state, row->key_file,
		 wd_secret_borrow(share), 0600, true, d)) != 0)
		return r;
	*ret = WD_TAKE(share);
	return 0;
}

/* A second copy of the root key under shares, beside a device. */
static int
add_break_glass(const struct wd_init *how, struct wd_init_result *made,
    struct wd_span root, struct wd_seal_file *f, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	struct wd_seal_use use = { .split = how->split };
	int r;

	if ((r = make_shares(how, made, &key)) != 0)
		return r;
	use.share = wd_secret_borrow(key);
	return wd_seal_break_glass.wrap(
	    root, &f->store_id, &use, &f->break_glass, d);
}

/* The bytes of the seal file. */
static int
make_seal(const struct wd_init *how, const struct wd_seal_row *row,
    struct wd_init_result *made, struct wd_span root, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_seal_file_done)
	struct wd_seal_file f = { row->kind, made->store_id, NULL, NULL };
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL;
	struct wd_seal_use use = { .split = how->split, .device = how->device };
	int r = make_share(how, row, made, &share, d);

	if (r != 0)
		return r;
	use.share = wd_secret_borrow(share);
	if ((r = row->wrap(root, &f.store_id, &use, &f.blob, d)) != 0)
		return r;
	if (row->device && how->split.shares > 0 &&
	    (r = add_break_glass(how, made, root, &f, d)) != 0)
		return r;
	return wd_seal_file_make(&f, ret);
}

static int
thumbprint(const struct wd_secret *private_key, uint8_t ret[32])
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	int r = wd_pkey_from_private(wd_secret_borrow(private_key), &k);

	if (r != 0)
		return r;
	return wd_jwk_thumbprint(k, ret);
}

static int
make_all(const struct wd_init *how, const struct wd_seal_row *row,
    struct wd_init_result *ret, struct wd_diag *d)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *seal = NULL;
	int r;

	if ((r = wd_rand_secret(WD_ROOT_KEY, &root)) != 0 ||
	    (r = wd_rand_id(&ret->store_id)) != 0 ||
	    (r = wd_keyring_make(&ret->store_id, wd_secret_borrow(root), &k)) !=
		0 ||
	    (r = thumbprint(k.release_key, ret->thumbprint)) != 0 ||
	    (r = fill_store(how, &k, ret, d)) != 0 ||
	    (r = write_keyring(how, &k, wd_secret_borrow(root), d)) != 0 ||
	    (r = make_seal(how, row, ret, wd_secret_borrow(root), &seal, d)) !=
		0)
		return r;
	if (how->before_seal != NULL &&
	    (r = how->before_seal(how->ctx, ret, d)) != 0)
		return r;
	return wd_init_publish(
	    how->state, WD_MAKING_NEW, wd_bytes_span(seal), d);
}

static int
check_share(
    const struct wd_init *how, const struct wd_seal_row *row, struct wd_diag *d)
{
	size_t len = how->passphrase.len;

	if (row->split_of != NULL || (row->device && how->split.shares > 0))
		return wd_seal_split_check(&how->split, d);
	if (row->key_file != NULL || row->device ||
	    (len >= row->share_min && len <= row->share_max))
		return 0;
	return wd_reject(d, WD_R_RANGE,
	    "the passphrase must have %zu to %zu bytes", row->share_min,
	    row->share_max);
}

static int
make_or_undo(const struct wd_init *how, const struct wd_seal_row *row,
    struct wd_init_result *ret, struct wd_diag *d)
{
	WD_AUTO(undo) struct undo u = { how, true };
	int r;

	if ((r = wd_init_mark(how->state, WD_MAKING_NEW, d)) != 0 ||
	    (r = make_all(how, row, ret, d)) != 0)
		return r;
	u.armed = false;
	return 0;
}

int
wd_init_state(
    const struct wd_init *how, struct wd_init_result *ret, struct wd_diag *d)
{
	const struct wd_seal_row *row = wd_seal_row(how->kind);
	WD_AUTO(wd_init_result_done) struct wd_init_result x = { 0 };
	int r;

	if (row == NULL)
		return wd_fault(d, WD_F_BUG, "there is no such seal");
	if ((r = check_share(how, row, d)) != 0 ||
	    (r = wd_init_require_none(how->state, d)) != 0)
		return r;
	if (wd_init_unfinished(how->state))
		wd_init_clear(how->state, WD_MAKING_NEW, how->state_path);
	if ((r = make_or_undo(how, row, &x, d)) != 0)
		return r;
	*ret = x;
	x.token = x.shares = NULL;
	return 0;
}
