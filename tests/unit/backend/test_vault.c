/*
 * Keys in a Vault: how they are written as entries, found in what others wrote,
 * and named.
 */
#include "lib/t.h"

#include "backend/vault.h"
#include "backend/vault_entry.h"
#include "backend/vault_in.h"
#include "codec/base64.h"
#include "crypto/init.h"
#include "crypto/pkey.h"

#include <stdio.h>
#include <string.h>

#define ID "0f5c1a3e-0000-4000-8000-000000000000"

static struct wd_id
an_id(void)
{
	struct wd_id id;

	assert_true(wd_id_parse(wd_span_text(ID), &id));
	return id;
}

static int
read_text(struct wd_span text, const char *name, const char *member,
    struct wd_vault_found *f, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;

	t_ok(wd_json_parse(text, NULL, &doc));
	return wd_vault_entry_read(
	    wd_json_root(doc), wd_span_text(name), wd_span_text(member), f, d);
}

/* ---- entries */

static void
symmetric_keys_are_read_as_they_were_written(void **state)
{
	static const struct {
		enum wd_key_kind kind;
		size_t len;
	} keys[] = { { WD_KEY_AES128, 16 }, { WD_KEY_AES192, 24 },
		{ WD_KEY_AES256, 32 }, { WD_KEY_OPAQUE, 5 } };
	const uint8_t bytes[32] = { 0, 255, 1 };
	const struct wd_id id = an_id();

	(void)state;
	for (size_t i = 0; i < WD_N(keys); i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *text = NULL;
		WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };
		struct wd_span key = wd_span(bytes, keys[i].len);

		t_ok(wd_vault_entry_write(&id, wd_span_text(ID ".v2"),
		    keys[i].kind, key, wd_span(NULL, 0), &text));
		t_ok(read_text(wd_bytes_span(text), ID ".v2", "", &f, NULL));
		assert_int_equal(f.kind, keys[i].kind);
		t_span_equal(wd_secret_borrow(f.bytes), key);
		assert_null(f.spki);
	}
}

static void
pairs_are_read_as_they_were_written(void **state)
{
	static const enum wd_pkey_alg algs[] = { WD_PKEY_P256, WD_PKEY_P384,
		WD_PKEY_P521, WD_PKEY_ED25519 };
	const struct wd_id id = an_id();

	(void)state;
	for (size_t i = 0; i < WD_N(algs); i++) {
		WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
		WD_AUTO(wd_secret_freep) struct wd_secret *der = NULL;
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *text = NULL,
				*spki = NULL;
		WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };
		enum wd_key_kind kind;

		t_ok(wd_pkey_generate(algs[i], &k));
		t_ok(wd_pkey_to_pkcs8(k, &der));
		kind = wd_vault_kind_of(wd_secret_borrow(der), &spki);
		assert_int_not_equal(kind, WD_KEY_NONE);
		t_ok(wd_vault_entry_write(&id, wd_span_text(ID), kind,
		    wd_secret_borrow(der), wd_bytes_span(spki), &text));
		t_ok(read_text(wd_bytes_span(text), ID, "", &f, NULL));
		assert_int_equal(f.kind, kind);
		t_span_equal(wd_secret_borrow(f.bytes), wd_secret_borrow(der));
		t_span_equal(wd_bytes_span(f.spki), wd_bytes_span(spki));
	}
}

static void
a_member_is_chosen_by_name_or_alone(void **state)
{
	static const struct {
		const char *text, *member;
		int result;
	} cases[] = {
		{ "{\"key\":\"a\",\"b\":\"c\"}", "", 0 },
		{ "{\"b\":\"c\"}", "", 0 },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "a", 0 },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "", WD_R_UNSUPPORTED },
		{ "{\"a\":\"b\"}", "x", WD_R_NOT_FOUND },
		{ "{}", "", WD_R_UNSUPPORTED },
		{ "{\"a\":1}", "", WD_R_BACKEND_ANSWER },
		{ "{\"a\":\"\"}", "", WD_R_BACKEND_ANSWER },
		{ "{\"a\":{\"b\":\"c\"}}", "", WD_R_BACKEND_ANSWER },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(cases); i++) {
		WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };

		assert_int_equal(read_text(wd_span_text(cases[i].text), "key",
				     cases[i].member, &f, NULL),
		    cases[i].result);
		if (cases[i].result == 0)
			assert_int_equal(f.kind, WD_KEY_OPAQUE);
		else
			assert_null(f.bytes);
	}
}

static void
a_broken_key_is_not_taken_for_a_secret(void **state)
{
	static const char *const texts[] = {
		"{\"algorithm\":\"AES\",\"key_data\":\"AAAA\"}",
		"{\"algorithm\":\"AES\",\"key_data\":\"?\"}",
		"{\"algorithm\":\"AES\",\"key_data\":7}",
		"{\"algorithm\":\"RSA\",\"private_key\":\"AAAA\"}",
		"{\"algorithm\":\"EC\",\"key_data\":\"AAAA\"}",
		"{\"algorithm\":\"XX\",\"private_key\":\"AAAA\"}",
	};

	(void)state;
	for (size_t i = 0; i < WD_N(texts); i++) {
		WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };

		assert_int_equal(
		    read_text(wd_span_text(texts[i]), "key", "", &f, NULL),
		    WD_R_BACKEND_ANSWER);
		assert_null(f.bytes);
	}
}

/* ---- locators */

static const char *const locators[] = {
	"kv|2|keybroker|" ID "|1|",
	"kv|1|a/b|c/d|0|private_key",
	"transit|transit|warder-" ID ".v2|1",
	"creds|database/creds/web",
};

static void
locators_are_read_as_they_were_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(locators); i++) {
		char again[WD_LOCATOR_MAX + 1];
		struct wd_vault_locator l;

		t_ok(
		    wd_vault_locator_read(wd_span_text(locators[i]), &l, NULL));
		t_ok(wd_vault_locator_write(&l, again, NULL));
		assert_string_equal(again, locators[i]);
	}
}

static void
other_locators_are_refused(void **state)
{
	static const char *const wrong[] = { "", "kv", "kv|", "kv|2|a|b|1",
		"kv|0|a|b|1|", "kv|3|a|b|1|", "kv|2||b|1|", "kv|2|a||1|",
		"kv|2|a|../b|1|", "kv|2|a|b|01|", "kv|2|a|b|-1|",
		"kv|2|a|b|1|c d", "transit|a|b|0", "transit|a|b",
		"transit|a|b|1|", "transit|a|b|1|c", "creds|", "creds|a|",
		"creds|a?b", "creds|a%2fb", "x|a" };
	struct wd_vault_locator l;

	(void)state;
	for (size_t i = 0; i < WD_N(wrong); i++)
		assert_int_equal(
		    wd_vault_locator_read(wd_span_text(wrong[i]), &l, NULL),
		    WD_R_MALFORMED);
}

/* ---- results */

static void
results_are_those_of_backends(void **state)
{
	static const struct {
		int from, to;
	} rows[] = {
		{ 0, 0 },
		{ WD_R_NOT_FOUND, WD_R_NOT_FOUND },
		{ WD_R_PERMISSION, WD_R_PERMISSION },
		{ WD_R_NO_CREDENTIAL, WD_R_PERMISSION },
		{ WD_R_MALFORMED, WD_R_UNSUPPORTED },
		{ WD_R_OVERLOADED, WD_R_UNAVAILABLE },
		{ WD_R_BACKEND_NOT_CONFIGURED, WD_R_UNAVAILABLE },
		{ WD_R_TOO_LARGE, WD_R_BACKEND_ANSWER },
		{ WD_R_CONFLICT, WD_R_CONFLICT },
		{ WD_F_PEER, WD_R_UNAVAILABLE },
		{ WD_F_TIMEOUT, WD_R_UNAVAILABLE },
		{ WD_F_MEMORY, WD_F_MEMORY },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_diag d = { .result = rows[i].from };

		assert_int_equal(wd_vault_result(rows[i].from, &d), rows[i].to);
		assert_int_equal(d.result, rows[i].to);
	}
}

static void
what_the_form_says_the_row_has(void **state)
{
	const struct wd_backend_row *row = &wd_backend_vault_row;

	(void)state;
	assert_ptr_equal(row->form, &wd_backend_vault_form);
	assert_ptr_equal(wd_backend_row(WD_BACKEND_VAULT), row);
	assert_non_null(row->make);
	assert_non_null(row->attach);
	assert_non_null(row->fetch);
	assert_non_null(row->use);
	assert_non_null(row->destroy);
	assert_non_null(row->renew);
	assert_non_null(row->revoke);
	assert_null(row->wrap);
	assert_int_equal(row->form->can & WD_BACKEND_CAN_WRAP, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symmetric_keys_are_read_as_they_were_written),
		cmocka_unit_test(pairs_are_read_as_they_were_written),
		cmocka_unit_test(a_member_is_chosen_by_name_or_alone),
		cmocka_unit_test(a_broken_key_is_not_taken_for_a_secret),
		cmocka_unit_test(locators_are_read_as_they_were_written),
		cmocka_unit_test(other_locators_are_refused),
		cmocka_unit_test(results_are_those_of_backends),
		cmocka_unit_test(what_the_form_says_the_row_has),
	};

	return wd_crypto_init(NULL) != 0
	    ? 1
	    : cmocka_run_group_tests(tests, NULL, NULL);
}
