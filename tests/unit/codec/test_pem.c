/*
 * PEM: strict blocks, one after the other, and the NUL of quoting enclaves.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "codec/pem.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"

static int
first(const char *text, struct wd_bytes **ret)
{
	struct wd_rd rd = wd_rd(wd_span_text(text));

	return wd_pem_next(&rd, "CERTIFICATE", ret);
}

static void
blocks_come_one_after_the_other(void **state)
{
	static const char text[] =
	    "\n" BEGIN "Zm9v\n" END "\r\n" BEGIN "Zm9v\r\nYmFy\r\n"
	    "-----END CERTIFICATE-----";
	struct wd_rd rd = wd_rd(WD_SPAN_LIT(text));
	struct wd_rd with_nul = wd_rd(WD_SPAN(text)); /* counts its NUL in */
	WD_AUTO(wd_bytes_freep) struct wd_bytes *a = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *c = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *d = NULL;

	(void)state;
	t_ok(wd_pem_next(&rd, "CERTIFICATE", &a));
	t_span_equal(wd_bytes_span(a), WD_SPAN_LIT("foo"));
	t_ok(wd_pem_next(&rd, "CERTIFICATE", &b));
	t_span_equal(wd_bytes_span(b), WD_SPAN_LIT("foobar"));
	assert_int_equal(wd_pem_next(&rd, "CERTIFICATE", &b), WD_R_NOT_FOUND);
	t_ok(wd_pem_next(&with_nul, "CERTIFICATE", &c));
	t_ok(wd_pem_next(&with_nul, "CERTIFICATE", &d));
	assert_int_equal(
	    wd_pem_next(&with_nul, "CERTIFICATE", &d), WD_R_NOT_FOUND);
}

static void
nothing_but_white_space_is_not_found(void **state)
{
	struct wd_bytes *b = NULL;

	(void)state;
	assert_int_equal(first("", &b), WD_R_NOT_FOUND);
	assert_int_equal(first(" \t\r\n", &b), WD_R_NOT_FOUND);
}

static void
written_blocks_read_back(void **state)
{
	uint8_t der[200];

	(void)state;
	for (size_t i = 0; i < sizeof(der); i++)
		der[i] = (uint8_t)i;
	for (size_t n = 1; n <= sizeof(der); n++) {
		struct wd_wr wr = wd_wr_growing(4096);
		WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
		struct wd_rd rd;

		wd_pem_write(&wr, "PRIVATE KEY", wd_span(der, n));
		rd = wd_rd(wd_wr_span(&wr));
		t_ok(wd_pem_next(&rd, "PRIVATE KEY", &b));
		t_span_equal(wd_bytes_span(b), wd_span(der, n));
		t_ok(wd_rd_end(&rd));
		wd_wr_done(&wr);
	}
}

static void
other_forms_are_refused(void **state)
{
	static const char *const bad[] = {
		"x" BEGIN "Zm9v\n" END,
		"text before\n" BEGIN "Zm9v\n" END,
		"-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE "
		"KEY-----\n",
		BEGIN "Zm9v\n-----END PRIVATE KEY-----\n",
		BEGIN "Zm9v\n-----END CERTIFICATE----\n",
		BEGIN "Zm9v\n-----END CERTIFICATE-----x\n",
		"-----BEGIN CERTIFICATE----- \nZm9v\n" END,
		"-----BEGIN  CERTIFICATE-----\nZm9v\n" END,
		"-----BEGIN CERTIFICATE-----Zm9v\n" END,
		"----BEGIN CERTIFICATE-----\nZm9v\n" END,
		BEGIN,
		BEGIN "Zm9v\n",
		BEGIN END,
		BEGIN "\nZm9v\n" END,
		BEGIN "Zm9v\n\n" END,
		BEGIN "Zm9v \n" END,
		BEGIN " Zm9v\n" END,
		BEGIN "Zm9\n" END,
		BEGIN "Zg==\nZg==\n" END,
		BEGIN "Proc-Type: 4,ENCRYPTED\n\nZm9v\n" END,
		BEGIN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		      "AAAAAAAAAAAA\nZm8=\n" END,
	};
	struct wd_bytes *b = NULL;

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(first(bad[i], &b), WD_R_MALFORMED);
	assert_null(b);
}

static void
nul_counts_only_as_the_last_byte(void **state)
{
	static const char inside[] = BEGIN "Zm\0v\n" END;
	static const char two[] = BEGIN "Zm9v\n" END "\0";
	struct wd_rd rd = wd_rd(WD_SPAN_LIT(inside));
	struct wd_rd rest = wd_rd(WD_SPAN(two)); /* the second NUL is its own */
	struct wd_bytes *b = NULL;

	(void)state;
	assert_int_equal(wd_pem_next(&rd, "CERTIFICATE", &b), WD_R_MALFORMED);
	t_ok(wd_pem_next(&rest, "CERTIFICATE", &b));
	b = wd_bytes_free(b);
	assert_int_equal(wd_pem_next(&rest, "CERTIFICATE", &b), WD_R_MALFORMED);
}

static void
a_refused_block_poisons_the_cursor(void **state)
{
	struct wd_rd rd =
	    wd_rd(wd_span_text(BEGIN "!!!!\n" END BEGIN "Zm9v\n" END));
	struct wd_bytes *b = NULL;

	(void)state;
	assert_int_equal(wd_pem_next(&rd, "CERTIFICATE", &b), WD_R_MALFORMED);
	assert_int_equal(wd_pem_next(&rd, "CERTIFICATE", &b), WD_R_MALFORMED);
	assert_null(b);
}

static void
every_truncation_is_refused(void **state)
{
	static const char text[] = BEGIN "Zm9v\n" END;
	struct wd_bytes *b = NULL;

	(void)state;
	for (size_t n = 1; n < sizeof(text) - 2; n++) {
		struct wd_rd rd = wd_rd(wd_span(text, n));

		assert_int_equal(
		    wd_pem_next(&rd, "CERTIFICATE", &b), WD_R_MALFORMED);
	}
	assert_null(b);
}

static void
every_failed_allocation_is_a_fault(void **state)
{
	(void)state;
	for (uint64_t k = 1; k < 5; k++) {
		struct wd_bytes *b = NULL;
		int r;

		(void)wd_alloc_fail_at(k);
		r = first(BEGIN "Zm9v\n" END, &b);
		if (wd_alloc_fail_at(0) == 0)
			t_ok(r);
		else
			assert_int_equal(r, WD_F_MEMORY);
		assert_true((r == 0) == (b != NULL));
		b = wd_bytes_free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_come_one_after_the_other),
		cmocka_unit_test(nothing_but_white_space_is_not_found),
		cmocka_unit_test(written_blocks_read_back),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(nul_counts_only_as_the_last_byte),
		cmocka_unit_test(a_refused_block_poisons_the_cursor),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_failed_allocation_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
