/*
 * Opaque secrets, admin tokens, collateral, revocations.
 */
#include "fixture.h"

#include <string.h>

static int
put_secret(
    struct wd_store *s, const char *path, uint32_t version, const char *bytes)
{
	WD_AUTO(wd_store_secret_done)
	struct wd_store_secret x = { .version = version, .updated = 50 };

	(void)snprintf(x.path, sizeof(x.path), "%s", path);
	x.wrapped = t_bytes(bytes);
	return wd_store_secret_put(s, &x);
}

static void
expect_next(struct wd_store *s, const char *path, uint32_t want)
{
	uint32_t next = 0;

	t_ok(wd_store_secret_next(s, path, &next));
	assert_int_equal(next, want);
}

static void
secret_is_replaced_by_higher_versions_only(void **state)
{
	struct fixture *f = *state;
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };

	expect_next(f->s, "a/b/c", 1);
	t_ok(put_secret(f->s, "a/b/c", 1, "one"));
	expect_next(f->s, "a/b/c", 2);
	assert_int_equal(put_secret(f->s, "a/b/c", 1, "x"), WD_R_CONFLICT);
	t_ok(put_secret(f->s, "a/b/c", 2, "two"));
	t_ok(wd_store_secret_get(f->s, "a/b/c", &x));
	assert_string_equal(x.path, "a/b/c");
	assert_int_equal(x.version, 2);
	assert_int_equal(x.updated, 50);
	t_span_equal(wd_bytes_span(x.wrapped), WD_SPAN_LIT("two"));
}

static void
deleted_secret_is_gone_but_its_versions_do_not_come_back(void **state)
{
	struct fixture *f = *state;
	struct wd_store_secret x = { 0 };
	size_t n = 9;

	assert_int_equal(wd_store_secret_delete(f->s, "a/b/c"), WD_R_NOT_FOUND);
	t_ok(put_secret(f->s, "a/b/c", 1, "one"));
	t_ok(wd_store_secret_delete(f->s, "a/b/c"));
	assert_int_equal(wd_store_secret_delete(f->s, "a/b/c"), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_store_secret_get(f->s, "a/b/c", &x), WD_R_NOT_FOUND);
	assert_null(x.wrapped);
	t_ok(wd_store_secret_list(f->s, "", "", &x, 1, &n));
	assert_int_equal(n, 0);
	expect_next(f->s, "a/b/c", 2);
	assert_int_equal(put_secret(f->s, "a/b/c", 1, "x"), WD_R_CONFLICT);
	t_ok(put_secret(f->s, "a/b/c", 2, "again"));
	t_ok(wd_store_secret_get(f->s, "a/b/c", &x));
	wd_store_secret_done(&x);
}

static void
expect_list(
    struct wd_store *s, const char *prefix, const char *after, const char *want)
{
	struct wd_store_secret rows[4];
	char got[256] = "";
	size_t n = 0, used = 0;

	t_ok(wd_store_secret_list(s, prefix, after, rows, 4, &n));
	for (size_t i = 0; i < n; i++) {
		assert_null(rows[i].wrapped);
		used += (size_t)snprintf(
		    got + used, sizeof(got) - used, "%s ", rows[i].path);
	}
	assert_string_equal(got, want);
}

static void
secrets_below_a_prefix_are_listed_by_whole_segments(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = { "a/b", "a/b!c", "a/b/1", "a/b/2",
		"a/b0", "z", "\xf0\x9f\x98\x80" };

	for (size_t i = 0; i < WD_N(paths); i++)
		t_ok(put_secret(f->s, paths[i], 1, "x"));
	expect_list(f->s, "a/b", "", "a/b a/b/1 a/b/2 ");
	expect_list(f->s, "a/b", "a/b/1", "a/b/2 ");
	expect_list(f->s, "", "", "a/b a/b!c a/b/1 a/b/2 ");
	expect_list(f->s, "", "a/b/2", "a/b0 z \xf0\x9f\x98\x80 ");
	expect_list(f->s, "y", "", "");
	expect_list(f->s, "z", "", "z ");
}

static struct wd_store_token
token(uint8_t n)
{
	struct wd_store_token t = { .id = t_id(n),
		.user = "admin",
		.rules = "*:*",
		.created = 1,
		.expires = 2 };

	t_digest(t.sha256, n);
	return t;
}

static void
token_is_found_by_its_digest(void **state)
{
	struct fixture *f = *state;
	struct wd_store_token in = token(1), out = { 0 };

	assert_int_equal(
	    wd_store_token_get(f->s, in.sha256, &out), WD_R_NOT_FOUND);
	t_ok(wd_store_token_add(f->s, &in));
	t_ok(wd_store_token_get(f->s, in.sha256, &out));
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(wd_store_token_add(f->s, &in), WD_R_EXISTS);
	in.id = t_id(2);
	assert_int_equal(wd_store_token_add(f->s, &in), WD_R_EXISTS);
}

static void
tokens_are_listed_and_deleted(void **state)
{
	struct fixture *f = *state;
	struct wd_store_token a = token(1), b = token(2), rows[3];
	size_t n = 0;

	t_ok(wd_store_token_add(f->s, &b));
	t_ok(wd_store_token_add(f->s, &a));
	t_ok(wd_store_token_list(f->s, rows, 3, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(&rows[0], &a, sizeof(a));
	t_ok(wd_store_token_list(f->s, rows, 1, &n));
	assert_int_equal(n, 1);
	t_ok(wd_store_token_delete(f->s, &a.id));
	assert_int_equal(wd_store_token_delete(f->s, &a.id), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_store_token_get(f->s, a.sha256, rows), WD_R_NOT_FOUND);
}

static int
put_doc(struct wd_store *s, uint8_t role, uint8_t scope, const char *bytes)
{
	WD_AUTO(wd_store_doc_done)
	struct wd_store_doc x = { .role = role,
		.tee = 1,
		.update_class = 's',
		.scope = { scope },
		.issued = 10,
		.next_update = 20,
		.evaluation_number = 17 };

	x.doc = t_bytes(bytes);
	return wd_store_doc_put(s, &x);
}

static void
document_is_found_by_its_place_and_replaced(void **state)
{
	struct fixture *f = *state;
	struct wd_store_doc where = {
		.role = 3, .tee = 1, .update_class = 's', .scope = { 7 }
	};
	WD_AUTO(wd_store_doc_done) struct wd_store_doc x = { 0 };

	t_ok(put_doc(f->s, 3, 7, "first"));
	t_ok(put_doc(f->s, 3, 7, "second"));
	t_ok(wd_store_doc_get(f->s, &where, &x));
	t_span_equal(wd_bytes_span(x.doc), WD_SPAN_LIT("second"));
	assert_int_equal(x.size, 6);
	assert_int_equal(x.issued, 10);
	assert_int_equal(x.next_update, 20);
	assert_int_equal(x.evaluation_number, 17);
	where.software = 1;
	assert_int_equal(wd_store_doc_get(f->s, &where, &x), WD_R_NOT_FOUND);
}

struct seen {
	unsigned n, with_bytes;
	size_t size;
	int answer;
};

static int
look(void *ctx, const struct wd_store_doc *x)
{
	struct seen *seen = ctx;

	seen->n++;
	seen->with_bytes += x->doc != NULL;
	seen->size += x->size;
	return seen->answer;
}

static void
documents_are_visited_until_the_visitor_stops(void **state)
{
	struct fixture *f = *state;
	struct seen a = { 0 }, b = { 0 }, c = { .answer = WD_R_CLOCK };

	t_ok(put_doc(f->s, 3, 7, "12345"));
	t_ok(put_doc(f->s, 4, 7, "123"));
	t_ok(wd_store_doc_each(f->s, true, look, &a));
	assert_int_equal(a.n, 2);
	assert_int_equal(a.with_bytes, 2);
	assert_int_equal(a.size, 8);
	t_ok(wd_store_doc_each(f->s, false, look, &b));
	assert_int_equal(b.n, 2);
	assert_int_equal(b.with_bytes, 0);
	assert_int_equal(b.size, 8);
	assert_int_equal(wd_store_doc_each(f->s, true, look, &c), WD_R_CLOCK);
	assert_int_equal(c.n, 1);
	/* The statement has let go: a change goes through. */
	t_ok(put_doc(f->s, 3, 7, "123456"));
}

static void
revocation_holds_for_what_was_made_before_it(void **state)
{
	struct fixture *f = *state;

	t_ok(wd_store_revoked(f->s, "lease", "x", 100));
	t_ok(wd_store_revoke(f->s, "lease", "x", 100));
	assert_int_equal(wd_store_revoked(f->s, "lease", "x", 100),
	    WD_R_REVOKED_BY_OPERATOR);
	assert_int_equal(
	    wd_store_revoked(f->s, "lease", "x", 99), WD_R_REVOKED_BY_OPERATOR);
	t_ok(wd_store_revoked(f->s, "lease", "x", 101));
	t_ok(wd_store_revoked(f->s, "lease", "y", 1));
	t_ok(wd_store_revoked(f->s, "key", "x", 1));
	t_ok(wd_store_revoke(f->s, "lease", "x", 200));
	t_ok(wd_store_revoke(f->s, "lease", "x", 150));
	assert_int_equal(wd_store_revoked(f->s, "lease", "x", 200),
	    WD_R_REVOKED_BY_OPERATOR);
}

struct heard {
	char kinds[64];
	uint64_t last;
	unsigned n;
};

static int
see(void *ctx, const struct wd_store_revocation *x)
{
	struct heard *seen = ctx;

	assert_true(x->number > seen->last);
	seen->last = x->number;
	seen->kinds[seen->n++] = x->kind[0];
	return 0;
}

static void
revocations_are_told_in_the_order_in_which_they_came(void **state)
{
	struct fixture *f = *state;
	struct heard all = { 0 }, some = { 0 }, none = { 0 };
	uint64_t last = 7;

	t_ok(wd_store_revoked_last(f->s, &last));
	assert_int_equal(last, 0);
	t_ok(wd_store_revoke(f->s, "session", "x", 100));
	t_ok(wd_store_revoke(f->s, "key", "x", 50));
	t_ok(wd_store_revoke(f->s, "lease", "x", 70));
	t_ok(wd_store_revoked_last(f->s, &last));
	assert_int_equal(last, 3);
	/* once more: it comes again, as the last */
	t_ok(wd_store_revoke(f->s, "session", "x", 90));
	t_ok(wd_store_revoked_after(f->s, 0, 10, see, &all));
	assert_string_equal(all.kinds, "kls");
	assert_int_equal(all.last, 4);
	t_ok(wd_store_revoked_after(f->s, 2, 1, see, &some));
	assert_string_equal(some.kinds, "l");
	t_ok(wd_store_revoked_after(f->s, 4, 10, see, &none));
	t_ok(wd_store_revoked_after(f->s, UINT64_MAX, 10, see, &none));
	assert_int_equal(none.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(secret_is_replaced_by_higher_versions_only),
		with_store(
		    deleted_secret_is_gone_but_its_versions_do_not_come_back),
		with_store(secrets_below_a_prefix_are_listed_by_whole_segments),
		with_store(token_is_found_by_its_digest),
		with_store(tokens_are_listed_and_deleted),
		with_store(document_is_found_by_its_place_and_replaced),
		with_store(documents_are_visited_until_the_visitor_stops),
		with_store(revocation_holds_for_what_was_made_before_it),
		with_store(
		    revocations_are_told_in_the_order_in_which_they_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
