/*
 * Parsing JSON: what must be refused before and by the library, and reading
 * values by type.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "base/wr.h"
#include "codec/json.h"

static int
parse(const char *text)
{
	struct wd_json *doc = NULL;
	int r = wd_json_parse(wd_span_text(text), NULL, &doc);

	assert_true((r == 0) == (doc != NULL));
	doc = wd_json_free(doc);
	return r;
}

static void
any_single_value_is_a_document(void **state)
{
	static const char *const good[] = { "{}", "[]", "null", "true", "0",
		"-1", "\"x\"", " { \"a\" : [ 1 , 2 ] }\n",
		"\"[[[[[[[[[[[[[[[[[[\"", "\"\\\"[[[[[[[[[[[[[[[[[[[[\"",
		"\"\\\\\"" };

	(void)state;
	for (size_t i = 0; i < WD_N(good); i++)
		t_ok(parse(good[i]));
}

static void
what_is_not_strict_json_is_refused(void **state)
{
	static const char *const bad[] = { "", " ", "{", "}", "[1,]",
		"{\"a\":}", "{} {}", "[]x", "1 2", "'x'", "{a:1}", "NaN",
		"Infinity", "01", "+1", "1.", ".5", "0x1", "\"\t\"", "\"\x01\"",
		"\"\\u0000\"", "{\"\\u0000\":1}", "{\"a\\u0000b\":1}",
		"\"\\ud800\"", "\"\\udc00x\"", "\"\xc0\x80\"", "\"\xff\"",
		"\"\xed\xa0\x80\"", "{\"a\":1,\"a\":1}",
		"{\"a\":1,\"\\u0061\":2}", "[{\"x\":{\"b\":1,\"b\":2}}]",
		"9223372036854775808", "-9223372036854775809", "1e999",
		"\xef\xbb\xbf{}", "// c\n{}", "[1 2]", "tru", "nul" };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(parse(bad[i]), WD_R_MALFORMED);
}

static void
a_nul_byte_is_refused(void **state)
{
	struct wd_json *doc = NULL;

	(void)state;
	assert_int_equal(
	    wd_json_parse(WD_SPAN_LIT("{}\0"), NULL, &doc), WD_R_MALFORMED);
	assert_int_equal(
	    wd_json_parse(WD_SPAN_LIT("\"a\0b\""), NULL, &doc), WD_R_MALFORMED);
	assert_null(doc);
}

/* DEPTH arrays, or objects, around a number. */
static int
parse_nested(size_t depth, const char *open, const char *close)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_JSON_BYTES);
	struct wd_json *doc = NULL;
	int r;

	for (size_t i = 0; i < depth; i++)
		wd_wr_text(&wr, open);
	wd_wr_u8(&wr, '1');
	for (size_t i = 0; i < depth; i++)
		wd_wr_text(&wr, close);
	t_ok(wd_wr_end(&wr));
	r = wd_json_parse(wd_wr_span(&wr), NULL, &doc);
	doc = wd_json_free(doc);
	return r;
}

static void
depth_is_at_most_sixteen(void **state)
{
	(void)state;
	t_ok(parse_nested(16, "[", "]"));
	t_ok(parse_nested(16, "{\"\\\"\":", "}"));
	assert_int_equal(parse_nested(17, "[", "]"), WD_R_MALFORMED);
	assert_int_equal(parse_nested(17, "{\"\\\"\":", "}"), WD_R_MALFORMED);
	assert_int_equal(parse_nested(500000, "[", "]"), WD_R_MALFORMED);
}

static void
size_and_number_of_values_are_bounded(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4 * WD_JSON_BYTES);
	struct wd_json *doc = NULL;

	(void)state;
	wd_wr_text(&wr, "[1");
	for (size_t i = 0; i < WD_JSON_VALUES - 1; i++)
		wd_wr_text(&wr, ",1");
	wd_wr_text(&wr, "]");
	t_ok(wd_json_parse(wd_wr_span(&wr), NULL, &doc));
	assert_int_equal(wd_jval_count(wd_json_root(doc)), WD_JSON_VALUES);
	doc = wd_json_free(doc);
	wr.len--;
	wd_wr_text(&wr, ",1]");
	assert_int_equal(
	    wd_json_parse(wd_wr_span(&wr), NULL, &doc), WD_R_TOO_LARGE);
	wr.len = 0;
	while (wr.len <= WD_JSON_BYTES)
		wd_wr_text(&wr, "                                ");
	assert_int_equal(
	    wd_json_parse(wd_wr_span(&wr), NULL, &doc), WD_R_TOO_LARGE);
	assert_null(doc);
}

static void
values_are_read_by_their_own_type_only(void **state)
{
	static const char text[] =
	    "[null,true,7,-7,0.5,\"x\",[1],{\"m\":1},1.0]";
	struct wd_json *doc = NULL;
	const struct wd_jval *root;
	struct wd_span s;
	uint64_t u = 0;
	int64_t n = 0;
	bool b = false;

	(void)state;
	t_ok(wd_json_parse(WD_SPAN_LIT(text), NULL, &doc));
	root = wd_json_root(doc);
	assert_int_equal(wd_jval_count(root), 9);
	assert_int_equal(wd_jval_type(wd_jval_at(root, 0)), WD_JNULL);
	assert_int_equal(wd_jval_type(wd_jval_at(root, 4)), WD_JREAL);
	assert_int_equal(wd_jval_type(wd_jval_at(root, 7)), WD_JOBJECT);
	assert_int_equal(wd_jval_type(wd_jval_at(root, 9)), WD_JNONE);
	assert_true(wd_jval_bool(wd_jval_at(root, 1), &b));
	assert_true(b);
	assert_false(wd_jval_bool(wd_jval_at(root, 0), &b));
	assert_true(wd_jval_uint(wd_jval_at(root, 2), 7, &u));
	assert_int_equal(u, 7);
	assert_false(wd_jval_uint(wd_jval_at(root, 2), 6, &u));
	assert_false(wd_jval_uint(wd_jval_at(root, 3), UINT64_MAX, &u));
	assert_true(wd_jval_int(wd_jval_at(root, 3), &n));
	assert_int_equal(n, -7);
	assert_false(wd_jval_int(wd_jval_at(root, 8), &n));
	assert_true(wd_jval_text(wd_jval_at(root, 5), &s));
	assert_true(wd_span_is(s, "x"));
	assert_false(wd_jval_text(wd_jval_at(root, 6), &s));
	assert_int_equal(wd_jval_count(wd_jval_at(root, 7)), 0);
	assert_int_equal(wd_jval_members(wd_jval_at(root, 7)), 1);
	assert_int_equal(wd_jval_members(wd_jval_at(root, 6)), 0);
	assert_non_null(wd_jval_get(wd_jval_at(root, 7), "m"));
	assert_null(wd_jval_get(wd_jval_at(root, 7), "M"));
	assert_null(wd_jval_get(wd_jval_at(root, 6), "m"));
	doc = wd_json_free(doc);
}

static void
nothing_reads_as_nothing(void **state)
{
	struct wd_span s;
	uint64_t u;
	int64_t n;
	bool b;
	struct wd_jwalk w = { 0 };

	(void)state;
	assert_int_equal(wd_jval_type(NULL), WD_JNONE);
	assert_false(wd_jval_text(NULL, &s));
	assert_false(wd_jval_uint(NULL, 1, &u));
	assert_false(wd_jval_int(NULL, &n));
	assert_false(wd_jval_bool(NULL, &b));
	assert_int_equal(wd_jval_count(NULL), 0);
	assert_null(wd_jval_at(NULL, 0));
	assert_null(wd_jval_get(NULL, "a"));
	assert_int_equal(wd_jval_members(NULL), 0);
	assert_false(wd_jval_walk(NULL, &w));
}

static void
walks_members_in_the_order_of_the_text(void **state)
{
	struct wd_json *doc = NULL;
	struct wd_jwalk w = { 0 };

	(void)state;
	t_ok(wd_json_parse(WD_SPAN_LIT("{\"b\":1,\"a\":2}"), NULL, &doc));
	assert_true(wd_jval_walk(wd_json_root(doc), &w));
	assert_string_equal(w.name, "b");
	assert_true(wd_jval_walk(wd_json_root(doc), &w));
	assert_string_equal(w.name, "a");
	assert_int_equal(wd_jval_type(w.value), WD_JINT);
	assert_false(wd_jval_walk(wd_json_root(doc), &w));
	doc = wd_json_free(doc);
}

/* ---- long texts, which the library does not read itself */

enum { LONG = 5000 };

/* The canonical text of what is parsed, or the refusal. A parsed text with an
 * escape is one that the library reads. */
static int
canonical(struct wd_span text, struct wd_diag *d, struct wd_bytes **ret)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	int r = wd_json_parse(text, d, &doc);

	return r != 0 ? r : wd_json_canonical(wd_json_root(doc), ret);
}

/* FORM with each `$` as LONG letters; the first letter after ESCAPE, if any. */
static struct wd_wr
fill(const char *form, const char *escape)
{
	struct wd_wr wr = wd_wr_growing(WD_JSON_BYTES);
	char letter = 'A';

	for (; *form != '\0'; form++) {
		if (*form != '$') {
			wd_wr_u8(&wr, (uint8_t)*form);
			continue;
		}
		wd_wr_text(&wr, escape);
		for (size_t i = 0; i < LONG; i++)
			wd_wr_u8(&wr, (uint8_t)letter);
		letter++;
	}
	t_ok(wd_wr_end(&wr));
	return wr;
}

/* Forms in which a long text must read the same whoever reads it. */
static const char *const long_forms[] = { "\"$\"", "[\"$\"]", "{\"a\":\"$\"}",
	" { \"a\" : \"$\" , \"b\" : [ \"\" , \"$\" ] } ",
	"{\"\":\"\",\"b\":{\"c\":[[],{},1,null,\"x\",[\"$\"]],\"d\":\"$\"}}",
	"[\"$\",\"$\",\"$\",\"$\",\"$\",\"$\",\"$\",\"$\",\"$\",\"$\",\"\"]",
	"[\"\\\\\",\"$\",\"\\\"\",\"$\",\"$\\\"\",\"$\\\\\",\"$\"]",
	"{\"$\":\"$\",\"b$\" : \"$\"}", "[\"$\xc3\xa4\",\"\xc3\xa4$\",\"$\"]",
	"[[[[[[[[[[[[[[[[\"$\"]]]]]]]]]]]]]]]]" };

static void
long_texts_read_as_if_the_library_had_read_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(long_forms); i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL;
		WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
		WD_AUTO(wd_wr_done)
		struct wd_wr plain = fill(long_forms[i], "_");
		WD_AUTO(wd_wr_done)
		struct wd_wr escaped = fill(long_forms[i], "\\u005f");

		t_ok(canonical(wd_wr_span(&plain), NULL, &a));
		t_ok(canonical(wd_wr_span(&escaped), NULL, &b));
		t_span_equal(wd_bytes_span(a), wd_bytes_span(b));
	}
}

static void
what_is_wrong_beside_a_long_text_is_told_as_ever(void **state)
{
	static const char *const bad[] = { "\"$", "[\"$\"", "{\"a\":\"$\",}",
		"{\"a\":\"$\",\"a\":1}", "{\"a\":\"$\",\"\\u0061\":\"\"}",
		"[\"$\",tru]", "[\"$\" \"$\"]", "{\"$\"}", "[\"$\":1]",
		"\"$\\\"", "\"$\x01\"", "\"$\xff\"", "\"$\" x", "{\"a\" \"$\"}",
		"\\\"$\"", "[\"$\",\"\\u0000\"]", "[\"$\\q\"]" };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++) {
		WD_AUTO(wd_wr_done) struct wd_wr plain = fill(bad[i], "______");
		WD_AUTO(wd_wr_done)
		struct wd_wr escaped = fill(bad[i], "\\u005f");
		struct wd_bytes *none = NULL;
		struct wd_diag a = { 0 }, b = { 0 };

		assert_int_equal(
		    canonical(wd_wr_span(&plain), &a, &none), WD_R_MALFORMED);
		assert_int_equal(
		    canonical(wd_wr_span(&escaped), &b, &none), WD_R_MALFORMED);
		assert_string_equal(a.detail, b.detail);
	}
}

/* 17 deep, and a value too many: counted without what was lifted. */
static void
limits_hold_beside_a_long_text(void **state)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr deep = fill("[[[[[[[[[[[[[[[[[\"$\"]]]]]]]]]]]]]]]]]", "");
	WD_AUTO(wd_wr_done) struct wd_wr many = fill("[\"$\"", "");
	struct wd_json *doc = NULL;

	(void)state;
	assert_int_equal(
	    wd_json_parse(wd_wr_span(&deep), NULL, &doc), WD_R_MALFORMED);
	for (size_t i = 0; i < WD_JSON_VALUES; i++)
		wd_wr_text(&many, ",1");
	wd_wr_text(&many, "]");
	assert_int_equal(
	    wd_json_parse(wd_wr_span(&many), NULL, &doc), WD_R_TOO_LARGE);
	assert_null(doc);
}

/* ---- without memory */

/* The K-th allocation fails, or that and all behind it. */
static bool
fails_at(struct wd_span text, uint64_t k, int (*arm)(uint64_t), int whole)
{
	struct wd_json *doc = NULL;
	struct wd_diag d = { 0 };
	bool fired;
	int r;

	(void)arm(k);
	r = wd_json_parse(text, &d, &doc);
	fired = wd_alloc_fail_at(0) != 0;
	assert_int_equal(r, fired ? WD_F_MEMORY : whole);
	assert_int_equal(d.result, r);
	assert_true((doc != NULL) == (r == 0));
	doc = wd_json_free(doc);
	return fired;
}

/* A fault, whatever the text would have been. */
static void
fails_for_each_allocation(struct wd_span text)
{
	struct wd_json *doc = NULL;
	int whole = wd_json_parse(text, NULL, &doc);
	uint64_t k = 1;

	doc = wd_json_free(doc);
	while (fails_at(text, k, wd_alloc_fail_at, whole))
		k++;
	for (; k > 0; k--)
		(void)fails_at(text, k, wd_alloc_fail_from, whole);
}

static void
every_failed_allocation_is_a_fault(void **state)
{
	static const char *const texts[] = {
		"{\"a\":[1,\"x\",{\"b\":null}],\"long\":"
		"\"01234567890123456789\"}",
		"[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":[true,false,{}]}}}}}",
		"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]",
		"{\"1\":1,\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,"
		"\"8\":8,\"9\":9,\"10\":10,\"11\":11,\"12\":12}",
		"7", "\"text\"", "null", "0.5e-3", "{}"
	};

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++)
		fails_for_each_allocation(wd_span_text(texts[i]));
}

static void
a_failed_allocation_beside_a_long_text_is_a_fault(void **state)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr text = fill("{\"a\":[\"x\",\"$\"],\"b\":\"$\"}", "");

	(void)state;
	fails_for_each_allocation(wd_wr_span(&text));
}

/* Tokens around a piece that is repeated until they have some length. */
static const struct {
	const char *head, *piece, *tail;
} tokens[] = {
	{ "[\"", "a", "\"]" },
	{ "\"", "a", "\"" },
	{ "[\"", "a", "\",\"b\"]" },
	{ "[\"\\n", "a", "\"]" },
	{ "[\"", "\\n", "\"]" },
	{ "[\"x", "\\u00e4", "\"]" },
	{ "[\"", "\\ud83d\\ude00", "\"]" },
	{ "[\"", "\xc3\xa4", "\"]" },
	{ "[\"x", "\xe2\x82\xac", "\"]" },
	{ "[\"", "\xf0\x9f\x98\x80", "\",1]" },
	{ "{\"", "a", "\":1}" },
	{ "{\"a\":{\"", "b", "\":[1,\"\",2]}}" },
	{ "1.", "0", "" },
	{ "[1.", "0", "]" },
	{ "[1.", "0", ",2]" },
	{ "[-1.", "0", "e5 ]" },
	{ "1e", "0", "1" },
	{ "[", "1", "]" },
	{ "[-", "1", ",\"a\"]" },
	{ "[-", "1", "\xc3\xa4]" },
	{ "[tru", "e", "]" },
	{ "nul", "l", "" },
	{ "[\"", "a", "" },
	{ "[\"", "a", "\\" },
	{ "[\"", "a", "\n\"]" },
	{ "[\"", "a", "\xc3\"]" },
	{ "[\"", "a", "\\ud800\"]" },
};

static void
token_fails(size_t kind, size_t len)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_JSON_BYTES);

	wd_wr_text(&wr, tokens[kind].head);
	while (wr.len < len)
		wd_wr_text(&wr, tokens[kind].piece);
	wd_wr_text(&wr, tokens[kind].tail);
	t_ok(wd_wr_end(&wr));
	fails_for_each_allocation(wd_wr_span(&wr));
}

/* The library gathers a token in 16, 32, 64, ... bytes, and must not go on
 * without one that found no room. */
static void
a_token_that_finds_no_room_is_a_fault(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < WD_N(tokens); kind++)
		for (size_t room = 16; room <= 4096; room *= 2)
			for (size_t len = room - 6; len < room + 6; len++)
				token_fails(kind, len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_single_value_is_a_document),
		cmocka_unit_test(what_is_not_strict_json_is_refused),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(depth_is_at_most_sixteen),
		cmocka_unit_test(size_and_number_of_values_are_bounded),
		cmocka_unit_test(values_are_read_by_their_own_type_only),
		cmocka_unit_test(nothing_reads_as_nothing),
		cmocka_unit_test(walks_members_in_the_order_of_the_text),
		/* First of those that the library may end the program in. */
		cmocka_unit_test(a_token_that_finds_no_room_is_a_fault),
		cmocka_unit_test(every_failed_allocation_is_a_fault),
		cmocka_unit_test(
		    long_texts_read_as_if_the_library_had_read_them),
		cmocka_unit_test(
		    what_is_wrong_beside_a_long_text_is_told_as_ever),
		cmocka_unit_test(limits_hold_beside_a_long_text),
		cmocka_unit_test(
		    a_failed_allocation_beside_a_long_text_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
