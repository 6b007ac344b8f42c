/*
 * TCB info, versions 2 and 3, as it is read once its signature is good.
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "verify/intel/tcb_info.h"

static void
look_at(const struct wd_tcb_info *t)
{
	struct wd_pck best = { .pcesvn = UINT16_MAX };

	fuzz_accepted = true;
	must(t->n_levels > 0 && (t->version == 2 || t->version == 3));
	for (size_t i = 0; i < t->n_levels; i++) {
		must(t->level[i].verdict.status < WD_TCB_RELAUNCH);
		fuzz_touch(wd_tcb_info_advisories(t, &t->level[i].verdict));
	}
	for (size_t i = 0; i < WD_TCB_COMPONENTS; i++)
		best.components[i] = UINT8_MAX;
	must(wd_tcb_info_find_sgx(t, &best) == &t->level[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wd_tcb_info *t = NULL;

	if (wd_tcb_info_parse(wd_span(data, size), &t, NULL) == 0)
		look_at(t);
	(void)wd_tcb_info_free(t);
	return 0;
}
