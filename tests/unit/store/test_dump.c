/*
 * Dumps: what is in the store comes back in another one, and what is no dump
 * makes none.
 */
#include "fixture.h"

#include "base/rd.h"
#include "store/dump.h"

#include <string.h>
#include <sys/stat.h>

enum { PIECE = 300 };

struct place {
	char dir[64];
};

static struct place
new_place(void)
{
	struct place p;

	(void)snprintf(p.dir, sizeof(p.dir), "/tmp/warder-load-XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	return p;
}

static void
drop(struct place *p)
{
	(void)nftw(p->dir, t_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A store with rows in most of its tables. */
static void
fill(struct wd_store *s)
{
	struct wd_store_key key = t_key(1);
	struct wd_store_token token = { .id = t_id(9),
		.user = "admin",
		.rules = "*:*",
		.created = 1,
		.expires = 2 };
	WD_AUTO(wd_store_secret_done)
	struct wd_store_secret secret = {
		.path = "a/b/c", .version = 3, .updated = 7
	};

	t_add_policy(s, 2);
	key.policy = t_id(2);
	t_ok(t_add_key(s, &key));
	t_ok(wd_store_bind(s, "a/b", &key.policy));
	t_ok(wd_store_token_add(s, &token));
	secret.wrapped = t_bytes("sealed");
	t_ok(wd_store_secret_put(s, &secret));
	t_ok(wd_store_revoke(s, "key", "x", 5));
	t_ok(wd_meta_put(s, "check", WD_SPAN_LIT("0123")));
	t_ok(wd_meta_put(s, "empty", WD_SPAN_LIT("")));
}

/* All of the store in pieces of PIECE bytes. */
static struct wd_bytes *
dump_rest(struct wd_dump *x)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 22);
	struct wd_bytes *all = NULL;
	struct wd_diag d = { 0 };
	bool more = true;

	while (more)
		t_ok(wd_dump_next(x, PIECE, &wr, &more, &d));
	t_ok(wd_wr_take(&wr, &all));
	return all;
}

static struct wd_bytes *
dump(const struct fixture *f)
{
	WD_AUTO(wd_dump_closep) struct wd_dump *x = NULL;

	t_ok(wd_dump_open(f->dir, &x, NULL));
	t_ok(wd_dump_begin(x, NULL));
	return dump_rest(x);
}

/* The result of loading these records, and of finishing when they were taken.
 */
static int
load(const char *dir, struct wd_span bytes, struct wd_load_result *ret)
{
	WD_AUTO(wd_load_closep) struct wd_load *l = NULL;
	struct wd_rd rd = wd_rd(bytes);
	struct wd_diag d = { 0 };
	int r = 0;

	t_ok(wd_load_open(dir, &l, &d));
	while (r == 0 && wd_rd_more(&rd)) {
		struct wd_span record = wd_rd_bytes(&rd, wd_rd_le32(&rd));

		r = wd_rd_ok(&rd) != 0 ? WD_R_MALFORMED
				       : wd_load_record(l, record, &d);
	}
	if (r == 0)
		r = wd_load_finish(l, ret, &d);
	if (r != 0)
		assert_true(d.detail[0] != '\0' || wd_rd_ok(&rd) != 0);
	return r;
}

static void
refused(struct wd_span bytes, int expected)
{
	struct place p = new_place();
	struct wd_load_result x;
	struct wd_store *s = NULL;

	assert_int_equal(load(p.dir, bytes, &x), expected);
	assert_int_equal(wd_store_open(p.dir, &s, NULL), WD_R_NOT_INITIALIZED);
	t_ok(rmdir(p.dir)); /* nothing is left in it */
}

/* ---- */

static void
a_dump_makes_the_same_store(void **state)
{
	struct fixture *f = *state;
	struct place p = new_place();
	struct wd_load_result x = { 0 };
	WD_AUTO(wd_store_closep) struct wd_store *s = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *first = NULL, *check = NULL;
	struct wd_id sessions = wd_store_sessions_id(f->s), others, policy;
	struct wd_store_key key;
	struct wd_store_token token;
	uint8_t digest[32] = { 0 };

	fill(f->s);
	first = dump(f);
	t_ok(load(p.dir, wd_bytes_span(first), &x));
	assert_string_equal(x.store_id.s, f->id.s);
	assert_true(x.rows > 8);
	t_ok(t_open(p.dir, &s));
	key = t_key(1);
	t_ok(wd_store_key_get(s, &key.id, &key));
	assert_string_equal(key.label, "a label");
	t_ok(wd_store_bound(s, "a/b/c", &policy));
	t_ok(wd_store_token_get(s, digest, &token));
	t_ok(wd_meta_get(s, "check", &check));
	t_span_equal(wd_bytes_span(check), WD_SPAN_LIT("0123"));
	assert_int_equal(
	    wd_store_revoked(s, "key", "x", 5), WD_R_REVOKED_BY_OPERATOR);
	others = wd_store_sessions_id(s);
	assert_string_not_equal(others.s, sessions.s);
	s = wd_store_close(s);
	drop(&p);
}

static void
a_dump_is_of_one_moment(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_dump_closep) struct wd_dump *x = NULL;
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *before = NULL, *then = NULL, *after = NULL;

	fill(f->s);
	before = dump(f);
	t_ok(wd_dump_open(f->dir, &x, NULL));
	t_ok(wd_dump_begin(x, NULL));
	t_add_policy(f->s, 77);
	t_ok(
	    wd_store_token_delete(f->s, &(struct wd_id){ "" }) == WD_R_NOT_FOUND
		? 0
		: 1);
	then = dump_rest(x);
	t_span_equal(wd_bytes_span(then), wd_bytes_span(before));
	t_ok(wd_dump_begin(x, NULL)); /* another one */
	after = dump_rest(x);
	assert_true(after->len > before->len);
}

static void
a_store_is_not_loaded_over_another(void **state)
{
	struct fixture *f = *state;
	struct wd_load *l = NULL;

	assert_int_equal(wd_load_open(f->dir, &l, NULL), WD_R_EXISTS);
	assert_null(l);
	fill(f->s); /* it is still there */
}

static void
a_dump_cut_anywhere_is_refused(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *whole = NULL;

	fill(f->s);
	whole = dump(f);
	for (size_t i = 0; i < whole->len; i += i < 200 ? 7 : 61)
		refused(wd_span(whole->p, i), WD_R_MALFORMED);
}

static void
another_version_or_format_is_refused(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *whole = dump(f);

	whole->p[5] ^= 1; /* after u32 length and kind */
	refused(wd_bytes_span(whole), WD_R_VERSION);
	whole->p[5] ^= 1;
	whole->p[7] ^= 1;
	refused(wd_bytes_span(whole), WD_R_VERSION);
}

/* Writes one record. */
static void
put(struct wd_wr *wr, struct wd_span body)
{
	wd_wr_le32(wr, (uint32_t)body.len);
	wd_wr_bytes(wr, body);
}

static void
records_have_their_place(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *whole = dump(f);
	struct wd_span head = wd_span(whole->p + 4, 5);
	const struct wd_span bad[] = {
		WD_SPAN_LIT(""),
		WD_SPAN_LIT("X"),
		WD_SPAN_LIT("R\0"),               /* outside of a table */
		WD_SPAN_LIT("T\2\6policy"),       /* none of ours */
		WD_SPAN_LIT("T\5\10policies"),    /* not the first */
		WD_SPAN_LIT("T\3\4meta"),         /* other columns */
		WD_SPAN_LIT("T\2\4meta!"),        /* trailing */
		WD_SPAN_LIT("E\0\0\0\0\0\0\0\0"), /* no tables came */
		WD_SPAN_LIT("T\2\xff"),
	};

	for (size_t i = 0; i < WD_N(bad); i++) {
		WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);

		put(&wr, bad[i]);
		refused(wd_wr_span(&wr), WD_R_MALFORMED); /* before the head */
		wr.len = 0;
		put(&wr, head);
		put(&wr, bad[i]);
		refused(wd_wr_span(&wr), WD_R_MALFORMED);
	}
}

/* After the head and the first table, which is meta. */
static void
row_refused(const struct wd_bytes *whole, struct wd_span row)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);

	put(&wr, wd_span(whole->p + 4, 5));
	put(&wr, WD_SPAN_LIT("T\2\4meta"));
	put(&wr, row);
	refused(wd_wr_span(&wr), WD_R_MALFORMED);
}

static void
rows_meet_the_schema(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *whole = dump(f);

	row_refused(whole, WD_SPAN_LIT("R"));
	row_refused(whole, WD_SPAN_LIT("R\2\1\0\0\0a"));   /* a column lacks */
	row_refused(whole, WD_SPAN_LIT("R\2\1\0\0\0a\0")); /* NOT NULL */
	row_refused(whole, WD_SPAN_LIT("R\2\1\0\0\0a\2\1\0\0\0b")); /* type */
	row_refused(whole, WD_SPAN_LIT("R\2\1\0\0\0a\4\1\0\0\0b"));
	row_refused(whole, WD_SPAN_LIT("R\2\1\0\0\0a\3\1\0\0\0b "));
	row_refused(whole,
	    WD_SPAN_LIT("R\2\xff\xff\xff\x7f"
			"a"));
}

static void
a_row_comes_once_and_refers_to_what_is_there(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *whole = NULL;
	struct wd_rd rd;
	WD_AUTO(wd_wr_done)
	struct wd_wr twice = wd_wr_growing(1 << 20),
		     orphan = wd_wr_growing(1 << 20);
	bool in_policies = false;

	fill(f->s);
	whole = dump(f);
	rd = wd_rd(wd_bytes_span(whole));
	while (wd_rd_more(&rd)) {
		struct wd_span record = wd_rd_bytes(&rd, wd_rd_le32(&rd));

		if (record.p[0] == 'T')
			in_policies = wd_span_is(
			    wd_span(record.p + 3, record.len - 3), "policies");
		put(&twice, record);
		if (record.p[0] == 'R' && in_policies)
			put(&twice, record);
		if (record.p[0] != 'R' || !in_policies)
			put(&orphan, record);
	}
	refused(wd_wr_span(&twice), WD_R_MALFORMED);
	refused(wd_wr_span(&orphan), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(a_dump_makes_the_same_store),
		with_store(a_dump_is_of_one_moment),
		with_store(a_store_is_not_loaded_over_another),
		with_store(a_dump_cut_anywhere_is_refused),
		with_store(another_version_or_format_is_refused),
		with_store(records_have_their_place),
		with_store(rows_meet_the_schema),
		with_store(a_row_comes_once_and_refers_to_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
