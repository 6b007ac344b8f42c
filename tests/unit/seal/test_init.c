/*
 * The state of a new server: all of it, or nothing.
 */
#include "fixture.h"

#include "lib/t_child.h"

#include "crypto/hash.h"
#include "crypto/jwk.h"
#include "seal/seal.h"
#include "store/store.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	char path[64];
	int fd;
};

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int
setup(void **state)
{
	struct folder *f = wd_alloc(sizeof(*f));

	(void)snprintf(f->path, sizeof(f->path), "/tmp/warder-init-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct folder *f = *state;

	(void)close(f->fd);
	(void)nftw(f->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	f = wd_free(f);
	return 0;
}

static size_t
entries(const struct folder *f)
{
	DIR *dir = opendir(f->path);
	size_t n = 0;

	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n - 2;
}

static int
init(const struct folder *f, enum wd_seal_kind kind, const char *passphrase,
    struct wd_init_result *ret)
{
	struct wd_init how = { .state_path = f->path,
		.state = f->fd,
		.kind = kind,
		.passphrase = wd_span_text(passphrase),
		.now = 1000 };
	struct wd_diag d = { 0 };
	int r = wd_init_state(&how, ret, &d);

	assert_true(r <= 0 || d.detail[0] != '\0');
	return r;
}

/* The way back: seal, root key, keyring, as the role goes it. */
static void
open_keyring(
    const struct folder *f, struct wd_span typed, struct wd_keyring *ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *file = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *root = NULL;
	WD_AUTO(wd_seal_file_done) struct wd_seal_file seal = { 0 };
	struct wd_seal_use use = { 0 };
	const struct wd_seal_row *row;

	t_ok(wd_file_read(f->fd, "seal", WD_SEAL_FILE_MAX, &file, NULL));
	t_ok(wd_seal_file_read(wd_bytes_span(file), &seal));
	row = wd_seal_row(seal.kind);
	if (row->key_file == NULL)
		share = wd_secret_copy(typed);
	else
		t_ok(wd_file_read_secret(
		    f->fd, row->key_file, row->share_max, &share, NULL));
	use.share = wd_secret_borrow(share);
	t_ok(row->unwrap(
	    wd_bytes_span(seal.blob), &seal.store_id, &use, &root, NULL));
	t_ok(wd_file_read(f->fd, "keyring", WD_KEYRING_MAX, &sealed, NULL));
	t_ok(wd_keyring_open(wd_bytes_span(sealed), wd_secret_borrow(root),
	    &seal.store_id, ret));
}

static void
expect_thumbprint(const struct wd_secret *key, const uint8_t want[32])
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	uint8_t got[32];

	t_ok(wd_pkey_from_private(wd_secret_borrow(key), &k));
	t_ok(wd_jwk_thumbprint(k, got));
	assert_memory_equal(got, want, 32);
}

static void
expect_store(const struct folder *f, const struct wd_keyring *k,
    const struct wd_init_result *made)
{
	WD_AUTO(wd_store_closep) struct wd_store *s = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *check = NULL;
	struct wd_store_token t = { 0 };
	uint8_t sha256[32], want[32];
	struct wd_id id;

	t_ok(wd_store_open(f->path, &s, NULL));
	id = wd_store_id(s);
	assert_string_equal(id.s, k->store_id.s);
	t_ok(wd_keyring_check(k, want));
	t_ok(wd_meta_get(s, "check", &check));
	t_span_equal(wd_bytes_span(check), WD_SPAN(want));
	t_ok(wd_hash(WD_SHA256, wd_secret_borrow(made->token), sha256));
	t_ok(wd_store_token_get(s, sha256, &t));
	assert_string_equal(t.id.s, made->token_id.s);
	assert_string_equal(t.user, "admin");
	assert_string_equal(t.rules, "*:*");
	assert_int_equal(t.created, 1000);
	assert_int_equal(t.expires, 1000 + 86400);
}

static void
expect_private(const struct folder *f)
{
	DIR *dir = opendir(f->path);
	struct dirent *e;
	struct stat st;

	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		t_ok(fstatat(f->fd, e->d_name, &st, 0));
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	(void)closedir(dir);
}

static void
new_server_opens_with_its_passphrase(void **state)
{
	struct folder *f = *state;
	WD_AUTO(wd_init_result_done) struct wd_init_result made = { 0 };
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };

	t_ok(init(f, WD_SEAL_PASSPHRASE, "twelve bytes", &made));
	open_keyring(f, WD_SPAN_LIT("twelve bytes"), &k);
	expect_thumbprint(k.release_key, made.thumbprint);
	expect_store(f, &k, &made);
	expect_private(f);
}

static void
new_development_server_opens_by_itself(void **state)
{
	struct folder *f = *state;
	WD_AUTO(wd_init_result_done) struct wd_init_result made = { 0 };
	WD_AUTO(wd_keyring_done) struct wd_keyring k = { 0 };

	t_ok(init(f, WD_SEAL_FILE, "", &made));
	open_keyring(f, wd_span(NULL, 0), &k);
	expect_thumbprint(k.release_key, made.thumbprint);
	expect_store(f, &k, &made);
	expect_private(f);
	assert_int_equal(wd_secret_len(made.token), 47);
	t_span_equal(
	    wd_span(wd_secret_borrow(made.token).p, 4), WD_SPAN_LIT("wdt_"));
}

static void
passphrase_of_a_wrong_length_is_refused(void **state)
{
	struct folder *f = *state;
	struct wd_init_result made = { 0 };
	char longest[1026] = { 0 };

	for (size_t i = 0; i < 1025; i++)
		longest[i] = 'x';
	assert_int_equal(
	    init(f, WD_SEAL_PASSPHRASE, "eleven char", &made), WD_R_RANGE);
	assert_int_equal(
	    init(f, WD_SEAL_PASSPHRASE, longest, &made), WD_R_RANGE);
	assert_null(made.token);
	assert_int_equal(entries(f), 0);
}

static void
seal_that_does_not_exist_is_our_own_mistake(void **state)
{
	struct wd_init_result made = { 0 };

	assert_int_equal(init(*state, WD_SEAL_NONE, "", &made), WD_F_BUG);
}

static void
what_is_there_is_not_touched(void **state)
{
	struct folder *f = *state;
	static const char *const names[] = { "seal", "keyring", "store.db",
		"sessions.db", "seal.key" };
	struct wd_init_result made = { 0 };

	for (size_t i = 0; i < WD_N(names); i++) {
		t_ok(wd_file_write(f->fd, names[i], WD_SPAN_LIT("precious"),
		    0600, true, NULL));
		assert_int_equal(init(f, WD_SEAL_FILE, "", &made), WD_R_EXISTS);
		assert_int_equal(entries(f), 1);
		t_ok(unlinkat(f->fd, names[i], 0));
	}
	assert_null(made.token);
}

/* ---- what must be there before the seal */

struct hook {
	const struct folder *f;
	int result; /* WD_F_PEER: dies */
	size_t seen;
};

static int
before_seal(void *ctx, const struct wd_init_result *made, struct wd_diag *d)
{
	struct hook *h = ctx;
	struct stat st;

	h->seen = wd_secret_len(made->token);
	assert_int_equal(fstatat(h->f->fd, "keyring", &st, 0), 0);
	assert_int_equal(fstatat(h->f->fd, "seal", &st, 0), -1);
	if (h->result == WD_F_PEER)
		_exit(3);
	return h->result == 0 ? 0
			      : wd_reject(d, (enum wd_reason)h->result, "no");
}

static int
init_with(struct hook *h, struct wd_init_result *ret)
{
	struct wd_init how = { .state_path = h->f->path,
		.state = h->f->fd,
		.kind = WD_SEAL_FILE,
		.now = 1000,
		.before_seal = before_seal,
		.ctx = h };
	struct wd_diag d = { 0 };

	return wd_init_state(&how, ret, &d);
}

static void
token_is_known_before_the_server_is_initialized(void **state)
{
	struct hook h = { *state, 0, 0 };
	WD_AUTO(wd_init_result_done) struct wd_init_result made = { 0 };

	t_ok(init_with(&h, &made));
	assert_int_equal(h.seen, 47);
	assert_false(wd_init_unfinished(h.f->fd));
}

static void
caller_that_refuses_gets_nothing_left_behind(void **state)
{
	struct hook h = { *state, WD_R_CONFLICT, 0 };
	struct wd_init_result made = { 0 };

	assert_int_equal(init_with(&h, &made), WD_R_CONFLICT);
	assert_null(made.token);
	assert_int_equal(entries(h.f), 0);
}

static int
die_half_way(void *ctx)
{
	struct wd_init_result made = { 0 };

	return init_with(ctx, &made);
}

static void
what_a_killed_attempt_left_is_cleared_away(void **state)
{
	struct hook h = { *state, WD_F_PEER, 0 };
	WD_AUTO(wd_init_result_done) struct wd_init_result made = { 0 };

	t_exits(t_child(die_half_way, &h), 3);
	assert_true(wd_init_unfinished(h.f->fd));
	assert_true(entries(h.f) > 2);
	t_ok(wd_file_write(
	    h.f->fd, ".seal.key.77.new", WD_SPAN_LIT("x"), 0600, true, NULL));
	t_ok(wd_init_require_none(h.f->fd, NULL));
	h.result = 0;
	t_ok(init_with(&h, &made));
	assert_false(wd_init_unfinished(h.f->fd));
	expect_private(h.f);
	assert_int_equal(faccessat(h.f->fd, ".seal.key.77.new", F_OK, 0), -1);
}

static void
failing_init_leaves_nothing_behind(void **state)
{
	struct folder *f = *state;
	struct wd_init_result made = { 0 };
	int r = WD_F_MEMORY;

	for (uint64_t n = 1; r < 0; n++) {
		wd_alloc_fail_at(n);
		r = init(f, WD_SEAL_FILE, "", &made);
		assert_true((r < 0) == (wd_alloc_fail_at(0) != 0));
		assert_int_equal(entries(f) == 0, r < 0);
		assert_int_equal(made.token == NULL, r < 0);
	}
	t_ok(r);
	wd_init_result_done(&made);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(new_server_opens_with_its_passphrase),
		with_folder(new_development_server_opens_by_itself),
		with_folder(passphrase_of_a_wrong_length_is_refused),
		with_folder(seal_that_does_not_exist_is_our_own_mistake),
		with_folder(what_is_there_is_not_touched),
		with_folder(token_is_known_before_the_server_is_initialized),
		with_folder(caller_that_refuses_gets_nothing_left_behind),
		with_folder(what_a_killed_attempt_left_is_cleared_away),
		with_folder(failing_init_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, crypto_setup, NULL);
}
