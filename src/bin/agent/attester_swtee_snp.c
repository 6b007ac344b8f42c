/*
 * The software TEE's AMD side as an attester: SNP reports by keys that lie in a
 * folder, with the certificate of the key that signed them.
 */
#include "bin/agent/attester.h"

#include "attest/swtee_snp.h"
#include "base/alloc.h"
#include "sys/file.h"
#include "verify/bundle.h"

#include <string.h>

struct ctx {
	struct wd_swtee_snp *tee;
	struct wd_swtee_snp_claim claim;
};

static void
snp_close(void *at)
{
	struct ctx *x = at;

	wd_swtee_snp_freep(&x->tee);
	(void)wd_free(x); /* always NULL */
}

static int
snp_open(const struct agent_conf *c, void **ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int dir = -1;
	struct wd_diag why = { 0 };
	struct ctx *x;
	int r = agent_swtee_folder(c, &dir, d);

	if (r != 0)
		return r;
	x = wd_alloc(sizeof(*x));
	if (x == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	r = wd_swtee_snp_open(dir, &x->tee, &why);
	if (r != 0) {
		snp_close(x);
		return wd_reject(d,
		    r > 0 ? (enum wd_reason)r : WD_R_UNAVAILABLE,
		    "%.100s holds no software SNP platform: %.80s",
		    c->swtee_dir, why.detail);
	}
	x->claim.debug = c->swtee_debug;
	wd_copy(x->claim.measurement, WD_SPAN(c->swtee_measurement));
	x->claim.vmpl = c->swtee_vmpl;
	*ret = x;
	return 0;
}

static int
snp_quote(void *at, const uint8_t report_data[AGENT_REPORT_DATA],
    struct wd_bytes **ret, struct wd_diag *d)
{
	const struct ctx *x = at;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_BUNDLE_MAX);
	struct wd_swtee_snp_claim c = x->claim;
	uint8_t report[WD_SNP_REPORT];
	int r;

	wd_copy(c.report_data, wd_span(report_data, AGENT_REPORT_DATA));
	if ((r = wd_swtee_snp_report(x->tee, &c, report, d)) != 0)
		return r;
	wd_bundle_add(&wr, WD_IN_REPORT, WD_SPAN(report));
	wd_bundle_add(&wr, WD_IN_VEK, wd_swtee_snp_vek(x->tee));
	r = wd_wr_take(&wr, ret);
	return r == 0 ? 0 : wd_fault(d, WD_F_MEMORY, "no memory");
}

static bool
snp_is_same(const struct agent_conf *a, const struct agent_conf *b)
{
	return strcmp(a->swtee_dir, b->swtee_dir) == 0 &&
	    strcmp(a->swtee_tee, b->swtee_tee) == 0 &&
	    wd_span_equal(
		WD_SPAN(a->swtee_measurement), WD_SPAN(b->swtee_measurement)) &&
	    a->swtee_vmpl == b->swtee_vmpl && a->swtee_debug == b->swtee_debug;
}

const struct agent_attester_row agent_attester_swtee_snp = {
	.name = "swtee",
	.tee = WD_TEE_SNP,
	.software = true,
	.open = snp_open,
	.close = snp_close,
	.quote = snp_quote,
	.is_same = snp_is_same,
};
