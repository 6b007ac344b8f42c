/*
 * Reading an enclave report; layout.md beside this file has the offsets.
 */
#include "verify/sgx/report.h"

#include "base/rd.h"

#include <assert.h>

enum { FLAG_DEBUG = 2 };

struct wd_sgx_report
wd_sgx_report_read(struct wd_span bytes)
{
	struct wd_rd rd = wd_rd(bytes);
	struct wd_sgx_report r;

	assert(bytes.len == WD_SGX_REPORT);
	r.cpusvn = wd_rd_bytes(&rd, 16);
	r.miscselect = wd_rd_bytes(&rd, 4);
	wd_rd_skip(&rd, 12);
	r.isv_ext_prod_id = wd_rd_bytes(&rd, 16);
	r.attributes = wd_rd_bytes(&rd, 16);
	r.mrenclave = wd_rd_bytes(&rd, 32);
	wd_rd_skip(&rd, 32);
	r.mrsigner = wd_rd_bytes(&rd, 32);
	wd_rd_skip(&rd, 32);
	r.config_id = wd_rd_bytes(&rd, 64);
	r.isv_prod_id = wd_rd_le16(&rd);
	r.isv_svn = wd_rd_le16(&rd);
	r.config_svn = wd_rd_le16(&rd);
	wd_rd_skip(&rd, 42);
	r.isv_family_id = wd_rd_bytes(&rd, 16);
	r.report_data = wd_rd_bytes(&rd, 64);
	r.debug = (r.attributes.p[0] & FLAG_DEBUG) != 0;
	return r;
}
