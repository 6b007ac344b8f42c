/*
 * TD reports, 1.0 and 1.5. Layout: layout.md of verify/tdx.
 */
#include "attest/swtee_in.h"

#include "crypto/hash.h"

enum { REPORT_MAX = 648, FLAG_DEBUG = 1, SEPT_VE_DISABLE_BYTE = 3 };

static int
default_measurements(struct wd_swtee_td *q, struct wd_diag *d)
{
	int r = 0;

	if (wd_span_is_zero(WD_SPAN(q->mr_td)))
		r = wd_hash(WD_SHA384,
		    WD_SPAN_LIT("warder software trust domain"), q->mr_td);
	if (r == 0 && wd_span_is_zero(WD_SPAN(q->mr_seam)))
		r = wd_hash(WD_SHA384,
		    WD_SPAN_LIT("warder software TDX module"), q->mr_seam);
	return r == 0 ? 0 : wd_fault(d, WD_F_CRYPTO, "cannot hash");
}

static int
fill_in(const struct wd_swtee_td *q, struct wd_swtee_td *ret, struct wd_diag *d)
{
	static const uint8_t svn[16] = { WD_SWTEE_MODULE_SVN, 1,
		WD_SWTEE_MICROCODE };

	*ret = *q;
	if (ret->version == 0)
		ret->version = 5;
	if (ret->version != 4 && ret->version != 5)
		return wd_reject(
		    d, WD_R_RANGE, "TDX quotes have version 4 or 5");
	if (ret->version == 4)
		ret->report_10 = true;
	if (wd_span_is_zero(WD_SPAN(ret->td_attributes)))
		ret->td_attributes[SEPT_VE_DISABLE_BYTE] = 0x10;
	if (ret->debug)
		ret->td_attributes[0] |= FLAG_DEBUG;
	if (wd_span_is_zero(WD_SPAN(ret->xfam)))
		ret->xfam[0] = 0xe7;
	if (wd_span_is_zero(WD_SPAN(ret->tee_tcb_svn)))
		wd_copy(ret->tee_tcb_svn, WD_SPAN(svn));
	if (wd_span_is_zero(WD_SPAN(ret->tee_tcb_svn2)))
		wd_copy(ret->tee_tcb_svn2, WD_SPAN(ret->tee_tcb_svn));
	if (ret->qe_isv_svn == 0)
		ret->qe_isv_svn = WD_SWTEE_QE_SVN;
	return default_measurements(ret, d);
}

static void
write_report(struct wd_wr *wr, const struct wd_swtee_td *q)
{
	wd_wr_bytes(wr, WD_SPAN(q->tee_tcb_svn));
	wd_wr_bytes(wr, WD_SPAN(q->mr_seam));
	wd_wr_bytes(wr, WD_SPAN(q->mr_signer_seam));
	wd_wr_bytes(wr, WD_SPAN(q->seam_attributes));
	wd_wr_bytes(wr, WD_SPAN(q->td_attributes));
	wd_wr_bytes(wr, WD_SPAN(q->xfam));
	wd_wr_bytes(wr, WD_SPAN(q->mr_td));
	wd_wr_bytes(wr, WD_SPAN(q->mr_config_id));
	wd_wr_bytes(wr, WD_SPAN(q->mr_owner));
	wd_wr_bytes(wr, WD_SPAN(q->mr_owner_config));
	for (size_t i = 0; i < WD_N(q->rtmr); i++)
		wd_wr_bytes(wr, WD_SPAN(q->rtmr[i]));
	wd_wr_bytes(wr, WD_SPAN(q->report_data));
	if (q->report_10)
		return;
	wd_wr_bytes(wr, WD_SPAN(q->tee_tcb_svn2));
	wd_wr_bytes(wr, WD_SPAN(q->mr_service_td));
}

int
wd_swtee_td_quote(const struct wd_swtee *t, const struct wd_swtee_td *q,
    struct wd_bytes **ret, struct wd_diag *d)
{
	uint8_t body[REPORT_MAX];
	struct wd_wr wr = wd_wr_fixed(body, sizeof(body));
	struct wd_swtee_frame f = { .is_td = true, .fault = q->fault };
	struct wd_swtee_td full;
	int r = fill_in(q, &full, d);

	if (r != 0)
		return r;
	f.version = full.version;
	f.is_15 = !full.report_10;
	f.qe_isv_svn = full.qe_isv_svn;
	write_report(&wr, &full);
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_BUG, "a report of another size");
	return wd_swtee_write_quote(t, &f, wd_wr_span(&wr), ret, d);
}
