/*
 * Claims from another role or from the store: what is adopted can be printed.
 */
#include "fuzz.h"

#include "verify/claims_json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 20);
	struct wd_jtext j = wd_jtext(&wr);
	struct wd_claims c = { 0 };

	if (wd_claims_adopt(&c, wd_span(data, size)) != 0)
		return 0;
	fuzz_accepted = true;
	must(wd_span_equal(wd_claims_flat(&c), wd_span(data, size)));
	wd_claims_write_object(&j, &c, NULL, 0);
	must(wd_wr_end(&wr) == 0);
	fuzz_touch(wd_wr_span(&wr));
	return 0;
}
