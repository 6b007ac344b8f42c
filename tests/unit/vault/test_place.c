/*
 * Where Vaults are, what may be asked of them, and what a client needs.
 */
#include "lib/t.h"

#include "crypto/init.h"
#include "vault/client_in.h"

#include <string.h>

static const struct {
	const char *url, *host;
	unsigned port;
} places[] = {
	{ "https://vault.example", "vault.example", 8200 },
	{ "https://vault.example:443", "vault.example", 443 },
	{ "https://vault.example:443/v1/sys/health?x=1", "vault.example", 443 },
	{ "https://10.0.0.1:8200/", "10.0.0.1", 8200 },
	{ "https://[2001:db8::1]:8201", "2001:db8::1", 8201 },
	{ "https://[2001:db8::1]", "2001:db8::1", 8200 },
};

static void
addresses_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(places); i++) {
		struct wd_vault_place p;

		t_ok(wd_vault_place_read(wd_span_text(places[i].url), &p));
		assert_string_equal(p.host, places[i].host);
		assert_int_equal(p.port, places[i].port);
	}
}

static void
what_is_no_address_with_tls_is_refused(void **state)
{
	static const char *const wrong[] = { "", "vault.example:8200",
		"http://vault.example:8200", "https://", "https:///v1",
		"https://:8200", "https://a:0", "https://a:65536",
		"https://a:x", "HTTPS://a", "https://user@a",
		"https://user@a:8200", "https://user:word@a:8200",
		"https://a b", "https://a\r\nb", "https://a b:1",
		"https://a?b:8200", "https://a#b:8200", "https://a\\b:8200",
		"https://\xc3\xa4:8200" };
	struct wd_vault_place p;

	(void)state;
	for (size_t i = 0; i < WD_N(wrong); i++)
		assert_int_equal(
		    wd_vault_place_read(wd_span_text(wrong[i]), &p),
		    WD_R_RANGE);
}

static void
paths_are_plain(void **state)
{
	static const char *const good[] = { "a", "a/b", "a.b/C-d_e~f@g:h+i=j",
		"0f5c1a3e-0000-4000-8000-000000000000" };
	static const char *const wrong[] = { "", "/", "/a", "a/", "a//b", ".",
		"..", "a/../b", "a/.", "a.", "a b", "a?b", "a#b", "a%2e", "a\n",
		"a\\b", "\xc3\xa4" };
	char many[WD_VAULT_PATH_MAX + 2];

	(void)state;
	for (size_t i = 0; i < WD_N(good); i++)
		t_ok(wd_vault_path_check(wd_span_text(good[i]), "it", NULL));
	for (size_t i = 0; i < WD_N(wrong); i++)
		assert_int_equal(
		    wd_vault_path_check(wd_span_text(wrong[i]), "it", NULL),
		    WD_R_RANGE);
	memset(many, 'a', sizeof(many));
	t_ok(wd_vault_path_check(wd_span(many, WD_VAULT_PATH_MAX), "it", NULL));
	assert_int_equal(wd_vault_path_check(
			     wd_span(many, WD_VAULT_PATH_MAX + 1), "it", NULL),
	    WD_R_RANGE);
}

static const struct wd_vault_options usual = {
	.address = { (const uint8_t *)"https://127.0.0.1:1", 19 },
	.ca = { (const uint8_t *)"x", 1 },
	.method = WD_VAULT_TOKEN,
	.secret_file = "/nonexistent/token",
};

static int
open_with(const struct wd_vault_options *o)
{
	WD_AUTO(wd_vault_freep) struct wd_vault *v = NULL;

	return wd_vault_open(o, &v, NULL);
}

static void
a_client_is_made_without_asking_anybody(void **state)
{
	(void)state;
	t_ok(open_with(&usual));
}

static void
what_cannot_be_is_refused_at_once(void **state)
{
	struct wd_vault_options o = usual;

	(void)state;
	o.address = wd_span_text("http://127.0.0.1:1");
	assert_int_equal(open_with(&o), WD_R_RANGE);
	o = usual;
	o.secret_file = NULL;
	assert_int_equal(open_with(&o), WD_R_RANGE);
	o = usual;
	o.method = WD_VAULT_CERT;
	assert_int_equal(open_with(&o), WD_R_RANGE);
	o = usual;
	o.name_space = wd_span_text("a/../b");
	assert_int_equal(open_with(&o), WD_R_RANGE);
	o = usual;
	o.mount = wd_span_text("a b");
	assert_int_equal(open_with(&o), WD_R_RANGE);
	o = usual;
	o.role = wd_span_text("a\r\nX-Vault-Token: b");
	assert_int_equal(open_with(&o), WD_R_RANGE);
}

static void
a_missing_secret_is_told_with_its_file(void **state)
{
	WD_AUTO(wd_vault_freep) struct wd_vault *v = NULL;
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(wd_vault_open(&usual, &v, NULL));
	assert_int_equal(wd_vault_keep(v, &d), WD_R_NO_CREDENTIAL);
	assert_non_null(strstr(d.detail, "/nonexistent/token"));
	assert_int_equal(wd_vault_due_ms(v), -1);
}

static void
every_method_has_a_name(void **state)
{
	enum wd_vault_method m;

	(void)state;
	for (int i = 0; i < WD_VAULT_METHODS; i++) {
		const char *name =
		    wd_vault_method_name((enum wd_vault_method)i);

		assert_true(wd_vault_method_by_name(wd_span_text(name), &m));
		assert_int_equal(m, i);
	}
	assert_false(wd_vault_method_by_name(wd_span_text("ldap"), &m));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(what_is_no_address_with_tls_is_refused),
		cmocka_unit_test(paths_are_plain),
		cmocka_unit_test(a_client_is_made_without_asking_anybody),
		cmocka_unit_test(what_cannot_be_is_refused_at_once),
		cmocka_unit_test(a_missing_secret_is_told_with_its_file),
		cmocka_unit_test(every_method_has_a_name),
	};

	return wd_crypto_init(NULL) != 0
	    ? 1
	    : cmocka_run_group_tests(tests, NULL, NULL);
}
