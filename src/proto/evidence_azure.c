/*
 * The objects of az-snp-vtpm and az-tdx-vtpm, versions 1 and 2: hex in the
 * TPM's quote, base64url with padding elsewhere.
 */
#include "proto/evidence_azure.h"

#include "codec/base64.h"
#include "codec/hex.h"
#include "proto/evidence_tpm.h"

enum { VERSION_MAX = 2 };

static void
take_version(struct wd_jobj *o)
{
	uint64_t version = wd_jobj_uint(o, "version", WD_REQUIRED, UINT32_MAX);

	if (o->result == 0 && (version < 1 || version > VERSION_MAX))
		wd_jobj_fail(o, WD_R_UNSUPPORTED,
		    "this version of the evidence is not known");
}

/* DECODED is R, and the bytes where that is 0; MAX is the part's. */
static void
add(struct wd_jobj *o, const char *name, int r, const struct wd_bytes *decoded,
    struct wd_wr *bundle, enum wd_part role)
{
	if (r > 0)
		wd_jobj_fail(o, WD_R_MALFORMED,
		    "member \"%s\" is not in its encoding", name);
	else if (decoded->len > wd_part_max(role))
		wd_jobj_fail(o, WD_R_RANGE, "member \"%s\" is too long", name);
	else
		wd_bundle_add(bundle, role, wd_bytes_span(decoded));
}

static struct wd_span
without_padding(struct wd_span text)
{
	for (int i = 0; i < 2 && text.len > 0; i++)
		if (text.p[text.len - 1] == '=')
			text.len--;
	return text;
}

static int
take_b64url(struct wd_jobj *o, const char *name, struct wd_wr *bundle,
    enum wd_part role)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_span text =
	    wd_jobj_text(o, name, WD_REQUIRED, (wd_part_max(role) + 2) / 3 * 4);
	int r;

	if (o->result != 0)
		return 0;
	r = text.len % 4 != 0 ? WD_R_MALFORMED
			      : wd_b64url_decode(without_padding(text), &bytes);
	if (r >= 0)
		add(o, name, r, bytes, bundle, role);
	return r < 0 ? r : 0;
}

static int
take_hex(struct wd_jobj *o, const char *name, struct wd_wr *bundle,
    enum wd_part role)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *bytes = NULL;
	struct wd_span text =
	    wd_jobj_text(o, name, WD_REQUIRED, 2 * wd_part_max(role));
	int r;

	if (o->result != 0)
		return 0;
	if ((r = wd_hex_decode(text, &bytes)) >= 0)
		add(o, name, r, bytes, bundle, role);
	return r < 0 ? r : 0;
}

/* In rising order of roles: VEK, what both have, TD quote. */
static int
take_quote(struct wd_jobj *o, struct wd_wr *bundle)
{
	const struct wd_jval *v = wd_jobj_object(o, "tpm_quote", WD_REQUIRED);
	struct wd_jobj q;
	int r;

	if (o->result != 0)
		return 0;
	wd_jobj_open(&q, v, o->d, "tpm_quote");
	if ((r = wd_evidence_pcrs(&q, bundle)) != 0)
		return r;
	if (q.result == 0)
		r = take_b64url(o, "hcl_report", bundle, WD_IN_HCL_REPORT);
	if (r != 0)
		return r;
	if ((r = take_hex(&q, "message", bundle, WD_IN_TPM_ATTEST)) != 0 ||
	    (r = take_hex(&q, "signature", bundle, WD_IN_TPM_SIGNATURE)) != 0)
		return r;
	if ((r = wd_jobj_close(&q)) < 0)
		return r;
	if (o->result == 0)
		o->result = r;
	return 0;
}

int
wd_evidence_az_snp_read(struct wd_jobj *o, struct wd_wr *bundle)
{
	int r;

	take_version(o);
	if ((r = take_b64url(o, "vcek", bundle, WD_IN_VEK)) != 0)
		return r;
	return take_quote(o, bundle);
}

int
wd_evidence_az_tdx_read(struct wd_jobj *o, struct wd_wr *bundle)
{
	int r;

	take_version(o);
	if ((r = take_quote(o, bundle)) != 0)
		return r;
	return take_b64url(o, "td_quote", bundle, WD_IN_TD_QUOTE);
}
