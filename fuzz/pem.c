/*
 * Chains in PEM: what was decoded is written again and must read as the same.
 */
#include "fuzz.h"

#include "codec/pem.h"

#include "base/reason.h"

enum { BLOCKS_MAX = 8 };

static void
again(struct wd_span der)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 20);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *same = NULL;
	struct wd_rd rd;

	wd_pem_write(&wr, "CERTIFICATE", der);
	must(wd_wr_end(&wr) == 0);
	rd = wd_rd(wd_wr_span(&wr));
	must(wd_pem_next(&rd, "CERTIFICATE", &same) == 0);
	must(wd_span_equal(wd_bytes_span(same), der));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_rd rd = wd_rd(wd_span(data, size));

	for (int i = 0; i < BLOCKS_MAX; i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
		int r = wd_pem_next(&rd, "CERTIFICATE", &der);

		must(r >= 0);
		if (r != 0)
			break;
		fuzz_accepted = true;
		again(wd_bytes_span(der));
	}
	return 0;
}
