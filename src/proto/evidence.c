/*
 * The kinds of evidence that the protocol names, and those that are judged
 * here.
 */
#include "proto/evidence.h"

#include "codec/base64.h"
#include "proto/evidence_azure.h"
#include "proto/evidence_cca.h"
#include "proto/evidence_snp.h"
#include "proto/evidence_tpm.h"

enum { TEE_TYPE_TDX = 0x81 }; /* in the header of a quote */

int
wd_evidence_b64(struct wd_jobj *o, const char *name, size_t max,
    struct wd_wr *bundle, enum wd_part role)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_span text =
	    wd_jobj_text(o, name, WD_REQUIRED, (max + 2) / 3 * 4);
	int r;

	if (o->result != 0)
		return 0;
	if ((r = wd_b64_decode(text, &bytes)) < 0)
		return r;
	if (r > 0)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is not base64 of the right kind", name);
	else if (bytes->len > max)
		wd_jobj_fail(o, WD_R_RANGE, "member \"%s\" is too long", name);
	else
		wd_bundle_add(bundle, role, wd_bytes_span(bytes));
	return 0;
}

/* ---- SGX */

static int
read_sgx(struct wd_jobj *o, struct wd_wr *bundle)
{
	return wd_evidence_b64(o, "quote", 65536, bundle, WD_IN_QUOTE);
}

static void
write_sgx(struct wd_jtext *j, const struct wd_inputs *in)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "quote");
	wd_jtext_b64(j, in->part[WD_IN_QUOTE]);
	wd_jtext_end(j);
}

/* A guest that sends no event log leaves nothing but the quote, whose header
 * says whether it is a TD's. The judge looks again. */
static enum wd_tee
tell_quote(struct wd_span bundle)
{
	struct wd_inputs in = { 0 };
	struct wd_rd rd;
	uint16_t version;

	if (wd_bundle_read(bundle, &in, NULL) != 0)
		return WD_TEE_SGX;
	rd = wd_rd(in.part[WD_IN_QUOTE]);
	version = wd_rd_le16(&rd);
	wd_rd_skip(&rd, 2);
	return version > 3 && wd_rd_le32(&rd) == TEE_TYPE_TDX ? WD_TEE_TDX
							      : WD_TEE_SGX;
}

/* ---- TDX */

/* The event log is null where the guest has none. */
static int
read_tdx(struct wd_jobj *o, struct wd_wr *bundle)
{
	int r = wd_evidence_b64(o, "quote", 65536, bundle, WD_IN_QUOTE);

	if (r != 0 || o->result != 0)
		return r;
	if (wd_jval_type(wd_jval_get(o->v, "cc_eventlog")) == WD_JNULL) {
		(void)wd_jobj_take(o, "cc_eventlog", WD_REQUIRED);
		return 0;
	}
	return wd_evidence_b64(
	    o, "cc_eventlog", 131072, bundle, WD_IN_EVENT_LOG);
}

static void
write_tdx(struct wd_jtext *j, const struct wd_inputs *in)
{
	wd_jtext_object(j);
	wd_jtext_key(j, "cc_eventlog");
	if (in->part[WD_IN_EVENT_LOG].p == NULL)
		wd_jtext_null(j);
	else
		wd_jtext_b64(j, in->part[WD_IN_EVENT_LOG]);
	wd_jtext_key(j, "quote");
	wd_jtext_b64(j, in->part[WD_IN_QUOTE]);
	wd_jtext_end(j);
}

/* ---- all of them */

/* SGX comes last: others have its member too. */
static const struct wd_evidence_form forms[] = {
	{ WD_TEE_AZ_SNP, "hcl_report", "vcek", wd_evidence_az_snp_read, NULL,
	    NULL },
	{ WD_TEE_AZ_TDX, "hcl_report", "td_quote", wd_evidence_az_tdx_read,
	    NULL, NULL },
	{ WD_TEE_CCA, "token", NULL, wd_evidence_read_cca,
	    wd_evidence_write_cca, NULL },
	{ WD_TEE_SNP, "attestation_report", NULL, wd_evidence_snp_read,
	    wd_evidence_snp_write, NULL },
	{ WD_TEE_TPM, "ak_public", "tpm_quote", wd_evidence_tpm_read,
	    wd_evidence_tpm_write, NULL },
	{ WD_TEE_TDX, "cc_eventlog", "quote", read_tdx, write_tdx, NULL },
	{ WD_TEE_SGX, "quote", NULL, read_sgx, write_sgx, tell_quote },
};

/* Names that the protocol knows for what is not judged here, and the member
 * that tells. */
static const struct {
	const char *name, *member;
} others[] = {
	{ "the first form of az-snp-vtpm or az-tdx-vtpm", "report" },
	{ "csv", "serial_number" },
	{ "se", "image_hdr_tags" },
	{ "nvidia", "device_evidence_list" },
	{ "hygondcu", "attestation_reports" },
	{ "sample", "svn" },
	{ "sampledevice", "svn" },
};

int
wd_evidence_tee(struct wd_span name, enum wd_tee *ret_tee, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(forms); i++)
		if (wd_span_is(name, wd_tee_name(forms[i].tee))) {
			*ret_tee = forms[i].tee;
			return 0;
		}
	for (size_t i = 0; i < WD_N(others); i++)
		if (wd_span_is(name, others[i].name))
			return wd_reject(d, WD_R_TEE_NOT_SUPPORTED,
			    "evidence of %s cannot be judged here",
			    others[i].name);
	return wd_reject(
	    d, WD_R_TEE_NOT_SUPPORTED, "no TEE of this name is known");
}

static bool
has(const struct wd_jobj *o, const struct wd_evidence_form *f)
{
	return wd_jobj_has(o, f->member) &&
	    (f->second == NULL || wd_jobj_has(o, f->second));
}

/* NULL, with the reason in O. */
static const struct wd_evidence_form *
find_form(struct wd_jobj *o)
{
	for (size_t i = 0; i < WD_N(others); i++)
		if (wd_jobj_has(o, others[i].member)) {
			wd_jobj_fail(o, WD_R_TEE_NOT_SUPPORTED,
			    "evidence of %s cannot be judged here",
			    others[i].name);
			return NULL;
		}
	for (size_t i = 0; i < WD_N(forms); i++)
		if (has(o, &forms[i]))
			return &forms[i];
	wd_jobj_fail(o, WD_R_MALFORMED, "this is the evidence of no TEE");
	return NULL;
}

int
wd_evidence_read(const struct wd_jval *primary, enum wd_tee *ret_tee,
    struct wd_bytes **ret_bundle, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(WD_BUNDLE_MAX);
	const struct wd_evidence_form *form;
	struct wd_jobj o;
	int r;

	wd_jobj_open(&o, primary, d, "primary_evidence");
	if (o.result != 0 || (form = find_form(&o)) == NULL)
		return o.result;
	if ((r = form->read(&o, &wr)) != 0)
		return r;
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	if ((r = wd_wr_take(&wr, ret_bundle)) > 0)
		return wd_reject(d, WD_R_TOO_LARGE,
		    "primary_evidence: more than %d bytes", WD_BUNDLE_MAX);
	if (r == 0)
		*ret_tee = form->tell == NULL
		    ? form->tee
		    : form->tell(wd_bytes_span(*ret_bundle));
	return r;
}

void
wd_evidence_write(struct wd_jtext *j, enum wd_tee tee, struct wd_span bundle)
{
	struct wd_inputs in = { 0 };

	for (size_t i = 0; i < WD_N(forms); i++)
		if (forms[i].tee == tee && forms[i].write != NULL &&
		    wd_bundle_read(bundle, &in, NULL) == 0) {
			forms[i].write(j, &in);
			return;
		}
	wd_jtext_null(j); /* keeps the shape; nobody gets to read it */
	wd_wr_fail(j->wr);
}

struct wd_span
wd_evidence_enrolment(struct wd_span bundle, enum wd_tee tee)
{
	struct wd_inputs in = { 0 };

	if (tee != WD_TEE_TPM || wd_bundle_read(bundle, &in, NULL) != 0)
		return wd_span(NULL, 0);
	return in.part[WD_IN_TPM_ENROLMENT];
}
