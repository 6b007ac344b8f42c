/*
 * Reading a TD report; layout.md beside this file has the offsets.
 */
#include "verify/tdx/report.h"

#include "base/rd.h"

#include <assert.h>

enum { MEASUREMENT = 48 };

static const uint64_t debug = 1, debug_reserved = 0xfe;
static const uint64_t sept_ve_disable = UINT64_C(1) << 28;
static const uint64_t migratable = UINT64_C(1) << 29;

static void
read_attributes(struct wd_td_report *r)
{
	struct wd_rd rd = wd_rd(r->td_attributes);
	uint64_t bits = wd_rd_le64(&rd);

	r->debug = (bits & debug) != 0;
	r->unknown_debug = (bits & debug_reserved) != 0;
	r->sept_ve_disable = (bits & sept_ve_disable) != 0;
	r->migratable = (bits & migratable) != 0;
}

struct wd_td_report
wd_td_report_read(struct wd_span bytes)
{
	struct wd_rd rd = wd_rd(bytes);
	struct wd_td_report r = { .is_15 = bytes.len == WD_TD_REPORT_15 };

	assert(bytes.len == WD_TD_REPORT_10 || r.is_15);
	r.tee_tcb_svn = wd_rd_bytes(&rd, 16);
	r.mr_seam = wd_rd_bytes(&rd, MEASUREMENT);
	r.mr_signer_seam = wd_rd_bytes(&rd, MEASUREMENT);
	r.seam_attributes = wd_rd_bytes(&rd, 8);
	r.td_attributes = wd_rd_bytes(&rd, 8);
	r.xfam = wd_rd_bytes(&rd, 8);
	r.mr_td = wd_rd_bytes(&rd, MEASUREMENT);
	r.mr_config_id = wd_rd_bytes(&rd, MEASUREMENT);
	r.mr_owner = wd_rd_bytes(&rd, MEASUREMENT);
	r.mr_owner_config = wd_rd_bytes(&rd, MEASUREMENT);
	for (size_t i = 0; i < WD_RTMRS; i++)
		r.rtmr[i] = wd_rd_bytes(&rd, MEASUREMENT);
	r.report_data = wd_rd_bytes(&rd, 64);
	if (r.is_15) {
		r.tee_tcb_svn2 = wd_rd_bytes(&rd, 16);
		r.mr_service_td = wd_rd_bytes(&rd, MEASUREMENT);
	}
	read_attributes(&r);
	return r;
}
