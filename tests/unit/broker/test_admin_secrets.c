#include "fixture.h"

#include "broker/secrets.h"

#include <stdio.h>
#include <string.h>

static int
put(struct t_broker *f, const char *path, struct wd_span bytes,
    const struct wd_id *policy)
{
	struct wd_msg_secret_put m = { t_head(f), .path = wd_span_text(path),
		.bytes = bytes };

	if (policy != NULL)
		m.policy = *policy;
	return t_call(f, WD_CALL_SECRET_PUT, &m);
}

static struct wd_msg_secret_record
written(struct t_broker *f, const char *path, const char *text)
{
	struct wd_msg_secret_record m;

	t_ok(put(f, path, wd_span_text(text), NULL));
	t_reply(f, WD_CALL_SECRET_PUT, &m);
	return m;
}

static int
ask(struct t_broker *f, enum wd_call call, const char *path)
{
	struct wd_msg_secret_ask m = { t_head(f), .path = wd_span_text(path) };

	return t_call(f, call, &m);
}

static struct wd_span
value(struct t_broker *f, const char *path)
{
	struct wd_msg_secret_value m;

	t_ok(ask(f, WD_CALL_SECRET_GET, path));
	t_reply(f, WD_CALL_SECRET_GET, &m);
	return m.bytes;
}

/* ---- writing and reading */

static void
a_secret_is_read_as_it_was_written(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_secret_record m =
	    written(f, "app/db/password", "correct horse");

	assert_true(wd_span_is(m.path, "app/db/password"));
	assert_int_equal(m.version, 1);
	assert_int_equal(m.updated, f->now);
	assert_true(wd_id_is_none(&m.policy));
	t_logged(f, "\"event\":\"secret_put\"");
	t_logged(f, "\"path\":\"app/db/password\"");
	t_logged(f, "\"version\":1");
	t_not_logged(f, WD_SPAN_LIT("horse"));
	assert_true(wd_span_is(value(f, "app/db/password"), "correct horse"));
	t_logged(f, "\"event\":\"secret_get\"");
	t_logged(f, "\"version\":1");
	t_not_logged(f, WD_SPAN_LIT("horse"));
}

static void
each_write_is_a_version_and_none_comes_twice(void **state)
{
	struct t_broker *f = *state;

	assert_int_equal(written(f, "a/b/c", "one").version, 1);
	assert_int_equal(written(f, "a/b/c", "two").version, 2);
	assert_true(wd_span_is(value(f, "a/b/c"), "two"));
	t_ok(ask(f, WD_CALL_SECRET_DELETE, "a/b/c"));
	t_logged(f, "\"event\":\"secret_delete\"");
	t_logged(f, "\"path\":\"a/b/c\"");
	assert_int_equal(ask(f, WD_CALL_SECRET_GET, "a/b/c"), WD_R_NOT_FOUND);
	assert_int_equal(
	    ask(f, WD_CALL_SECRET_DELETE, "a/b/c"), WD_R_NOT_FOUND);
	assert_int_equal(written(f, "a/b/c", "three").version, 3);
}

static void
a_secret_has_one_byte_to_64_kib(void **state)
{
	struct t_broker *f = *state;
	static uint8_t bytes[65537];

	bytes[65535] = 7;
	assert_int_equal(put(f, "a/b/c", wd_span(NULL, 0), NULL), WD_R_RANGE);
	assert_int_equal(
	    put(f, "a/b/c", wd_span(bytes, 65537), NULL), WD_R_TOO_LARGE);
	t_ok(put(f, "a/b/c", wd_span(bytes, 65536), NULL));
	t_span_equal(value(f, "a/b/c"), wd_span(bytes, 65536));
	t_ok(put(f, "a/b/c", wd_span(bytes, 1), NULL));
	t_span_equal(value(f, "a/b/c"), wd_span(bytes, 1));
}

static void
paths_of_keys_cannot_be_written(void **state)
{
	struct t_broker *f = *state;
	static const char *const paths[] = {
		"default/key/01000000-0000-4000-8000-000000000000",
		"default/key/01000000-0000-4000-8000-000000000000.v1",
		"default/cert/01000000-0000-4000-8000-000000000000",
		"default/key/mine", "default/cert/mine", "default/key/",
		"default/public/mine"
	};

	for (size_t i = 0; i < WD_N(paths); i++) {
		assert_int_equal(
		    put(f, paths[i], WD_SPAN_LIT("x"), NULL), WD_R_CONFLICT);
		t_logged(f, "\"reason\":\"conflict\"");
		assert_int_equal(
		    ask(f, WD_CALL_SECRET_GET, paths[i]), WD_R_CONFLICT);
		assert_int_equal(
		    ask(f, WD_CALL_SECRET_DELETE, paths[i]), WD_R_CONFLICT);
	}
	(void)written(f, "default/keys/mine", "x");
	(void)written(f, "mine/key/01000000-0000-4000-8000-000000000000", "x");
}

static void
what_is_no_path_is_malformed(void **state)
{
	struct t_broker *f = *state;
	static const char *const paths[] = { "", "a", "a/b", "a/b/c/d", "a//c",
		"a/b/", "/b/c", "a/b/.c", "a/b/..", "a/b/c d", "a/b/\xc3\xbc" };
	char longest[WD_PATH_MAX + 2] = "a/b/";

	for (size_t i = 0; i < WD_N(paths); i++) {
		assert_int_equal(
		    put(f, paths[i], WD_SPAN_LIT("x"), NULL), WD_R_MALFORMED);
		assert_int_equal(
		    ask(f, WD_CALL_SECRET_GET, paths[i]), WD_R_MALFORMED);
		assert_int_equal(
		    ask(f, WD_CALL_SECRET_DELETE, paths[i]), WD_R_MALFORMED);
	}
	memset(longest + 4, 'c', WD_PATH_MAX + 1 - 4);
	assert_int_equal(
	    put(f, longest, WD_SPAN_LIT("x"), NULL), WD_R_MALFORMED);
	longest[WD_PATH_MAX] = '\0';
	t_ok(put(f, longest, WD_SPAN_LIT("x"), NULL));
	assert_true(wd_span_is(value(f, longest), "x"));
}

static void
a_secret_may_bind_its_own_path(void **state)
{
	struct t_broker *f = *state;
	struct wd_id one = t_add_policy(f, 1), two = t_add_policy(f, 2), bound;
	struct wd_msg_secret_record m;

	t_ok(wd_store_bind(f->b->store, "a", &one));
	m = written(f, "a/b/c", "x");
	t_span_equal(wd_id_span(&m.policy), wd_id_span(&one));
	t_logged(f, one.s);
	t_ok(put(f, "a/b/c", WD_SPAN_LIT("y"), &two));
	t_reply(f, WD_CALL_SECRET_PUT, &m);
	t_span_equal(wd_id_span(&m.policy), wd_id_span(&two));
	t_logged(f, two.s);
	t_ok(wd_store_bound(f->b->store, "a/b/d", &bound));
	t_span_equal(wd_id_span(&bound), wd_id_span(&one));
	m = written(f, "a/b/c", "z"); /* without a policy: it stays */
	t_span_equal(wd_id_span(&m.policy), wd_id_span(&two));
}

static void
binding_with_a_secret_needs_the_right_to_bind(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_secret_freep)
	struct wd_secret *one = t_add_token(f, "secrets:write");
	WD_AUTO(wd_secret_freep)
	struct wd_secret *both =
	    t_add_token(f, "secrets:write key_transfer_policies:bind");
	struct wd_msg_secret_put m = { t_head(f), .path = WD_SPAN_LIT("a/b/c"),
		.bytes = WD_SPAN_LIT("mine"), .policy = t_add_policy(f, 1) };
	struct wd_id bound;

	(void)written(f, "a/b/c", "theirs");
	m.token = wd_secret_borrow(one);
	assert_int_equal(t_call(f, WD_CALL_SECRET_PUT, &m), WD_R_PERMISSION);
	t_logged(f, "permission_denied");
	assert_true(wd_span_is(value(f, "a/b/c"), "theirs"));
	assert_int_equal(
	    wd_store_bound(f->b->store, "a/b/c", &bound), WD_R_NOT_FOUND);
	m.token = wd_secret_borrow(both);
	t_ok(t_call(f, WD_CALL_SECRET_PUT, &m));
	t_ok(wd_store_bound(f->b->store, "a/b/c", &bound));
}

static void
a_policy_that_is_not_there_undoes_the_write(void **state)
{
	struct t_broker *f = *state;
	struct wd_id none = t_id(60);

	(void)written(f, "a/b/c", "old");
	assert_int_equal(
	    put(f, "a/b/c", WD_SPAN_LIT("new"), &none), WD_R_NOT_FOUND);
	t_logged(f, none.s);
	assert_true(wd_span_is(value(f, "a/b/c"), "old"));
}

static void
a_sealed_server_neither_writes_nor_reads_secrets(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_secret_list_ask all = { t_head(f), .limit = 10 };

	(void)written(f, "a/b/c", "x");
	wd_broker_seal(f->b);
	assert_int_equal(put(f, "a/b/c", WD_SPAN_LIT("y"), NULL), WD_R_SEALED);
	assert_int_equal(ask(f, WD_CALL_SECRET_GET, "a/b/c"), WD_R_SEALED);
	t_ok(t_call(f, WD_CALL_SECRET_LIST, &all));
	assert_int_equal(ask(f, WD_CALL_SECRET_DELETE, "a/b/c"), WD_R_SEALED);
}

static void
a_secret_that_was_moved_does_not_open(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };

	(void)written(f, "a/b/c", "x");
	t_ok(wd_store_secret_get(f->b->store, "a/b/c", &x));
	x.path[4] = 'd';
	t_ok(wd_store_secret_put(f->b->store, &x));
	assert_int_equal(ask(f, WD_CALL_SECRET_GET, "a/b/d"), WD_R_TAMPERED);
	t_logged(f, "\"reason\":\"tampered\"");
}

/* ---- list */

static size_t
list(struct t_broker *f, const char *prefix, const char *after, uint32_t limit,
    bool *ret_more, char ret_last[WD_PATH_MAX + 1])
{
	struct wd_msg_secret_list_ask m = { t_head(f),
		.prefix = wd_span_text(prefix), .after = wd_span_text(after),
		.limit = limit };
	struct wd_msg_secret_list answer;
	struct wd_msg_secret_record row;
	struct wd_rd rd;
	size_t n = 0;

	t_ok(t_call(f, WD_CALL_SECRET_LIST, &m));
	t_reply(f, WD_CALL_SECRET_LIST, &answer);
	for (rd = wd_rd(answer.secrets); wd_rd_more(&rd); n++) {
		t_ok(wd_list_next(&rd, &wd_msg_secret_record_type, &row));
		assert_true(
		    wd_span_to_text(row.path, ret_last, WD_PATH_MAX + 1));
	}
	t_ok(wd_rd_end(&rd));
	*ret_more = answer.more;
	return n;
}

static void
secrets_are_listed_below_a_prefix_in_pages(void **state)
{
	struct t_broker *f = *state;
	char last[WD_PATH_MAX + 1], after[WD_PATH_MAX + 1];
	bool more;

	(void)written(f, "a/b/c", "1");
	(void)written(f, "a/b/d", "2");
	(void)written(f, "a/bb/c", "3");
	(void)written(f, "b/b/c", "4");
	assert_int_equal(list(f, "", "", 100, &more, last), 4);
	assert_false(more);
	assert_int_equal(list(f, "a", "", 100, &more, last), 3);
	assert_int_equal(list(f, "a/b", "", 100, &more, last), 2);
	assert_int_equal(list(f, "a/b/c", "", 100, &more, last), 1);
	t_logged(f, "\"event\":\"secret_list\"");
	t_logged(f, "\"path\":\"a/b/c\"");
	assert_int_equal(list(f, "a", "", 2, &more, last), 2);
	assert_true(more);
	wd_copy(after, WD_SPAN(last));
	assert_int_equal(list(f, "a", after, 2, &more, last), 1);
	assert_false(more);
	assert_string_equal(last, "a/bb/c");
	assert_int_equal(list(f, "c", "", 100, &more, last), 0);
}

static int
list_refused(
    struct t_broker *f, const char *prefix, const char *after, uint32_t limit)
{
	struct wd_msg_secret_list_ask m = { t_head(f),
		.prefix = wd_span_text(prefix), .after = wd_span_text(after),
		.limit = limit };

	return t_call(f, WD_CALL_SECRET_LIST, &m);
}

static void
a_list_of_secrets_out_of_its_form_is_refused(void **state)
{
	struct t_broker *f = *state;

	assert_int_equal(list_refused(f, "", "", 0), WD_R_RANGE);
	assert_int_equal(list_refused(f, "", "", 101), WD_R_RANGE);
	assert_int_equal(list_refused(f, "a/", "", 10), WD_R_MALFORMED);
	assert_int_equal(list_refused(f, "", "a//b", 10), WD_R_MALFORMED);
}

static void
without_memory_secrets_stay_as_they_are(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_secret_put m = { t_head(f), .path = WD_SPAN_LIT("a/b/c"),
		.bytes = WD_SPAN_LIT("new") };
	struct wd_msg_secret_ask one = { t_head(f),
		.path = WD_SPAN_LIT("a/b/c") };
	struct wd_msg_secret_list_ask all = { t_head(f), .limit = 10 };

	m.policy = t_add_policy(f, 1);
	t_torture(f, WD_CALL_SECRET_PUT, &m, NULL);
	(void)written(f, "a/b/c", "old");
	t_torture(f, WD_CALL_SECRET_PUT, &m, NULL);
	t_torture(f, WD_CALL_SECRET_GET, &one, NULL);
	t_torture(f, WD_CALL_SECRET_LIST, &all, NULL);
	t_torture(f, WD_CALL_SECRET_DELETE, &one, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_secret_is_read_as_it_was_written),
		with_broker(each_write_is_a_version_and_none_comes_twice),
		with_broker(a_secret_has_one_byte_to_64_kib),
		with_broker(paths_of_keys_cannot_be_written),
		with_broker(what_is_no_path_is_malformed),
		with_broker(a_secret_may_bind_its_own_path),
		with_broker(binding_with_a_secret_needs_the_right_to_bind),
		with_broker(a_policy_that_is_not_there_undoes_the_write),
		with_broker(a_sealed_server_neither_writes_nor_reads_secrets),
		with_broker(a_secret_that_was_moved_does_not_open),
		with_broker(secrets_are_listed_below_a_prefix_in_pages),
		with_broker(a_list_of_secrets_out_of_its_form_is_refused),
		with_broker(without_memory_secrets_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
