/*
 * QE identity: what is read, what is refused, and which reports match.
 */
#include "lib/t.h"

#include "verify/edit.h"
#include "verify/intel/qe_identity.h"

static const char good[] =
    "{\"id\":\"QE\",\"version\":2,\"issueDate\":\"2030-01-01T00:00:00Z\","
    "\"nextUpdate\":\"2030-01-31T00:00:00Z\","
    "\"tcbEvaluationDataNumber\":17,\"miscselect\":\"01000000\","
    "\"miscselectMask\":\"FFFFFFFF\","
    "\"attributes\":\"11000000000000000000000000000000\","
    "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","
    "\"mrsigner\":\"8C8C8C8C8C8C8C8C8C8C8C8C8C8C8C8C"
    "8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c\",\"isvprodid\":1,\"tcbLevels\":["
    "{\"tcb\":{\"isvsvn\":4},\"tcbDate\":\"2027-06-01T00:00:00Z\","
    "\"tcbStatus\":\"Revoked\"},"
    "{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2029-06-01T00:00:00Z\","
    "\"tcbStatus\":\"UpToDate\"},"
    "{\"tcb\":{\"isvsvn\":6},\"tcbDate\":\"2028-06-01T00:00:00Z\","
    "\"tcbStatus\":\"OutOfDate\",\"advisoryIDs\":[\"INTEL-SA-7\"]}]}";

static struct wd_qe_identity *
parse(struct wd_span body)
{
	struct wd_qe_identity *q = NULL;

	t_ok(wd_qe_identity_parse(body, &q, NULL));
	return q;
}

static void
members_are_read_and_levels_sorted(void **state)
{
	WD_AUTO(wd_qe_identity_freep)
	struct wd_qe_identity *q = parse(wd_span_text(good));

	(void)state;
	assert_int_equal(q->tee, WD_TEE_SGX);
	assert_int_equal(q->evaluation_number, 17);
	assert_int_equal(q->miscselect[0], 1);
	assert_int_equal(q->attributes_mask[0], 0xfb);
	assert_int_equal(q->mrsigner[31], 0x8c);
	assert_int_equal(q->isvprodid, 1);
	assert_int_equal(q->levels.n, 3);
	assert_int_equal(q->levels.level[0].isvsvn, 8);
	t_span_equal(wd_qe_identity_advisories(q, &q->levels.level[1].verdict),
	    WD_SPAN_LIT("INTEL-SA-7\0"));
}

static void
the_highest_level_reached_is_found(void **state)
{
	WD_AUTO(wd_qe_identity_freep)
	struct wd_qe_identity *q = parse(wd_span_text(good));

	(void)state;
	assert_int_equal(wd_svn_levels_find(&q->levels, 65535)->isvsvn, 8);
	assert_int_equal(wd_svn_levels_find(&q->levels, 8)->isvsvn, 8);
	assert_int_equal(wd_svn_levels_find(&q->levels, 7)->isvsvn, 6);
	assert_int_equal(wd_svn_levels_find(&q->levels, 4)->isvsvn, 4);
	assert_null(wd_svn_levels_find(&q->levels, 3));
}

static void
ids_tell_the_tee(void **state)
{
	struct wd_qe_identity *q;

	(void)state;
	q = parse(t_edit(good, "\"QE\"", "\"TD_QE\""));
	assert_int_equal(q->tee, WD_TEE_TDX);
	q = wd_qe_identity_free(q);
	q = parse(t_edit(good, "\"QE\"", "\"QVE\""));
	assert_int_equal(q->tee, WD_TEE_NONE);
	q = wd_qe_identity_free(q);
}

static void
refused(const char *from, const char *to)
{
	struct wd_qe_identity *q = NULL;

	assert_int_equal(wd_qe_identity_parse(t_edit(good, from, to), &q, NULL),
	    WD_R_MALFORMED);
	assert_null(q);
}

static void
wrong_documents_are_refused(void **state)
{
	(void)state;
	refused("\"version\":2", "\"version\":1");
	refused("\"version\":2", "\"version\":3");
	refused("\"id\"", "\"x\"");
	refused("\"issueDate\"", "\"x\"");
	refused("\"nextUpdate\"", "\"x\"");
	refused("\"miscselect\"", "\"x\"");
	refused("\"miscselectMask\"", "\"x\"");
	refused("\"attributes\"", "\"x\"");
	refused("\"attributesMask\"", "\"x\"");
	refused("\"mrsigner\"", "\"x\"");
	refused("\"isvprodid\"", "\"x\"");
	refused("\"tcbLevels\"", "\"x\"");
	refused("\"tcbEvaluationDataNumber\"", "\"x\"");
	refused("\"isvprodid\":1", "\"isvprodid\":65536");
	refused("\"isvsvn\":8", "\"isvsvn\":65536");
	refused("\"isvsvn\":8", "\"isvsvn\":6");
	refused("\"FFFFFFFF\"", "\"FFFFFF\"");
	refused("UpToDate", "Fine");
	refused("\"isvsvn\":8", "\"isvsvn\":8,\"isvsvn\":9");
}

/* A report that matches. */
static void
make_report(uint8_t bytes[WD_SGX_REPORT])
{
	struct wd_wr wr = wd_wr_fixed(bytes, WD_SGX_REPORT);

	wd_wr_zero(&wr, 16);
	wd_wr_le32(&wr, 1);
	wd_wr_zero(&wr, 28);
	wd_wr_le64(&wr, 0x15);
	wd_wr_le64(&wr, 0xe7);
	wd_wr_zero(&wr, 64);
	for (size_t i = 0; i < 32; i++)
		wd_wr_u8(&wr, 0x8c);
	wd_wr_zero(&wr, 96);
	wd_wr_le16(&wr, 1);
	wd_wr_zero(&wr, 126);
	t_ok(wd_wr_end(&wr));
	assert_int_equal(wr.len, WD_SGX_REPORT);
}

static int
match_after(const struct wd_qe_identity *q, size_t offset, uint8_t flip)
{
	uint8_t bytes[WD_SGX_REPORT];
	struct wd_sgx_report report;

	make_report(bytes);
	bytes[offset] ^= flip;
	report = wd_sgx_report_read(WD_SPAN(bytes));
	return wd_qe_identity_match(q, &report, NULL);
}

static void
bits_outside_the_masks_do_not_count(void **state)
{
	WD_AUTO(wd_qe_identity_freep)
	struct wd_qe_identity *q = parse(wd_span_text(good));

	(void)state;
	t_ok(match_after(q, 0, 0));
	t_ok(match_after(q, 48, 0x04)); /* MODE64 */
	t_ok(match_after(q, 56, 0xff)); /* XFRM */
	t_ok(match_after(q, 64, 0xff)); /* MRENCLAVE */
}

static void
any_other_enclave_is_refused(void **state)
{
	static const struct {
		size_t offset;
		uint8_t flip;
	} rows[] = {
		{ 16, 0x01 },  /* MISCSELECT */
		{ 19, 0x80 },  /* MISCSELECT, last byte */
		{ 48, 0x10 },  /* PROVISIONKEY */
		{ 55, 0x80 },  /* flags, last byte */
		{ 128, 0x01 }, /* MRSIGNER */
		{ 159, 0x01 }, /* MRSIGNER, last byte */
		{ 256, 0x01 }, /* ISVPRODID */
		{ 257, 0x01 },
	};
	WD_AUTO(wd_qe_identity_freep)
	struct wd_qe_identity *q = parse(wd_span_text(good));

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(match_after(q, rows[i].offset, rows[i].flip),
		    WD_R_QE_IDENTITY_MISMATCH);
}

static void
a_debug_enclave_is_refused_whatever_the_mask(void **state)
{
	WD_AUTO(wd_qe_identity_freep)
	struct wd_qe_identity *q =
	    parse(t_edit(good, "FBFFFFFFFFFFFFFF", "F9FFFFFFFFFFFFFF"));

	(void)state;
	t_ok(match_after(q, 0, 0));
	assert_int_equal(match_after(q, 48, 0x02), WD_R_QE_IDENTITY_MISMATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_read_and_levels_sorted),
		cmocka_unit_test(the_highest_level_reached_is_found),
		cmocka_unit_test(ids_tell_the_tee),
		cmocka_unit_test(wrong_documents_are_refused),
		cmocka_unit_test(bits_outside_the_masks_do_not_count),
		cmocka_unit_test(any_other_enclave_is_refused),
		cmocka_unit_test(a_debug_enclave_is_refused_whatever_the_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
