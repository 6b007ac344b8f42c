/*
 * Bundles of evidence. Reading one checks its frame; what is in the parts is
 * for a verifier.
 */
#include "verify/bundle.h"

#include <assert.h>

void
wd_bundle_add(struct wd_wr *wr, enum wd_part role, struct wd_span bytes)
{
	assert(role < WD_IN_COUNT && !wd_part_is_collateral(role));
	assert(bytes.len <= WD_BUNDLE_MAX);
	wd_wr_u8(wr, (uint8_t)role);
	wd_wr_le32(wr, (uint32_t)bytes.len);
	wd_wr_bytes(wr, bytes);
}

int
wd_bundle_of(enum wd_part role, struct wd_span bytes, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_BUNDLE_MAX);

	wd_bundle_add(&wr, role, bytes);
	return wd_wr_take(&wr, ret);
}

int
wd_bundle_read(struct wd_span bundle, struct wd_inputs *in, struct wd_diag *d)
{
	struct wd_rd rd = wd_rd(bundle);
	int last = -1;

	while (wd_rd_more(&rd)) {
		uint8_t role = wd_rd_u8(&rd);
		struct wd_span bytes = wd_rd_bytes(&rd, wd_rd_le32(&rd));

		if (wd_rd_ok(&rd) != 0 || (int)role <= last ||
		    role >= WD_IN_COUNT ||
		    wd_part_is_collateral((enum wd_part)role))
			return wd_reject(d, WD_R_MALFORMED,
			    "the parts of the evidence are not in their form");
		in->part[role] = bytes;
		last = role;
	}
	return 0;
}
