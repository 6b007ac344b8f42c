/*
 * The broker of the fixture comes about as it does in a server: init makes the
 * folder, the seal file gives the root key, that opens the keyring.
 */
#include "fixture.h"

#include "base/alloc.h"
#include "broker/count.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/jwe.h"
#include "policy/text.h"
#include "seal/admin_token.h"
#include "seal/seal.h"
#include "sys/file.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DUMP_MAX = 16 << 20, ROWS = 64 };

struct wd_id
t_id(uint8_t n)
{
	uint8_t random[16] = { 0 };

	random[0] = n;
	return wd_id_from_random(random);
}

/* ---- the server's state */

static void
init_state(struct t_broker *f, int dir)
{
	WD_AUTO(wd_init_result_done) struct wd_init_result made = { 0 };
	struct wd_init how = { .state_path = f->dir,
		.state = dir,
		.kind = WD_SEAL_FILE,
		.now = f->now };

	t_ok(wd_init_state(&how, &made, NULL));
	f->token = WD_TAKE(made.token);
}

static struct wd_secret *
root_key(int dir, struct wd_id *ret_store_id)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *share = NULL;
	WD_AUTO(wd_seal_file_done) struct wd_seal_file seal = { 0 };
	struct wd_seal_use use = { 0 };
	const struct wd_seal_row *row;
	struct wd_secret *root = NULL;

	t_ok(wd_file_read(
	    dir, WD_SEAL_FILE_NAME, WD_SEAL_FILE_MAX, &bytes, NULL));
	t_ok(wd_seal_file_read(wd_bytes_span(bytes), &seal));
	row = wd_seal_row(seal.kind);
	t_ok(wd_file_read_secret(
	    dir, row->key_file, row->share_max, &share, NULL));
	use.share = wd_secret_borrow(share);
	t_ok(row->unwrap(
	    wd_bytes_span(seal.blob), &seal.store_id, &use, &root, NULL));
	*ret_store_id = seal.store_id;
	return root;
}

static void
open_keyring(struct t_broker *f, int dir)
{
	WD_AUTO(wd_keyring_done) struct wd_keyring ring = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *sealed = NULL;
	struct wd_id store_id;
	WD_AUTO(wd_secret_freep)
	struct wd_secret *root = root_key(dir, &store_id);

	t_ok(wd_file_read(dir, WD_KEYRING_FILE, WD_KEYRING_MAX, &sealed, NULL));
	t_ok(wd_keyring_open(
	    wd_bytes_span(sealed), wd_secret_borrow(root), &store_id, &ring));
	t_ok(wd_keyring_flat(&ring, &f->keyring));
}

static void
open_broker(struct t_broker *f)
{
	struct wd_store *store = NULL;

	t_ok(wd_store_open(f->dir, &store, NULL));
	t_ok(wd_broker_new(store, "warder.test", 300, &f->b, NULL));
}

int
t_broker_setup(void **state)
{
	struct t_broker *f = wd_alloc(sizeof(*f));
	WD_AUTO(wd_fd_closep) int dir = -1;

	t_ok(wd_crypto_init(NULL));
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/warder-broker-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	f->now = T_NOW;
	f->request = t_id(250);
	init_state(f, dir);
	open_keyring(f, dir);
	open_broker(f);
	t_ok(wd_broker_unseal(f->b, wd_secret_borrow(f->keyring), NULL));
	t_ok(wd_count_reserve(f->b, 1, f->now, NULL));
	*state = f;
	return 0;
}

void
t_reopen(struct t_broker *f)
{
	f->b = wd_broker_free(f->b);
	open_broker(f);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int
t_broker_teardown(void **state)
{
	struct t_broker *f = *state;

	wd_outcome_done(&f->out);
	f->b = wd_broker_free(f->b);
	f->keyring = wd_secret_free(f->keyring);
	f->token = wd_secret_free(f->token);
	(void)nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	f = wd_free(f);
	return 0;
}

/* ---- rows */

struct wd_bytes *
t_policy_flat(uint8_t signer)
{
	struct wd_policy_head head = { .schema = WD_SCHEMA_WARDER,
		.tee = WD_TEE_SGX,
		.statuses = WD_STATUS_DEFAULT,
		.lease_seconds = WD_LEASE_DEFAULT };
	struct wd_wr wr = wd_wr_growing(WD_POLICY_FLAT_MAX);
	struct wd_bytes *flat = NULL;
	uint8_t value[32];

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = signer;
	wd_policy_put_head(&wr, &head);
	wd_policy_put_count(&wr, 0);
	wd_policy_put_clause(&wr, WD_OP_IN, WD_C_MRSIGNER, 1);
	wd_policy_put_value(&wr, WD_SPAN(value));
	t_ok(wd_wr_take(&wr, &flat));
	return flat;
}

struct wd_id
t_add_policy(struct t_broker *f, uint8_t signer)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	WD_AUTO(wd_store_policy_done)
	struct wd_store_policy row = {
		.id = t_id(signer), .created = f->now, .updated = f->now
	};

	row.flat = t_policy_flat(signer);
	t_ok(wd_policy_adopt(wd_bytes_span(row.flat), NULL, &p));
	t_ok(wd_policy_version(p, row.version));
	t_ok(wd_store_policy_put(f->b->store, &row));
	return row.id;
}

struct wd_secret *
t_add_token(struct t_broker *f, const char *rules)
{
	static uint8_t next;
	struct wd_secret *text = NULL;
	struct wd_store_token t = { .id = t_id(++next),
		.user = "other",
		.created = f->now,
		.expires = f->now + 3600 };

	assert_true(
	    wd_span_to_text(wd_span_text(rules), t.rules, sizeof(t.rules)));
	t_ok(wd_admin_token_make(&text, t.sha256));
	t_ok(wd_store_token_add(f->b->store, &t));
	return text;
}

/* ---- the dump */

static void
put_bytes(struct wd_wr *wr, const struct wd_bytes *b)
{
	wd_wr_le32(wr, b == NULL ? UINT32_MAX : (uint32_t)b->len);
	wd_wr_bytes(wr, wd_bytes_span(b));
}

static void
dump_keys(struct t_broker *f, struct wd_wr *wr)
{
	static struct wd_store_key rows[ROWS];
	struct wd_key_filter all = { .limit = ROWS };
	size_t n;

	t_ok(wd_store_key_list(f->b->store, &all, rows, ROWS, &n));
	for (size_t i = 0; i < n; i++) {
		struct wd_store_version v = { 0 };

		wd_wr_bytes(wr, wd_span(&rows[i], sizeof(rows[i])));
		t_ok(wd_store_version_get(f->b->store, &rows[i].id, 0, &v));
		put_bytes(wr, v.wrapped);
		put_bytes(wr, v.spki);
		put_bytes(wr, v.chain);
		wd_store_version_done(&v);
	}
}

static void
dump_policies(struct t_broker *f, struct wd_wr *wr)
{
	struct wd_id ids[ROWS];
	size_t n;

	t_ok(wd_store_policy_list(f->b->store, NULL, ids, ROWS, &n));
	for (size_t i = 0; i < n; i++) {
		struct wd_store_policy p = { 0 };
		struct wd_bytes *prefixes = NULL;

		t_ok(wd_store_policy_get(f->b->store, &ids[i], &p));
		t_ok(wd_store_prefixes(f->b->store, &ids[i], &prefixes));
		wd_wr_bytes(wr, wd_id_span(&p.id));
		wd_wr_bytes(wr, WD_SPAN(p.version));
		wd_wr_le64(wr, (uint64_t)p.created);
		wd_wr_le64(wr, (uint64_t)p.updated);
		put_bytes(wr, p.flat);
		put_bytes(wr, prefixes);
		prefixes = wd_bytes_free(prefixes);
		wd_store_policy_done(&p);
	}
}

static void
dump_secrets(struct t_broker *f, struct wd_wr *wr)
{
	static struct wd_store_secret rows[ROWS];
	size_t n;

	t_ok(wd_store_secret_list(f->b->store, "", "", rows, ROWS, &n));
	for (size_t i = 0; i < n; i++) {
		struct wd_store_secret x = { 0 };

		t_ok(wd_store_secret_get(f->b->store, rows[i].path, &x));
		wd_wr_text(wr, x.path);
		wd_wr_le32(wr, x.version);
		wd_wr_le64(wr, (uint64_t)x.updated);
		put_bytes(wr, x.wrapped);
		wd_store_secret_done(&x);
	}
}

static void
dump_tokens(struct t_broker *f, struct wd_wr *wr)
{
	static struct wd_store_token rows[ROWS];
	size_t n;

	t_ok(wd_store_token_list(f->b->store, rows, ROWS, &n));
	wd_wr_bytes(wr, wd_span(rows, n * sizeof(*rows)));
}

static int
dump_doc(void *ctx, const struct wd_store_doc *x)
{
	struct wd_wr *wr = ctx;

	wd_wr_u8(wr, x->role);
	wd_wr_u8(wr, x->tee);
	wd_wr_u8(wr, x->update_class);
	wd_wr_u8(wr, x->software);
	wd_wr_bytes(wr, WD_SPAN(x->scope));
	wd_wr_le64(wr, (uint64_t)x->issued);
	wd_wr_le64(wr, (uint64_t)x->next_update);
	wd_wr_le32(wr, x->evaluation_number);
	put_bytes(wr, x->doc);
	return 0;
}

struct wd_bytes *
t_dump(struct t_broker *f)
{
	struct wd_wr wr = wd_wr_growing(DUMP_MAX);
	struct wd_bytes *dump = NULL;

	dump_keys(f, &wr);
	dump_policies(f, &wr);
	dump_secrets(f, &wr);
	dump_tokens(f, &wr);
	t_ok(wd_store_doc_each(f->b->store, true, dump_doc, &wr));
	t_ok(wd_wr_take(&wr, &dump));
	return dump;
}

/* ---- calls */

int
t_call_found(struct t_broker *f, enum wd_call call, const void *msg,
    const struct wd_admin_found *found)
{
	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(wd_admin_call(f->b, call, msg, found, f->now, &f->out));
	if (f->out.result != 0) {
		assert_non_null(f->out.reply);
		assert_false(f->b->changing);
	}
	t_ok(wd_admin_finish(f->b, true, NULL));
	return f->out.result;
}

int
t_call(struct t_broker *f, enum wd_call call, const void *msg)
{
	return t_call_found(f, call, msg, NULL);
}

void
t_reply(struct t_broker *f, enum wd_call call, void *ret_msg)
{
	const struct wd_call_row *row = wd_call_row((uint16_t)call);
	struct wd_span detail;
	int result = -1;

	t_ok(wd_reply_read(
	    wd_bytes_span(f->out.reply), row, &result, &detail, ret_msg));
	t_ok(result);
}

static struct wd_bytes *
copy(struct wd_span s)
{
	struct wd_bytes *b = wd_bytes_copy(s);

	assert_non_null(b);
	return b;
}

/* The ephemeral key out of the protected header. */
static struct wd_pkey *ephemeral(struct wd_span protected)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	const struct wd_jval *epk;
	struct wd_span x, y;
	uint8_t raw_x[32], raw_y[32];
	struct wd_pkey *k = NULL;

	t_ok(wd_b64url_decode(protected, &text));
	t_ok(wd_json_parse(wd_bytes_span(text), NULL, &doc));
	epk = wd_jval_get(wd_json_root(doc), "epk");
	assert_true(wd_jval_text(wd_jval_get(epk, "x"), &x));
	assert_true(wd_jval_text(wd_jval_get(epk, "y"), &y));
	t_ok(wd_b64url_decode_exact(x, raw_x, 32));
	t_ok(wd_b64url_decode_exact(y, raw_y, 32));
	t_ok(wd_pkey_ec_public(
	    WD_PKEY_P256, WD_SPAN(raw_x), WD_SPAN(raw_y), &k));
	return k;
}

struct wd_secret *
t_jwe_opened(const struct wd_pkey *key, struct t_jwe parts)
{
	WD_AUTO(wd_jwe_done)
	struct wd_jwe jwe = {
		.protected_b64 = copy(parts.protected),
		.encrypted_key = copy(parts.encrypted_key),
		.iv = copy(parts.iv),
		.ciphertext = copy(parts.ciphertext),
		.tag = copy(parts.tag),
	};
	WD_AUTO(wd_pkey_freep) struct wd_pkey *epk = ephemeral(parts.protected);
	struct wd_secret *plain = NULL;

	t_ok(wd_jwe_open(key, WD_JWE_ECDH_ES_A256KW, epk, &jwe, &plain));
	return plain;
}

static bool
entry_has(struct t_broker *f, struct wd_span part)
{
	assert_non_null(f->out.entry);
	return memmem(f->out.entry->p, f->out.entry->len, part.p, part.len) !=
	    NULL;
}

void
t_logged(struct t_broker *f, const char *text)
{
	if (!entry_has(f, wd_span_text(text)))
		fail_msg("no %s in %.*s", text, (int)f->out.entry->len,
		    (const char *)f->out.entry->p);
}

void
t_not_logged(struct t_broker *f, struct wd_span bytes)
{
	assert_false(entry_has(f, bytes));
}

void
t_torture(struct t_broker *f, enum wd_call call, const void *msg,
    const struct wd_admin_found *found)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *before = t_dump(f);

	for (uint64_t k = 1;; k++) {
		WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };
		WD_AUTO(wd_bytes_freep) struct wd_bytes *after = NULL;
		int r, fired;

		(void)wd_alloc_fail_at(k);
		r = wd_admin_call(f->b, call, msg, found, f->now, &out);
		fired = wd_alloc_fail_at(0);
		if (!fired) {
			t_ok(r);
			t_ok(out.result);
		} else {
			assert_true(r < 0 || out.result < 0);
			assert_false(f->b->changing);
		}
		t_ok(wd_admin_finish(f->b, false, NULL));
		after = t_dump(f);
		t_span_equal(wd_bytes_span(after), wd_bytes_span(before));
		if (!fired)
			return;
	}
}
