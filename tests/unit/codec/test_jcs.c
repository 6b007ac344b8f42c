/*
 * RFC 8785: the order of keys, the two texts whose digests the key broker
 * protocol binds evidence to, and what has no canonical form.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "codec/json.h"

static int
canonical(const char *text, struct wd_bytes **ret)
{
	struct wd_json *doc = NULL;
	int r;

	t_ok(wd_json_parse(wd_span_text(text), NULL, &doc));
	r = wd_json_canonical(wd_json_root(doc), ret);
	doc = wd_json_free(doc);
	return r;
}

static const struct {
	const char *in, *out;
} pairs[] = {
	{ " { } ", "{}" },
	{ "[ ]", "[]" },
	{ "[ 1 , -2, 0, -0, true, false, null, \"x\" ]",
	    "[1,-2,0,0,true,false,null,\"x\"]" },
	{ "{\"c\":{\"d\":\"e\"},\"b\":1,\"a\":\"test\"}",
	    "{\"a\":\"test\",\"b\":1,\"c\":{\"d\":\"e\"}}" },
	{ "{\"b\":[{\"z\":1,\"y\":[]}],\"aa\":2,\"a\":3,\"\":4}",
	    "{\"\":4,\"a\":3,\"aa\":2,\"b\":[{\"y\":[],\"z\":1}]}" },
	{ "\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
	    "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"" },
	{ "[9007199254740991,-9007199254740991]",
	    "[9007199254740991,-9007199254740991]" },
	/* RFC 8785 section 3.2.3, its example */
	{ "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,"
	  "\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
	    "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,"
	    "\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}" },
	/* the runtime data of a session, primary and device form */
	{ "{\"tee-pubkey\":{\"kty\":\"EC\",\"alg\":\"ECDH-ES+A256KW\","
	  "\"crv\":\"P-256\",\"x\":"
	  "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
	  "\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
	  "\"nonce\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\","
	  "\"additional-evidence\":\"\"}",
	    "{\"additional-evidence\":\"\","
	    "\"nonce\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\","
	    "\"tee-pubkey\":{\"alg\":\"ECDH-ES+A256KW\",\"crv\":\"P-256\","
	    "\"kty\":\"EC\","
	    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}}" },
};

static void
values_have_one_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *once = NULL;

		t_ok(canonical(pairs[i].in, &once));
		t_span_equal(wd_bytes_span(once), wd_span_text(pairs[i].out));
	}
}

static void
canonical_text_stays_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(pairs); i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *twice = NULL;

		t_ok(canonical(pairs[i].out, &twice));
		t_span_equal(wd_bytes_span(twice), wd_span_text(pairs[i].out));
	}
}

static void
numbers_without_one_meaning_are_refused(void **state)
{
	static const char *const bad[] = { "1.0", "0.5", "1e3", "[1E0]",
		"{\"a\":-0.0}", "9007199254740992", "-9007199254740992",
		"9223372036854775807" };
	struct wd_bytes *b = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(canonical(bad[i], &b), WD_R_MALFORMED);
	assert_int_equal(wd_json_canonical(NULL, &b), WD_R_MALFORMED);
	assert_null(b);
}

static void
the_deepest_document_fits(void **state)
{
	static const char text[] = "[[[[[[[[[[[[[[[[7]]]]]]]]]]]]]]]]";
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;

	(void)state;
	t_ok(canonical(text, &b));
	t_span_equal(wd_bytes_span(b), WD_SPAN_LIT(text));
}

static void
every_failed_allocation_is_a_fault(void **state)
{
	struct wd_json *doc = NULL;
	bool fired = true;

	(void)state;
	t_ok(wd_json_parse(
	    WD_SPAN_LIT("{\"b\":{\"a\":[{}]},\"a\":{}}"), NULL, &doc));
	for (uint64_t k = 1; fired; k++) {
		struct wd_bytes *b = NULL;
		int r;

		(void)wd_alloc_fail_at(k);
		r = wd_json_canonical(wd_json_root(doc), &b);
		fired = wd_alloc_fail_at(0) != 0;
		assert_int_equal(r, fired ? WD_F_MEMORY : 0);
		assert_true((b != NULL) == (r == 0));
		b = wd_bytes_free(b);
	}
	doc = wd_json_free(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_one_text),
		cmocka_unit_test(canonical_text_stays_as_it_is),
		cmocka_unit_test(numbers_without_one_meaning_are_refused),
		cmocka_unit_test(the_deepest_document_fits),
		cmocka_unit_test(every_failed_allocation_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
