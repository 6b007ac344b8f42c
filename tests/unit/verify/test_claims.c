/*
 * Claims: what is put comes back with its type, and a block from elsewhere is
 * adopted only when every byte of it is as it must be.
 */
#include "lib/t.h"

#include "verify/claims_json.h"

static struct wd_claims
three_claims(void)
{
	struct wd_claims c = { 0 };

	t_ok(wd_claims_put_text(&c, WD_C_TEE, "sgx"));
	t_ok(wd_claims_put_bool(&c, WD_C_DEBUG, true));
	t_ok(wd_claims_put_uint(&c, WD_C_PCESVN, 65535));
	return c;
}

static void
values_come_back_with_their_type(void **state)
{
	struct wd_claims c = { 0 };
	struct wd_span v;
	uint64_t n;
	int64_t t;

	(void)state;
	t_ok(wd_claims_put_text(&c, WD_C_TEE, "sgx"));
	t_ok(wd_claims_put_bool(&c, WD_C_DEBUG, true));
	t_ok(wd_claims_put(
	    &c, WD_C_ADVISORY_IDS, wd_span("INTEL-SA-1\0INTEL-SA-2", 22)));
	t_ok(wd_claims_put_time(&c, WD_C_TCB_DATE, -5));
	t_ok(wd_claims_put_uint(&c, WD_C_PCESVN, WD_CLAIM_UINT_MAX));
	assert_true(wd_claims_get(&c, WD_C_TEE, &v));
	t_span_equal(v, WD_SPAN_LIT("sgx"));
	assert_true(wd_claims_bool(&c, WD_C_DEBUG));
	assert_true(wd_claims_time(&c, WD_C_TCB_DATE, &t));
	assert_int_equal(t, -5);
	assert_true(wd_claims_uint(&c, WD_C_PCESVN, &n));
	assert_true(n == WD_CLAIM_UINT_MAX);
}

static void
absent_claims_are_empty_and_false(void **state)
{
	struct wd_claims c = { 0 };
	struct wd_span v = WD_SPAN_LIT("x");
	uint64_t n = 7;

	(void)state;
	assert_false(wd_claims_get(&c, WD_C_MRENCLAVE, &v));
	assert_int_equal(v.len, 0);
	assert_false(wd_claims_uint(&c, WD_C_ISVSVN, &n));
	assert_int_equal(n, 7);
	assert_false(wd_claims_bool(&c, WD_C_SOFTWARE));
}

static void
walking_meets_all_in_order(void **state)
{
	struct wd_claims c = three_claims();
	const enum wd_claim want[] = { WD_C_TEE, WD_C_DEBUG, WD_C_PCESVN };
	const struct wd_claim_row *row;
	struct wd_span v;
	size_t n = 0;

	(void)state;
	for (size_t at = 0; wd_claims_next(&c, &at, &row, &v); n++)
		assert_int_equal(row->id, want[n]);
	assert_int_equal(n, 3);
}

static void
what_does_not_fit_is_refused_and_leaves_the_block_alone(void **state)
{
	static const uint8_t big[WD_CLAIMS_MAX];
	struct wd_claims c = three_claims();
	size_t len = c.len;

	(void)state;
	assert_int_equal(
	    wd_claims_put(&c, WD_C_MRENCLAVE, WD_SPAN(big)), WD_R_TOO_LARGE);
	assert_int_equal(c.len, len);
	assert_int_equal(
	    wd_claims_put_uint(&c, WD_C_ISVSVN, WD_CLAIM_UINT_MAX + 1),
	    WD_R_TOO_LARGE);
	assert_int_equal(c.len, len);
	t_ok(wd_claims_put_uint(&c, WD_C_ISVSVN, 1));
}

static void
adopting_takes_a_good_block(void **state)
{
	struct wd_claims c = three_claims(), d = { 0 };

	(void)state;
	t_ok(wd_claims_adopt(&d, wd_claims_flat(&c)));
	t_span_equal(wd_claims_flat(&d), wd_claims_flat(&c));
	assert_int_equal(d.last, c.last);
	t_ok(wd_claims_adopt(&d, wd_span(NULL, 0)));
	assert_int_equal(d.len, 0);
}

#define REFUSED(...)                                                       \
	do {                                                               \
		const uint8_t bytes[] = { __VA_ARGS__ };                   \
		struct wd_claims c_ = three_claims();                      \
		size_t len_ = c_.len;                                      \
		assert_int_equal(                                          \
		    wd_claims_adopt(&c_, WD_SPAN(bytes)), WD_R_MALFORMED); \
		assert_int_equal(c_.len, len_);                            \
	} while (0)

static void
adopting_refuses_any_fault_of_form(void **state)
{
	static const uint8_t big[WD_CLAIMS_MAX + 1];
	struct wd_claims c = { 0 };

	(void)state;
	REFUSED(3, 4, 1, 0);                       /* value cut off */
	REFUSED(3, 4, 1);                          /* head cut off */
	REFUSED(3, 4, 1, 0, 2);                    /* boolean of 2 */
	REFUSED(3, 4, 2, 0, 1, 1);                 /* boolean too long */
	REFUSED(3, 1, 1, 0, 1);                    /* wrong type */
	REFUSED(200, 4, 1, 0, 1);                  /* unknown id */
	REFUSED(0, 4, 1, 0, 1);                    /* no id */
	REFUSED(3, 4, 1, 0, 1, 3, 4, 1, 0, 1);     /* twice */
	REFUSED(3, 4, 1, 0, 1, 2, 4, 1, 0, 1);     /* falling */
	REFUSED(1, 3, 1, 0, '\n');                 /* control byte */
	REFUSED(1, 3, 1, 0, 0x80);                 /* not ASCII */
	REFUSED(5, 6, 1, 0, 'x');                  /* list without its end */
	REFUSED(5, 6, 2, 0, 1, 0);                 /* control byte in a list */
	REFUSED(27, 1, 7, 0, 1, 2, 3, 4, 5, 6, 7); /* short number */
	/* 2^53, which no JSON can carry */
	REFUSED(27, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0x20, 0);
	assert_int_equal(wd_claims_adopt(&c, WD_SPAN(big)), WD_R_MALFORMED);
}

static void
rows_have_names_found_again(void **state)
{
	size_t n;
	const struct wd_claim_row *rows = wd_claim_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct wd_claim_row *row =
		    wd_claim_by_name(wd_span_text(rows[i].name));

		assert_ptr_equal(row, &rows[i]);
		assert_true(i == 0 || rows[i].id > rows[i - 1].id);
	}
	assert_null(wd_claim_by_name(WD_SPAN_LIT("no_such_claim")));
}

static void
names_with_a_dot_become_members_of_one_object(void **state)
{
	struct wd_claims c = { 0 };
	char buf[512];
	struct wd_wr wr = wd_wr_fixed(buf, sizeof(buf));
	struct wd_jtext j = wd_jtext(&wr);
	const struct wd_claim_extra extra[] = {
		{ "id", WD_SPAN_LIT("7") },
		{ "reported", WD_SPAN_LIT("x") },
		{ "verdict", WD_SPAN_LIT("verified") },
	};

	(void)state;
	t_ok(wd_claims_put_text(&c, WD_C_TEE, "snp"));
	t_ok(wd_claims_put_uint(&c, WD_C_VMPL, 2));
	t_ok(wd_claims_put_uint(&c, WD_C_REPORTED_SNP, 24));
	t_ok(wd_claims_put_uint(&c, WD_C_REPORTED_MICROCODE, 9));
	t_ok(wd_claims_put_bits(&c, WD_C_PCRS_SELECTED, 0x800005));
	t_ok(wd_claims_put(&c, WD_C_PCR2, WD_SPAN_LIT("\xab")));
	t_ok(wd_claims_put(&c, WD_C_PCR10, WD_SPAN_LIT("\xcd")));
	wd_claims_write_object(&j, &c, extra, 3);
	t_ok(wd_wr_end(&wr));
	t_span_equal(wd_wr_span(&wr),
	    WD_SPAN_LIT("{\"id\":\"7\",\"pcr\":{\"10\":\"cd\",\"2\":"
			"\"ab\"},\"pcrs_selected\":[0,2,23],\"reported\":"
			"\"x\",\"reported_tcb\":{\"microcode\":9,\"snp\":24},"
			"\"tee\":\"snp\",\"verdict\":\"verified\",\"vmpl\":"
			"2}"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back_with_their_type),
		cmocka_unit_test(absent_claims_are_empty_and_false),
		cmocka_unit_test(walking_meets_all_in_order),
		cmocka_unit_test(
		    what_does_not_fit_is_refused_and_leaves_the_block_alone),
		cmocka_unit_test(adopting_takes_a_good_block),
		cmocka_unit_test(adopting_refuses_any_fault_of_form),
		cmocka_unit_test(rows_have_names_found_again),
		cmocka_unit_test(names_with_a_dot_become_members_of_one_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
