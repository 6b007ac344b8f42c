/*
 * The version of a policy, or of a set of reference values: the digest of its
 * canonical text, so that whatever could change a decision changes the version.
 */
#include "policy/text.h"

#include "crypto/hash.h"
#include "policy/reference.h"

static int
digest(const struct wd_wr *text, uint8_t ret[32])
{
	int r = wd_wr_end(text);

	if (r != 0)
		return r < 0 ? r : WD_F_BUG;
	return wd_hash(WD_SHA256, wd_wr_span(text), ret);
}

int
wd_policy_version(const struct wd_policy *p, uint8_t ret_version[32])
{
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_POLICY_TEXT_MAX);

	wd_policy_text(p, &wr);
	return digest(&wr, ret_version);
}

int
wd_reference_version(struct wd_reference *x)
{
	WD_AUTO(wd_wr_done)
	struct wd_wr wr = wd_wr_growing(WD_REFERENCE_TEXT_MAX);
	struct wd_jtext j = wd_jtext(&wr);

	wd_reference_text(x, &j);
	return digest(&wr, x->version);
}
