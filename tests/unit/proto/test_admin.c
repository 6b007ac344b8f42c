/*
 * The admin API's JSON: each member once accepted, each rejection by number,
 * and records written as the document says.
 */
#include "lib/t.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "proto/admin.h"
#include "proto/door.h"
#include "proto/members.h"
#include "verify/appraise.h"

#define KEY "0f8fad5b-d9cb-469f-a165-70867728950e"
#define POLICY "6b3a9d6e-3f0c-4d52-9c53-5d4fe3a0a5a1"
#define SIGNER \
	"1111111111111111111111111111111111111111111111111111111111111111"
#define WARDER                                                            \
	"{\"warder\":1,\"tee\":\"sgx\",\"all\":[{\"claim\":\"mrsigner\"," \
	"\"in\":[\"" SIGNER "\"]}]}"

static char text[65536];

/* Readers of one body, behind one type. */
typedef int reader(
    struct wd_span json, struct wd_admin_body *b, struct wd_diag *d);

#define READER(name, message)                                                \
	static int name(                                                     \
	    struct wd_span json, struct wd_admin_body *b, struct wd_diag *d) \
	{                                                                    \
		struct wd_msg_##message m = { 0 };                           \
                                                                             \
		return wd_admin_##name(json, b, &m, d);                      \
	}
READER(key_read, key_create)
READER(key_policy_read, key_policy)
READER(csr_read, key_csr_ask)
READER(rotate_read, key_csr_ask)
READER(policy_read, policy_add)
READER(bind_read, policy_bind)
READER(collateral_read, collateral_put)
READER(token_read, token_create)
READER(revoke_read, revoke)
READER(unseal_read, unseal)

static const struct {
	reader *read;
	const char *good;
} bodies[] = {
	{ key_read,
	    "{\"kind\":\"aes-128\",\"label\":\"l\",\"usage\":\"u\","
	    "\"policy\":\"" POLICY "\",\"subject\":\"CN=x\"}" },
	{ key_read, "{\"kind\":\"opaque\",\"base64\":\"AAEC\"}" },
	{ key_read,
	    "{\"kind\":\"rsa-2048\",\"attach\":\"7\","
	    "\"backend\":\"kmip\"}" },
	{ key_read, "{\"kind\":\"rsa-2048\",\"attach\":\"7\"}" },
	{ key_read,
	    "{\"kind\":\"rsa-2048\",\"backend\":\"here\","
	    "\"stays\":true}" },
	{ key_policy_read, "{\"policy\":\"" POLICY "\"}" },
	{ key_policy_read, "{\"policy\":null}" },
	{ csr_read, "{\"subject\":\"CN=x\"}" },
	{ rotate_read, "{\"subject\":\"CN=x\"}" },
	{ policy_read, "{\"policy\":" WARDER ",\"prefix\":\"a/b\"}" },
	{ bind_read, "{\"policy\":\"" POLICY "\"}" },
	{ collateral_read,
	    "{\"document\":\"AAEC\",\"chain\":\"PEM\","
	    "\"class\":\"early\"}" },
	{ token_read, "{\"user\":\"a\",\"rules\":[\"*:*\"],\"seconds\":1}" },
	{ revoke_read, "{\"kind\":\"lease\",\"what\":\"x\"}" },
	{ unseal_read, "{\"share\":\"x\"}" },
};

static int
result_of(reader *read, const char *json)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };

	return read(wd_span_text(json), &b, NULL);
}

static void
refused(reader *read, const char *json, int reason)
{
	if (result_of(read, json) != reason)
		fail_msg("%s: %d, not %d", json, result_of(read, json), reason);
}

/* ---- a new version */

static void
rotating_may_say_nothing(void **state)
{
	(void)state;
	t_ok(result_of(rotate_read, "{}"));
}

/* ---- all of them */

static void
every_body_is_read_and_no_part_of_one_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(bodies); i++) {
		const char *good = bodies[i].good;

		t_ok(result_of(bodies[i].read, good));
		for (size_t n = 0; n < strlen(good); n++) {
			(void)snprintf(
			    text, sizeof(text), "%.*s", (int)n, good);
			refused(bodies[i].read, text, WD_R_MALFORMED);
		}
		(void)snprintf(text, sizeof(text), "%.*s,\"more\":1}",
		    (int)strlen(good) - 1, good);
		refused(bodies[i].read, text, WD_R_UNKNOWN_MEMBER);
		(void)snprintf(text, sizeof(text), "%.*s,%.*s:1}",
		    (int)strlen(good) - 1, good,
		    (int)(strchr(good, ':') - good - 1), good + 1);
		refused(bodies[i].read, text, WD_R_MALFORMED);
		refused(bodies[i].read, "[]", WD_R_MALFORMED);
	}
}

static void
lack_of_memory_is_a_fault_and_leaks_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(bodies); i++)
		for (uint64_t k = 1;; k++) {
			int r;

			(void)wd_alloc_fail_at(k); /* arms */
			r = result_of(bodies[i].read, bodies[i].good);
			if (wd_alloc_fail_at(0) == 0) {
				t_ok(r);
				break;
			}
			assert_true(r < 0);
		}
}

/* ---- keys */

static void
every_kind_has_a_name(void **state)
{
	size_t n;
	const struct wd_key_row *rows = wd_key_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
		struct wd_msg_key_create m = { 0 };

		(void)snprintf(
		    text, sizeof(text), "{\"kind\":\"%s\"}", rows[i].name);
		t_ok(wd_admin_key_read(wd_span_text(text), &b, &m, NULL));
		assert_int_equal(m.kind, rows[i].kind);
	}
	refused(key_read, "{\"kind\":\"AES-128\"}", WD_R_RANGE);
	refused(key_read, "{\"kind\":\"\"}", WD_R_RANGE);
	refused(key_read, "{}", WD_R_RANGE);
	refused(key_read, "{\"kind\":1}", WD_R_MALFORMED);
}

static void
private_keys_pass_unread(void **state)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_key_create m = { 0 };

	(void)state;
	t_ok(wd_admin_key_read(
	    WD_SPAN_LIT("{\"base64\":\"AAEC\"}"), &b, &m, NULL));
	assert_int_equal(m.kind, WD_KEY_NONE);
	assert_int_equal(m.kinds, 0);
	t_span_equal(m.material, wd_span("\0\1\2", 3));
	wd_admin_body_done(&b);
	t_ok(wd_admin_key_read(
	    WD_SPAN_LIT("{\"kind\":\"ec-p384\",\"pem\":\"-----\\n\"}"), &b, &m,
	    NULL));
	assert_int_equal(m.kind, WD_KEY_P384);
	t_span_equal(m.material, WD_SPAN_LIT("-----\n"));
}

static void
material_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	refused(key_read, "{\"kind\":\"aes-128\",\"base64\":\"AAEC\"}",
	    WD_R_KEY_INVALID);
	refused(key_read,
	    "{\"kind\":\"aes-256\",\"base64\":\"AAECAwQFBgcICQoLDA0ODw==\"}",
	    WD_R_KEY_INVALID);
	t_ok(result_of(key_read,
	    "{\"kind\":\"aes-128\",\"base64\":\"AAECAwQFBgcICQoLDA0ODw==\"}"));
	refused(
	    key_read, "{\"kind\":\"aes-128\",\"pem\":\"x\"}", WD_R_MALFORMED);
	refused(
	    key_read, "{\"kind\":\"opaque\",\"pem\":\"x\"}", WD_R_MALFORMED);
	refused(key_read, "{\"base64\":\"A\"}", WD_R_MALFORMED);
	refused(
	    key_read, "{\"kind\":\"opaque\",\"base64\":\"\"}", WD_R_MALFORMED);
	refused(key_read, "{\"kind\":\"opaque\",\"base64\":\"AA EC\"}",
	    WD_R_MALFORMED);
	refused(key_read, "{\"pem\":\"\"}", WD_R_MALFORMED);
}

static void
material_has_a_limit(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	static char most[WD_MATERIAL_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < WD_MATERIAL_TEXT_MAX; i++)
		most[i] = 'A';
	assert_int_equal(
	    wd_material_from_b64(wd_span_text(most), &s, NULL), WD_R_RANGE);
	most[WD_MATERIAL_TEXT_MAX - 1] = '=';
	most[WD_MATERIAL_TEXT_MAX - 2] = '=';
	t_ok(wd_material_from_b64(wd_span_text(most), &s, NULL));
	assert_int_equal(wd_secret_len(s), WD_MATERIAL_MAX);
	most[WD_MATERIAL_MAX + 1] = '\0';
	s = wd_secret_free(s);
	assert_int_equal(
	    wd_material_from_pem(wd_span_text(most), &s, NULL), WD_R_RANGE);
	most[WD_MATERIAL_MAX] = '\0';
	t_ok(wd_material_from_pem(wd_span_text(most), &s, NULL));
}

static void
a_key_has_one_origin(void **state)
{
	(void)state;
	refused(key_read,
	    "{\"kind\":\"rsa-2048\",\"attach\":\"\",\"backend\":\"kmip\"}",
	    WD_R_MALFORMED);
	refused(key_read,
	    "{\"kind\":\"aes-128\",\"pem\":\"x\",\"base64\":\"AAEC\"}",
	    WD_R_MALFORMED);
	refused(key_read,
	    "{\"kind\":\"aes-128\",\"attach\":\"x\",\"backend\":\"kmip\","
	    "\"base64\":\"AAEC\"}",
	    WD_R_MALFORMED);
}

static struct wd_id
id_of(const char *s)
{
	struct wd_id id;

	assert_true(wd_id_parse(wd_span_text(s), &id));
	return id;
}

static struct wd_wr
fresh(void)
{
	return wd_wr_fixed(text, sizeof(text));
}

static void
a_key_is_written_with_and_without_its_certificate(void **state)
{
	struct wd_wr wr = fresh();
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_msg_key_record key = { .id = id_of(KEY),
		.kind = WD_KEY_AES256,
		.version = 2,
		.backend = WD_SPAN_LIT("vault"),
		.attach = WD_SPAN_LIT("a/b"),
		.label = WD_SPAN_LIT("l\"1"),
		.created = 1751328000,
		.chain = WD_SPAN_LIT("PEM\n") };

	(void)state;
	wd_admin_key_write(&j, &key, true);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT("{\"attach\":\"a/b\",\"backend\":\"vault\","
			"\"certificate\":\"PEM\\n\",\"created\":"
			"\"2025-07-01T00:00:00Z\",\"id\":\"" KEY
			"\",\"kind\":\"aes-256\",\"label\":\"l\\\"1\","
			"\"policy\":null,\"public_key\":null,\"usage\":\"\","
			"\"version\":2}"));
	wr = fresh();
	wd_admin_key_write(&j, &key, false);
	t_ok(wd_wr_end(&wr));
	text[wr.len] = '\0';
	assert_null(strstr(text, "certificate"));
	key.kind = 12;
	wd_admin_key_write(&j, &key, false);
	assert_true(wr.bad);
}

/* ---- other bodies */

static void
policies_are_refused_for_their_own_reasons(void **state)
{
	(void)state;
	refused(policy_read, WARDER, WD_R_MALFORMED);
	refused(policy_read, "{\"policy\":{}}", WD_R_MALFORMED);
	refused(policy_read, "{\"policy\":[]}", WD_R_MALFORMED);
	refused(policy_read,
	    "{\"policy\":{\"warder\":2,\"tee\":\"az-snp-vtpm\"}}",
	    WD_R_UNSUPPORTED);
	refused(policy_read, "{\"policy\":" WARDER ",\"prefix\":\"a\\u0000b\"}",
	    WD_R_MALFORMED);
}

static void
ids_are_ids_or_null_where_that_means_something(void **state)
{
	(void)state;
	refused(key_policy_read, "{}", WD_R_MALFORMED);
	refused(key_policy_read, "{\"policy\":\"\"}", WD_R_MALFORMED);
	refused(key_policy_read, "{\"policy\":1}", WD_R_MALFORMED);
	refused(bind_read, "{\"policy\":null}", WD_R_MALFORMED);
	refused(bind_read, "{\"policy\":\"x\"}", WD_R_MALFORMED);
	refused(
	    key_read, "{\"kind\":\"aes-128\",\"policy\":\"\"}", WD_R_MALFORMED);
}

static void
shares_pass_as_they_are(void **state)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	WD_AUTO(wd_admin_body_done) struct wd_admin_body other = { 0 };
	struct wd_msg_unseal m = { 0 };

	(void)state;
	t_ok(wd_admin_unseal_read(
	    WD_SPAN_LIT("{\"share\":\"a\\nb \"}"), &b, &m, NULL));
	t_span_equal(m.share, WD_SPAN_LIT("a\nb "));
	t_ok(wd_admin_unseal_read(
	    WD_SPAN_LIT("{\"share\":\"\"}"), &other, &m, NULL));
	assert_int_equal(m.share.len, 0);
	(void)snprintf(text, sizeof(text), "{\"share\":\"%01025d\"}", 1);
	refused(unseal_read, text, WD_R_RANGE);
}

static void
rules_become_one_text(void **state)
{
	WD_AUTO(wd_admin_body_done) struct wd_admin_body b = { 0 };
	struct wd_msg_token_create m = { 0 };

	(void)state;
	t_ok(wd_admin_token_read(
	    WD_SPAN_LIT("{\"user\":\"a\",\"rules\":[\"keys:create\",\"*:*\"],"
			"\"seconds\":4294967295}"),
	    &b, &m, NULL));
	t_span_equal(m.rules, WD_SPAN_LIT("keys:create *:*"));
	assert_int_equal(m.seconds, 4294967295u);
#define RULES(list) "{\"user\":\"a\",\"rules\":" list ",\"seconds\":1}"
	refused(token_read, RULES("[]"), WD_R_MALFORMED);
	refused(token_read, RULES("[1]"), WD_R_MALFORMED);
	refused(token_read, RULES("[\"\"]"), WD_R_MALFORMED);
	refused(token_read, RULES("[\"a:b c:d\"]"), WD_R_MALFORMED);
	refused(token_read, RULES("\"a:b\""), WD_R_MALFORMED);
	(void)snprintf(text, sizeof(text), RULES("[\"%01025d\"]"), 1);
	refused(token_read, text, WD_R_RANGE);
#undef RULES
	refused(token_read,
	    "{\"user\":\"a\",\"rules\":[\"a:b\"],\"seconds\":4294967296}",
	    WD_R_RANGE);
}

/* ---- collateral */

static void
words_of_collateral_are_read(void **state)
{
	uint8_t role, n, scope[8];

	(void)state;
	assert_true(wd_admin_role(WD_SPAN_LIT("tcb_info"), &role));
	assert_int_equal(role, WD_IN_TCB_INFO);
	assert_false(wd_admin_role(WD_SPAN_LIT("quote"), &role));
	assert_false(wd_admin_role(WD_SPAN_LIT(""), &role));

	assert_true(wd_admin_tee(WD_SPAN_LIT("sgx"), &n));
	assert_int_equal(n, WD_TEE_SGX);
	assert_true(wd_admin_tee(WD_SPAN_LIT("none"), &n));
	assert_int_equal(n, WD_TEE_NONE);
	assert_true(wd_admin_tee(WD_SPAN_LIT(""), &n));
	assert_false(wd_admin_tee(WD_SPAN_LIT("amd"), &n));

	assert_true(wd_admin_class(WD_SPAN_LIT(""), &n));
	assert_int_equal(n, 's');
	assert_true(wd_admin_class(WD_SPAN_LIT("early"), &n));
	assert_int_equal(n, 'e');
	assert_false(wd_admin_class(WD_SPAN_LIT("late"), &n));

	assert_true(
	    wd_admin_scope(WD_SPAN_LIT("00906ED50000"), WD_IN_TCB_INFO, scope));
	assert_memory_equal(scope, "\x00\x90\x6e\xd5\x00\x00\x00\x00", 8);
	assert_true(wd_admin_scope(WD_SPAN_LIT(""), WD_IN_TCB_INFO, scope));
	assert_true(wd_span_is_zero(WD_SPAN(scope)));
	assert_false(
	    wd_admin_scope(WD_SPAN_LIT("processor"), WD_IN_TCB_INFO, scope));
	assert_false(
	    wd_admin_scope(WD_SPAN_LIT("0090"), WD_IN_TCB_INFO, scope));
	assert_true(
	    wd_admin_scope(WD_SPAN_LIT("processor"), WD_IN_PCK_CRL, scope));
	assert_int_equal(scope[0], 'p');
	assert_true(
	    wd_admin_scope(WD_SPAN_LIT("platform"), WD_IN_PCK_CRL, scope));
	assert_int_equal(scope[0], 'P');
	assert_false(
	    wd_admin_scope(WD_SPAN_LIT("00906ED50000"), WD_IN_PCK_CRL, scope));
	assert_true(
	    wd_admin_scope(WD_SPAN_LIT("0102030405060708"), WD_IN_ASK, scope));
	assert_memory_equal(scope, "\1\2\3\4\5\6\7\x08", 8);
	assert_false(wd_admin_scope(WD_SPAN_LIT("platform"), WD_IN_ASK, scope));
}

/* An FMSPC may look like a CA's letter. */
static void
a_scope_is_written_by_its_role(void **state)
{
	struct wd_wr wr = fresh();
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_msg_collateral_record c = { .role = WD_IN_TCB_INFO,
		.tee = WD_TEE_SGX,
		.update_class = 's',
		.scope = wd_span("p\0\0\0\0\0\0\0", 8) };

	(void)state;
	wd_jtext_array(&j);
	wd_admin_document_write(&j, &c);
	c.role = WD_IN_PCK_CRL;
	wd_admin_document_write(&j, &c);
	c.role = WD_IN_VEK_KEPT;
	wd_admin_document_write(&j, &c);
	wd_jtext_end(&j);
	t_ok(wd_wr_end(&wr));
	text[wr.len] = '\0';
	assert_non_null(strstr(text, "\"scope\":\"700000000000\""));
	assert_non_null(strstr(text, "\"scope\":\"processor\""));
	assert_non_null(strstr(text, "\"scope\":\"7000000000000000\""));

	c.role = WD_IN_COUNT;
	wr = fresh();
	j = wd_jtext(&wr);
	wd_admin_document_write(&j, &c);
	assert_true(wr.bad);
	c.role = WD_IN_PCK_CRL;
	c.scope.len = 7;
	wr = fresh();
	j = wd_jtext(&wr);
	wd_admin_document_write(&j, &c);
	assert_true(wr.bad);
}

/* ---- lists */

static void
the_next_page_begins_after_the_last_item(void **state)
{
	uint8_t buf[1024];
	struct wd_wr items = wd_wr_fixed(buf, sizeof(buf));
	struct wd_wr wr = fresh();
	struct wd_msg_secret_record s = { .path = WD_SPAN_LIT("a/b/c"),
		.version = 1 };

	(void)state;
	wd_list_add(&items, &wd_msg_secret_record_type, &s);
	s.path = WD_SPAN_LIT("a/b/d");
	wd_list_add(&items, &wd_msg_secret_record_type, &s);
	wd_admin_list_write(&wr, WD_LIST_SECRETS, wd_wr_span(&items), true);
	t_ok(wd_wr_end(&wr));
	text[wr.len] = '\0';
	assert_non_null(strstr(text, "],\"next\":\"a/b/d\"}"));

	wr = fresh();
	wd_admin_list_write(&wr, WD_LIST_SECRETS, wd_wr_span(&items), false);
	text[wr.len] = '\0';
	assert_null(strstr(text, "next"));
}

static void
an_empty_list_has_no_next_page(void **state)
{
	(void)state;
	for (int l = 0; l < WD_LIST_COUNT; l++) {
		struct wd_wr wr = fresh();

		wd_admin_list_write(
		    &wr, (enum wd_admin_list)l, wd_span(NULL, 0), true);
		t_span_equal(wd_wr_span(&wr), WD_SPAN_LIT("{\"items\":[]}"));
	}
}

static void
lists_that_are_cut_poison_the_writer(void **state)
{
	uint8_t buf[1024];
	struct wd_wr items = wd_wr_fixed(buf, sizeof(buf));
	struct wd_msg_secret_record s = { .path = WD_SPAN_LIT("a/b/c") };

	(void)state;
	wd_list_add(&items, &wd_msg_secret_record_type, &s);
	for (size_t n = 1; n < items.len; n++) {
		struct wd_wr wr = fresh();

		wd_admin_list_write(
		    &wr, WD_LIST_SECRETS, wd_span(buf, n), false);
		assert_true(wr.bad);
	}
}

/* ---- status */

static void
sentences_become_elements(void **state)
{
	struct wd_wr wr = fresh();
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_msg_status s = { .warnings = WD_SPAN_LIT(
				       "one; two;three; ; four; ") };
	struct wd_msg_proc_list p = { .warnings = WD_SPAN_LIT("five") };

	(void)state;
	wd_admin_status_write(&j, &s, &p, (struct wd_span){ 0 });
	t_ok(wd_wr_end(&wr));
	text[wr.len] = '\0';
	assert_non_null(strstr(
	    text, "\"warnings\":[\"one\",\"two;three\",\"four\",\"five\"]"));
	assert_non_null(strstr(text, "\"processes\":[]"));
	assert_non_null(strstr(text, "\"backends\":[]"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotating_may_say_nothing),
		cmocka_unit_test(every_body_is_read_and_no_part_of_one_is),
		cmocka_unit_test(lack_of_memory_is_a_fault_and_leaks_nothing),
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test(private_keys_pass_unread),
		cmocka_unit_test(material_that_does_not_fit_is_refused),
		cmocka_unit_test(material_has_a_limit),
		cmocka_unit_test(a_key_has_one_origin),
		cmocka_unit_test(
		    a_key_is_written_with_and_without_its_certificate),
		cmocka_unit_test(policies_are_refused_for_their_own_reasons),
		cmocka_unit_test(
		    ids_are_ids_or_null_where_that_means_something),
		cmocka_unit_test(shares_pass_as_they_are),
		cmocka_unit_test(rules_become_one_text),
		cmocka_unit_test(words_of_collateral_are_read),
		cmocka_unit_test(a_scope_is_written_by_its_role),
		cmocka_unit_test(the_next_page_begins_after_the_last_item),
		cmocka_unit_test(an_empty_list_has_no_next_page),
		cmocka_unit_test(lists_that_are_cut_poison_the_writer),
		cmocka_unit_test(sentences_become_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
