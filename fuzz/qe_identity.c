/*
 * QE identity, as it is read once its signature is good.
 */
#include "fuzz.h"

#include "verify/intel/qe_identity.h"

static void
look_at(const struct wd_qe_identity *q)
{
	fuzz_accepted = true;
	must(q->levels.n > 0);
	must(wd_svn_levels_find(&q->levels, UINT16_MAX) == &q->levels.level[0]);
	for (size_t i = 0; i < q->levels.n; i++)
		fuzz_touch(
		    wd_qe_identity_advisories(q, &q->levels.level[i].verdict));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_qe_identity *q = NULL;

	if (wd_qe_identity_parse(wd_span(data, size), &q, NULL) == 0)
		look_at(q);
	(void)wd_qe_identity_free(q);
	return 0;
}
