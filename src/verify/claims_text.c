/*
 * All claims in one object.
 */
#include "verify/claims_text.h"

#include "verify/claims_json.h"

enum { TEXT_MAX = 65536 };

int
wd_claims_text(const struct wd_claims *c, struct wd_bytes **ret)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(TEXT_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	wd_claims_write_object(&j, c, NULL, 0);
	return wd_wr_take(&wr, ret) == 0 ? 0 : WD_F_MEMORY;
}
