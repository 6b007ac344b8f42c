/*
 * TCB statuses and how the platform's and a part's (quoting enclave, TDX
 * module) become one.
 */
#pragma once

#include "base/span.h"

enum wd_tcb_status {
	WD_TCB_UP_TO_DATE,
	WD_TCB_SW_HARDENING,
	WD_TCB_CONFIGURATION,
	WD_TCB_CONFIGURATION_AND_SW_HARDENING,
	WD_TCB_OUT_OF_DATE,
	WD_TCB_OUT_OF_DATE_CONFIGURATION,
	WD_TCB_REVOKED,
	WD_TCB_RELAUNCH,               /* derived only: TD relaunch advised */
	WD_TCB_RELAUNCH_CONFIGURATION, /* likewise */
	WD_TCB_STATUSES
};

/* As Intel spells it: "UpToDate", "SWHardeningNeeded", … */
const char *wd_tcb_status_name(enum wd_tcb_status s);

/* The status of this name in a signed document; false for any other text,
 * derived statuses included. */
bool wd_tcb_status_parse(struct wd_span name, enum wd_tcb_status *ret);

/* The status of both together. */
enum wd_tcb_status wd_tcb_converge(
    enum wd_tcb_status platform, enum wd_tcb_status part);
