/*
 * Evidence of devices in the protocol.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "proto/evidence_devices.h"

#define HEAD "{\"nvidia\":{\"device_evidence_list\":["
#define TAIL "]}}"
#define GPU(more)                                                       \
	"{\"arch\":\"HOPPER\",\"evidence\":\"11e0\",\"certificate\":\"" \
	"UEVN\"" more "}"

static void
refused(const char *text, int reason)
{
	struct wd_devices all = { .n = 77 };

	assert_int_equal(
	    wd_devices_read(wd_span_text(text), &all, NULL), reason);
	assert_int_equal(all.n, 77);
}

static void
holds(const struct wd_device *device, struct wd_span evidence)
{
	struct wd_inputs in = { 0 };

	assert_int_equal(device->tee, WD_TEE_NVIDIA);
	t_ok(wd_bundle_read(wd_bytes_span(device->bundle), &in, NULL));
	t_span_equal(in.part[WD_IN_EVIDENCE], evidence);
	t_span_equal(in.part[WD_IN_CERT_CHAIN], WD_SPAN_LIT("PEM"));
}

static void
each_device_becomes_a_bundle_in_its_order(void **state)
{
	WD_AUTO(wd_devices_done) struct wd_devices all = { 0 };

	(void)state;
	t_ok(wd_devices_read(
	    WD_SPAN_LIT(HEAD GPU(
		",\"uuid\":\"GPU-1\"") ","
				       "{\"arch\":\"HOPPER\",\"evidence\":"
				       "\"EeAB/w==\","
				       "\"certificate\":\"UEVN\"}" TAIL),
	    &all, NULL));
	assert_int_equal(all.n, 2);
	holds(&all.at[0], WD_SPAN_LIT("\x11\xe0"));         /* hex */
	holds(&all.at[1], WD_SPAN_LIT("\x11\xe0\x01\xff")); /* base64 */
}

static void
no_text_and_an_empty_object_are_no_devices(void **state)
{
	WD_AUTO(wd_devices_done) struct wd_devices all = { .n = 77 };

	(void)state;
	t_ok(wd_devices_read(WD_SPAN_LIT(""), &all, NULL));
	assert_int_equal(all.n, 0);
	all.n = 77;
	t_ok(wd_devices_read(WD_SPAN_LIT("{}"), &all, NULL));
	assert_int_equal(all.n, 0);
}

static void
what_cannot_be_judged_is_not_passed_over(void **state)
{
	(void)state;
	refused("{\"sampledevice\":{}}", WD_R_TEE_NOT_SUPPORTED);
	refused("{\"nvidia-dpu\":{}}", WD_R_TEE_NOT_SUPPORTED);
	refused("{\"tdx\":{\"quote\":\"\"}}", WD_R_TEE_NOT_SUPPORTED);
	refused("{\"nvidia\":{\"device_evidence_list\":[" GPU(
		    "") "]},\"sampledevice\":{}}",
	    WD_R_TEE_NOT_SUPPORTED);
	refused(HEAD GPU("") ",{\"arch\":\"LS10\",\"evidence\":\"11e0\","
			     "\"certificate\":\"UEVN\"}" TAIL,
	    WD_R_TEE_NOT_SUPPORTED);
}

static void
other_forms_are_refused(void **state)
{
	static const struct {
		const char *text;
		int reason;
	} rows[] = {
		{ "[]", WD_R_MALFORMED },
		{ " ", WD_R_MALFORMED },
		{ "{", WD_R_MALFORMED },
		{ "{\"nvidia\":[]}", WD_R_MALFORMED },
		{ "{\"nvidia\":{}}", WD_R_MALFORMED },
		{ "{\"nvidia\":{},\"nvidia\":{}}", WD_R_MALFORMED },
		{ HEAD TAIL, WD_R_MALFORMED },
		{ HEAD "1" TAIL, WD_R_MALFORMED },
		{ HEAD GPU(",\"more\":1") TAIL, WD_R_UNKNOWN_MEMBER },
		{ "{\"nvidia\":{\"device_evidence_list\":[" GPU(
		      "") "],\"more\":1}}",
		    WD_R_UNKNOWN_MEMBER },
		{ HEAD "{\"arch\":\"HOPPER\",\"evidence\":\"11e0\"}" TAIL,
		    WD_R_MALFORMED },
		{ HEAD "{\"arch\":\"HOPPER\",\"certificate\":\"UEVN\"}" TAIL,
		    WD_R_MALFORMED },
		{ HEAD "{\"evidence\":\"11e0\",\"certificate\":\"UEVN\"}" TAIL,
		    WD_R_MALFORMED },
		{ HEAD "{\"arch\":\"HOPPER\",\"evidence\":\"11e\","
		       "\"certificate\":\"UEVN\"}" TAIL,
		    WD_R_MALFORMED },
		{ HEAD "{\"arch\":\"HOPPER\",\"evidence\":\"\","
		       "\"certificate\":\"UEVN\"}" TAIL,
		    WD_R_RANGE },
		{ HEAD "{\"arch\":\"HOPPER\",\"evidence\":\"11e0\","
		       "\"certificate\":\"@\"}" TAIL,
		    WD_R_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		refused(rows[i].text, rows[i].reason);
}

static void
write_list(struct wd_wr *wr, size_t n)
{
	wd_wr_text(wr, HEAD);
	for (size_t i = 0; i < n; i++)
		wd_wr_printf(wr, "%s%s", i == 0 ? "" : ",", GPU(""));
	wd_wr_text(wr, TAIL);
}

static void
sixteen_devices_are_read_and_no_more(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr most = wd_wr_growing(4096);
	WD_AUTO(wd_wr_done) struct wd_wr more = wd_wr_growing(4096);
	WD_AUTO(wd_devices_done) struct wd_devices all = { 0 };

	(void)state;
	write_list(&most, WD_DEVICES_MAX);
	t_ok(wd_devices_read(wd_wr_span(&most), &all, NULL));
	assert_int_equal(all.n, WD_DEVICES_MAX);
	write_list(&more, WD_DEVICES_MAX + 1);
	wd_wr_u8(&more, 0);
	refused((const char *)more.p, WD_R_RANGE);
}

static void
evidence_has_a_size(void **state)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);

	(void)state;
	wd_wr_text(&wr, HEAD "{\"arch\":\"HOPPER\",\"evidence\":\"");
	for (int i = 0; i < 16385; i++)
		wd_wr_text(&wr, "00");
	wd_wr_text(&wr, "\",\"certificate\":\"UEVN\"}" TAIL);
	wd_wr_u8(&wr, 0);
	refused((const char *)wr.p, WD_R_RANGE);
}

static void
any_allocation_that_fails_is_a_fault(void **state)
{
	const struct wd_span text = WD_SPAN_LIT(HEAD GPU("") "," GPU("") TAIL);
	int fired = 1;

	(void)state;
	for (uint64_t k = 1; fired != 0; k++) {
		struct wd_devices all = { .n = 77 };
		int r;

		(void)wd_alloc_fail_at(k);
		r = wd_devices_read(text, &all, NULL);
		fired = wd_alloc_fail_at(0);
		if (fired != 0) {
			assert_true(r < 0);
			assert_int_equal(all.n, 77);
		} else {
			t_ok(r);
			assert_true(k > 4);
			wd_devices_done(&all);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_device_becomes_a_bundle_in_its_order),
		cmocka_unit_test(no_text_and_an_empty_object_are_no_devices),
		cmocka_unit_test(what_cannot_be_judged_is_not_passed_over),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(sixteen_devices_are_read_and_no_more),
		cmocka_unit_test(evidence_has_a_size),
		cmocka_unit_test(any_allocation_that_fails_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
