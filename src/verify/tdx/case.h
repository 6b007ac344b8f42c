/*
 * What the steps over a TDX quote have found, and those of them that are about
 * the TDX module. layout.md beside this file has the rules.
 */
#pragma once

#include "verify/eventlog/eventlog.h"
#include "verify/intel/intel.h"
#include "verify/tdx/report.h"

/* The module of a TD. */
struct wd_tdx_seen {
	const struct wd_svn_level *level; /* NULL for version 0 */
	uint8_t version;
};

/* Its event log, where one is given. */
struct wd_tdx_log {
	bool is_given;
	size_t n_events;
	uint32_t rtmrs; /* that it leads to: bits */
	struct wd_eventlog_facts facts;
};

struct wd_tdx_case {
	struct wd_intel_case intel; /* first: steps of intel/ find it there */
	struct wd_td_report report; /* authentic after the quote's signature */
	struct wd_tdx_seen module;
	const struct wd_tcb_level *sgx_level; /* by the SGX part alone */
	struct wd_tdx_log log;
};

struct wd_tdx_case *wd_tdx_case(struct wd_appraisal *a);

/* Reads the report. 0. */
int wd_tdx_report(struct wd_appraisal *a) WD_MUST_USE;

/* WD_R_DEBUG_NOT_ALLOWED. */
int wd_tdx_debug(struct wd_appraisal *a) WD_MUST_USE;

/* MRSIGNERSEAM and SEAMATTRIBUTES, and the module's level.
 * WD_R_TDX_MODULE_MISMATCH, WD_R_TCB_NOT_SUPPORTED. */
int wd_tdx_module(struct wd_appraisal *a) WD_MUST_USE;

/* The platform's level. WD_R_TCB_NOT_SUPPORTED. */
int wd_tdx_level(struct wd_appraisal *a) WD_MUST_USE;

/* Converges with the module, says whether launching the TD again would do, and
 * converges with the quoting enclave. WD_R_TDX_MODULE_MISMATCH. */
int wd_tdx_converge(struct wd_appraisal *a) WD_MUST_USE;

/* Those over every TD, behind WD_INTEL_STEPS. */
#define WD_TDX_STEPS                                                     \
	{ "TD report", wd_tdx_report }, { "TDX module", wd_tdx_module }, \
	    { "TCB level", wd_tdx_level },                               \
	    { "convergence with module and QE", wd_tdx_converge },       \
	{                                                                \
		"debug", wd_tdx_debug                                    \
	}

/* WD_R_EVENT_LOG_MALFORMED, WD_R_EVENT_LOG_MISMATCH. */
int wd_tdx_event_log(struct wd_appraisal *a) WD_MUST_USE;

/* All claims. 0 or a fault. */
int wd_tdx_claims(struct wd_appraisal *a) WD_MUST_USE;
