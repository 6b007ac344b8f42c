/*
 * Reading the quoting enclave's identity and comparing a report with it. The
 * PCE certifies any enclave that may ask for it, so without this comparison
 * anyone with a genuine machine could make quotes.
 */
#include "verify/intel/qe_identity.h"

#include "base/alloc.h"

enum { VERSION = 2, TEXTS_MAX = 65536 };

struct wd_qe_identity *
wd_qe_identity_free(struct wd_qe_identity *q)
{
	if (q == NULL)
		return NULL;
	wd_svn_levels_done(&q->levels);
	q->texts = wd_bytes_free(q->texts);
	return wd_free(q);
}

void
wd_qe_identity_freep(struct wd_qe_identity **q)
{
	*q = wd_qe_identity_free(*q);
}

struct wd_span
wd_qe_identity_advisories(
    const struct wd_qe_identity *q, const struct wd_tcb_verdict *v)
{
	struct wd_span all = wd_bytes_span(q->texts);

	return wd_span(all.p + v->advisories, v->advisories_len);
}

static enum wd_tee
tee_of(struct wd_span id)
{
	if (wd_span_is(id, "QE"))
		return WD_TEE_SGX;
	if (wd_span_is(id, "TD_QE"))
		return WD_TEE_TDX;
	return WD_TEE_NONE;
}

static void
read_head(struct wd_jobj *o, struct wd_qe_identity *q)
{
	if (wd_jobj_uint(o, "version", WD_REQUIRED, UINT32_MAX) != VERSION)
		wd_jobj_fail(o, WD_R_MALFORMED, "version: not 2");
	q->tee = tee_of(wd_jobj_text(o, "id", WD_REQUIRED, 16));
	q->issue_date = wd_jobj_time(o, "issueDate", WD_REQUIRED);
	q->next_update = wd_jobj_time(o, "nextUpdate", WD_REQUIRED);
	q->evaluation_number = (uint32_t)wd_jobj_uint(
	    o, "tcbEvaluationDataNumber", WD_REQUIRED, UINT32_MAX);
}

static void
read_enclave(struct wd_jobj *o, struct wd_qe_identity *q)
{
	wd_jobj_hex(
	    o, "miscselect", WD_REQUIRED, q->miscselect, sizeof(q->miscselect));
	wd_jobj_hex(o, "miscselectMask", WD_REQUIRED, q->miscselect_mask,
	    sizeof(q->miscselect_mask));
	wd_jobj_hex(
	    o, "attributes", WD_REQUIRED, q->attributes, sizeof(q->attributes));
	wd_jobj_hex(o, "attributesMask", WD_REQUIRED, q->attributes_mask,
	    sizeof(q->attributes_mask));
	wd_jobj_hex(
	    o, "mrsigner", WD_REQUIRED, q->mrsigner, sizeof(q->mrsigner));
	q->isvprodid =
	    (uint16_t)wd_jobj_uint(o, "isvprodid", WD_REQUIRED, UINT16_MAX);
}

static int
read_all(const struct wd_jval *root, struct wd_qe_identity *q,
    struct wd_wr *texts, struct wd_diag *d)
{
	struct wd_jobj o;
	int r;

	wd_jobj_open(&o, root, d, "QE identity");
	read_head(&o, q);
	read_enclave(&o, q);
	if ((r = wd_svn_levels_read(&o, texts, &q->levels, d)) != 0)
		return r;
	return wd_jobj_close_open_world(&o);
}

int
wd_qe_identity_parse(
    struct wd_span body, struct wd_qe_identity **ret, struct wd_diag *d)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(wd_qe_identity_freep)
	struct wd_qe_identity *q = wd_alloc(sizeof(*q));
	WD_AUTO(wd_wr_done) struct wd_wr texts = wd_wr_growing(TEXTS_MAX);
	int r;

	if (q == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for QE identity");
	if ((r = wd_json_parse(body, d, &doc)) != 0 ||
	    (r = read_all(wd_json_root(doc), q, &texts, d)) != 0 ||
	    (r = wd_wr_take(&texts, &q->texts)) != 0)
		return wd_json_fold(r, d);
	*ret = WD_TAKE(q);
	return 0;
}

/* (value & mask) == want, byte by byte in the order of memory. */
static bool
masked_equal(struct wd_span value, const uint8_t *mask, const uint8_t *want)
{
	for (size_t i = 0; i < value.len; i++)
		if ((value.p[i] & mask[i]) != want[i])
			return false;
	return true;
}

int
wd_qe_identity_match(const struct wd_qe_identity *q,
    const struct wd_sgx_report *report, struct wd_diag *d)
{
	const char *what = NULL;

	if (report->debug)
		what = "it can be debugged";
	else if (!masked_equal(
		     report->miscselect, q->miscselect_mask, q->miscselect))
		what = "MISCSELECT differs";
	else if (!masked_equal(
		     report->attributes, q->attributes_mask, q->attributes))
		what = "ATTRIBUTES differ";
	else if (!wd_span_equal(report->mrsigner, WD_SPAN(q->mrsigner)))
		what = "MRSIGNER differs";
	else if (report->isv_prod_id != q->isvprodid)
		what = "ISVPRODID differs";
	if (what == NULL)
		return 0;
	return wd_reject(
	    d, WD_R_QE_IDENTITY_MISMATCH, "quoting enclave: %s", what);
}
