/*
 * A store in a folder of its own, and rows to put into it.
 */
#pragma once

#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "store/store.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
	char dir[64];
	struct wd_id id;
	struct wd_store *s;
};

static inline struct wd_id
t_id(uint8_t n)
{
	uint8_t random[16] = { 0 };

	random[0] = n;
	return wd_id_from_random(random);
}

static inline void
t_digest(uint8_t dst[32], uint8_t n)
{
	wd_wipe(dst, 32);
	dst[0] = n;
	dst[31] = 0x5a;
}

static inline int
t_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* CTX: what the key is of. */
static inline int
t_mac(const void *ctx, const struct wd_span *parts, size_t n,
    uint8_t ret[WD_ROW_MAC])
{
	return wd_hmac_sha256(wd_span_text(ctx), parts, n, ret);
}

static inline void
t_guard(struct wd_store *s, const char *key)
{
	const struct wd_guard guard = { key, t_mac };

	wd_store_guard(s, &guard);
}

/* An unsealed server's. */
static inline int
t_open(const char *dir, struct wd_store **ret)
{
	int r = wd_store_open(dir, ret, NULL);

	if (r == 0)
		t_guard(*ret, "a key");
	return r;
}

static inline int
folder_setup(void **state)
{
	struct fixture *f = wd_alloc(sizeof(*f));

	t_ok(wd_crypto_init(NULL));
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/warder-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->id = t_id(200);
	*state = f;
	return 0;
}

static inline int
store_setup(void **state)
{
	struct fixture *f;

	t_ok(folder_setup(state));
	f = *state;
	t_ok(wd_store_create(f->dir, &f->id, NULL));
	t_ok(t_open(f->dir, &f->s));
	t_ok(wd_store_revocations_begin(f->s));
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	f->s = wd_store_close(f->s);
	(void)nftw(f->dir, t_remove, 8, FTW_DEPTH | FTW_PHYS);
	f = wd_free(f);
	return 0;
}

#define with_store(test) \
	cmocka_unit_test_setup_teardown(test, store_setup, teardown)
#define with_folder(test) \
	cmocka_unit_test_setup_teardown(test, folder_setup, teardown)

static inline struct wd_bytes *
t_bytes(const char *text)
{
	return wd_bytes_copy(wd_span_text(text));
}

static inline void
t_add_policy(struct wd_store *s, uint8_t n)
{
	struct wd_store_policy p = {
		.id = t_id(n), .created = 5, .updated = 6
	};

	t_digest(p.version, n);
	p.flat = t_bytes("flat");
	t_ok(wd_store_policy_put(s, &p));
	wd_store_policy_done(&p);
}

static inline struct wd_store_key
t_key(uint8_t n)
{
	struct wd_store_key k = { .id = t_id(n),
		.kind = 7,
		.version = 1,
		.backend = "embedded",
		.label = "a label",
		.usage = "a usage",
		.created = 1234 };

	return k;
}

static inline int
t_add_key(struct wd_store *s, const struct wd_store_key *k)
{
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = {
		.key = k->id, .version = 1, .created = 77
	};

	v.wrapped = t_bytes("wrapped bytes");
	return wd_store_key_add(s, k, &v);
}
