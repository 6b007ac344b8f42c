/*
 * What a TD's report and its module say.
 */
#include "verify/tdx/case.h"

#include <stdio.h>

static int
put_report(struct wd_claims *out, const struct wd_td_report *t)
{
	const struct {
		enum wd_claim id;
		struct wd_span value;
	} rows[] = {
		{ WD_C_TEE_TCB_SVN, t->tee_tcb_svn },
		{ WD_C_MRSEAM, t->mr_seam },
		{ WD_C_MRSIGNERSEAM, t->mr_signer_seam },
		{ WD_C_SEAMATTRIBUTES, t->seam_attributes },
		{ WD_C_TDATTRIBUTES, t->td_attributes },
		{ WD_C_XFAM, t->xfam },
		{ WD_C_MRTD, t->mr_td },
		{ WD_C_MRCONFIGID, t->mr_config_id },
		{ WD_C_MROWNER, t->mr_owner },
		{ WD_C_MROWNERCONFIG, t->mr_owner_config },
		{ WD_C_RTMR0, t->rtmr[0] },
		{ WD_C_RTMR1, t->rtmr[1] },
		{ WD_C_RTMR2, t->rtmr[2] },
		{ WD_C_RTMR3, t->rtmr[3] },
		{ WD_C_TEE_TCB_SVN2, t->tee_tcb_svn2 },
		{ WD_C_MRSERVICETD, t->mr_service_td },
	};

	for (size_t i = 0; i < WD_N(rows); i++) {
		int r = 0;

		if (rows[i].value.p != NULL)
			r = wd_claims_put(out, rows[i].id, rows[i].value);
		if (r != 0)
			return r;
	}
	return 0;
}

/* A module of version 0 has neither identity nor level: empty texts. */
static int
put_module(struct wd_claims *out, const struct wd_tdx_case *c)
{
	const struct wd_svn_level *level = c->module.level;
	char id[8] = "";
	int r;

	if (level == NULL) {
		if ((r = wd_claims_put_text(out, WD_C_TDX_MODULE_ID, "")) !=
			0 ||
		    (r = wd_claims_put_text(out, WD_C_TDX_MODULE_STATUS, "")) !=
			0)
			return r;
		return wd_claims_put(
		    out, WD_C_TDX_MODULE_ADVISORY_IDS, wd_span(out->flat, 0));
	}
	(void)snprintf(id, sizeof(id), "TDX_%02X", c->module.version);
	if ((r = wd_claims_put_text(out, WD_C_TDX_MODULE_ID, id)) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_TDX_MODULE_STATUS,
		 wd_tcb_status_name(level->verdict.status))) != 0 ||
	    (r = wd_claims_put(out, WD_C_TDX_MODULE_ADVISORY_IDS,
		 wd_tcb_info_advisories(c->intel.tcb, &level->verdict))) != 0)
		return r;
	return wd_claims_put_time(
	    out, WD_C_TDX_MODULE_TCB_DATE, level->verdict.date);
}

static int
put_flags(struct wd_claims *out, const struct wd_tdx_case *c)
{
	enum wd_tcb_status s = c->intel.status;
	int r;

	if ((r = wd_claims_put_bool(
		 out, WD_C_SEPT_VE_DISABLE, c->report.sept_ve_disable)) != 0 ||
	    (r = wd_claims_put_bool(
		 out, WD_C_MIGRATABLE, c->report.migratable)) != 0)
		return r;
	if ((r = wd_claims_put_bool(out, WD_C_RELAUNCH_ADVISED,
		 s == WD_TCB_RELAUNCH || s == WD_TCB_RELAUNCH_CONFIGURATION)) !=
	    0)
		return r;
	return wd_claims_put_uint(
	    out, WD_C_SEAM_SVN, c->report.tee_tcb_svn.p[WD_TD_SVN_MODULE]);
}

static int
put_log(struct wd_claims *out, const struct wd_tdx_log *l)
{
	int r;

	if (!l->is_given)
		return 0;
	if ((r = wd_claims_put_uint(out, WD_C_EVENTS, l->n_events)) != 0 ||
	    (r = wd_claims_put_bits(
		 out, WD_C_EVENT_LOG_PCRS_MATCHING, l->rtmrs)) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_EVENT_DATA,
		 l->facts.all_rehashed ? "rehashed" : "untrusted")) != 0)
		return r;
	if (!l->facts.has_secure_boot)
		return 0;
	return wd_claims_put_bool(out, WD_C_SECURE_BOOT, l->facts.secure_boot);
}

int
wd_tdx_claims(struct wd_appraisal *a)
{
	const struct wd_tdx_case *c = wd_tdx_case(a);
	int r = wd_intel_claims(a, c->report.debug, c->report.report_data);

	if (r != 0)
		return r;
	if (put_report(a->claims, &c->report) != 0 ||
	    put_module(a->claims, c) != 0 || put_flags(a->claims, c) != 0 ||
	    put_log(a->claims, &c->log) != 0)
		return wd_fault(a->d, WD_F_BUG, "the claims do not fit");
	return 0;
}
