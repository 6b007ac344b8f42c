/*
 * The frame of an Intel quote: every part it finds lies within the bytes, and
 * they add up.
 */
#include "fuzz.h"

#include "verify/intel/quote.h"
#include "verify/sgx/report.h"
#include "verify/tdx/report.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_intel_quote q;

	if (wd_intel_quote_parse(all, &q, NULL) != 0)
		return 0;
	fuzz_accepted = true;
	must(q.version >= 3 && q.version <= 5);
	must(q.tee == WD_TEE_SGX || q.tee == WD_TEE_TDX);
	must(q.signed_part.p == data && fuzz_within(q.signed_part, all));
	must(fuzz_within(q.body, q.signed_part));
	must(q.signature.len == 64 && fuzz_within(q.signature, all));
	must(q.att_key.len == 64 && fuzz_within(q.att_key, all));
	must(q.qe_report.len == WD_SGX_REPORT && fuzz_within(q.qe_report, all));
	must(q.qe_signature.len == 64 && fuzz_within(q.qe_signature, all));
	must(fuzz_within(q.qe_auth, all) && fuzz_within(q.cert_data, all));
	must(q.cert_data.p + q.cert_data.len + q.trailing == data + size);
	fuzz_touch(q.cert_data);
	fuzz_touch(wd_sgx_report_read(q.qe_report).report_data);
	if (q.body_type == WD_BODY_SGX)
		fuzz_touch(wd_sgx_report_read(q.body).report_data);
	else
		fuzz_touch(wd_td_report_read(q.body).report_data);
	return 0;
}
