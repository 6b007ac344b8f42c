/*
 * keys.txt of the SKC library.
 */
#include "lib/t.h"

#include "bin/agent/skc.h"

#define ID "9d4c55f0-3c5e-4f0a-9f3c-0b6a0f5c7e11"
#define LINE                                                               \
	"pkcs11:token=KMS;id=" ID ";object=RSAKEY;type=private;pin-value=" \
	"1234;"

static int
read_one(const char *text, struct wd_skc_key *key)
{
	struct wd_span s = wd_span_text(text);
	struct wd_diag d = { 0 };

	return wd_skc_next(&s, key, &d);
}

static void
a_line_names_a_key(void **state)
{
	struct wd_skc_key key;

	(void)state;
	t_ok(read_one(LINE, &key));
	assert_string_equal(key.id.s, ID);
	assert_string_equal(key.label, "RSAKEY");
	assert_true(key.is_private);
}

static void
parts_come_in_any_order_and_the_last_semicolon_may_miss(void **state)
{
	struct wd_skc_key key;

	(void)state;
	t_ok(read_one("pkcs11:pin-value=1234;type=secret-key;object=my%20key;"
		      "id=" ID ";token=KMS",
	    &key));
	assert_string_equal(key.label, "my key");
	assert_false(key.is_private);
}

static void
a_file_has_many_lines(void **state)
{
	struct wd_span s =
	    wd_span_text("# keys\r\n\n" LINE "\r\n  " LINE " \n\n");
	struct wd_skc_key key;
	struct wd_diag d = { 0 };

	(void)state;
	t_ok(wd_skc_next(&s, &key, &d));
	t_ok(wd_skc_next(&s, &key, &d));
	assert_int_equal(wd_skc_next(&s, &key, &d), WD_R_NOT_FOUND);
}

static void
other_lines_are_malformed(void **state)
{
	static const char *const wrong[] = {
		"RSAKEY",
		"pkcs11:",
		"PKCS11:token=KMS;id=" ID ";object=K;type=private;pin-value="
		"1234",
		"pkcs11:token=kms;id=" ID ";object=K;type=private;pin-value="
		"1234",
		"pkcs11:id=" ID ";object=K;type=private;pin-value=1234",
		"pkcs11:token=KMS;object=K;type=private;pin-value=1234",
		"pkcs11:token=KMS;id=" ID ";type=private;pin-value=1234",
		"pkcs11:token=KMS;id=" ID ";object=K;pin-value=1234",
		"pkcs11:token=KMS;id=" ID ";object=K;type=private",
		"pkcs11:token=KMS;id=" ID ";object=;type=private;pin-value="
		"1234",
		"pkcs11:token=KMS;id=" ID ";object=K;type=cert;pin-value=1234",
		"pkcs11:token=KMS;id=" ID ";object=K;type=private;pin-value="
		"123",
		"pkcs11:token=KMS;id=1;object=K;type=private;pin-value=1234",
		LINE "object=K",
		LINE "slot=1",
		LINE ";",
		"pkcs11:token=KMS;id=" ID ";object=%zz;type=private;"
		"pin-value=1234",
		"pkcs11:token=KMS;id=" ID ";object=%00;type=private;"
		"pin-value=1234",
	};
	struct wd_skc_key key = { .is_private = true };

	(void)state;
	for (size_t i = 0; i < WD_N(wrong); i++)
		assert_int_equal(read_one(wrong[i], &key), WD_R_MALFORMED);
	assert_string_equal(key.label, "");
}

static void
a_label_that_is_too_long_is_malformed(void **state)
{
	char text[600] =
	    "pkcs11:token=KMS;id=" ID ";type=private;pin-value=1234;object=";
	size_t n = wd_span_text(text).len;
	struct wd_skc_key key;

	(void)state;
	for (size_t i = 0; i < 400; i++) {
		text[n + i] = 'x';
		text[n + i + 1] = '\0';
		assert_int_equal(read_one(text, &key),
		    i < WD_HOLDER_LABEL_MAX ? 0 : WD_R_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_names_a_key),
		cmocka_unit_test(
		    parts_come_in_any_order_and_the_last_semicolon_may_miss),
		cmocka_unit_test(a_file_has_many_lines),
		cmocka_unit_test(other_lines_are_malformed),
		cmocka_unit_test(a_label_that_is_too_long_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
