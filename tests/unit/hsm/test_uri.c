/*
 * Names of keys in HSMs (RFC 7512).
 */
#include "lib/t.h"

#include "base/reason.h"
#include "hsm/uri.h"

#define QUERY "?module-path=/m.so&pin-source=file:/pin"

static int
read_uri(const char *text, struct wd_hsm_uri *ret)
{
	struct wd_diag d = { 0 };
	int r = wd_hsm_uri_read(wd_span_text(text), ret, &d);

	assert_true(r == 0 || d.detail[0] != '\0');
	return r;
}

static void
every_part_is_read_and_decoded(void **state)
{
	struct wd_hsm_uri u;

	(void)state;
	t_ok(read_uri("pkcs11:token=My%20token;serial=00ff;object=a%3Bb"
		      "?pin-source=/etc/pin&module-path=/lib/m%2dn.so",
	    &u));
	assert_string_equal(u.token, "My token");
	assert_string_equal(u.serial, "00ff");
	assert_string_equal(u.object, "a;b");
	assert_string_equal(u.module, "/lib/m-n.so");
	assert_string_equal(u.pin_file, "/etc/pin");
	t_ok(read_uri("pkcs11:serial=1;object=k" QUERY, &u));
	assert_string_equal(u.token, "");
	assert_string_equal(u.pin_file, "/pin");
	t_ok(read_uri("pkcs11:serial=1;object=k?module-path=/m.so"
		      "&pin-source=credential:hsm.pin",
	    &u));
	assert_string_equal(u.pin_file, "credential:hsm.pin");
}

static void
what_is_no_name_of_one_key_is_malformed(void **state)
{
	static const char *const bad[] = { "", "pkcs11", "PKCS11:token=a",
		"pkcs11:", "pkcs11:token=a" QUERY, "pkcs11:object=k" QUERY,
		"pkcs11:token=a;object=k",
		"pkcs11:token=a;object=k?module-path=/m.so",
		"pkcs11:token=a;object=k?pin-source=/pin",
		"pkcs11:token=a;object=k?module-path=m.so&pin-source=/pin",
		"pkcs11:token=a;object=k?module-path=/m.so&pin-source=pin",
		"pkcs11:token=a;object=k?module-path=/m.so"
		"&pin-source=credential:../pin",
		"pkcs11:token=a;object=k?module-path=/m.so"
		"&pin-source=file:credential:pin%2f..",
		"pkcs11:token=a;object=k?module-path=credential:m"
		"&pin-source=/pin",
		"pkcs11:token=a;token=a;object=k" QUERY,
		"pkcs11:token=;object=k" QUERY,
		"pkcs11:token=a%2;object=k" QUERY,
		"pkcs11:token=a%zz;object=k" QUERY,
		"pkcs11:token=a%00b;object=k" QUERY };
	struct wd_hsm_uri u = { .token = "as before" };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(read_uri(bad[i], &u), WD_R_MALFORMED);
	assert_string_equal(u.token, "as before");
}

static void
pins_and_other_parts_are_not_supported(void **state)
{
	static const char *const bad[] = {
		"pkcs11:token=a;object=k" QUERY "&pin-value=1234",
		"pkcs11:token=a;id=%01;object=k" QUERY,
		"pkcs11:token=a;module-path=/m.so;object=k" QUERY,
	};
	struct wd_hsm_uri u;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(read_uri(bad[i], &u), WD_R_UNSUPPORTED);
}

static int
read_token(const char *text, struct wd_hsm_uri *ret)
{
	struct wd_diag d = { 0 };
	int r = wd_hsm_uri_read_token(wd_span_text(text), ret, &d);

	assert_true(r == 0 || d.detail[0] != '\0');
	return r;
}

static int
read_key(const char *text, struct wd_hsm_uri *ret)
{
	struct wd_diag d = { 0 };
	int r = wd_hsm_uri_read_key(wd_span_text(text), ret, &d);

	assert_true(r == 0 || d.detail[0] != '\0');
	return r;
}

static void
a_token_is_named_without_a_key(void **state)
{
	struct wd_hsm_uri u;

	(void)state;
	t_ok(read_token("pkcs11:token=a%20b?module-path=/m.so", &u));
	assert_string_equal(u.token, "a b");
	assert_string_equal(u.module, "/m.so");
	assert_int_equal(read_token("pkcs11:token=a", &u), WD_R_MALFORMED);
	assert_int_equal(
	    read_token("pkcs11:?module-path=/m.so", &u), WD_R_MALFORMED);
	assert_int_equal(
	    read_token("pkcs11:token=a;object=k?module-path=/m.so", &u),
	    WD_R_UNSUPPORTED);
	assert_int_equal(
	    read_token("pkcs11:token=a;id=%01?module-path=/m.so", &u),
	    WD_R_UNSUPPORTED);
}

static void
a_key_is_named_by_id_or_label(void **state)
{
	struct wd_hsm_uri u;

	(void)state;
	t_ok(read_key("pkcs11:id=%00%ffa;type=private", &u));
	assert_int_equal(u.id_len, 3);
	assert_memory_equal(u.id,
	    "\0\xff"
	    "a",
	    3);
	assert_int_equal(u.class, WD_HSM_PRIVATE);
	t_ok(read_key("pkcs11:token=t;object=k;type=secret-key", &u));
	assert_string_equal(u.object, "k");
	assert_int_equal(u.class, WD_HSM_SECRET);
	t_ok(read_key("pkcs11:object=k", &u));
	assert_int_equal(u.class, WD_HSM_ANY);
}

static void
what_names_no_key_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum wd_reason reason;
	} bad[] = {
		{ "", WD_R_MALFORMED },
		{ "pkcs11:", WD_R_MALFORMED },
		{ "pkcs11:token=t", WD_R_MALFORMED },
		{ "pkcs11:type=private", WD_R_MALFORMED },
		{ "pkcs11:id=", WD_R_MALFORMED },
		{ "pkcs11:id=%0", WD_R_MALFORMED },
		{ "pkcs11:id=a;id=b", WD_R_MALFORMED },
		{ "pkcs11:id=a;type=private;type=private", WD_R_MALFORMED },
		{ "pkcs11:id=a;type=cert", WD_R_UNSUPPORTED },
		{ "pkcs11:id=a?module-path=/m.so", WD_R_UNSUPPORTED },
		{ "pkcs11:id=a?pin-value=1", WD_R_UNSUPPORTED },
		{ "pkcs11:id=a?pin-source=/pin", WD_R_UNSUPPORTED },
		{ "pkcs11:id="
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaa",
		    WD_R_RANGE },
	};
	struct wd_hsm_uri u = { .object = "as before" };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(read_key(bad[i].text, &u), bad[i].reason);
	assert_string_equal(u.object, "as before");
}

static void
what_is_written_is_read_again(void **state)
{
	struct wd_hsm_uri u = { .class = WD_HSM_PRIVATE, .id_len = 4 };
	struct wd_hsm_uri back;
	char text[512] = { 0 };
	struct wd_wr wr = wd_wr_fixed(text, sizeof(text) - 1);

	(void)state;
	wd_copy(u.id, WD_SPAN_LIT("a ;\x01"));
	wd_hsm_uri_write_key(&u, &wr);
	assert_string_equal(text, "pkcs11:id=a%20%3b%01;type=private");
	t_ok(read_key(text, &back));
	assert_memory_equal(&back, &u, sizeof(u));
	u = (struct wd_hsm_uri){ .class = WD_HSM_SECRET,
		.object = "\xc3\xbc %" };
	wd_wipe(text, sizeof(text));
	wr = wd_wr_fixed(text, sizeof(text) - 1);
	wd_hsm_uri_write_key(&u, &wr);
	assert_string_equal(text, "pkcs11:object=%c3%bc%20%25;type=secret-key");
	t_ok(read_key(text, &back));
	assert_memory_equal(&back, &u, sizeof(u));
}

static void
too_long_is_out_of_range(void **state)
{
	struct wd_hsm_uri u;

	(void)state;
	assert_int_equal(
	    read_uri("pkcs11:token=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		     "a;object=k" QUERY,
		&u),
	    WD_R_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_read_and_decoded),
		cmocka_unit_test(what_is_no_name_of_one_key_is_malformed),
		cmocka_unit_test(pins_and_other_parts_are_not_supported),
		cmocka_unit_test(a_token_is_named_without_a_key),
		cmocka_unit_test(a_key_is_named_by_id_or_label),
		cmocka_unit_test(what_names_no_key_is_refused),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(too_long_is_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
