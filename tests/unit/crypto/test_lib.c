/*
 * What a failure of libcrypto becomes: memory that it could not get is never
 * taken for evidence that is wrong.
 */
#include "lib/t.h"

#include "crypto/lib.h"

#include <openssl/err.h>

static void
no_memory_is_a_fault_whatever_was_said_after_it(void **state)
{
	(void)state;
	ERR_raise(ERR_LIB_ASN1, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_X509, ERR_R_ASN1_LIB);
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	assert_int_equal(wd_lib_verdict(0, WD_R_MISMATCH), WD_F_MEMORY);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
other_failures_are_the_rejection(void **state)
{
	(void)state;
	ERR_raise(ERR_LIB_X509, ERR_R_ASN1_LIB);
	assert_int_equal(wd_lib_verdict(0, WD_R_MISMATCH), WD_R_MISMATCH);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(wd_lib_verdict(-1, WD_R_MISMATCH), WD_R_MISMATCH);
	t_ok(wd_lib_verdict(1, WD_R_MISMATCH));
}

static void
failures_without_a_verdict_are_faults(void **state)
{
	(void)state;
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	assert_int_equal(wd_lib_fault(), WD_F_CRYPTO);
	assert_int_equal(wd_lib_fault(), WD_F_CRYPTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    no_memory_is_a_fault_whatever_was_said_after_it),
		cmocka_unit_test(other_failures_are_the_rejection),
		cmocka_unit_test(failures_without_a_verdict_are_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
