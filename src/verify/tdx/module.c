/*
 * The steps over the TDX module and the platform's level. layout.md beside this
 * file has the rules; they are those of Intel's quote verification library.
 */
#include "verify/tdx/case.h"

static const struct wd_tdx_module *
find_identity(const struct wd_tcb_info *t, uint8_t version)
{
	for (size_t i = 0; i < t->n_modules; i++)
		if (t->modules[i].version == version)
			return &t->modules[i];
	return NULL;
}

static int
mismatch(struct wd_appraisal *a, const char *what)
{
	return wd_reject(
	    a->d, WD_R_TDX_MODULE_MISMATCH, "TDX module: %s", what);
}

/* What the module must be, by its version; NULL when the vendor says
 * nothing. */
static const struct wd_tdx_module *
wanted(const struct wd_tcb_info *t, uint8_t version)
{
	if (version != 0)
		return find_identity(t, version);
	return t->has_module ? &t->module : NULL;
}

static int
find_level(struct wd_appraisal *a, const struct wd_tdx_module *m)
{
	struct wd_tdx_case *c = wd_tdx_case(a);

	c->module.level = wd_svn_levels_find(
	    &m->levels, c->report.tee_tcb_svn.p[WD_TD_SVN_MODULE]);
	if (c->module.level != NULL)
		return 0;
	return wd_reject(a->d, WD_R_TCB_NOT_SUPPORTED,
	    "the TDX module is below every level");
}

int
wd_tdx_module(struct wd_appraisal *a)
{
	struct wd_tdx_case *c = wd_tdx_case(a);
	const struct wd_td_report *r = &c->report;
	const struct wd_tdx_module *m;

	c->module.version = r->tee_tcb_svn.p[WD_TD_SVN_VERSION];
	m = wanted(c->intel.tcb, c->module.version);
	if (m == NULL)
		return mismatch(a, "its version is not known");
	if (!wd_span_equal(r->mr_signer_seam, WD_SPAN(m->mrsigner)))
		return mismatch(a, "its signer differs");
	if (!wd_span_equal(r->seam_attributes, WD_SPAN(m->attributes)) ||
	    !wd_span_is_zero(r->seam_attributes))
		return mismatch(a, "its attributes differ");
	return c->module.version == 0 ? 0 : find_level(a, m);
}

/* The version of a module and its ISVSVN are compared by its own levels,
 * unless it has none. */
static bool
tdx_part_reaches(const struct wd_tdx_case *c, const struct wd_tcb_level *level)
{
	const uint8_t *svn = c->report.tee_tcb_svn.p;
	size_t first = c->module.version == 0 ? 0 : (size_t)WD_TD_SVN_MICROCODE;

	for (size_t i = first; i < WD_TCB_COMPONENTS; i++)
		if (svn[i] < level->tdx[i])
			return false;
	return true;
}

int
wd_tdx_level(struct wd_appraisal *a)
{
	struct wd_tdx_case *c = wd_tdx_case(a);
	const struct wd_tcb_info *t = c->intel.tcb;
	const struct wd_tcb_level *level = NULL;

	c->sgx_level = wd_tcb_info_find_sgx(t, &c->intel.pck->pck);
	for (size_t i = 0; i < t->n_levels && level == NULL; i++)
		if (wd_tcb_level_sgx_reached(
			&t->level[i], &c->intel.pck->pck) &&
		    tdx_part_reaches(c, &t->level[i]))
			level = &t->level[i];
	if (level == NULL)
		return wd_reject(a->d, WD_R_TCB_NOT_SUPPORTED,
		    "the platform is below every TCB level");
	c->intel.level = level;
	c->intel.status = level->verdict.status;
	return 0;
}

/* ---- launching again */

static bool
asks_for_configuration(enum wd_tcb_status s)
{
	return s == WD_TCB_CONFIGURATION ||
	    s == WD_TCB_CONFIGURATION_AND_SW_HARDENING ||
	    s == WD_TCB_OUT_OF_DATE_CONFIGURATION;
}

static bool
is_out_of_date(enum wd_tcb_status s)
{
	return s == WD_TCB_OUT_OF_DATE || s == WD_TCB_OUT_OF_DATE_CONFIGURATION;
}

static bool
is_current(enum wd_tcb_status s)
{
	return !is_out_of_date(s) && s != WD_TCB_REVOKED;
}

/* Whether all but the module that the TD was launched with is fine. */
static bool
only_module_is_old(const struct wd_tdx_case *c)
{
	return c->intel.quote.version == 5 && c->report.is_15 &&
	    is_current(c->intel.qe_level->verdict.status) &&
	    is_current(c->sgx_level->verdict.status) &&
	    is_out_of_date(c->intel.status) && c->module.level != NULL &&
	    c->module.level->verdict.status == WD_TCB_OUT_OF_DATE;
}

/* The least ISVSVN of the module that runs now. */
static int
newest_module(struct wd_appraisal *a, uint8_t version, uint16_t *ret)
{
	const struct wd_tcb_info *t = wd_tdx_case(a)->intel.tcb;
	const struct wd_tdx_module *m;

	if (version == 0) {
		*ret = t->level[0].tdx[WD_TD_SVN_MODULE];
		return 0;
	}
	m = find_identity(t, version);
	if (m == NULL)
		return mismatch(a, "the version that runs now is not known");
	*ret = m->levels.level[0].isvsvn;
	return 0;
}

static int
relaunch(struct wd_appraisal *a)
{
	struct wd_tdx_case *c = wd_tdx_case(a);
	const struct wd_tcb_level *newest = &c->intel.tcb->level[0];
	const uint8_t *now = c->report.tee_tcb_svn2.p;
	uint16_t module;
	int r;

	if (!only_module_is_old(c))
		return 0;
	if ((r = newest_module(a, now[WD_TD_SVN_VERSION], &module)) != 0)
		return r;
	if (now[WD_TD_SVN_MODULE] < module ||
	    now[WD_TD_SVN_MICROCODE] < newest->tdx[WD_TD_SVN_MICROCODE])
		return 0;
	c->intel.status =
	    asks_for_configuration(c->sgx_level->verdict.status) ||
		asks_for_configuration(c->intel.status)
	    ? WD_TCB_RELAUNCH_CONFIGURATION
	    : WD_TCB_RELAUNCH;
	return 0;
}

int
wd_tdx_converge(struct wd_appraisal *a)
{
	struct wd_tdx_case *c = wd_tdx_case(a);
	int r;

	if (c->module.level != NULL)
		c->intel.status = wd_tcb_converge(
		    c->intel.status, c->module.level->verdict.status);
	if ((r = relaunch(a)) != 0)
		return r;
	return wd_intel_qe_converge(a);
}
