/*
 * The SGX extension of a PCK certificate: what was read is written again by the
 * software TEE and must read as the same.
 */
#include "fuzz.h"

#include "attest/swtee_in.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_pck first, second;
	uint8_t room[2048];
	struct wd_wr wr = wd_wr_fixed(room, sizeof(room));

	if (wd_pck_parse(wd_span(data, size), &first) != 0)
		return 0;
	fuzz_accepted = true;
	wd_swtee_write_pck(&wr, &first);
	must(wd_wr_end(&wr) == 0);
	must(wd_pck_parse(wd_wr_span(&wr), &second) == 0);
	must(wd_span_equal(
		 WD_SPAN(first.components), WD_SPAN(second.components)) &&
	    first.pcesvn == second.pcesvn &&
	    wd_span_equal(WD_SPAN(first.ppid), WD_SPAN(second.ppid)) &&
	    wd_span_equal(WD_SPAN(first.cpusvn), WD_SPAN(second.cpusvn)) &&
	    wd_span_equal(WD_SPAN(first.fmspc), WD_SPAN(second.fmspc)) &&
	    first.sgx_type == second.sgx_type &&
	    first.has_platform == second.has_platform);
	return 0;
}
