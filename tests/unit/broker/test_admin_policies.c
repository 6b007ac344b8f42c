#include "fixture.h"

#include "base/alloc.h"
#include "crypto/hash.h"
#include "policy/text.h"

#include <stdio.h>
#include <string.h>

/* Adds a policy by the call; the answer is told, and FLAT stays the caller's
 * to free. */
static int
add(struct t_broker *f, const struct wd_id *id, const struct wd_bytes *flat,
    const char *prefix)
{
	struct wd_msg_policy_add m = { t_head(f), .flat = wd_bytes_span(flat),
		.prefix = wd_span_text(prefix) };

	if (id != NULL)
		m.id = *id;
	return t_call(f, WD_CALL_POLICY_ADD, &m);
}

static struct wd_msg_policy_record
added(struct t_broker *f, uint8_t signer, const char *prefix)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(signer);
	struct wd_msg_policy_record m;

	t_ok(add(f, NULL, flat, prefix));
	t_reply(f, WD_CALL_POLICY_ADD, &m);
	return m;
}

static int
bind_to(struct t_broker *f, const char *prefix, const struct wd_id *id)
{
	struct wd_msg_policy_bind m = { t_head(f),
		.prefix = wd_span_text(prefix) };

	if (id != NULL)
		m.id = *id;
	return t_call(f, WD_CALL_POLICY_BIND, &m);
}

static int
ask(struct t_broker *f, enum wd_call call, const struct wd_id *id)
{
	struct wd_msg_policy_ask m = { t_head(f), .id = *id };

	return t_call(f, call, &m);
}

static void
version_of(const struct wd_bytes *flat, uint8_t ret[32])
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;

	t_ok(wd_policy_adopt(wd_bytes_span(flat), NULL, &p));
	t_ok(wd_policy_version(p, ret));
}

/* ---- adding */

static void
a_policy_is_added_under_the_digest_of_its_text(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(1);
	struct wd_msg_policy_record m;
	uint8_t version[32];
	char hex[65];

	m = added(f, 1, "");
	version_of(flat, version);
	assert_memory_equal(m.version.b, version, 32);
	t_span_equal(m.flat, wd_bytes_span(flat));
	assert_int_equal(m.created, f->now);
	assert_int_equal(m.updated, f->now);
	assert_int_equal(m.prefixes.len, 0);
	t_logged(f, "\"event\":\"policy_add\"");
	t_logged(f, m.id.s);
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", version[i]);
	t_logged(f, hex);
}

static void
a_changed_policy_keeps_its_id_and_first_date(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(2);
	struct wd_id id = added(f, 1, "").id;
	struct wd_msg_policy_record m;
	uint8_t version[32];

	f->now += 60;
	t_ok(add(f, &id, flat, ""));
	t_reply(f, WD_CALL_POLICY_ADD, &m);
	t_span_equal(wd_id_span(&m.id), wd_id_span(&id));
	version_of(flat, version);
	assert_memory_equal(m.version.b, version, 32);
	assert_int_equal(m.created, f->now - 60);
	assert_int_equal(m.updated, f->now);
	t_logged(f, "\"detail\":\"new version\"");
}

static void
a_version_of_what_is_not_there_is_not_found(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(2);
	struct wd_id id = t_id(70);
	uint64_t n;

	assert_int_equal(add(f, &id, flat, ""), WD_R_NOT_FOUND);
	t_logged(f, id.s);
	t_ok(wd_store_policy_count(f->b->store, &n));
	assert_int_equal(n, 0);
}

static void
a_policy_with_anything_odd_is_malformed(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(1);
	uint64_t n;

	for (size_t len = 0; len < flat->len; len++) {
		struct wd_msg_policy_add m = { t_head(f),
			.flat = wd_span(flat->p, len) };

		assert_int_equal(
		    t_call(f, WD_CALL_POLICY_ADD, &m), WD_R_MALFORMED);
	}
	t_ok(wd_store_policy_count(f->b->store, &n));
	assert_int_equal(n, 0);
}

static void
a_policy_over_64_kib_is_too_large(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = wd_bytes_new(65537);

	assert_int_equal(add(f, NULL, flat, ""), WD_R_TOO_LARGE);
}

static void
a_new_version_is_a_right_of_its_own(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(2);
	WD_AUTO(wd_secret_freep)
	struct wd_secret *creator =
	    t_add_token(f, "key_transfer_policies:create");
	WD_AUTO(wd_secret_freep)
	struct wd_secret *updater =
	    t_add_token(f, "key_transfer_policies:update");
	struct wd_msg_policy_add m = { t_head(f), .flat = wd_bytes_span(flat) };

	m.token = wd_secret_borrow(updater);
	assert_int_equal(t_call(f, WD_CALL_POLICY_ADD, &m), WD_R_PERMISSION);
	m.token = wd_secret_borrow(creator);
	t_ok(t_call(f, WD_CALL_POLICY_ADD, &m));
	m.id = t_add_policy(f, 1);
	assert_int_equal(t_call(f, WD_CALL_POLICY_ADD, &m), WD_R_PERMISSION);
	m.token = wd_secret_borrow(updater);
	t_ok(t_call(f, WD_CALL_POLICY_ADD, &m));
}

static void
adding_with_a_prefix_needs_the_right_to_bind(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(2);
	WD_AUTO(wd_secret_freep)
	struct wd_secret *one = t_add_token(f, "key_transfer_policies:create");
	WD_AUTO(wd_secret_freep)
	struct wd_secret *both = t_add_token(
	    f, "key_transfer_policies:create key_transfer_policies:bind");
	struct wd_msg_policy_add m = { t_head(f), .flat = wd_bytes_span(flat),
		.prefix = WD_SPAN_LIT("app") };
	struct wd_id bound;

	m.token = wd_secret_borrow(one);
	assert_int_equal(t_call(f, WD_CALL_POLICY_ADD, &m), WD_R_PERMISSION);
	assert_int_equal(
	    wd_store_bound(f->b->store, "app/a/b", &bound), WD_R_NOT_FOUND);
	m.token = wd_secret_borrow(both);
	t_ok(t_call(f, WD_CALL_POLICY_ADD, &m));
	t_ok(wd_store_bound(f->b->store, "app/a/b", &bound));
}

static void
a_prefix_that_cannot_be_bound_undoes_the_policy(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(2);
	uint64_t n;

	assert_int_equal(add(f, NULL, flat, "a//b"), WD_R_MALFORMED);
	assert_int_equal(add(f, NULL, flat, "default/key"), WD_R_CONFLICT);
	t_ok(wd_store_policy_count(f->b->store, &n));
	assert_int_equal(n, 0);
}

/* ---- binding */

static void
the_longest_bound_prefix_decides(void **state)
{
	struct t_broker *f = *state;
	struct wd_id one = added(f, 1, "app").id;
	struct wd_id two = added(f, 2, "").id;
	struct wd_id bound;

	t_ok(bind_to(f, "app/db", &two));
	t_logged(f, "\"event\":\"policy_bind\"");
	t_logged(f, "\"path\":\"app/db\"");
	t_logged(f, two.s);
	t_ok(wd_store_bound(f->b->store, "app/db/x", &bound));
	t_span_equal(wd_id_span(&bound), wd_id_span(&two));
	t_ok(wd_store_bound(f->b->store, "app/dbx/x", &bound));
	t_span_equal(wd_id_span(&bound), wd_id_span(&one));
	t_ok(bind_to(f, "app/db", NULL));
	t_logged(f, "\"detail\":\"unbound\"");
	t_ok(wd_store_bound(f->b->store, "app/db/x", &bound));
	t_span_equal(wd_id_span(&bound), wd_id_span(&one));
}

static void
only_what_is_there_is_bound_or_freed(void **state)
{
	struct t_broker *f = *state;
	struct wd_id none = t_id(80);

	assert_int_equal(bind_to(f, "app", &none), WD_R_NOT_FOUND);
	t_logged(f, "there is no such policy");
	assert_int_equal(bind_to(f, "app", NULL), WD_R_NOT_FOUND);
	t_logged(f, "there is no such binding");
}

static void
what_is_no_prefix_is_malformed(void **state)
{
	struct t_broker *f = *state;
	static const char *const texts[] = { "", "/", "a/", "/a", "a/b/c/d",
		".a", "a/..", "a b", "a/\xc3\xbc" };
	struct wd_id id = added(f, 1, "").id;

	for (size_t i = 0; i < WD_N(texts); i++)
		assert_int_equal(bind_to(f, texts[i], &id), WD_R_MALFORMED);
}

static void
paths_of_keys_cannot_be_bound(void **state)
{
	struct t_broker *f = *state;
	static const char *const texts[] = { "default/key", "default/cert",
		"default/public", "default/public/x", "default/key/x",
		"default/key/01000000-0000-4000-8000-000000000000",
		"default/cert/01000000-0000-4000-8000-000000000000.v2" };
	struct wd_id id = added(f, 1, "").id;

	for (size_t i = 0; i < WD_N(texts); i++)
		assert_int_equal(bind_to(f, texts[i], &id), WD_R_CONFLICT);
	t_ok(bind_to(f, "default", &id));
	t_ok(bind_to(f, "default/keys", &id));
	t_ok(bind_to(f, "defaults/key", &id));
}

static void
a_policy_has_no_more_prefixes_than_it_can_show(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = added(f, 1, "").id;
	struct wd_msg_policy_record m;
	char prefix[WD_PATH_MAX + 1];
	size_t n = 0;
	int r;

	do {
		memset(prefix, 'a', WD_PATH_MAX);
		prefix[WD_PATH_MAX] = '\0';
		prefix[0] = (char)('0' + n / 10);
		prefix[1] = (char)('0' + n % 10);
		r = bind_to(f, prefix, &id);
		n += r == 0;
	} while (r == 0 && n < 100);
	assert_int_equal(r, WD_R_TOO_LARGE);
	assert_int_equal(n, 16384 / (512 + 8));
	t_ok(ask(f, WD_CALL_POLICY_SHOW, &id));
	t_reply(f, WD_CALL_POLICY_SHOW, &m);
	assert_int_equal(m.prefixes.len, n * (512 + 8));
}

/* ---- showing, listing, deleting */

static void
a_policy_is_shown_with_its_prefixes(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = added(f, 1, "b/c").id;
	struct wd_msg_policy_record m;
	struct wd_msg_path_record p;
	struct wd_rd rd;

	t_ok(bind_to(f, "a", &id));
	t_ok(ask(f, WD_CALL_POLICY_SHOW, &id));
	t_reply(f, WD_CALL_POLICY_SHOW, &m);
	rd = wd_rd(m.prefixes);
	t_ok(wd_list_next(&rd, &wd_msg_path_record_type, &p));
	assert_true(wd_span_is(p.path, "a"));
	t_ok(wd_list_next(&rd, &wd_msg_path_record_type, &p));
	assert_true(wd_span_is(p.path, "b/c"));
	t_ok(wd_rd_end(&rd));
	t_logged(f, "\"event\":\"policy_show\"");
	t_logged(f, "\"policy_version\"");
	id = t_id(71);
	assert_int_equal(ask(f, WD_CALL_POLICY_SHOW, &id), WD_R_NOT_FOUND);
}

static size_t
list(struct t_broker *f, const struct wd_msg_policy_list_ask *m, bool *ret_more,
    struct wd_id *ret_last)
{
	struct wd_msg_policy_list answer;
	struct wd_msg_policy_record row;
	struct wd_rd rd;
	size_t n = 0;

	t_ok(t_call(f, WD_CALL_POLICY_LIST, m));
	t_reply(f, WD_CALL_POLICY_LIST, &answer);
	for (rd = wd_rd(answer.policies); wd_rd_more(&rd); n++) {
		t_ok(wd_list_next(&rd, &wd_msg_policy_record_type, &row));
		*ret_last = row.id;
	}
	t_ok(wd_rd_end(&rd));
	*ret_more = answer.more;
	return n;
}

static void
policies_are_listed_in_pages(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_policy_list_ask m = { t_head(f), .limit = 2 };
	struct wd_id last;
	bool more;

	for (uint8_t i = 1; i <= 3; i++)
		(void)t_add_policy(f, i);
	assert_int_equal(list(f, &m, &more, &last), 2);
	assert_true(more);
	m.after = last;
	assert_int_equal(list(f, &m, &more, &last), 1);
	assert_false(more);
	m.limit = 0;
	assert_int_equal(t_call(f, WD_CALL_POLICY_LIST, &m), WD_R_RANGE);
	m.limit = 101;
	assert_int_equal(t_call(f, WD_CALL_POLICY_LIST, &m), WD_R_RANGE);
}

static void
a_page_of_long_policies_ends_before_it_is_too_large(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_policy_list_ask m = { t_head(f), .limit = 100 };
	WD_AUTO(wd_store_policy_done) struct wd_store_policy p = { 0 };
	size_t n, all = 0;
	bool more = true;

	p.flat = wd_bytes_new(WD_POLICY_FLAT_MAX);
	for (uint8_t i = 1; i <= 40; i++) {
		p.id = t_id(i);
		t_ok(wd_store_policy_put(f->b->store, &p));
	}
	while (more) {
		n = list(f, &m, &more, &m.after);
		assert_true(n > 0);
		all += n;
	}
	assert_int_equal(all, 40);
}

static void
a_policy_is_deleted_when_nothing_needs_it(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = added(f, 1, "app").id;

	assert_int_equal(ask(f, WD_CALL_POLICY_DELETE, &id), WD_R_IN_USE);
	t_logged(f, "\"reason\":\"in_use\"");
	t_ok(bind_to(f, "app", NULL));
	t_ok(ask(f, WD_CALL_POLICY_DELETE, &id));
	t_logged(f, "\"event\":\"policy_delete\"");
	t_logged(f, id.s);
	assert_int_equal(ask(f, WD_CALL_POLICY_DELETE, &id), WD_R_NOT_FOUND);
}

static void
a_policy_of_a_key_is_in_use(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = added(f, 1, "").id;
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_AES128,
		.policy = id };

	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
	assert_int_equal(ask(f, WD_CALL_POLICY_DELETE, &id), WD_R_IN_USE);
}

static void
a_new_version_decides_from_the_next_look_on(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(2);
	struct wd_id id = added(f, 1, "").id;
	const struct wd_policy *policy;
	const uint8_t *version;
	uint8_t expected[32];

	t_ok(wd_broker_look(f->b, f->now, NULL));
	t_ok(wd_broker_policy(f->b, &id, &policy, &version, NULL));
	t_ok(add(f, &id, flat, ""));
	t_ok(wd_broker_look(f->b, f->now, NULL));
	t_ok(wd_broker_policy(f->b, &id, &policy, &version, NULL));
	version_of(flat, expected);
	assert_memory_equal(version, expected, 32);
}

static void
a_version_that_was_undone_decides_nothing(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(2);
	struct wd_msg_policy_record old = added(f, 1, "");
	struct wd_msg_policy_add m = { t_head(f), .id = old.id,
		.flat = wd_bytes_span(flat) };
	const struct wd_policy *policy;
	const uint8_t *version;

	wd_outcome_done(&f->out);
	f->out = (struct wd_outcome){ 0 };
	t_ok(
	    wd_admin_call(f->b, WD_CALL_POLICY_ADD, &m, NULL, f->now, &f->out));
	t_ok(wd_broker_look(f->b, f->now, NULL));
	t_ok(wd_broker_policy(f->b, &m.id, &policy, &version, NULL));
	assert_memory_not_equal(version, old.version.b, 32);
	t_ok(wd_admin_finish(f->b, false, NULL));
	t_ok(wd_broker_look(f->b, f->now, NULL));
	t_ok(wd_broker_policy(f->b, &m.id, &policy, &version, NULL));
	assert_memory_equal(version, old.version.b, 32);
}

static void
without_memory_policies_stay_as_they_are(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(2);
	struct wd_msg_policy_add m = { t_head(f), .flat = wd_bytes_span(flat),
		.prefix = WD_SPAN_LIT("app") };
	struct wd_msg_policy_bind change = { t_head(f),
		.prefix = WD_SPAN_LIT("app/db") };
	struct wd_msg_policy_ask one = { t_head(f) };
	struct wd_msg_policy_list_ask all = { t_head(f), .limit = 10 };

	t_torture(f, WD_CALL_POLICY_ADD, &m, NULL);
	m.id = one.id = change.id = added(f, 1, "").id;
	t_torture(f, WD_CALL_POLICY_ADD, &m, NULL);
	t_torture(f, WD_CALL_POLICY_BIND, &change, NULL);
	t_torture(f, WD_CALL_POLICY_SHOW, &one, NULL);
	t_torture(f, WD_CALL_POLICY_LIST, &all, NULL);
	t_torture(f, WD_CALL_POLICY_DELETE, &one, NULL);
}

/* Its MAC is as good as it was. */
static void
an_older_policy_that_is_put_back_is_not_used(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id = t_add_policy(f, 0x11);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *flat = t_policy_flat(0x22);
	WD_AUTO(wd_store_policy_done) struct wd_store_policy old = { 0 };
	const struct wd_msg_policy_add m = { t_head(f), .id = id,
		.flat = wd_bytes_span(flat) };
	const struct wd_policy *policy;
	const uint8_t *version;

	t_ok(wd_store_policy_get(f->b->store, &id, &old));
	t_ok(t_call(f, WD_CALL_POLICY_ADD, &m));
	t_ok(wd_broker_look(f->b, f->now, NULL));
	t_ok(wd_broker_policy(f->b, &id, &policy, &version, NULL));
	t_ok(wd_store_policy_put(f->b->store, &old));
	t_ok(wd_broker_look(f->b, f->now, NULL));
	assert_int_equal(
	    wd_broker_policy(f->b, &id, &policy, &version, NULL), WD_F_STORE);
	/* What the operator puts in its place counts. */
	t_ok(t_call(f, WD_CALL_POLICY_ADD, &m));
	t_ok(wd_broker_look(f->b, f->now, NULL));
	t_ok(wd_broker_policy(f->b, &id, &policy, &version, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(an_older_policy_that_is_put_back_is_not_used),
		with_broker(a_policy_is_added_under_the_digest_of_its_text),
		with_broker(a_changed_policy_keeps_its_id_and_first_date),
		with_broker(a_version_of_what_is_not_there_is_not_found),
		with_broker(a_policy_with_anything_odd_is_malformed),
		with_broker(a_policy_over_64_kib_is_too_large),
		with_broker(a_new_version_is_a_right_of_its_own),
		with_broker(adding_with_a_prefix_needs_the_right_to_bind),
		with_broker(a_prefix_that_cannot_be_bound_undoes_the_policy),
		with_broker(the_longest_bound_prefix_decides),
		with_broker(only_what_is_there_is_bound_or_freed),
		with_broker(what_is_no_prefix_is_malformed),
		with_broker(paths_of_keys_cannot_be_bound),
		with_broker(a_policy_has_no_more_prefixes_than_it_can_show),
		with_broker(a_policy_is_shown_with_its_prefixes),
		with_broker(policies_are_listed_in_pages),
		with_broker(
		    a_page_of_long_policies_ends_before_it_is_too_large),
		with_broker(a_policy_is_deleted_when_nothing_needs_it),
		with_broker(a_policy_of_a_key_is_in_use),
		with_broker(a_new_version_decides_from_the_next_look_on),
		with_broker(a_version_that_was_undone_decides_nothing),
		with_broker(without_memory_policies_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
