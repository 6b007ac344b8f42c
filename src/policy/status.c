/*
 * Names of TCB statuses (Intel TCB info v3; the two relaunch statuses are
 * derived by the verifier). Must never map an unknown name to a bit.
 */
#include "policy/status.h"

static const char *const names[] = {
	"UpToDate",
	"SWHardeningNeeded",
	"ConfigurationNeeded",
	"ConfigurationAndSWHardeningNeeded",
	"OutOfDate",
	"OutOfDateConfigurationNeeded",
	"TDRelaunchAdvised",
	"TDRelaunchAdvisedConfigurationNeeded",
	"Revoked",
};

uint16_t
wd_status_by_name(struct wd_span name)
{
	for (unsigned i = 0; i < WD_N(names); i++)
		if (wd_span_is(name, names[i]))
			return (uint16_t)(1U << i);
	return 0;
}

const char *
wd_status_name(unsigned i)
{
	return i < WD_N(names) ? names[i] : NULL;
}
