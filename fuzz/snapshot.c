/*
 * A snapshot of collateral: what passes its check is read without another
 * look, and its rows fill it.
 */
#include "fuzz.h"

#include "verify/snapshot.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_span all = wd_span(data, size);
	struct wd_rd rd = wd_rd(all);

	if (wd_snapshot_check(all) != 0)
		return 0;
	fuzz_accepted = true;
	wd_rd_skip(&rd, 4);
	while (wd_rd_more(&rd)) {
		struct wd_snapshot_row row = wd_snapshot_next(&rd);

		must(row.role < WD_IN_COUNT && row.scope.len == 8);
		must(fuzz_within(row.doc, all));
		fuzz_touch(row.doc);
	}
	must(wd_rd_end(&rd) == 0);
	return 0;
}
