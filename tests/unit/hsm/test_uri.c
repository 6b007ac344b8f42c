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
		cmocka_unit_test(too_long_is_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
