/*
 * The report of a trust domain, as its quote carries it.
 */
#pragma once

#include "base/span.h"

enum { WD_TD_REPORT_10 = 584, WD_TD_REPORT_15 = 648, WD_RTMRS = 4 };

/* What TEE_TCB_SVN says besides numbers to compare. */
enum { WD_TD_SVN_MODULE = 0, WD_TD_SVN_VERSION = 1, WD_TD_SVN_MICROCODE = 2 };

/* Spans view the report's bytes. */
struct wd_td_report {
	struct wd_span tee_tcb_svn;     /* 16, at launch */
	struct wd_span mr_seam;         /* 48 */
	struct wd_span mr_signer_seam;  /* 48 */
	struct wd_span seam_attributes; /* 8 */
	struct wd_span td_attributes;   /* 8 */
	struct wd_span xfam;            /* 8 */
	struct wd_span mr_td;           /* 48, and so are the next */
	struct wd_span mr_config_id, mr_owner, mr_owner_config;
	struct wd_span rtmr[WD_RTMRS];
	struct wd_span report_data; /* 64 */
	bool is_15;
	struct wd_span tee_tcb_svn2;  /* 16, now; 1.5 only */
	struct wd_span mr_service_td; /* 48; 1.5 only */
	bool debug, unknown_debug;    /* bit 0; any of bits 1 to 7 */
	bool sept_ve_disable, migratable;
};

/* BYTES are exactly WD_TD_REPORT_10 or _15 (asserted): any content is a
 * report. */
struct wd_td_report wd_td_report_read(struct wd_span bytes);
