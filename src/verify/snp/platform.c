/*
 * Which collateral fits a report. What is read here is not authentic: a wrong
 * choice is a refusal later, never more.
 */
#include "verify/snp/snp.h"

#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "verify/snp/scope.h"

enum { SCOPE = 8 };

void
wd_snp_ask_scope(
    enum wd_snp_line line, enum wd_snp_key kind, uint8_t ret[SCOPE])
{
	static const uint8_t letters[WD_SNP_LINES] = { 0, 'M', 'G', 'T' };

	ret[0] = letters[line];
	ret[1] = kind == WD_SNP_VLEK ? 'L' : 'C';
}

int
wd_snp_vek_scope(struct wd_span chip_id, struct wd_span tcb, uint8_t ret[SCOPE])
{
	static const uint8_t zeros[WD_SNP_CHIP_ID] = { 0 };
	const struct wd_span parts[] = { chip_id,
		{ zeros, sizeof(zeros) - chip_id.len }, tcb };
	uint8_t digest[32];
	int r = wd_hash_parts(WD_SHA256, parts, WD_N(parts), digest);

	if (r == 0)
		wd_copy(ret, wd_span(digest, SCOPE));
	return r;
}

/* The first certificate of VEK, PEM or DER. 0, a rejection, or a fault. */
static int
leaf_of(struct wd_span vek, struct wd_cert **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	struct wd_rd rd = wd_rd(vek);
	struct wd_span whole;
	int r;

	if (vek.len > 0 && vek.p[0] == WD_DER_SEQUENCE) {
		whole = wd_der_whole(&rd, WD_DER_SEQUENCE);
		return wd_cert_parse(whole, ret);
	}
	if ((r = wd_pem_next(&rd, "CERTIFICATE", &der)) != 0)
		return r;
	return wd_cert_parse(wd_bytes_span(der), ret);
}

/* The line of a report of version 2: its certificate's, else that of the
 * processors such reports began with. A fault, or 0. */
static int
line_of_vek(struct wd_span vek, enum wd_snp_line *ret)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	struct wd_vek said;
	int r;

	*ret = WD_SNP_MILAN;
	if (vek.p == NULL)
		return 0;
	if ((r = leaf_of(vek, &c)) != 0)
		return r < 0 ? r : 0;
	if (wd_vek_read(c, &said, NULL) == 0)
		*ret = said.line;
	return 0;
}

int
wd_snp_leads(struct wd_verifier *v, const struct wd_inputs *in, int64_t at)
{
	struct wd_span vek = in->part[WD_IN_VEK];
	const struct wd_trail *path;

	if (vek.p == NULL)
		vek = in->part[WD_IN_VEK_KEPT];
	return wd_snp_path(v, vek, in->part[WD_IN_ASK], at, &path, NULL);
}

/* Certificates that a guest brings whole name their root. 0 or a fault. */
static int
look_at_root(struct wd_verifier *v, struct wd_span vek, int64_t at,
    struct wd_platform *p)
{
	const struct wd_trail *path;
	int r;

	if (vek.p == NULL || !wd_snp_vek_is_whole(vek))
		return 0;
	r = wd_snp_path(v, vek, wd_span(NULL, 0), at, &path, NULL);
	if (r != 0)
		return r < 0 ? r : 0;
	p->root_unknown = false;
	p->software =
	    wd_trail_anchor(v, WD_TEE_SNP, path->root_sha256)->software;
	return 0;
}

int
wd_snp_platform(struct wd_verifier *v, struct wd_span bytes,
    const struct wd_inputs *in, int64_t at, struct wd_platform *ret,
    struct wd_diag *d)
{
	struct wd_platform p = { .root_unknown = true };
	struct wd_snp_report report;
	enum wd_snp_line line;

	if (wd_snp_report_parse(bytes, &report, NULL) != 0)
		return WD_R_NOT_FOUND;
	line = report.line;
	if (!report.has_cpuid && line_of_vek(in->part[WD_IN_VEK], &line) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot read a certificate");
	if (line == WD_SNP_NO_LINE)
		return WD_R_NOT_FOUND;
	wd_snp_ask_scope(line, report.key, p.scope[WD_IN_ASK]);
	wd_snp_ask_scope(line, report.key, p.scope[WD_IN_AMD_CRL]);
	if (wd_snp_vek_scope(
		report.chip_id, report.reported, p.scope[WD_IN_VEK_KEPT]) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot hash");
	if (look_at_root(v, in->part[WD_IN_VEK], at, &p) != 0)
		return wd_fault(d, WD_F_CRYPTO, "cannot take in a chain");
	*ret = p;
	return 0;
}
