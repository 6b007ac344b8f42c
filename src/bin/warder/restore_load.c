/*
 * Making the store of a backup, and looking whether it is good: whole, of this
 * keyring, and every secret in it opens where it lies.
 */
#include "bin/warder/restore.h"

#include "base/alloc.h"
#include "seal/rowguard.h"
#include "seal/uses.h"

#include <string.h>

enum { PAGE = 100 };

/* ---- rows */

static int
take(void *ctx, struct wd_span record, struct wd_diag *d)
{
	return wd_load_record(ctx, record, d);
}

static int
load(struct restore *x, const char *dir, struct wd_diag *d)
{
	WD_AUTO(wd_load_closep) struct wd_load *l = NULL;
	int r;

	if ((r = wd_load_open(dir, &l, d)) != 0 ||
	    (r = backup_file_rows(&x->f, take, l, d)) != 0 ||
	    (r = wd_load_finish(l, &x->loaded, d)) != 0)
		return r;
	if (wd_span_equal(wd_id_span(&x->loaded.store_id),
		wd_id_span(&x->f.manifest.store)))
		return 0;
	return wd_reject(
	    d, WD_R_TAMPERED, "the rows of the backup are of another store");
}

/* ---- secrets */

static int
stored(struct wd_store *s, int r, struct wd_diag *d)
{
	return r < 0 ? wd_fault(d, WD_F_STORE, "%s", wd_store_why(s)) : r;
}

static int
check_ring(struct restore *x, struct wd_store *s, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *kept = NULL;
	uint8_t check[32];
	int r;

	if (wd_keyring_check(&x->ring, check) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no check value");
	if ((r = stored(s, wd_meta_get(s, "check", &kept), d)) < 0)
		return r;
	if (r != 0 || !wd_ct_equal(wd_bytes_span(kept), WD_SPAN(check)))
		return wd_reject(d, WD_R_WRONG_STORE,
		    "the keyring in the backup belongs to another store");
	return 0;
}

static bool
opens(const struct restore *x, const struct wd_rest *place,
    const struct wd_bytes *wrapped)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;

	return wd_keyring_decrypt(
		   &x->ring, place, wd_bytes_span(wrapped), &plain) == 0;
}

static int
open_one(const struct restore *x, const struct wd_rest *place,
    const struct wd_bytes *wrapped, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	int r =
	    wd_keyring_decrypt(&x->ring, place, wd_bytes_span(wrapped), &plain);

	if (r > 0)
		return wd_reject(d, WD_R_TAMPERED,
		    "%.150s, version %u, does not open with the keyring of "
		    "the backup",
		    place->row, (unsigned)place->version);
	return r < 0 ? wd_fault(d, WD_F_CRYPTO, "cannot decrypt") : 0;
}

/* The key, or where it rests. */
static int
open_version(struct restore *x, struct wd_store *s,
    const struct wd_store_key *key, uint32_t version, struct wd_diag *d)
{
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_rest staying = wd_rest_of_staying_key(&key->id, version);
	bool here = strcmp(key->backend, "embedded") == 0;
	struct wd_rest place = here ? wd_rest_of_key(&key->id, version)
				    : wd_rest_of_reference(&key->id, version);
	int r = stored(s, wd_store_version_get(s, &key->id, version, &v), d);

	if (r == WD_R_NOT_FOUND || (r == 0 && v.wrapped == NULL))
		return 0; /* not kept */
	if (v.hsm) {
		staying = wd_rest_by_hsm(staying);
		place = wd_rest_by_hsm(place);
	}
	if (r == 0 && here && opens(x, &staying, v.wrapped))
		place = staying;
	if (r == 0 && (r = open_one(x, &place, v.wrapped, d)) == 0)
		x->keys++;
	return r;
}

static int
open_key(struct restore *x, struct wd_store *s, const struct wd_store_key *key,
    struct wd_diag *d)
{
	int r = 0;

	for (uint32_t v = key->version; r == 0 && v > 0; v--)
		r = open_version(x, s, key, v, d);
	return r;
}

static int
open_keys(struct restore *x, struct wd_store *s, struct wd_diag *d)
{
	WD_AUTO(wd_freep)
	struct wd_store_key *rows = wd_alloc_array(PAGE, sizeof(*rows));
	struct wd_key_filter all = { .limit = PAGE };
	size_t n = PAGE;
	int r = 0;

	if (rows == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	while (r == 0 && n == PAGE) {
		r = stored(s, wd_store_key_list(s, &all, rows, PAGE, &n), d);
		for (size_t i = 0; r == 0 && i < n; i++)
			r = open_key(x, s, &rows[i], d);
		if (n > 0)
			all.after = rows[n - 1].id;
	}
	return r;
}

static int
open_path(
    struct restore *x, struct wd_store *s, const char *path, struct wd_diag *d)
{
	WD_AUTO(wd_store_secret_done) struct wd_store_secret row = { 0 };
	struct wd_rest place;
	int r = stored(s, wd_store_secret_get(s, path, &row), d);

	if (r == WD_R_NOT_FOUND)
		return 0; /* deleted */
	if (r != 0)
		return r;
	place = wd_rest_of_path(row.path, row.version);
	if (row.hsm)
		place = wd_rest_by_hsm(place);
	if ((r = open_one(x, &place, row.wrapped, d)) == 0)
		x->secrets++;
	return r;
}

static int
open_paths(struct restore *x, struct wd_store *s, struct wd_diag *d)
{
	WD_AUTO(wd_freep)
	struct wd_store_secret *rows = wd_alloc_array(PAGE, sizeof(*rows));
	char after[WD_PATH_MAX + 1] = "";
	size_t n = PAGE;
	int r = 0;

	if (rows == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	while (r == 0 && n == PAGE) {
		r = stored(
		    s, wd_store_secret_list(s, "", after, rows, PAGE, &n), d);
		for (size_t i = 0; r == 0 && i < n; i++)
			r = open_path(x, s, rows[i].path, d);
		if (n > 0)
			wd_copy(after, WD_SPAN(rows[n - 1].path));
	}
	return r;
}

/* ---- rows that decide */

struct strange {
	uint64_t n;
	char first[WD_TAMPERED_TEXT];
};

static void
note_strange(void *ctx, const char *what)
{
	struct strange *x = ctx;

	if (x->n++ == 0)
		wd_copy(x->first, wd_span(what, strlen(what)));
}

/* All that have a MAC have that of this server. */
static int
check_rows(struct wd_store *s, struct wd_diag *d)
{
	struct strange x = { 0 };
	const struct wd_row_seen seen = { note_strange, &x };
	struct wd_row_check at = { 0 };
	struct wd_revocations all;
	bool more = true;
	int r = 0;

	while (r == 0 && more)
		r = stored(
		    s, wd_store_check_rows(s, &at, PAGE, &seen, &more), d);
	if (r == 0 && x.n == 0 && wd_store_revocations_check(s, &all) != 0)
		return wd_reject(d, WD_R_TAMPERED, "%s", wd_store_why(s));
	if (r != 0 || x.n == 0)
		return r;
	return wd_reject(d, WD_R_TAMPERED, "%s (and %llu more)", x.first,
	    (unsigned long long)(x.n - 1));
}

/* How often the term encrypted after the backup nobody knows: without a count
 * the server rotates the keyring as soon as it is unsealed. */
static int
forget_count(struct wd_store *s, struct wd_diag *d)
{
	return stored(s, wd_meta_put(s, WD_USES_NAME, WD_SPAN_LIT("")), d);
}

int
restore_load(struct restore *r, const char *dir, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *row_key = NULL;
	WD_AUTO(wd_store_closep) struct wd_store *s = NULL;
	struct wd_guard guard;
	int q;

	if ((q = load(r, dir, d)) != 0 ||
	    (q = wd_store_open(dir, &s, d)) != 0 ||
	    (q = forget_count(s, d)) != 0 ||
	    (q = stored(s, wd_store_hsm_count(s, &r->wrapped), d)) != 0 ||
	    !r->open)
		return q;
	r->keys = r->secrets = 0;
	if ((q = check_ring(r, s, d)) != 0)
		return q;
	if (wd_row_key(&r->ring, &row_key) != 0)
		return wd_fault(d, WD_F_CRYPTO, "no key for rows");
	guard = wd_row_guard(row_key);
	wd_store_guard(s, &guard);
	if ((q = check_rows(s, d)) != 0 || (q = open_keys(r, s, d)) != 0)
		return q;
	return open_paths(r, s, d);
}
