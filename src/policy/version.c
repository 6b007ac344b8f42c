/*
 * The version of a policy: the digest of its canonical text, so that whatever
 * could change a decision changes the version.
 */
#include "policy/text.h"

#include "crypto/hash.h"

int
wd_policy_version(const struct wd_policy *p, uint8_t ret_version[32])
{
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_POLICY_TEXT_MAX);
	int r;

	wd_policy_text(p, &wr);
	r = wd_wr_end(&wr);
	if (r != 0)
		return r < 0 ? r : WD_F_BUG;
	return wd_hash(WD_SHA256, wd_wr_span(&wr), ret_version);
}
