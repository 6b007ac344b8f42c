/*
 * Keys and policies in the words of the ISecL KBS API: what clients in the
 * field send is read, everything else is refused with its number.
 */
#include "lib/t.h"

#include <stdio.h>
#include <string.h>

#include "base/wr.h"
#include "policy/parse.h"
#include "proto/door.h"
#include "proto/isecl.h"

#define POLICY "6b3a9d6e-3f0c-4d52-9c53-5d4fe3a0a5a1"
#define KEY "0f8fad5b-d9cb-469f-a165-70867728950e"

static char text[16384];

static struct wd_span
key_of(const char *information)
{
	(void)snprintf(
	    text, sizeof(text), "{\"key_information\":{%s}}", information);
	return wd_span_text(text);
}

static int
read_as(struct wd_span json, uint8_t *ret_kind)
{
	WD_AUTO(wd_isecl_body_done) struct wd_isecl_body b = { 0 };
	struct wd_msg_key_create m = { 0 };
	int r = wd_isecl_key_read(json, &b, &m, NULL);

	*ret_kind = m.kind;
	return r;
}

static void
refused(struct wd_span json, int reason)
{
	uint8_t kind;

	if (read_as(json, &kind) != reason)
		fail_msg("%.*s: %d, not %d", (int)json.len,
		    (const char *)json.p, read_as(json, &kind), reason);
}

/* ---- generating */

static const struct {
	const char *information;
	enum wd_key_kind kind;
} kinds[] = {
	{ "\"algorithm\":\"AES\",\"key_length\":128", WD_KEY_AES128 },
	{ "\"algorithm\":\"AES\",\"key_length\":192", WD_KEY_AES192 },
	{ "\"algorithm\":\"AES\",\"key_length\":256", WD_KEY_AES256 },
	{ "\"algorithm\":\"aes\",\"key_length\":256", WD_KEY_AES256 },
	{ "\"algorithm\":\"RSA\",\"key_length\":2048", WD_KEY_RSA2048 },
	{ "\"algorithm\":\"RSA\",\"key_length\":3072", WD_KEY_RSA3072 },
	{ "\"algorithm\":\"RSA\",\"key_length\":4096", WD_KEY_RSA4096 },
	{ "\"algorithm\":\"EC\",\"curve_type\":\"secp256r1\"", WD_KEY_P256 },
	{ "\"algorithm\":\"EC\",\"curve_type\":\"prime256v1\"", WD_KEY_P256 },
	{ "\"algorithm\":\"EC\",\"curve_type\":\"secp384r1\"", WD_KEY_P384 },
	{ "\"algorithm\":\"EC\",\"curve_type\":\"secp521r1\"", WD_KEY_P521 },
	{ "\"algorithm\":\"EC\",\"curve_type\":\"ed25519\"", WD_KEY_ED25519 },
	{ "\"Algorithm\":\"AES\",\"KEY_LENGTH\":128", WD_KEY_AES128 },
	{ "\"algorithm\":\"AES\",\"key_length\":128,\"key_string\":\"\","
	  "\"kmip_key_id\":\"\"",
	    WD_KEY_AES128 },
};

static void
every_kind_can_be_asked_for(void **state)
{
	uint8_t kind = 0;

	(void)state;
	for (size_t i = 0; i < WD_N(kinds); i++) {
		t_ok(read_as(key_of(kinds[i].information), &kind));
		assert_int_equal(kind, kinds[i].kind);
	}
}

static void
sizes_that_are_not_served_are_out_of_range(void **state)
{
	(void)state;
	refused(
	    key_of("\"algorithm\":\"RSA\",\"key_length\":1024"), WD_R_RANGE);
	refused(
	    key_of("\"algorithm\":\"RSA\",\"key_length\":7680"), WD_R_RANGE);
	refused(key_of("\"algorithm\":\"AES\",\"key_length\":64"), WD_R_RANGE);
	refused(key_of("\"algorithm\":\"DES\",\"key_length\":64"), WD_R_RANGE);
	refused(key_of("\"algorithm\":\"EC\",\"curve_type\":\"secp224r1\""),
	    WD_R_RANGE);
	refused(key_of("\"algorithm\":\"EC\",\"key_length\":256,"
		       "\"curve_type\":\"secp256r1\""),
	    WD_R_RANGE);
	refused(key_of("\"algorithm\":\"OPAQUE\""), WD_R_RANGE);
	refused(
	    key_of("\"algorithm\":\"AES\",\"key_length\":70000"), WD_R_RANGE);
}

static void
what_is_missing_is_named(void **state)
{
	struct wd_isecl_body b = { 0 };
	struct wd_msg_key_create m = { 0 };
	struct wd_diag d = { 0 };

	(void)state;
	assert_int_equal(
	    wd_isecl_key_read(key_of("\"algorithm\":\"RSA\""), &b, &m, &d),
	    WD_R_MALFORMED);
	assert_non_null(strstr(d.detail, "key_length"));
	wd_isecl_body_done(&b);
	wd_diag_clear(&d);
	assert_int_equal(
	    wd_isecl_key_read(key_of("\"algorithm\":\"EC\""), &b, &m, &d),
	    WD_R_MALFORMED);
	assert_non_null(strstr(d.detail, "curve_type"));
	wd_isecl_body_done(&b);
}

static void
odd_requests_are_malformed(void **state)
{
	(void)state;
	refused(wd_span_text("{}"), WD_R_MALFORMED);
	refused(wd_span_text("[]"), WD_R_MALFORMED);
	refused(wd_span_text(""), WD_R_MALFORMED);
	refused(wd_span_text("{\"key_information\":[]}"), WD_R_MALFORMED);
	refused(key_of(""), WD_R_MALFORMED);
	refused(key_of("\"algorithm\":\"\""), WD_R_MALFORMED);
	refused(key_of("\"algorithm\":\"AES\",\"key_length\":\"128\""),
	    WD_R_MALFORMED);
	refused(key_of("\"algorithm\":\"AES\",\"Algorithm\":\"AES\","
		       "\"key_length\":128"),
	    WD_R_MALFORMED);
	refused(key_of("\"algorithm\":\"AES\",\"key_length\":128,\"id\":\"\""),
	    WD_R_UNKNOWN_MEMBER);
	refused(wd_span_text("{\"key_information\":{\"algorithm\":\"AES\","
			     "\"key_length\":128},\"owner\":\"me\"}"),
	    WD_R_UNKNOWN_MEMBER);
	refused(wd_span_text("{\"key_information\":{\"algorithm\":\"AES\","
			     "\"key_length\":128},\"label\":\"a\\u0007\"}"),
	    WD_R_MALFORMED);
	refused(
	    wd_span_text("{\"key_information\":{\"algorithm\":\"AES\","
			 "\"key_length\":128},\"transfer_policy_id\":\"x\"}"),
	    WD_R_MALFORMED);
}

static void
policies_are_named_in_either_spelling(void **state)
{
	static const char *const names[] = { "transfer_policy_id",
		"transfer_policy_ID" };

	(void)state;
	for (size_t i = 0; i < WD_N(names); i++) {
		WD_AUTO(wd_isecl_body_done) struct wd_isecl_body b = { 0 };
		struct wd_msg_key_create m = { 0 };

		(void)snprintf(text, sizeof(text),
		    "{\"key_information\":{\"algorithm\":\"AES\","
		    "\"key_length\":256},\"%s\":\"" POLICY
		    "\",\"label\":\"web\",\"usage\":\"COUNTRY:USA\"}",
		    names[i]);
		t_ok(wd_isecl_key_read(wd_span_text(text), &b, &m, NULL));
		assert_string_equal(m.policy.s, POLICY);
		t_span_equal(m.label, WD_SPAN_LIT("web"));
		t_span_equal(m.usage, WD_SPAN_LIT("COUNTRY:USA"));
		assert_int_equal(m.material.len, 0);
		assert_int_equal(m.attach.len, 0);
	}
}

/* ---- attaching */

static void
a_key_that_rests_elsewhere_is_passed_on(void **state)
{
	static const char *const members[][2] = { { "kmip_key_id", "" },
		{ "vault_path", "vault" }, { "pkcs11_uri", "pkcs11" } };

	(void)state;
	for (size_t i = 0; i < WD_N(members); i++) {
		WD_AUTO(wd_isecl_body_done) struct wd_isecl_body b = { 0 };
		struct wd_msg_key_create m = { 0 };
		char information[128];

		(void)snprintf(information, sizeof(information),
		    "\"algorithm\":\"RSA\",\"key_length\":3072,\"%s\":\"17\"",
		    members[i][0]);
		t_ok(wd_isecl_key_read(key_of(information), &b, &m, NULL));
		t_span_equal(m.attach, WD_SPAN_LIT("17"));
		t_span_equal(m.backend_kind, wd_span_text(members[i][1]));
		assert_int_equal(m.backend.len, 0);
		assert_int_equal(m.kind, WD_KEY_RSA3072);
	}
}

static void
a_key_comes_from_one_place_only(void **state)
{
	(void)state;
	refused(key_of("\"algorithm\":\"AES\",\"key_length\":128,"
		       "\"kmip_key_id\":\"1\",\"vault_path\":\"a\""),
	    WD_R_MALFORMED);
	refused(key_of("\"algorithm\":\"AES\",\"key_length\":128,"
		       "\"kmip_key_id\":\"1\",\"key_string\":\"AAAA\""),
	    WD_R_MALFORMED);
}

/* ---- bringing one's own */

static void
aes_bytes_come_as_base64(void **state)
{
	WD_AUTO(wd_isecl_body_done) struct wd_isecl_body b = { 0 };
	struct wd_msg_key_create m = { 0 };

	(void)state;
	t_ok(wd_isecl_key_read(key_of("\"algorithm\":\"AES\",\"key_string\":"
				      "\"AAECAwQFBgcICQoLDA0ODw==\""),
	    &b, &m, NULL));
	assert_int_equal(m.kind, WD_KEY_AES128);
	assert_int_equal(m.material.len, 16);
	assert_int_equal(m.material.p[15], 15);
}

#define BIT(kind) (1u << (kind))

static const struct {
	const char *information;
	unsigned kinds;
} brought[] = {
	{ "\"algorithm\":\"RSA\"",
	    BIT(WD_KEY_RSA2048) | BIT(WD_KEY_RSA3072) | BIT(WD_KEY_RSA4096) },
	{ "\"algorithm\":\"RSA\",\"key_length\":3072", BIT(WD_KEY_RSA3072) },
	{ "\"algorithm\":\"EC\"",
	    BIT(WD_KEY_P256) | BIT(WD_KEY_P384) | BIT(WD_KEY_P521) |
		BIT(WD_KEY_ED25519) },
	{ "\"algorithm\":\"EC\",\"curve_type\":\"prime256v1\"",
	    BIT(WD_KEY_P256) },
};

/* PEM as it is, base64 decoded; read by the keeper alone. */
static void
private_keys_pass_unread(void **state)
{
	static const char *const forms[][2] = {
		{ "-----BEGIN RSA PRIVATE KEY-----\\nAAEC\\n",
		    "-----BEGIN RSA PRIVATE KEY-----\nAAEC\n" },
		{ "YWJj", "abc" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(brought); i++)
		for (size_t k = 0; k < WD_N(forms); k++) {
			WD_AUTO(wd_isecl_body_done)
			struct wd_isecl_body b = { 0 };
			struct wd_msg_key_create m = { 0 };
			char information[256];

			(void)snprintf(information, sizeof(information),
			    "%s,\"key_string\":\"%s\"", brought[i].information,
			    forms[k][0]);
			t_ok(wd_isecl_key_read(
			    key_of(information), &b, &m, NULL));
			assert_int_equal(m.kind, WD_KEY_NONE);
			assert_int_equal(m.kinds, brought[i].kinds);
			t_span_equal(m.material, wd_span_text(forms[k][1]));
		}
}

static void
material_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	refused(key_of("\"algorithm\":\"AES\",\"key_string\":\"AAEC\""),
	    WD_R_KEY_INVALID);
	refused(key_of("\"algorithm\":\"AES\",\"key_length\":256,"
		       "\"key_string\":\"AAECAwQFBgcICQoLDA0ODw==\""),
	    WD_R_MISMATCH);
	refused(key_of("\"algorithm\":\"AES\",\"key_string\":\"not base64\""),
	    WD_R_MALFORMED);
	refused(key_of("\"algorithm\":\"AES\",\"key_string\":\"====\""),
	    WD_R_MALFORMED);
	refused(key_of("\"algorithm\":\"RSA\",\"key_length\":1024,"
		       "\"key_string\":\"AAEC\""),
	    WD_R_RANGE);
	refused(key_of("\"algorithm\":\"OPAQUE\",\"key_string\":\"AAEC\""),
	    WD_R_RANGE);
}

/* ---- searching */

static void
filters_find_the_one_kind_they_mean(void **state)
{
	struct wd_isecl_filter f = { .bits = 3072 };
	struct wd_msg_key_record key = { .kind = WD_KEY_RSA3072 };
	uint8_t kind = 0;

	(void)state;
	t_ok(wd_isecl_filter_check(&f, &kind, NULL));
	assert_int_equal(kind, WD_KEY_RSA3072);
	assert_true(wd_isecl_filter_matches(&f, &key));
	key.kind = WD_KEY_RSA2048;
	assert_false(wd_isecl_filter_matches(&f, &key));

	f = (struct wd_isecl_filter){ .algorithm = WD_SPAN_LIT("RSA") };
	t_ok(wd_isecl_filter_check(&f, &kind, NULL));
	assert_int_equal(kind, WD_KEY_NONE);
	assert_true(wd_isecl_filter_matches(&f, &key));
	key.kind = WD_KEY_AES256;
	assert_false(wd_isecl_filter_matches(&f, &key));
	key.kind = 200;
	assert_false(wd_isecl_filter_matches(&f, &key));

	f = (struct wd_isecl_filter){ .curve = WD_SPAN_LIT("prime256v1") };
	t_ok(wd_isecl_filter_check(&f, &kind, NULL));
	assert_int_equal(kind, WD_KEY_P256);

	f = (struct wd_isecl_filter){ .algorithm = WD_SPAN_LIT("AES"),
		.bits = 2048 };
	assert_int_equal(wd_isecl_filter_check(&f, &kind, NULL), WD_R_RANGE);
	f = (struct wd_isecl_filter){ .algorithm = WD_SPAN_LIT("DES") };
	assert_int_equal(wd_isecl_filter_check(&f, &kind, NULL), WD_R_RANGE);
}

/* ---- answers */

static struct wd_id
id_of(const char *s)
{
	struct wd_id id;

	assert_true(wd_id_parse(wd_span_text(s), &id));
	return id;
}

static void
a_key_is_written_as_key_response(void **state)
{
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_msg_key_record key = { .id = id_of(KEY),
		.kind = WD_KEY_RSA2048,
		.backend = WD_SPAN_LIT("kmip"),
		.attach = WD_SPAN_LIT("42"),
		.policy = id_of(POLICY),
		.label = WD_SPAN_LIT("web"),
		.created = 1751328000 };

	(void)state;
	wd_isecl_key_write(&j, &key);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT(
		"{\"created_at\":\"2025-07-01T00:00:00Z\",\"key_information\":"
		"{\"algorithm\":\"RSA\",\"id\":\"" KEY
		"\",\"key_length\":2048,\"kmip_key_id\":\"42\"},\"label\":"
		"\"web\",\"transfer_link\":\"/kbs/v1/keys/" KEY
		"/transfer\",\"transfer_policy_id\":\"" POLICY
		"\",\"usage\":\"\"}"));
}

static void
a_key_of_no_known_kind_is_not_written(void **state)
{
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_msg_key_record key = { .kind = 99 };

	(void)state;
	wd_isecl_key_write(&j, &key);
	assert_true(wr.bad);
}

static struct wd_span
written(const char *policy)
{
	WD_AUTO(wd_policy_freep) struct wd_policy *p = NULL;
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_msg_policy_record m = { .id = id_of(POLICY),
		.created = 1751328000,
		.updated = 1751328001 };

	t_ok(wd_policy_parse(wd_span_text(policy), NULL, &p));
	m.flat = wd_policy_flat(p);
	wd_jtext_array(&j);
	t_ok(wd_isecl_policy_write(&j, &m));
	t_ok(wd_isecl_policy_write(&j, &m));
	wd_jtext_end(&j);
	t_ok(wd_wr_end(&wr));
	return wd_wr_span(&wr);
}

#define SIGNER \
	"83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e"

static void
policies_come_back_as_they_were_written(void **state)
{
	static const char one[] =
	    "{\"created_at\":\"2025-07-01T00:00:00Z\",\"id\":\"" POLICY
	    "\",\"sgx_enclave_issuer_anyof\":[\"" SIGNER
	    "\"],\"sgx_enclave_issuer_product_id\":1}";
	char both[2 * sizeof(one) + 4];

	(void)state;
	(void)snprintf(both, sizeof(both), "[%s,%s]", one, one);
	t_span_equal(written("{\"sgx_enclave_issuer_anyof\":[\"" SIGNER
			     "\"],\"sgx_enclave_issuer_product_id\":1}"),
	    wd_span_text(both));
}

static void
policies_of_our_own_form_are_told_from_the_others(void **state)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	struct wd_span s = written(
	    "{\"warder\":1,\"tee\":\"sgx\",\"all\":[{\"claim\":\"mrsigner\","
	    "\"in\":[\"" SIGNER "\"]}]}");
	const struct wd_jval *v;
	struct wd_span id;

	(void)state;
	t_ok(wd_json_parse(s, NULL, &doc));
	v = wd_jval_at(wd_json_root(doc), 1);
	assert_int_equal(wd_jval_members(v), 4);
	assert_true(wd_jval_text(wd_jval_get(v, "id"), &id));
	t_span_equal(id, WD_SPAN_LIT(POLICY));
	assert_int_equal(
	    wd_jval_type(wd_jval_get(wd_jval_get(v, "policy"), "all")),
	    WD_JARRAY);
}

static void
a_record_without_a_policy_is_refused(void **state)
{
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text));
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_msg_policy_record m = { .flat = WD_SPAN_LIT("junk") };

	(void)state;
	assert_int_equal(wd_isecl_policy_write(&j, &m), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_can_be_asked_for),
		cmocka_unit_test(sizes_that_are_not_served_are_out_of_range),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(odd_requests_are_malformed),
		cmocka_unit_test(policies_are_named_in_either_spelling),
		cmocka_unit_test(a_key_that_rests_elsewhere_is_passed_on),
		cmocka_unit_test(a_key_comes_from_one_place_only),
		cmocka_unit_test(aes_bytes_come_as_base64),
		cmocka_unit_test(private_keys_pass_unread),
		cmocka_unit_test(material_that_does_not_fit_is_refused),
		cmocka_unit_test(filters_find_the_one_kind_they_mean),
		cmocka_unit_test(a_key_is_written_as_key_response),
		cmocka_unit_test(a_key_of_no_known_kind_is_not_written),
		cmocka_unit_test(policies_come_back_as_they_were_written),
		cmocka_unit_test(
		    policies_of_our_own_form_are_told_from_the_others),
		cmocka_unit_test(a_record_without_a_policy_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
