/*
 * Statuses and their convergence, by table.
 */
#include "verify/intel/status.h"

/* What a status becomes when a part of the platform is out of date. */
static const struct {
	const char *name;
	bool in_documents;
	enum wd_tcb_status with_old_part;
} rows[WD_TCB_STATUSES] = {
	[WD_TCB_UP_TO_DATE] = { "UpToDate", true, WD_TCB_OUT_OF_DATE },
	[WD_TCB_SW_HARDENING] = { "SWHardeningNeeded", true,
	    WD_TCB_OUT_OF_DATE },
	[WD_TCB_CONFIGURATION] = { "ConfigurationNeeded", true,
	    WD_TCB_OUT_OF_DATE_CONFIGURATION },
	[WD_TCB_CONFIGURATION_AND_SW_HARDENING] = { "ConfigurationAndSWHardenin"
						    "gNeeded",
	    true, WD_TCB_OUT_OF_DATE_CONFIGURATION },
	[WD_TCB_OUT_OF_DATE] = { "OutOfDate", true, WD_TCB_OUT_OF_DATE },
	[WD_TCB_OUT_OF_DATE_CONFIGURATION] = { "OutOfDateConfigurationNeeded",
	    true, WD_TCB_OUT_OF_DATE_CONFIGURATION },
	[WD_TCB_REVOKED] = { "Revoked", true, WD_TCB_REVOKED },
	[WD_TCB_RELAUNCH] = { "TDRelaunchAdvised", false, WD_TCB_OUT_OF_DATE },
	[WD_TCB_RELAUNCH_CONFIGURATION] = { "TDRelaunchAdvisedConfigurationNeed"
					    "ed",
	    false, WD_TCB_OUT_OF_DATE_CONFIGURATION },
};

const char *
wd_tcb_status_name(enum wd_tcb_status s)
{
	return rows[s].name;
}

bool
wd_tcb_status_parse(struct wd_span name, enum wd_tcb_status *ret)
{
	for (size_t i = 0; i < WD_N(rows); i++) {
		if (!rows[i].in_documents || !wd_span_is(name, rows[i].name))
			continue;
		*ret = (enum wd_tcb_status)i;
		return true;
	}
	return false;
}

/*
 * A part is up to date, revoked, or else old: Intel's library treats every
 * other status of a quoting enclave or module as out of date too.
 */
enum wd_tcb_status
wd_tcb_converge(enum wd_tcb_status platform, enum wd_tcb_status part)
{
	if (part == WD_TCB_UP_TO_DATE)
		return platform;
	if (part == WD_TCB_REVOKED)
		return WD_TCB_REVOKED;
	return rows[platform].with_old_part;
}
