/*
 * Sets of reference values at the admin door: who may, what is stored, and that
 * no policy names what is not there.
 */
#include "fixture.h"

#include "policy/parse.h"
#include "policy/parse_reference.h"

#include <stdio.h>
#include <string.h>

#define SVN(n) "{\"name\":\"web\",\"values\":{\"isv_svn\":[" n "]}}"

static struct wd_reference *
parse(const char *json)
{
	struct wd_reference *x = NULL;

	t_ok(wd_reference_parse(wd_span_text(json), NULL, &x));
	t_ok(wd_reference_version(x));
	return x;
}

static int
put_as(struct t_broker *f, struct wd_span token, bool replace, const char *name,
    const char *json)
{
	WD_AUTO(wd_reference_freep) struct wd_reference *x = parse(json);
	struct wd_msg_reference_put m = { t_head(f), .name = wd_span_text(name),
		.replace = replace, .flat = wd_reference_flat(x) };

	m.token = token;
	return t_call(f, WD_CALL_REFERENCE_PUT, &m);
}

static int
put(struct t_broker *f, bool replace, const char *json)
{
	return put_as(f, wd_secret_borrow(f->token), replace, "web", json);
}

static int
ask(struct t_broker *f, enum wd_call call, const char *name)
{
	struct wd_msg_reference_ask m = { t_head(f),
		.name = wd_span_text(name) };

	return t_call(f, call, &m);
}

/* A policy with a clause on NAME; new, or a version of ID. */
static int
put_policy(struct t_broker *f, const struct wd_id *id, const char *name,
    struct wd_id *ret)
{
	char json[256];
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	struct wd_msg_policy_add m = { t_head(f) };
	struct wd_msg_policy_record record;
	int r;

	if (name == NULL)
		(void)snprintf(json, sizeof(json),
		    "{\"warder\":1,\"tee\":\"sgx\",\"all\":[{\"claim\":"
		    "\"isv_svn\",\"eq\":1}]}");
	else
		(void)snprintf(json, sizeof(json),
		    "{\"warder\":1,\"tee\":\"sgx\",\"all\":[{\"claim\":"
		    "\"isv_svn\",\"reference\":\"%s\"}]}",
		    name);
	t_ok(wd_policy_parse(wd_span_text(json), NULL, &p));
	m.flat = wd_policy_flat(p);
	if (id != NULL)
		m.id = *id;
	r = t_call(f, WD_CALL_POLICY_ADD, &m);
	if (r == 0) {
		t_reply(f, WD_CALL_POLICY_ADD, &record);
		*ret = record.id;
	}
	return r;
}

static struct wd_msg_reference_record
shown(struct t_broker *f, const char *name)
{
	struct wd_msg_reference_record m;

	t_ok(ask(f, WD_CALL_REFERENCE_SHOW, name));
	t_reply(f, WD_CALL_REFERENCE_SHOW, &m);
	return m;
}

/* ---- adding, replacing */

static void
a_set_is_stored_under_the_digest_of_its_text(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_reference_freep) struct wd_reference *x = parse(SVN("1"));
	struct wd_msg_reference_record m;
	char hex[65];

	t_ok(put(f, false, SVN("1")));
	t_reply(f, WD_CALL_REFERENCE_PUT, &m);
	t_span_equal(m.name, WD_SPAN_LIT("web"));
	t_span_equal(WD_SPAN(m.version.b), WD_SPAN(x->version));
	t_span_equal(m.flat, wd_reference_flat(x));
	assert_int_equal(m.created, f->now);
	t_logged(f, "\"event\":\"reference_put\"");
	t_logged(f, "\"detail\":\"web new\"");
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", x->version[i]);
	t_logged(f, hex);
}

static void
a_replaced_set_keeps_its_first_date(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_reference_freep) struct wd_reference *x = parse(SVN("2"));
	struct wd_msg_reference_record m;

	t_ok(put(f, false, SVN("1")));
	f->now += 60;
	t_ok(put(f, true, SVN("2")));
	t_reply(f, WD_CALL_REFERENCE_PUT, &m);
	assert_int_equal(m.created, f->now - 60);
	assert_int_equal(m.updated, f->now);
	t_span_equal(WD_SPAN(m.version.b), WD_SPAN(x->version));
	t_logged(f, "\"detail\":\"web new version\"");
}

static void
nothing_is_replaced_by_accident(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_reference_record m;

	assert_int_equal(put(f, true, SVN("1")), WD_R_NOT_FOUND);
	t_ok(put(f, false, SVN("1")));
	assert_int_equal(put(f, false, SVN("2")), WD_R_EXISTS);
	t_logged(f, "\"reason\":\"exists\"");
	m = shown(f, "web");
	assert_non_null(memmem(m.flat.p, m.flat.len, "\x01\0\0\0\0\0\0\0", 8));
}

/* To add sets is one thing, to change what policies accept another. */
static void
to_replace_is_a_right_of_its_own(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_secret_freep)
	struct wd_secret *adds = t_add_token(f, "reference_values:create");
	WD_AUTO(wd_secret_freep)
	struct wd_secret *updates = t_add_token(f, "reference_values:update");

	assert_int_equal(
	    put_as(f, wd_secret_borrow(updates), false, "web", SVN("1")),
	    WD_R_PERMISSION);
	t_ok(put_as(f, wd_secret_borrow(adds), false, "web", SVN("1")));
	assert_int_equal(
	    put_as(f, wd_secret_borrow(adds), true, "web", SVN("2")),
	    WD_R_PERMISSION);
	t_logged(f, "\"detail\":\"web");
	t_ok(put_as(f, wd_secret_borrow(updates), true, "web", SVN("2")));
}

static void
a_set_has_the_name_it_is_put_under(void **state)
{
	struct t_broker *f = *state;

	assert_int_equal(
	    put_as(f, wd_secret_borrow(f->token), false, "db", SVN("1")),
	    WD_R_MISMATCH);
	assert_int_equal(ask(f, WD_CALL_REFERENCE_SHOW, "db"), WD_R_NOT_FOUND);
	assert_int_equal(ask(f, WD_CALL_REFERENCE_SHOW, "web"), WD_R_NOT_FOUND);
}

static void
what_is_no_set_is_not_stored(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_reference_freep) struct wd_reference *x = parse(SVN("1"));
	struct wd_span flat = wd_reference_flat(x);

	for (size_t len = 0; len < flat.len; len++) {
		struct wd_msg_reference_put m = { t_head(f),
			.name = WD_SPAN_LIT("web"),
			.flat = wd_span(flat.p, len) };

		assert_int_equal(
		    t_call(f, WD_CALL_REFERENCE_PUT, &m), WD_R_MALFORMED);
	}
	assert_int_equal(ask(f, WD_CALL_REFERENCE_SHOW, "web"), WD_R_NOT_FOUND);
}

static void
a_put_survives_every_failing_allocation(void **state)
{
	struct t_broker *f = *state;
	WD_AUTO(wd_reference_freep) struct wd_reference *x = parse(SVN("1"));
	struct wd_msg_reference_put m = { t_head(f), .name = WD_SPAN_LIT("web"),
		.flat = wd_reference_flat(x) };

	t_torture(f, WD_CALL_REFERENCE_PUT, &m, NULL);
	assert_int_equal(ask(f, WD_CALL_REFERENCE_SHOW, "web"), WD_R_NOT_FOUND);
}

/* ---- what names it */

static void
a_policy_that_names_no_set_is_refused(void **state)
{
	struct t_broker *f = *state;
	struct wd_id id;
	uint64_t n;

	assert_int_equal(put_policy(f, NULL, "web", &id), WD_R_NOT_FOUND);
	t_logged(f, "no reference values called web");
	t_ok(wd_store_policy_count(f->b->store, &n));
	assert_int_equal(n, 0);
	t_ok(put(f, false, SVN("1")));
	t_ok(put_policy(f, NULL, "web", &id));
	assert_int_equal(put_policy(f, &id, "db", &id), WD_R_NOT_FOUND);
}

static void
a_set_is_kept_while_a_policy_names_it(void **state)
{
	struct t_broker *f = *state;
	struct wd_msg_reference_record m;
	struct wd_msg_id_record named;
	struct wd_id id;
	struct wd_rd rd;

	t_ok(put(f, false, SVN("1")));
	t_ok(put_policy(f, NULL, "web", &id));
	m = shown(f, "web");
	assert_int_equal(m.used, 1);
	rd = wd_rd(m.policies);
	t_ok(wd_list_next(&rd, &wd_msg_id_record_type, &named));
	assert_string_equal(named.id.s, id.s);
	assert_int_equal(ask(f, WD_CALL_REFERENCE_DELETE, "web"), WD_R_IN_USE);
	t_logged(f, "\"reason\":\"in_use\"");
	t_ok(put_policy(f, &id, NULL, &id)); /* a version that names none */
	t_ok(ask(f, WD_CALL_REFERENCE_DELETE, "web"));
	assert_int_equal(
	    ask(f, WD_CALL_REFERENCE_DELETE, "web"), WD_R_NOT_FOUND);
}

static void
a_name_that_is_none_is_not_found(void **state)
{
	static const char *const names[] = { "", "a b", "../web", "-web" };
	struct t_broker *f = *state;

	for (size_t i = 0; i < WD_N(names); i++) {
		assert_int_equal(
		    ask(f, WD_CALL_REFERENCE_SHOW, names[i]), WD_R_NOT_FOUND);
		assert_int_equal(
		    ask(f, WD_CALL_REFERENCE_DELETE, names[i]), WD_R_NOT_FOUND);
	}
}

/* ---- the list */

static int
list(struct t_broker *f, const char *after, uint32_t limit,
    struct wd_msg_reference_list *ret)
{
	struct wd_msg_reference_list_ask m = { t_head(f),
		.after = wd_span_text(after), .limit = limit };
	int r = t_call(f, WD_CALL_REFERENCE_LIST, &m);

	if (r == 0)
		t_reply(f, WD_CALL_REFERENCE_LIST, ret);
	return r;
}

static void
sets_are_listed_page_by_page(void **state)
{
	static const char *const names[] = { "b", "a", "c" };
	struct t_broker *f = *state;
	struct wd_msg_reference_record row;
	struct wd_msg_reference_list m;
	struct wd_rd rd;

	for (size_t i = 0; i < WD_N(names); i++) {
		char json[128];

		(void)snprintf(json, sizeof(json),
		    "{\"name\":\"%s\",\"values\":{\"isv_svn\":[1]}}", names[i]);
		t_ok(put_as(
		    f, wd_secret_borrow(f->token), false, names[i], json));
	}
	t_ok(list(f, "", 2, &m));
	assert_true(m.more);
	rd = wd_rd(m.sets);
	t_ok(wd_list_next(&rd, &wd_msg_reference_record_type, &row));
	t_span_equal(row.name, WD_SPAN_LIT("a"));
	assert_int_equal(row.flat.len, 0);
	t_ok(list(f, "b", 2, &m));
	assert_false(m.more);
	rd = wd_rd(m.sets);
	t_ok(wd_list_next(&rd, &wd_msg_reference_record_type, &row));
	t_span_equal(row.name, WD_SPAN_LIT("c"));
	t_ok(wd_rd_end(&rd));
	assert_int_equal(list(f, "", 0, &m), WD_R_RANGE);
	assert_int_equal(list(f, "", 101, &m), WD_R_RANGE);
	assert_int_equal(list(f, "a b", 2, &m), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		with_broker(a_set_is_stored_under_the_digest_of_its_text),
		with_broker(a_replaced_set_keeps_its_first_date),
		with_broker(nothing_is_replaced_by_accident),
		with_broker(to_replace_is_a_right_of_its_own),
		with_broker(a_set_has_the_name_it_is_put_under),
		with_broker(what_is_no_set_is_not_stored),
		with_broker(a_put_survives_every_failing_allocation),
		with_broker(a_policy_that_names_no_set_is_refused),
		with_broker(a_set_is_kept_while_a_policy_names_it),
		with_broker(a_name_that_is_none_is_not_found),
		with_broker(sets_are_listed_page_by_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
