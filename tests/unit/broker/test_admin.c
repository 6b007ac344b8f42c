#include "fixture.h"

#include "base/alloc.h"
#include "base/wr.h"

#include <stddef.h>
#include <string.h>

enum { MSG_MAX = 1024 };

/* Room for any request. */
union msg {
	struct wd_msg_admin_ask head;
	max_align_t align;
	uint8_t bytes[MSG_MAX];
};

static union msg
empty_request(struct t_broker *f, struct wd_span token)
{
	union msg m;

	wd_wipe(&m, sizeof(m));
	m.head = (struct wd_msg_admin_ask){ t_head(f) };
	m.head.token = token;
	return m;
}

static const struct wd_msg_key_create *
new_aes(struct t_broker *f)
{
	static struct wd_msg_key_create m;

	m = (struct wd_msg_key_create){ t_head(f), .kind = WD_KEY_AES256 };
	return &m;
}

static uint64_t
key_count(struct t_broker *f)
{
	uint64_t n;

	t_ok(wd_store_key_count(f->b->store, &n));
	return n;
}

/* ---- the table */

static void
check_field(const struct wd_msg_type *type, size_t i, const char *name,
    enum wd_field_type kind, size_t offset)
{
	assert_true(i < type->n_fields);
	assert_string_equal(type->fields[i].name, name);
	assert_int_equal(type->fields[i].type, kind);
	assert_int_equal(type->fields[i].offset, offset);
}

static void
every_request_starts_with_who_asks(void **state)
{
	size_t n;
	const struct wd_admin_row *rows = wd_admin_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct wd_msg_type *type =
		    wd_call_row((uint16_t)rows[i].call)->request;

		assert_true(type->size <= MSG_MAX);
		check_field(type, 0, "token", WD_FIELD_SECRET,
		    offsetof(struct wd_msg_admin_ask, token));
		check_field(type, 1, "source", WD_FIELD_TEXT,
		    offsetof(struct wd_msg_admin_ask, source));
		check_field(type, 2, "request", WD_FIELD_ID,
		    offsetof(struct wd_msg_admin_ask, request));
	}
}

static void
every_row_is_complete_and_alone(void **state)
{
	size_t n;
	const struct wd_admin_row *rows = wd_admin_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(wd_admin_row(rows[i].call), &rows[i]);
		assert_non_null(rows[i].resource);
		assert_non_null(rows[i].action);
		assert_true((rows[i].run == NULL) ==
		    (rows[i].call == WD_CALL_SEAL ||
			rows[i].call == WD_CALL_KEYRING_ROTATE ||
			rows[i].call == WD_CALL_SEAL_MIGRATE));
	}
	assert_null(wd_admin_row(WD_CALL_STATUS));
	assert_null(wd_admin_row(WD_CALL_RESOURCE));
}

/* ---- permissions */

/* The actions a row can need, by what its message says. */
static void
rule_of(
    const struct wd_admin_row *row, const union msg *m, char *dst, size_t size)
{
	struct wd_wr wr = wd_wr_fixed(dst, size);

	wd_wr_printf(&wr, "%s:%s", row->resource,
	    row->action_of == NULL ? row->action : row->action_of(m));
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
}

static int
result_with(
    struct t_broker *f, const struct wd_admin_row *row, const char *rules)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *token = NULL;
	union msg m;

	token = t_add_token(f, rules);
	m = empty_request(f, wd_secret_borrow(token));
	return t_call(f, row->call, &m);
}

/* All rules of the table but RULE. */
static void
all_but(const char *rule, char *dst, size_t size)
{
	struct wd_wr wr = wd_wr_fixed(dst, size);
	size_t n;
	const struct wd_admin_row *rows = wd_admin_rows(&n);
	char one[80];

	for (size_t i = 0; i < n; i++) {
		struct wd_wr w = wd_wr_fixed(one, sizeof(one));

		wd_wr_printf(
		    &w, "%s:%s%c", rows[i].resource, rows[i].action, 0);
		if (strcmp(one, rule) != 0)
			wd_wr_printf(&wr, "%s%s", wr.len > 0 ? " " : "", one);
	}
	wd_wr_u8(&wr, 0);
	t_ok(wd_wr_end(&wr));
}

static void
each_call_needs_its_own_rule_and_no_other(void **state)
{
	struct t_broker *f = *state;
	size_t n;
	const struct wd_admin_row *rows = wd_admin_rows(&n);
	char rule[80], others[WD_RULES_MAX + 1];

	for (size_t i = 0; i < n; i++) {
		union msg m;

		wd_wipe(&m, sizeof(m));
		rule_of(&rows[i], &m, rule, sizeof(rule));
		all_but(rule, others, sizeof(others));
		assert_int_equal(
		    result_with(f, &rows[i], others), WD_R_PERMISSION);
		t_logged(f, "\"result\":\"deny\"");
		t_logged(f, "\"actor\":\"other\"");
		assert_int_not_equal(
		    result_with(f, &rows[i], rule), WD_R_PERMISSION);
		t_logged(f, wd_event_name(rows[i].event));
	}
}

static void
bringing_a_key_is_a_right_of_its_own(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_secret_freep) struct wd_secret *creator = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *bringer = NULL;
	struct wd_msg_key_create m = { t_head(f), .kind = WD_KEY_OPAQUE,
		.material = WD_SPAN_LIT("mine") };

	creator = t_add_token(f, "keys:create");
	bringer = t_add_token(f, "keys:register");
	m.token = wd_secret_borrow(creator);
	assert_int_equal(t_call(f, WD_CALL_KEY_CREATE, &m), WD_R_PERMISSION);
	m.token = wd_secret_borrow(bringer);
	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
	m = *new_aes(f);
	m.token = wd_secret_borrow(bringer);
	assert_int_equal(t_call(f, WD_CALL_KEY_CREATE, &m), WD_R_PERMISSION);
	m.token = wd_secret_borrow(creator);
	t_ok(t_call(f, WD_CALL_KEY_CREATE, &m));
}

static void
strangers_leave_no_entry(void **state)
{
	struct t_broker *f = *state;
	union msg m = empty_request(f, wd_span(NULL, 0));

	assert_int_equal(t_call(f, WD_CALL_KEY_LIST, &m), WD_R_NO_CREDENTIAL);
	assert_null(f->out.entry);
	m = empty_request(f, WD_SPAN_LIT("wdt_none"));
	assert_int_equal(
	    t_call(f, WD_CALL_KEY_LIST, &m), WD_R_CREDENTIAL_INVALID);
	assert_null(f->out.entry);
	f->now += 86400;
	m = empty_request(f, wd_secret_borrow(f->token));
	assert_int_equal(
	    t_call(f, WD_CALL_KEY_LIST, &m), WD_R_CREDENTIAL_INVALID);
	assert_null(f->out.entry);
}

/* ---- the entry */

static void
an_entry_says_who_did_what_from_where(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_record key;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, new_aes(f)));
	t_reply(f, WD_CALL_KEY_CREATE, &key);
	t_logged(f, "\"actor\":\"admin\"");
	t_logged(f, "\"event\":\"key_create\"");
	t_logged(f, "\"source\":\"local\"");
	t_logged(f, "\"time\":\"2025-07-01T00:00:00Z\"");
	t_logged(f, f->request.s);
	t_logged(f, key.id.s);
	t_logged(f, "\"result\":\"allow\"");
	t_not_logged(f, WD_SPAN_LIT("\"reason\""));
	t_not_logged(f, wd_secret_borrow(f->token));
}

static void
a_refused_act_is_logged_with_its_reason(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_ask m = { t_head(f), .id = t_id(9) };

	assert_int_equal(t_call(f, WD_CALL_KEY_SHOW, &m), WD_R_NOT_FOUND);
	t_logged(f, "\"reason\":\"not_found\"");
	t_logged(f, "\"result\":\"deny\"");
	t_logged(f, m.id.s);
	t_logged(f, "\"detail\":\"there is no such key\"");
}

static void
an_empty_source_is_left_out(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_ask m = { t_head(f), .id = t_id(9) };

	m.source = wd_span(NULL, 0);
	assert_int_equal(t_call(f, WD_CALL_KEY_SHOW, &m), WD_R_NOT_FOUND);
	t_not_logged(f, WD_SPAN_LIT("\"source\""));
}

static void
what_another_role_refused_is_refused_and_logged(void **state)
{
	struct t_broker *f = *state;
	struct wd_admin_found found = { .result = WD_R_CRL_EXPIRED,
		.why = WD_SPAN_LIT("the list ended yesterday") };

	assert_int_equal(
	    t_call_found(f, WD_CALL_KEY_CREATE, new_aes(f), &found),
	    WD_R_CRL_EXPIRED);
	t_logged(f, "\"reason\":\"crl_expired\"");
	t_logged(f, "the list ended yesterday");
	found.result = WD_F_TIMEOUT;
	assert_int_equal(
	    t_call_found(f, WD_CALL_KEY_CREATE, new_aes(f), &found),
	    WD_F_TIMEOUT);
	t_logged(f, "\"result\":\"fault\"");
	assert_int_equal(key_count(f), 0);
}

/* ---- sealed, undone, kept */

static void
a_sealed_server_makes_no_key_but_shows_them(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_list_ask list = { t_head(f), .limit = 10 };

	wd_broker_seal(f->b);
	assert_int_equal(
	    t_call(f, WD_CALL_KEY_CREATE, new_aes(f)), WD_R_SEALED);
	t_logged(f, "\"reason\":\"sealed\"");
	t_ok(t_call(f, WD_CALL_KEY_LIST, &list));
}

static void
a_change_that_cannot_be_logged_is_undone(void **state)
{
	struct t_broker *f = *state;

	t_ok(wd_admin_call(
	    f->b, WD_CALL_KEY_CREATE, new_aes(f), NULL, f->now, &f->out));
	t_ok(f->out.result);
	assert_true(f->b->changing);
	t_ok(wd_admin_finish(f->b, false, NULL));
	assert_false(f->b->changing);
	assert_int_equal(key_count(f), 0);
	t_ok(wd_admin_finish(f->b, true, NULL)); /* nothing is open */
	assert_int_equal(key_count(f), 0);
}

static void
a_change_that_is_kept_is_there_after_a_restart(void **state)
{
	struct t_broker *f = *state;

	t_ok(t_call(f, WD_CALL_KEY_CREATE, new_aes(f)));
	assert_false(f->b->changing);
	t_reopen(f);
	assert_int_equal(key_count(f), 1);
}

static void
what_only_reads_opens_no_transaction(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_key_list_ask m = { t_head(f), .limit = 10 };

	t_ok(wd_admin_call(f->b, WD_CALL_KEY_LIST, &m, NULL, f->now, &f->out));
	assert_false(f->b->changing);
}

static void
a_call_between_is_a_fault_and_changes_nothing(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_outcome_done) struct wd_outcome out = { 0 };

	t_ok(wd_admin_call(
	    f->b, WD_CALL_KEY_CREATE, new_aes(f), NULL, f->now, &f->out));
	assert_int_equal(wd_admin_call(f->b, WD_CALL_KEY_CREATE, new_aes(f),
			     NULL, f->now, &out),
	    WD_F_BUG);
	assert_null(out.reply);
	t_ok(wd_admin_finish(f->b, true, NULL));
	assert_int_equal(key_count(f), 1);
}

static void
calls_of_others_are_not_done_here(void **state)
{
	struct t_broker *f = *state;
	union msg m = empty_request(f, wd_secret_borrow(f->token));

	assert_int_equal(
	    wd_admin_call(f->b, WD_CALL_STATUS, &m, NULL, f->now, &f->out),
	    WD_F_BUG);
	assert_null(f->out.reply);
}

static void
sealing_is_allowed_and_logged_here_and_done_elsewhere(void **state)
{
	struct t_broker *f = *state;
	union msg m = empty_request(f, wd_secret_borrow(f->token));

	t_ok(wd_admin_call(f->b, WD_CALL_SEAL, &m, NULL, f->now, &f->out));
	t_ok(f->out.result);
	assert_null(f->out.reply);
	t_logged(f, "\"event\":\"seal\"");
	t_logged(f, "\"actor\":\"admin\"");
	assert_true(f->b->open);
	wd_outcome_done(&f->out);
	m.head.token = wd_span(NULL, 0);
	assert_int_equal(t_call(f, WD_CALL_SEAL, &m), WD_R_NO_CREDENTIAL);
}

static void
without_memory_nothing_is_done(void **state)
{
	struct t_broker *f = *state;

	t_torture(f, WD_CALL_KEY_CREATE, new_aes(f), NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_starts_with_who_asks),
		cmocka_unit_test(every_row_is_complete_and_alone),
		with_broker(each_call_needs_its_own_rule_and_no_other),
		with_broker(bringing_a_key_is_a_right_of_its_own),
		with_broker(strangers_leave_no_entry),
		with_broker(an_entry_says_who_did_what_from_where),
		with_broker(a_refused_act_is_logged_with_its_reason),
		with_broker(an_empty_source_is_left_out),
		with_broker(what_another_role_refused_is_refused_and_logged),
		with_broker(a_sealed_server_makes_no_key_but_shows_them),
		with_broker(a_change_that_cannot_be_logged_is_undone),
		with_broker(a_change_that_is_kept_is_there_after_a_restart),
		with_broker(what_only_reads_opens_no_transaction),
		with_broker(a_call_between_is_a_fault_and_changes_nothing),
		with_broker(calls_of_others_are_not_done_here),
		with_broker(
		    sealing_is_allowed_and_logged_here_and_done_elsewhere),
		with_broker(without_memory_nothing_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
