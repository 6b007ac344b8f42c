/*
 * Stored secrets come under the newest term of the keyring, wherever they lie,
 * and nothing else about them changes.
 */
#include "fixture.h"

#include "base/reason.h"
#include "broker/count.h"
#include "broker/remote.h"
#include "broker/rewrap.h"
#include "broker/secrets.h"

#include <stdio.h>

enum { MOST = 1000 };

static void
put_secret(struct t_broker *f, int n)
{
	char path[32], text[32];
	struct wd_msg_secret_put m = { t_head(f) };

	(void)snprintf(path, sizeof(path), "default/db/s%04d", n);
	(void)snprintf(text, sizeof(text), "secret %d", n);
	m.path = wd_span_text(path);
	m.bytes = wd_span_text(text);
	t_ok(t_call(f, WD_CALL_SECRET_PUT, &m));
}

static void
expect_secret(struct t_broker *f, int n)
{
	char path[32], text[32];
	struct wd_msg_secret_ask m = { t_head(f) };
	struct wd_msg_secret_value got;

	(void)snprintf(path, sizeof(path), "default/db/s%04d", n);
	(void)snprintf(text, sizeof(text), "secret %d", n);
	m.path = wd_span_text(path);
	t_ok(t_call(f, WD_CALL_SECRET_GET, &m));
	t_reply(f, WD_CALL_SECRET_GET, &got);
	t_span_equal(got.bytes, wd_span_text(text));
}

static struct wd_id
put_key(struct t_broker *f)
{
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_AES256 };
	struct wd_msg_key_record got;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
	t_reply(f, WD_CALL_KEY_CREATE, &got);
	return got.id;
}

static void
add_term(struct t_broker *f)
{
	t_ok(wd_keyring_add_term(&f->b->ring));
	t_ok(wd_count_begin(f->b, f->now, NULL));
}

/* A whole pass: how many steps it took. */
static int
pass(struct t_broker *f, struct wd_rewrap *w)
{
	for (int n = 1; n < MOST; n++) {
		int r = wd_rewrap_some(f->b, w, f->now, NULL);

		if (r == WD_R_NOT_FOUND)
			return n;
		t_ok(r);
	}
	fail();
	return 0;
}

static uint32_t
oldest(struct t_broker *f)
{
	uint32_t term = 0;

	t_ok(wd_rewrap_oldest(f->b, &term, NULL));
	return term;
}

static uint64_t
under(struct t_broker *f, uint32_t term)
{
	uint64_t n = 0;

	t_ok(wd_store_wrapped_count(f->b->store, term, MOST, &n));
	return n;
}

static void
rows_of_all_tables_come_under_the_newest_term(void **state)
{
	struct t_broker *f = *state;
	struct wd_rewrap w = { 0 };
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *before = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *after = NULL;
	struct wd_id key = put_key(f);

	t_ok(wd_store_version_get(f->b->store, &key, 0, &v));
	t_ok(wd_secret_open_key(f->b, &v, NULL, &before, NULL));
	wd_store_version_done(&v);
	for (int n = 0; n < 600; n++)
		put_secret(f, n);
	add_term(f);
	add_term(f);
	put_secret(f, 0); /* under the third already */
	assert_int_equal(under(f, 1), 600);
	assert_int_equal(oldest(f), 1);
	assert_true(pass(f, &w) > 3);
	assert_int_equal(w.done, 600);
	assert_int_equal(w.left + w.bad, 0);
	assert_int_equal(under(f, 1), 0);
	assert_int_equal(under(f, 3), 601);
	assert_int_equal(oldest(f), 3);
	t_ok(wd_keyring_drop_before(&f->b->ring, 3));
	for (int n = 0; n < 600; n++)
		expect_secret(f, n);
	t_ok(wd_store_version_get(f->b->store, &key, 0, &v));
	t_ok(wd_secret_open_key(f->b, &v, NULL, &after, NULL));
	t_span_equal(wd_secret_borrow(before), wd_secret_borrow(after));
}

static void
references_stay_references(void **state)
{
	struct t_broker *f = *state;
	struct wd_remote x = {
		.backend = "here", .kind = WD_BACKEND_VAULT, .locator = "a/b:1"
	};
	struct wd_store_key key = { .id = t_id(1),
		.kind = WD_KEY_AES256,
		.version = 1,
		.backend = "here",
		.created = 1 };
	WD_AUTO(wd_store_version_done)
	struct wd_store_version v = {
		.key = t_id(1), .version = 1, .created = 1
	};
	WD_AUTO(wd_store_version_done) struct wd_store_version got = { 0 };
	struct wd_rewrap w = { 0 };
	struct wd_remote y;

	t_ok(wd_remote_seal(f->b, &key.id, 1, &x, &v.wrapped, NULL));
	t_ok(wd_store_key_add(f->b->store, &key, &v));
	add_term(f);
	(void)pass(f, &w);
	assert_int_equal(w.done, 1);
	t_ok(wd_store_version_get(f->b->store, &key.id, 1, &got));
	assert_int_equal(got.wrapped->p[0], 2);
	t_ok(wd_remote_open(f->b, &key, &got, &y, NULL));
	assert_string_equal(y.locator, "a/b:1");
}

static void
keys_that_stay_stay(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_AES256,
		.stays = true };
	struct wd_msg_key_record made;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *plain = NULL;
	struct wd_rewrap w = { 0 };
	struct wd_diag d = { 0 };
	bool stays = false;
	struct wd_id id;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
	t_reply(f, WD_CALL_KEY_CREATE, &made);
	id = made.id;
	add_term(f);
	(void)pass(f, &w);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.bad, 0);
	t_ok(wd_store_version_get(f->b->store, &id, 0, &v));
	assert_int_equal(v.wrapped->p[0], 2);
	assert_int_equal(
	    wd_secret_open_key(f->b, &v, NULL, &plain, &d), WD_R_MAY_NOT_LEAVE);
	t_ok(wd_secret_use_key(f->b, &v, NULL, &plain, &stays, &d));
	assert_true(stays);
}

static void
what_does_not_open_stays_and_keeps_its_term(void **state)
{
	struct t_broker *f = *state;
	struct wd_store_secret x = { .path = "default/db/s0000", .version = 2 };
	struct wd_msg_secret_ask gone = { t_head(f),
		.path = WD_SPAN_LIT("default/db/s0000") };
	struct wd_rewrap w = { 0 };

	put_secret(f, 0);
	put_secret(f, 1);
	x.wrapped = wd_bytes_copy(
	    WD_SPAN_LIT("\1\0\0\0 not what any keyring has ever made"));
	t_ok(wd_store_secret_put(f->b->store, &x));
	wd_store_secret_done(&x);
	add_term(f);
	(void)pass(f, &w);
	assert_int_equal(w.bad, 1);
	assert_int_equal(w.left, 1);
	assert_int_equal(oldest(f), 1);
	(void)pass(f, &w); /* the next pass looks again, and no further */
	assert_int_equal(w.bad, 1);
	assert_int_equal(w.done, 0);
	t_ok(t_call(f, WD_CALL_SECRET_DELETE, &gone));
	put_secret(f, 0);
	(void)pass(f, &w);
	assert_int_equal(oldest(f), 2);
}

static void
each_row_is_a_use_and_too_many_are_left_alone(void **state)
{
	struct t_broker *f = *state;
	struct wd_rewrap w = { 0 };
	struct wd_uses u;
	enum wd_count what;

	for (int n = 0; n < 40; n++)
		put_secret(f, n);
	add_term(f);
	f->b->keyring_limit = 64;
	assert_int_equal(
	    wd_rewrap_some(f->b, &w, f->now, NULL), WD_R_UNAVAILABLE);
	assert_int_equal(under(f, 1), 40);
	f->b->keyring_limit = 80;
	(void)pass(f, &w);
	t_ok(wd_count_look(f->b, f->now, &u, &what, NULL));
	assert_int_equal(u.n, 40);
}

static void
a_keyring_of_one_term_has_nothing_to_do(void **state)
{
	struct t_broker *f = *state;
	struct wd_rewrap w = { 0 };

	put_secret(f, 0);
	assert_int_equal(pass(f, &w), 1);
	assert_int_equal(oldest(f), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(rows_of_all_tables_come_under_the_newest_term),
		with_broker(references_stay_references),
		with_broker(keys_that_stay_stay),
		with_broker(what_does_not_open_stays_and_keeps_its_term),
		with_broker(each_row_is_a_use_and_too_many_are_left_alone),
		with_broker(a_keyring_of_one_term_has_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
