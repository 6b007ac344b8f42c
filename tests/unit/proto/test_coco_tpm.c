/*
 * The JSON of a TPM's enrolment: what one side writes, the other reads, and
 * nothing else.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "proto/coco_tpm.h"

static int
setup(void **state)
{
	(void)state;
	return wd_json_init();
}

static void
requests_go_both_ways(void **state)
{
	const struct wd_msg_link_enrol_ask out = { WD_SPAN_LIT("der"),
		WD_SPAN_LIT("ek"), WD_SPAN_LIT("ak") };
	const struct wd_msg_link_enrolment_ask back = { WD_SPAN_LIT("state"),
		WD_SPAN_LIT("secret") };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);
	WD_AUTO(wd_wr_done) struct wd_wr more = wd_wr_growing(4096);
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm u = { 0 };
	struct wd_msg_tpm_enrol_ask in = { 0 };
	struct wd_msg_tpm_enrolment_ask got = { 0 };

	(void)state;
	wd_coco_enrol_write(&wr, &out);
	t_ok(wd_coco_enrol_read(wd_wr_span(&wr), &t, &in, NULL));
	assert_true(wd_span_is(in.certificates, "der"));
	assert_true(wd_span_is(in.ek, "ek"));
	assert_true(wd_span_is(in.ak, "ak"));
	wd_coco_enrolment_write(&more, &back);
	t_ok(wd_coco_enrolment_read(wd_wr_span(&more), &u, &got, NULL));
	assert_true(wd_span_is(got.state, "state"));
	assert_true(wd_span_is(got.secret, "secret"));
}

static void
answers_go_both_ways(void **state)
{
	const struct wd_msg_tpm_credential out = { WD_SPAN_LIT("credential"),
		WD_SPAN_LIT("secret"), WD_SPAN_LIT("state") };
	const struct wd_msg_tpm_enrolment end = { WD_SPAN_LIT("enrolment"), 7 };
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(4096);
	WD_AUTO(wd_wr_done) struct wd_wr more = wd_wr_growing(4096);
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm u = { 0 };
	struct wd_msg_tpm_credential in = { 0 };
	struct wd_msg_tpm_enrolment got = { 0 };

	(void)state;
	wd_coco_credential_write(&wr, &out);
	t_ok(wd_coco_credential_read(wd_wr_span(&wr), &t, &in, NULL));
	assert_true(wd_span_is(in.credential, "credential"));
	assert_true(wd_span_is(in.secret, "secret"));
	assert_true(wd_span_is(in.state, "state"));
	wd_coco_enrolled_write(&more, &end);
	t_ok(wd_coco_enrolled_read(wd_wr_span(&more), &u, &got, NULL));
	assert_true(wd_span_is(got.enrolment, "enrolment"));
	assert_int_equal(got.seconds, 7);
}

static int
read_text(const char *json)
{
	WD_AUTO(wd_coco_tpm_done) struct wd_coco_tpm t = { 0 };
	struct wd_msg_tpm_enrolment_ask m = { 0 };

	return wd_coco_enrolment_read(wd_span_text(json), &t, &m, NULL);
}

static void
anything_else_is_refused(void **state)
{
	static const char long_secret[] =
	    "{\"secret\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"state\":\"\"}";

	(void)state;
	t_ok(read_text("{\"secret\":\"\",\"state\":\"\"}"));
	assert_int_equal(read_text("{"), WD_R_MALFORMED);
	assert_int_equal(read_text("[]"), WD_R_MALFORMED);
	assert_int_equal(read_text("{\"secret\":\"\"}"), WD_R_MALFORMED);
	assert_int_equal(
	    read_text("{\"secret\":\"*\",\"state\":\"\"}"), WD_R_MALFORMED);
	assert_int_equal(
	    read_text("{\"secret\":1,\"state\":\"\"}"), WD_R_MALFORMED);
	assert_int_equal(
	    read_text("{\"more\":1,\"secret\":\"\",\"state\":\"\"}"),
	    WD_R_UNKNOWN_MEMBER);
	assert_int_equal(read_text(long_secret), WD_R_RANGE);
}

static void
no_memory_is_a_fault(void **state)
{
	static const char json[] = "{\"secret\":\"AAAA\",\"state\":\"AAAA\"}";
	bool done = false;

	(void)state;
	for (uint64_t k = 1; !done; k++) {
		int r;

		(void)wd_alloc_fail_at(k);
		r = read_text(json);
		(void)wd_alloc_fail_at(0);
		assert_true(r <= 0);
		done = r == 0;
		assert_true(k < 100);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_go_both_ways),
		cmocka_unit_test(answers_go_both_ways),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(no_memory_is_a_fault),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
