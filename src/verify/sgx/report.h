/*
 * The report of an SGX enclave, the workload's or the quoting enclave's.
 */
#pragma once

#include "base/span.h"

enum { WD_SGX_REPORT = 384 };

/* Spans view the report's bytes. */
struct wd_sgx_report {
	struct wd_span cpusvn;          /* 16 */
	struct wd_span miscselect;      /* 4 */
	struct wd_span isv_ext_prod_id; /* 16 */
	struct wd_span attributes;      /* 16 */
	struct wd_span mrenclave;       /* 32 */
	struct wd_span mrsigner;        /* 32 */
	struct wd_span config_id;       /* 64 */
	uint16_t isv_prod_id, isv_svn, config_svn;
	struct wd_span isv_family_id; /* 16 */
	struct wd_span report_data;   /* 64 */
	bool debug;
};

/* BYTES are exactly WD_SGX_REPORT (asserted): any content is a report. */
struct wd_sgx_report wd_sgx_report_read(struct wd_span bytes);
