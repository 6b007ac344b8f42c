#include "fixture.h"

#include <string.h>

/* ---- leases */

static void
add_leases(struct t_broker *f, uint8_t n)
{
	struct wd_store_lease rows[8];

	for (uint8_t i = 0; i < n; i++)
		rows[i] = (struct wd_store_lease){ .id = t_id(i),
			.session = t_id(100),
			.what = "default/key/x",
			.made = f->now,
			.expires = f->now + 60 };
	t_ok(wd_store_lease_add(f->b->store, rows, n));
}

static size_t
list(struct t_broker *f, const struct wd_msg_lease_list_ask *m, bool *ret_more,
    struct wd_id *ret_last)
{
	struct wd_msg_lease_list answer;
	struct wd_msg_lease_record row;
	struct wd_rd rd;
	size_t n = 0;

	t_ok(t_call(f, WD_CALL_LEASE_LIST, m));
	t_reply(f, WD_CALL_LEASE_LIST, &answer);
	for (rd = wd_rd(answer.leases); wd_rd_more(&rd); n++) {
		t_ok(wd_list_next(&rd, &wd_msg_lease_record_type, &row));
		assert_true(wd_span_is(row.what, "default/key/x"));
		assert_int_equal(row.expires - row.made, 60);
		*ret_last = row.id;
	}
	t_ok(wd_rd_end(&rd));
	*ret_more = answer.more;
	return n;
}

static void
leases_that_run_are_listed_in_pages(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_lease_list_ask m = { t_head(f), .limit = 3 };
	struct wd_id last;
	bool more;

	add_leases(f, 5);
	assert_int_equal(list(f, &m, &more, &last), 3);
	assert_true(more);
	t_logged(f, "\"event\":\"lease_list\"");
	m.after = last;
	assert_int_equal(list(f, &m, &more, &last), 2);
	assert_false(more);
	m.after = (struct wd_id){ { 0 } };
	f->now += 60;
	assert_int_equal(list(f, &m, &more, &last), 0);
	m.limit = 0;
	assert_int_equal(t_call(f, WD_CALL_LEASE_LIST, &m), WD_R_RANGE);
	m.limit = 101;
	assert_int_equal(t_call(f, WD_CALL_LEASE_LIST, &m), WD_R_RANGE);
}

/* ---- revoking */

#define ID "01000000-0000-4000-8000-00000000000a"
#define HEX16 "0123456789abcdef0123456789abcdef"
#define HEX32 HEX16 HEX16

static int
revoke(struct t_broker *f, const char *kind, const char *what)
{
	struct wd_msg_revoke m = { t_head(f), .kind = wd_span_text(kind),
		.what = wd_span_text(what) };

	return t_call(f, WD_CALL_REVOKE, &m);
}

struct row {
	const char *kind, *what, *stored;
};

static void
each_kind_is_stored_as_it_is_compared(void **state)
{
	struct t_broker *f = *state;
	static const struct row rows[] = {
		{ "lease", ID, ID },
		{ "session", "01000000-0000-4000-8000-00000000000A", ID },
		{ "key", ID, ID },
		{ "policy_version", "ABCDEF6789abcdef0123456789abcdef" HEX16,
		    "abcdef6789abcdef0123456789abcdef" HEX16 },
		{ "prefix", "app", "app" },
		{ "prefix", "app/db/x", "app/db/x" },
		{ "prefix", "default/key/" ID, "default/key/" ID },
		{ "platform", HEX16, HEX16 },
		{ "platform", HEX32 HEX32, HEX32 HEX32 },
		{ "measurement", HEX32, HEX32 },
		{ "measurement", HEX32 HEX16, HEX32 HEX16 },
		{ "measurement", HEX32 HEX32, HEX32 HEX32 },
	};

	for (size_t i = 0; i < WD_N(rows); i++) {
		const struct row *x = &rows[i];

		t_ok(wd_store_revoked(f->b->store, x->kind, x->stored, f->now));
		t_ok(revoke(f, x->kind, x->what));
		t_logged(f, "\"event\":\"revoke\"");
		t_logged(f, x->kind);
		t_logged(f, x->stored);
		assert_int_equal(
		    wd_store_revoked(f->b->store, x->kind, x->stored, f->now),
		    WD_R_REVOKED_BY_OPERATOR);
		t_ok(wd_store_revoked(
		    f->b->store, x->kind, x->stored, f->now + 1));
	}
}

static void
what_could_never_be_met_is_malformed(void **state)
{
	struct t_broker *f = *state;
	static const struct row rows[] = {
		{ "lease", "", NULL },
		{ "lease", "x", NULL },
		{ "session", "01000000-0000-1000-8000-00000000000a", NULL },
		{ "key", "default/key/" ID, NULL },
		{ "key", ID " ", NULL },
		{ "policy_version", HEX16, NULL },
		{ "policy_version", HEX32 "00", NULL },
		{ "policy_version", HEX16 HEX16 "0", NULL },
		{ "prefix", "", NULL },
		{ "prefix", "/app", NULL },
		{ "prefix", "app/", NULL },
		{ "prefix", "a/b/c/d", NULL },
		{ "prefix", "*", NULL },
		{ "platform", HEX16 "00", NULL },
		{ "platform", "g123456789abcdef0123456789abcdef", NULL },
		{ "measurement", HEX16, NULL },
		{ "measurement", HEX32 HEX32 "00", NULL },
		{ "measurement", "", NULL },
	};

	for (size_t i = 0; i < WD_N(rows); i++) {
		assert_int_equal(
		    revoke(f, rows[i].kind, rows[i].what), WD_R_MALFORMED);
		t_logged(f, "\"result\":\"deny\"");
		t_logged(f, rows[i].what);
	}
}

static void
a_revoked_lease_stands_in_the_entry_as_such(void **state)
{
	struct t_broker *f = *state;

	t_ok(revoke(f, "lease", ID));
	t_logged(f, "\"lease\":\"" ID "\"");
}

static void
a_kind_that_is_none_is_out_of_range(void **state)
{
	struct t_broker *f = *state;

	assert_int_equal(revoke(f, "", ID), WD_R_RANGE);
	assert_int_equal(revoke(f, "keys", ID), WD_R_RANGE);
	assert_int_equal(revoke(f, "Key", ID), WD_R_RANGE);
	assert_int_equal(revoke(f, "user", "alice"), WD_R_RANGE);
	t_logged(f, "user alice: kinds are");
}

static void
a_revoked_key_stands_in_the_entry_as_such(void **state)
{
	struct t_broker *f = *state;

	t_ok(revoke(f, "key", ID));
	t_logged(f, "\"key\":\"" ID "\"");
	t_ok(revoke(f, "session", ID));
	t_logged(f, "\"session\":\"" ID "\"");
}

static void
a_revocation_that_is_not_kept_is_undone(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_revoke m = { t_head(f), .kind = WD_SPAN_LIT("key"),
		.what = WD_SPAN_LIT(ID) };

	t_ok(wd_admin_call(f->b, WD_CALL_REVOKE, &m, NULL, f->now, &f->out));
	t_ok(wd_admin_finish(f->b, false, NULL));
	t_ok(wd_store_revoked(f->b->store, "key", ID, f->now));
}

/* ---- the log */

static void
the_log_is_passed_on_as_scribe_found_it(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_audit_ask m = { t_head(f), .from = 7, .limit = 20 };
	struct wd_msg_audit_entries tail = { .size = 9,
		.entries = WD_SPAN_LIT("records") };
	struct wd_admin_found found = { .tail = &tail };
	struct wd_msg_audit_entries answer;

	t_ok(t_call_found(f, WD_CALL_AUDIT_TAIL, &m, &found));
	t_reply(f, WD_CALL_AUDIT_TAIL, &answer);
	assert_int_equal(answer.size, 9);
	assert_true(wd_span_is(answer.entries, "records"));
	t_logged(f, "\"event\":\"audit_tail\"");
	t_logged(f, "20 entries from 7");
	m.from = UINT64_MAX;
	t_ok(t_call_found(f, WD_CALL_AUDIT_TAIL, &m, &found));
	t_logged(f, "the last 20 entries");
}

static void
the_log_needs_a_limit_and_scribe(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_audit_ask m = { t_head(f), .limit = 0 };
	struct wd_msg_audit_entries tail = { 0 };
	struct wd_admin_found found = { .tail = &tail };

	assert_int_equal(
	    t_call_found(f, WD_CALL_AUDIT_TAIL, &m, &found), WD_R_RANGE);
	m.limit = 101;
	assert_int_equal(
	    t_call_found(f, WD_CALL_AUDIT_TAIL, &m, &found), WD_R_RANGE);
	m.limit = 100;
	t_ok(t_call_found(f, WD_CALL_AUDIT_TAIL, &m, &found));
	assert_true(t_call(f, WD_CALL_AUDIT_TAIL, &m) < 0);
	found.result = WD_R_UNAVAILABLE;
	assert_int_equal(
	    t_call_found(f, WD_CALL_AUDIT_TAIL, &m, &found), WD_R_UNAVAILABLE);
}

static void
without_memory_nothing_is_revoked(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_revoke m = { t_head(f), .kind = WD_SPAN_LIT("key"),
		.what = WD_SPAN_LIT(ID) };
	struct wd_msg_lease_list_ask all = { t_head(f), .limit = 10 };
	struct wd_msg_audit_ask ask = { t_head(f), .limit = 10 };
	struct wd_msg_audit_entries tail = { 0 };
	struct wd_admin_found found = { .tail = &tail };

	add_leases(f, 3);
	t_torture(f, WD_CALL_REVOKE, &m, NULL);
	t_ok(wd_store_revoked(f->b->store, "key", ID, f->now));
	t_torture(f, WD_CALL_LEASE_LIST, &all, NULL);
	t_torture(f, WD_CALL_AUDIT_TAIL, &ask, &found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(leases_that_run_are_listed_in_pages),
		with_broker(each_kind_is_stored_as_it_is_compared),
		with_broker(what_could_never_be_met_is_malformed),
		with_broker(a_revoked_lease_stands_in_the_entry_as_such),
		with_broker(a_kind_that_is_none_is_out_of_range),
		with_broker(a_revoked_key_stands_in_the_entry_as_such),
		with_broker(a_revocation_that_is_not_kept_is_undone),
		with_broker(the_log_is_passed_on_as_scribe_found_it),
		with_broker(the_log_needs_a_limit_and_scribe),
		with_broker(without_memory_nothing_is_revoked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
