/*
 * Keys and secrets that the HSM wraps too: what is needed of it, and that
 * nothing opens without it. An HSM is two bytes of a blob and a key here.
 */
#include "fixture.h"

#include "broker/admin_hsm.h"
#include "broker/count.h"
#include "broker/rewrap.h"
#include "broker/secrets.h"
#include "broker/unwrapped.h"

#include <string.h>

static const uint8_t key_1[WD_SEALWRAP_KEY] = { 1, 1 };
static const uint8_t key_2[WD_SEALWRAP_KEY] = { 2, 2 };

static struct wd_sealwrap
pair(int n)
{
	return n == 1
	    ? (struct wd_sealwrap){ WD_SPAN_LIT("b1"), WD_SPAN(key_1) }
	    : (struct wd_sealwrap){ WD_SPAN_LIT("b2"), WD_SPAN(key_2) };
}

/* As t_call(), with what the HSM gave; N 0: nothing. */
static int
call(struct t_broker *f, enum wd_call what, const void *msg, int n)
{
	struct wd_sealwrap w = pair(n);
	struct wd_admin_found found = { .wraps = &w, .n_wraps = 1 };

	return t_call_found(f, what, msg, n == 0 ? NULL : &found);
}

static int
put(struct t_broker *f, const char *path, const char *text, bool mark, int n)
{
	struct wd_msg_secret_put m = { t_head(f), .path = wd_span_text(path),
		.bytes = wd_span_text(text), .seal_wrap = mark };

	return call(f, WD_CALL_SECRET_PUT, &m, n);
}

static int
get(struct t_broker *f, const char *path, int n)
{
	struct wd_msg_secret_ask m = { t_head(f), .path = wd_span_text(path) };

	return call(f, WD_CALL_SECRET_GET, &m, n);
}

static void
expect_secret(struct t_broker *f, const char *text)
{
	struct wd_msg_secret_value m;

	t_reply(f, WD_CALL_SECRET_GET, &m);
	t_span_equal(m.bytes, wd_span_text(text));
}

static uint64_t
marked(struct t_broker *f)
{
	uint64_t n = 99;

	t_ok(wd_store_hsm_count(f->b->store, &n));
	return n;
}

static void
a_marked_secret_opens_with_the_hsm_alone(void **state)
{
	struct t_broker *f = *state;

	t_ok(put(f, "a/b/c", "horse", true, 1));
	t_logged(f, "wrapped by the HSM");
	assert_int_equal(marked(f), 1);
	assert_int_equal(get(f, "a/b/c", 0), WD_R_HSM_UNAVAILABLE);
	t_logged(f, "hsm_unavailable");
	assert_int_equal(get(f, "a/b/c", 2), WD_R_HSM_UNAVAILABLE);
	t_ok(get(f, "a/b/c", 1));
	expect_secret(f, "horse");
	assert_int_equal(get(f, "a/b/c", 0), WD_R_HSM_UNAVAILABLE);
}

static void
a_mark_without_the_hsm_is_refused_and_nothing_stored(void **state)
{
	struct t_broker *f = *state;

	assert_int_equal(
	    put(f, "a/b/c", "horse", true, 0), WD_R_HSM_UNAVAILABLE);
	assert_int_equal(get(f, "a/b/c", 0), WD_R_NOT_FOUND);
	assert_int_equal(marked(f), 0);
}

static void
what_is_written_over_a_mark_keeps_it(void **state)
{
	struct t_broker *f = *state;

	t_ok(put(f, "a/b/c", "one", true, 1));
	assert_int_equal(
	    put(f, "a/b/c", "two", false, 0), WD_R_HSM_UNAVAILABLE);
	t_ok(put(f, "a/b/c", "two", false, 2));
	assert_int_equal(get(f, "a/b/c", 1), WD_R_HSM_UNAVAILABLE);
	t_ok(get(f, "a/b/c", 2));
	expect_secret(f, "two");
	assert_int_equal(marked(f), 1);
}

/* Whoever can write the database and has the keyring, but not the HSM. */
static void
a_mark_that_is_taken_off_in_the_database_opens_nothing(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };

	t_ok(put(f, "a/b/c", "horse", true, 1));
	t_ok(wd_store_secret_get(f->b->store, "a/b/c", &x));
	x.hsm = false;
	x.version++;
	t_ok(wd_store_secret_put(f->b->store, &x));
	assert_int_equal(get(f, "a/b/c", 1), WD_R_TAMPERED);
	x.hsm = true;
	x.version++;
	t_ok(wd_store_secret_put(f->b->store, &x));
	assert_int_equal(get(f, "a/b/c", 1), WD_R_TAMPERED);
}

static void
a_mark_that_is_taken_off_in_the_database_is_not_lost_at_the_next_write(
    void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };
	struct wd_store_wrapped row = { .version = 1 };

	t_ok(put(f, "a/b/c", "horse", true, 1));
	t_ok(wd_store_secret_get(f->b->store, "a/b/c", &x));
	wd_copy(row.row, WD_SPAN(x.path));
	row.bytes = x.wrapped;
	t_ok(wd_store_wrapped_set_hsm(f->b->store, WD_WRAPPED_SECRETS, &row,
	    wd_bytes_span(x.wrapped), false));
	assert_int_equal(put(f, "a/b/c", "two", false, 0), WD_R_TAMPERED);
	t_logged(f, "tampered");
	assert_int_equal(put(f, "a/b/c", "two", false, 1), WD_R_TAMPERED);
	t_ok(put(f, "a/b/c", "two", true, 1));
	assert_int_equal(get(f, "a/b/c", 0), WD_R_HSM_UNAVAILABLE);
	assert_int_equal(marked(f), 1);
}

/* The keyring alone, which is what the root key opens. */
static void
a_wrapped_row_moved_by_the_keyrings_owner_does_not_open(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_store_secret_done) struct wd_store_secret x = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *inner = NULL;
	struct wd_rest from = wd_rest_by_hsm(wd_rest_of_path("a/b/c", 1));
	struct wd_rest to = wd_rest_by_hsm(wd_rest_of_path("a/b/d", 1));

	t_ok(put(f, "a/b/c", "horse", true, 1));
	t_ok(wd_store_secret_get(f->b->store, "a/b/c", &x));
	t_ok(wd_keyring_decrypt(
	    &f->b->ring, &from, wd_bytes_span(x.wrapped), &inner));
	assert_null(memmem(
	    wd_secret_borrow(inner).p, wd_secret_len(inner), "horse", 5));
	wd_store_secret_done(&x);
	t_ok(wd_keyring_encrypt(
	    &f->b->ring, &to, wd_secret_borrow(inner), &x.wrapped));
	wd_copy(x.path, WD_SPAN_LIT("a/b/d\0"));
	t_ok(wd_store_secret_put(f->b->store, &x));
	assert_int_equal(get(f, "a/b/d", 1), WD_R_TAMPERED);
}

static void
another_term_takes_no_hsm_and_keeps_the_mark(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_AES256,
		.seal_wrap = true, .stays = true };
	struct wd_rewrap w = { 0 };
	int r = 0;

	t_ok(put(f, "a/b/c", "horse", true, 1));
	t_ok(call(f, WD_CALL_KEY_CREATE, &m, 2));
	t_ok(wd_keyring_add_term(&f->b->ring));
	t_ok(wd_count_begin(f->b, f->now, NULL));
	while (r == 0)
		r = wd_rewrap_some(f->b, &w, f->now, NULL);
	assert_int_equal(r, WD_R_NOT_FOUND);
	assert_int_equal(w.bad, 0);
	t_ok(wd_keyring_drop_before(&f->b->ring, 2));
	assert_int_equal(marked(f), 2);
	assert_int_equal(get(f, "a/b/c", 0), WD_R_HSM_UNAVAILABLE);
	t_ok(get(f, "a/b/c", 1));
	expect_secret(f, "horse");
}

static struct wd_msg_key_record
made(struct t_broker *f, bool stays, int n)
{
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_P256,
		.seal_wrap = true, .stays = stays };
	struct wd_msg_key_record got;

	t_ok(call(f, WD_CALL_KEY_CREATE, &m, n));
	t_reply(f, WD_CALL_KEY_CREATE, &got);
	return got;
}

static void
a_version_of_a_marked_key_is_marked_too(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_record key = made(f, false, 1);
	struct wd_msg_key_csr_ask m = { t_head(f), .id = key.id,
		.subject = WD_SPAN_LIT("CN=x") };

	assert_true(key.seal_wrap);
	m.id = key.id;
	assert_int_equal(
	    call(f, WD_CALL_KEY_ROTATE, &m, 0), WD_R_HSM_UNAVAILABLE);
	t_ok(call(f, WD_CALL_KEY_ROTATE, &m, 2));
	assert_int_equal(marked(f), 2);
	assert_int_equal(call(f, WD_CALL_KEY_CSR, &m, 1), WD_R_HSM_UNAVAILABLE);
	t_ok(call(f, WD_CALL_KEY_CSR, &m, 2));
}

static void
a_key_whose_mark_is_taken_off_in_the_database_has_no_next_version(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_msg_key_record key = made(f, false, 1);
	struct wd_msg_key_csr_ask m = { t_head(f), .id = key.id };
	struct wd_store_wrapped row = { .version = 1 };

	t_ok(wd_store_version_get(f->b->store, &key.id, 0, &v));
	wd_copy(row.row, WD_SPAN(v.key.s));
	row.bytes = v.wrapped;
	t_ok(wd_store_wrapped_set_hsm(f->b->store, WD_WRAPPED_VERSIONS, &row,
	    wd_bytes_span(v.wrapped), false));
	assert_int_equal(call(f, WD_CALL_KEY_ROTATE, &m, 0), WD_R_TAMPERED);
	assert_int_equal(marked(f), 0);
}

static void
a_mark_is_put_on_and_taken_off_all_versions(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create create = { t_head(f), .kind = WD_KEY_P256,
		.stays = true };
	struct wd_msg_key_record key;
	struct wd_msg_key_csr_ask rotate = { t_head(f) };
	struct wd_msg_key_hsm m = { t_head(f), .seal_wrap = true };
	WD_AUTO(wd_hsm_plan_done) struct wd_hsm_plan p = { 0 };
	WD_AUTO(wd_store_version_done) struct wd_store_version v = { 0 };
	struct wd_diag d = { 0 };
	bool stays = false;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, &create));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	m.id = rotate.id = key.id;
	t_ok(t_call(f, WD_CALL_KEY_ROTATE, &rotate));
	assert_int_equal(call(f, WD_CALL_KEY_HSM, &m, 0), WD_R_HSM_UNAVAILABLE);
	assert_int_equal(marked(f), 0);
	t_ok(wd_admin_hsm_plan(f->b, WD_CALL_KEY_HSM, &m, &p, &d));
	assert_true(p.wrap);
	t_ok(call(f, WD_CALL_KEY_HSM, &m, 1));
	t_logged(f, "\"event\":\"key_seal_wrap\"");
	assert_int_equal(marked(f), 2);
	t_ok(wd_store_version_get(f->b->store, &m.id, 1, &v));
	t_ok(wd_secret_key_stays(f->b, &v, &stays, &d));
	assert_true(stays);
	m.seal_wrap = false;
	t_ok(wd_admin_hsm_plan(f->b, WD_CALL_KEY_HSM, &m, &p, &d));
	assert_false(p.wrap);
	assert_int_equal(p.n, 2);
	t_span_equal(wd_bytes_span(p.blobs[1]), WD_SPAN_LIT("b1"));
	assert_int_equal(call(f, WD_CALL_KEY_HSM, &m, 2), WD_R_HSM_UNAVAILABLE);
	assert_int_equal(marked(f), 2);
	t_ok(call(f, WD_CALL_KEY_HSM, &m, 1));
	assert_int_equal(marked(f), 0);
}

static void
a_secrets_mark_is_put_on_and_taken_off(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_secret_hsm m = { t_head(f), .path = WD_SPAN_LIT("a/b/c"),
		.seal_wrap = true };
	struct wd_msg_secret_record got;

	t_ok(put(f, "a/b/c", "horse", false, 0));
	t_ok(call(f, WD_CALL_SECRET_HSM, &m, 1));
	t_reply(f, WD_CALL_SECRET_HSM, &got);
	assert_true(got.seal_wrap);
	assert_int_equal(got.version, 1);
	assert_int_equal(get(f, "a/b/c", 0), WD_R_HSM_UNAVAILABLE);
	m.seal_wrap = false;
	assert_int_equal(
	    call(f, WD_CALL_SECRET_HSM, &m, 0), WD_R_HSM_UNAVAILABLE);
	t_ok(call(f, WD_CALL_SECRET_HSM, &m, 1));
	t_ok(get(f, "a/b/c", 0));
	expect_secret(f, "horse");
}

/* To take a protection off is a right of its own. */
static void
to_unwrap_is_another_right_than_to_write(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_secret_hsm m = { t_head(f), .path = WD_SPAN_LIT("a/b/c"),
		.seal_wrap = true };
	WD_AUTO(wd_secret_freep)
	struct wd_secret *token = t_add_token(f, "secrets:write");

	t_ok(put(f, "a/b/c", "horse", false, 0));
	m.token = wd_secret_borrow(token);
	t_ok(call(f, WD_CALL_SECRET_HSM, &m, 1));
	m.seal_wrap = false;
	assert_int_equal(call(f, WD_CALL_SECRET_HSM, &m, 1), WD_R_PERMISSION);
	assert_int_equal(marked(f), 1);
}

static void
only_what_rests_here_can_be_marked(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_AES256,
		.seal_wrap = true, .backend = WD_SPAN_LIT("elsewhere") };

	assert_int_equal(call(f, WD_CALL_KEY_CREATE, &m, 1), WD_R_UNSUPPORTED);
}

static void
what_was_opened_is_kept_when_that_is_configured_and_then_wiped(void **state)
{
	struct t_broker *f = *state;

	t_ok(put(f, "a/b/c", "horse", true, 1));
	f->b->unwrapped_seconds = 60;
	t_ok(get(f, "a/b/c", 1));
	t_ok(get(f, "a/b/c", 0));
	expect_secret(f, "horse");
	f->b->unwrapped[0].until = 1;
	assert_int_equal(get(f, "a/b/c", 0), WD_R_HSM_UNAVAILABLE);
	assert_non_null(f->b->unwrapped[0].key);
	wd_unwrapped_tick(f->b);
	assert_null(f->b->unwrapped[0].key);
	t_ok(get(f, "a/b/c", 1));
	wd_broker_seal(f->b);
	for (size_t i = 0; i < WD_UNWRAPPED_KEPT; i++)
		assert_null(f->b->unwrapped[i].key);
}

/* The clock goes on between two looks at it. */
static void
a_key_that_ends_while_it_is_used_is_not_read_when_it_is_gone(void **state)
{
	struct t_broker *f = *state;
	struct wd_span blob = WD_SPAN_LIT("b1"), key;

	f->b->unwrapped_seconds = 60;
	wd_unwrapped_keep(f->b, blob, WD_SPAN(key_1));
	key = wd_unwrapped_find(f->b, blob);
	f->b->unwrapped[0].until = 1;
	wd_unwrapped_keep(f->b, blob, key);
	t_span_equal(wd_unwrapped_find(f->b, blob), WD_SPAN(key_1));
}

/* Bounded in number too: what ends first makes room. */
static void
only_so_many_are_kept(void **state)
{
	struct t_broker *f = *state;
	size_t n = 0;

	f->b->unwrapped_seconds = 60;
	for (uint8_t i = 0; i < WD_UNWRAPPED_KEPT + 5; i++)
		wd_unwrapped_keep(f->b, wd_span(&i, 1), WD_SPAN(key_1));
	for (uint8_t i = 0; i < WD_UNWRAPPED_KEPT + 5; i++)
		n += wd_unwrapped_find(f->b, wd_span(&i, 1)).len > 0;
	assert_int_equal(n, WD_UNWRAPPED_KEPT);
}

static void
a_change_of_marks_is_whole_or_not_at_all(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_secret_hsm m = { t_head(f), .path = WD_SPAN_LIT("a/b/c"),
		.seal_wrap = true };
	struct wd_msg_key_hsm k = { t_head(f) };
	struct wd_sealwrap w = pair(1);
	struct wd_admin_found found = { .wraps = &w, .n_wraps = 1 };

	t_ok(put(f, "a/b/c", "horse", false, 0));
	t_torture(f, WD_CALL_SECRET_HSM, &m, &found);
	k.id = made(f, false, 1).id;
	t_torture(f, WD_CALL_KEY_HSM, &k, &found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_marked_secret_opens_with_the_hsm_alone),
		with_broker(
		    a_mark_without_the_hsm_is_refused_and_nothing_stored),
		with_broker(what_is_written_over_a_mark_keeps_it),
		with_broker(
		    a_mark_that_is_taken_off_in_the_database_opens_nothing),
		with_broker(
		    a_mark_that_is_taken_off_in_the_database_is_not_lost_at_the_next_write),
		with_broker(
		    a_wrapped_row_moved_by_the_keyrings_owner_does_not_open),
		with_broker(another_term_takes_no_hsm_and_keeps_the_mark),
		with_broker(a_version_of_a_marked_key_is_marked_too),
		with_broker(
		    a_key_whose_mark_is_taken_off_in_the_database_has_no_next_version),
		with_broker(a_mark_is_put_on_and_taken_off_all_versions),
		with_broker(a_secrets_mark_is_put_on_and_taken_off),
		with_broker(to_unwrap_is_another_right_than_to_write),
		with_broker(only_what_rests_here_can_be_marked),
		with_broker(
		    what_was_opened_is_kept_when_that_is_configured_and_then_wiped),
		with_broker(
		    a_key_that_ends_while_it_is_used_is_not_read_when_it_is_gone),
		with_broker(only_so_many_are_kept),
		with_broker(a_change_of_marks_is_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
