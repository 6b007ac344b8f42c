/*
 * Puts keys into the store of a server that does not run, through the same code
 * as an administrator's call: each under an id of its own, encrypted by the
 * keyring at its place. The server has the seal of `warder init --dev`. Private
 * keys come from a small pool, since what is measured is the store. Prints how
 * many keys a second that were; writes some of their ids to SAMPLE, a line
 * each.
 *
 *   fill_store STATE_DIR POLICY_ID N KIND SAMPLE
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "broker/admin_in.h"
#include "crypto/init.h"
#include "crypto/rand.h"
#include "seal/keyring.h"
#include "seal/rowguard.h"
#include "seal/seal.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 64, PIECE = 20000, SAMPLES = 20000, MOST = 4000000 };

static struct wd_keyring ring;
static struct wd_secret *row_key;
static struct wd_store *store;
static struct wd_id policy;
static struct wd_material pool[POOL];
static struct wd_bytes *spki[POOL];

static int
open_ring(int dir, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *seal = NULL, *sealed = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL, *root = NULL;
	WD_AUTO(wd_seal_file_done) struct wd_seal_file f = { 0 };
	const struct wd_seal_row *row;
	struct wd_seal_use use = { 0 };
	int r;

	if ((r = wd_file_read(
		 dir, WD_SEAL_FILE_NAME, WD_SEAL_FILE_MAX, &seal, d)) != 0 ||
	    (r = wd_seal_file_read(wd_bytes_span(seal), &f)) != 0)
		return r;
	row = wd_seal_row(f.kind);
	if (row == NULL || row->key_file == NULL)
		return wd_fault(d, WD_F_SYSTEM, "not a seal of --dev");
	if ((r = wd_file_read_secret(dir, row->key_file, 64, &key, d)) != 0 ||
	    (r = wd_file_read(
		 dir, WD_KEYRING_FILE, WD_KEYRING_MAX, &sealed, d)) != 0)
		return r;
	use.share = wd_secret_borrow(key);
	r = row->unwrap(wd_bytes_span(f.blob), &f.store_id, &use, &root, d);
	return r != 0 ? r
		      : wd_keyring_open(wd_bytes_span(sealed),
			    wd_secret_borrow(root), &f.store_id, &ring);
}

static int
make_pool(enum wd_key_kind kind, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; i < POOL && r == 0; i++) {
		r = wd_material_make(kind, &pool[i], d);
		if (r == 0 && pool[i].pair != NULL)
			r = wd_pkey_to_spki(pool[i].pair, &spki[i]);
	}
	return r;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(
	    ((const struct wd_id *)a)->s, ((const struct wd_id *)b)->s);
}

/* Ids in order: pages of the store are then written once. */
static struct wd_id *
make_ids(size_t n)
{
	WD_AUTO(wd_freep) struct wd_id *ids = wd_alloc_array(n, sizeof(*ids));

	for (size_t i = 0; ids != NULL && i < n; i++)
		if (wd_rand_id(&ids[i]) != 0)
			return NULL;
	if (ids != NULL)
		qsort(ids, n, sizeof(*ids), by_text);
	return WD_TAKE(ids);
}

static int
add(const struct wd_id *id, size_t i, int64_t now)
{
	const struct wd_material *made = &pool[i % POOL];
	WD_AUTO(wd_bytes_freep) struct wd_bytes *wrapped = NULL;
	struct wd_store_key key = { .id = *id,
		.kind = (uint8_t)made->kind,
		.version = 1,
		.backend = "embedded",
		.policy = policy,
		.created = now };
	struct wd_store_version v = {
		.key = *id, .version = 1, .spki = spki[i % POOL], .created = now
	};
	struct wd_rest place = wd_rest_of_key(id, 1);
	int r;

	(void)snprintf(key.label, sizeof(key.label), "key %zu", i); /* fits */
	r = wd_keyring_encrypt(
	    &ring, &place, wd_secret_borrow(made->plain), &wrapped);
	v.wrapped = wrapped;
	return r != 0 ? r : wd_store_key_add(store, &key, &v);
}

static int
fill(const struct wd_id *ids, size_t n)
{
	int64_t now = wd_time_now();
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (i % PIECE == 0 && (r = wd_store_begin(store)) != 0)
			return r;
		r = add(&ids[i], i, now);
		if (r == 0 && (i % PIECE == PIECE - 1 || i == n - 1))
			r = wd_store_commit(store);
	}
	return r;
}

static int
write_sample(const char *path, const struct wd_id *ids, size_t n)
{
	FILE *f = fopen(path, "we");
	size_t step = n / SAMPLES + 1;

	if (f == NULL)
		return -1;
	for (size_t i = 0; i < n; i += step)
		(void)fprintf(f, "%s\n", ids[i].s); /* seen below */
	return fclose(f);
}

static int
run(char **argv, struct wd_diag *d)
{
	const struct wd_key_row *kind =
	    wd_key_row_by_name(wd_span_text(argv[4]));
	WD_AUTO(wd_fd_closep)
	int dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	WD_AUTO(wd_freep) struct wd_id *ids = NULL;
	struct wd_guard guard;
	int64_t begun, ms;
	uint64_t n;
	int r;

	if (kind == NULL || dir < 0 ||
	    !wd_num_parse(wd_span_text(argv[3]), MOST, &n) ||
	    !wd_id_parse(wd_span_text(argv[2]), &policy) ||
	    (ids = make_ids(n)) == NULL)
		return wd_fault(d, WD_F_SYSTEM, "not understood");
	if ((r = wd_crypto_init(d)) != 0 || (r = open_ring(dir, d)) != 0 ||
	    (r = make_pool(kind->kind, d)) != 0 ||
	    (r = wd_row_key(&ring, &row_key)) != 0 ||
	    (r = wd_store_open(argv[1], &store, d)) != 0)
		return r;
	guard = wd_row_guard(row_key);
	wd_store_guard(store, &guard);
	begun = wd_time_mono_ms();
	if ((r = fill(ids, n)) != 0)
		return wd_fault(d, r, "%s", wd_store_why(store));
	ms = wd_time_mono_ms() - begun;
	store = wd_store_close(store);
	(void)printf("{\"keys\":%llu,\"per_second\":%.0f}\n",
	    (unsigned long long)n, (double)n * 1000 / (double)(ms + 1));
	return write_sample(argv[5], ids, n);
}

int
main(int argc, char **argv)
{
	struct wd_diag d = { 0 };
	int r = argc == 6 ? run(argv, &d) : 2;

	if (r != 0)
		(void)fprintf(stderr, "fill_store: %d %s\n", r, d.detail);
	return r == 0 ? 0 : 1;
}
