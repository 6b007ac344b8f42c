/*
 * Answers of a Vault: what is taken from them, and what refusals come to.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "vault/reply.h"

#include <string.h>

static struct wd_vault_reply
must_read(const char *text)
{
	struct wd_vault_reply r = { 0 };

	t_ok(wd_vault_reply_read(wd_span_text(text), &r, NULL));
	return r;
}

static void
an_answer_is_taken_apart(void **state)
{
	WD_AUTO(wd_vault_reply_done)
	struct wd_vault_reply r = must_read(
	    "{\"request_id\":\"x\",\"lease_id\":\"db/creds/a/Zz9\","
	    "\"renewable\":true,\"lease_duration\":3600,\"data\":{\"a\":1},"
	    "\"wrap_info\":null,\"warnings\":null,\"auth\":null}");

	(void)state;
	assert_non_null(r.data);
	assert_null(r.auth);
	assert_true(r.renewable);
	assert_int_equal(r.lease_seconds, 3600);
	t_span_equal(r.lease_id, wd_span_text("db/creds/a/Zz9"));
}

static void
no_answer_is_an_answer_without_anything(void **state)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply r = must_read("");

	(void)state;
	assert_null(r.root);
	assert_null(r.data);
	assert_int_equal(r.lease_id.len, 0);
}

static void
another_form_is_none_we_understand(void **state)
{
	static const char *const texts[] = { "<html>", "[]", "1", "{", "{}{}",
		"{\"lease_duration\":\"1h\"}", "{\"lease_duration\":-1}",
		"{\"lease_duration\":1.5}", "{\"data\":{},\"data\":{}}" };

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++) {
		struct wd_vault_reply r = { 0 };

		assert_int_equal(
		    wd_vault_reply_read(wd_span_text(texts[i]), &r, NULL),
		    WD_R_BACKEND_ANSWER);
		assert_null(r.doc);
	}
}

static void
what_is_no_object_counts_as_absent(void **state)
{
	WD_AUTO(wd_vault_reply_done)
	struct wd_vault_reply r = must_read(
	    "{\"data\":[1],\"auth\":\"x\",\"lease_id\":7,\"renewable\":1}");

	(void)state;
	assert_null(r.data);
	assert_null(r.auth);
	assert_false(r.renewable);
	assert_int_equal(r.lease_id.len, 0);
}

static void
a_long_time_is_cut(void **state)
{
	WD_AUTO(wd_vault_reply_done)
	struct wd_vault_reply r =
	    must_read("{\"lease_duration\":9007199254740991}");

	(void)state;
	assert_true(r.lease_seconds > 86400);
	assert_true(r.lease_seconds <= INT32_MAX);
}

/* ---- tokens */

static int
grant(const char *text, struct wd_vault_grant *g)
{
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply r = must_read(text);

	return wd_vault_grant_read(&r, g, NULL);
}

static void
a_login_gives_a_token_and_its_time(void **state)
{
	WD_AUTO(wd_vault_reply_done)
	struct wd_vault_reply r = must_read(
	    "{\"auth\":{\"client_token\":\"s.abc\",\"lease_duration\":60,"
	    "\"renewable\":true}}");
	struct wd_vault_grant g = { 0 };

	(void)state;
	t_ok(wd_vault_grant_read(&r, &g, NULL));
	t_span_equal(g.token, wd_span_text("s.abc"));
	assert_int_equal(g.seconds, 60);
	assert_true(g.renewable);
}

static void
a_login_without_a_usable_token_is_none(void **state)
{
	static const char *const texts[] = { "{}", "{\"auth\":{}}",
		"{\"auth\":{\"client_token\":\"\"}}",
		"{\"auth\":{\"client_token\":\"a\\r\\nb\"}}",
		"{\"auth\":{\"client_token\":\"a b\"}}",
		"{\"auth\":{\"client_token\":5}}",
		"{\"auth\":{\"client_token\":\"a\",\"lease_duration\":\"x\"}}",
		"{\"auth\":null}" };
	struct wd_vault_grant g;

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++)
		assert_int_equal(grant(texts[i], &g), WD_R_BACKEND_ANSWER);
}

static void
a_token_says_how_long_it_has(void **state)
{
	WD_AUTO(wd_vault_reply_done)
	struct wd_vault_reply r =
	    must_read("{\"data\":{\"ttl\":42,\"renewable\":false}}");
	WD_AUTO(wd_vault_reply_done)
	struct wd_vault_reply none = must_read("{}");
	struct wd_vault_grant g = { 0 };

	(void)state;
	t_ok(wd_vault_self_read(&r, &g, NULL));
	assert_int_equal(g.seconds, 42);
	assert_false(g.renewable);
	assert_int_equal(g.token.len, 0);
	assert_int_equal(
	    wd_vault_self_read(&none, &g, NULL), WD_R_BACKEND_ANSWER);
}

/* ---- refusals */

static const struct {
	unsigned status;
	const char *body;
	int result;
	enum wd_vault_advice advice;
	const char *words;
} refusals[] = {
	{ 400, "{\"errors\":[\"bad\"]}", WD_R_MALFORMED, WD_VAULT_FAIL, "bad" },
	{ 400,
	    "{\"errors\":[\"check-and-set parameter did not match the current"
	    " version\"]}",
	    WD_R_CONFLICT, WD_VAULT_FAIL, "another version" },
	{ 400, "{\"errors\":[\"signing key not found\"]}", WD_R_NOT_FOUND,
	    WD_VAULT_FAIL, "signing key not found" },
	{ 403, "{\"errors\":[\"permission denied\"]}", WD_R_PERMISSION,
	    WD_VAULT_LOGIN, "permission denied" },
	{ 404, "{\"errors\":[]}", WD_R_NOT_FOUND, WD_VAULT_FAIL, "not there" },
	{ 404,
	    "{\"errors\":[\"no handler for route \\\"x/y\\\". route entry not"
	    " found.\"]}",
	    WD_R_BACKEND_NOT_CONFIGURED, WD_VAULT_FAIL, "nothing is mounted" },
	{ 404, "{\"data\":{\"data\":null,\"metadata\":{\"version\":2}}}",
	    WD_R_NOT_FOUND, WD_VAULT_FAIL, "was deleted" },
	{ 404, "<html>404</html>", WD_R_NOT_FOUND, WD_VAULT_FAIL, "not there" },
	{ 405, "", WD_R_UNSUPPORTED, WD_VAULT_FAIL, "405" },
	{ 412, "", WD_R_UNAVAILABLE, WD_VAULT_AGAIN, "lags" },
	{ 413, "", WD_R_TOO_LARGE, WD_VAULT_FAIL, "too large" },
	{ 429, "{\"errors\":[\"request path \\\"x\\\": rate limit\"]}",
	    WD_R_OVERLOADED, WD_VAULT_AGAIN, "too many requests" },
	{ 472, "", WD_R_UNAVAILABLE, WD_VAULT_FAIL, "another cluster" },
	{ 473, "", WD_R_UNAVAILABLE, WD_VAULT_AGAIN, "stands by" },
	{ 500, "<html>oops</html>", WD_R_UNAVAILABLE, WD_VAULT_REPEAT, "500" },
	{ 501, "", WD_R_UNAVAILABLE, WD_VAULT_FAIL, "never initialized" },
	{ 502, "", WD_R_UNAVAILABLE, WD_VAULT_REPEAT, "502" },
	{ 503, "{\"errors\":[\"Vault is sealed\"]}", WD_R_UNAVAILABLE,
	    WD_VAULT_AGAIN, "sealed" },
	{ 504, "", WD_R_UNAVAILABLE, WD_VAULT_REPEAT, "504" },
	{ 307, "", WD_R_UNAVAILABLE, WD_VAULT_ELSEWHERE, "names another" },
	{ 418, "", WD_R_UNAVAILABLE, WD_VAULT_FAIL, "418" },
};

static void
every_refusal_has_its_result_and_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(refusals); i++) {
		struct wd_diag d = { 0 };

		assert_int_equal(
		    wd_vault_refused(refusals[i].status,
			wd_span_text(refusals[i].body), "kv/a", &d),
		    refusals[i].result);
		assert_int_equal(
		    wd_vault_advice(refusals[i].status), refusals[i].advice);
		assert_non_null(strstr(d.detail, refusals[i].words));
		assert_non_null(strstr(d.detail, "kv/a"));
	}
}

static void
no_words_of_a_server_reach_the_log_as_control_bytes(void **state)
{
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(
	    wd_vault_refused(400,
		wd_span_text("{\"errors\":[\"a\\nb\\u001b[31m\"]}"), "x", &d),
	    WD_R_MALFORMED);
	for (const char *c = d.detail; *c != '\0'; c++)
		assert_in_range(*c, ' ', '~');
}

static void
only_the_two_hundreds_are_successes(void **state)
{
	(void)state;
	assert_true(wd_vault_is_success(200));
	assert_true(wd_vault_is_success(204));
	assert_false(wd_vault_is_success(199));
	assert_false(wd_vault_is_success(300));
}

/* ---- values */

static void
values_become_secrets(void **state)
{
	WD_AUTO(wd_vault_reply_done)
	struct wd_vault_reply r = must_read(
	    "{\"data\":{\"p\":\"hunter2\",\"b\":\"AAEC/w==\",\"e\":\"\"}}");
	WD_AUTO(wd_secret_freep)
	struct wd_secret *p = NULL, *b = NULL, *e = NULL;
	const uint8_t bytes[] = { 0, 1, 2, 255 };

	(void)state;
	t_ok(wd_vault_secret(r.data, "p", 100, false, &p, NULL));
	t_span_equal(wd_secret_borrow(p), wd_span_text("hunter2"));
	t_ok(wd_vault_secret(r.data, "b", 100, true, &b, NULL));
	t_span_equal(wd_secret_borrow(b), WD_SPAN(bytes));
	t_ok(wd_vault_secret(r.data, "e", 100, true, &e, NULL));
	assert_int_equal(wd_secret_len(e), 0);
}

static void
values_that_are_none_are_refused(void **state)
{
	WD_AUTO(wd_vault_reply_done)
	struct wd_vault_reply r =
	    must_read("{\"data\":{\"n\":5,\"long\":\"12345\",\"b\":\"A===\"}}");
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;

	(void)state;
	assert_int_equal(
	    wd_vault_secret(r.data, "x", 100, false, &s, NULL), WD_R_NOT_FOUND);
	assert_int_equal(
	    wd_vault_secret(NULL, "x", 100, false, &s, NULL), WD_R_NOT_FOUND);
	assert_int_equal(wd_vault_secret(r.data, "n", 100, false, &s, NULL),
	    WD_R_BACKEND_ANSWER);
	assert_int_equal(wd_vault_secret(r.data, "long", 4, false, &s, NULL),
	    WD_R_BACKEND_ANSWER);
	assert_int_equal(wd_vault_secret(r.data, "b", 100, true, &s, NULL),
	    WD_R_BACKEND_ANSWER);
	assert_null(s);
}

static void
a_version_stands_before_the_bytes(void **state)
{
	static const char *const wrong[] = { "", "vault:", "vault:v",
		"vault:v1", "vault:v:x", "vault:vx:y", "vault:v01:x",
		"vault:v4294967296:x", "Vault:v1:x", "v1:x" };
	struct wd_span rest;
	uint64_t version;

	(void)state;
	t_ok(wd_vault_versioned(
	    wd_span_text("vault:v12:AB:C"), &version, &rest));
	assert_int_equal(version, 12);
	t_span_equal(rest, wd_span_text("AB:C"));
	for (size_t i = 0; i < WD_N(wrong); i++)
		assert_int_equal(
		    wd_vault_versioned(wd_span_text(wrong[i]), &version, &rest),
		    WD_R_MALFORMED);
}

static void
no_memory_is_a_fault(void **state)
{
	const char *text = "{\"data\":{\"b\":\"AAEC/w==\"}}";
	struct wd_secret *s = NULL;

	(void)state;
	for (uint64_t k = 1;; k++) {
		WD_AUTO(wd_vault_reply_done) struct wd_vault_reply r = { 0 };
		int result;

		(void)wd_alloc_fail_at(k);
		result = wd_vault_reply_read(wd_span_text(text), &r, NULL);
		if (result == 0)
			result =
			    wd_vault_secret(r.data, "b", 9, true, &s, NULL);
		if (!wd_alloc_fail_at(0)) {
			t_ok(result);
			break;
		}
		assert_true(result < 0);
		assert_null(s);
	}
	wd_secret_freep(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_taken_apart),
		cmocka_unit_test(no_answer_is_an_answer_without_anything),
		cmocka_unit_test(another_form_is_none_we_understand),
		cmocka_unit_test(what_is_no_object_counts_as_absent),
		cmocka_unit_test(a_long_time_is_cut),
		cmocka_unit_test(a_login_gives_a_token_and_its_time),
		cmocka_unit_test(a_login_without_a_usable_token_is_none),
		cmocka_unit_test(a_token_says_how_long_it_has),
		cmocka_unit_test(every_refusal_has_its_result_and_its_words),
		cmocka_unit_test(
		    no_words_of_a_server_reach_the_log_as_control_bytes),
		cmocka_unit_test(only_the_two_hundreds_are_successes),
		cmocka_unit_test(values_become_secrets),
		cmocka_unit_test(values_that_are_none_are_refused),
		cmocka_unit_test(a_version_stands_before_the_bytes),
		cmocka_unit_test(no_memory_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
