/*
 * The steps over a report and its endorsement key. Form and certificates come
 * first, then the signature; what the guest says counts after it alone.
 */
#include "verify/snp/snp.h"

#include "crypto/sig.h"

enum { VMPL_LAST = 3 };

_Static_assert(
    sizeof(struct wd_snp_case) <= WD_STATE_MAX, "the state is small");

struct wd_snp_case *
wd_snp_case(struct wd_appraisal *a)
{
	return (struct wd_snp_case *)a->state;
}

int
wd_snp_form(struct wd_appraisal *a)
{
	return wd_snp_report_parse(
	    a->in->part[WD_IN_REPORT], &wd_snp_case(a)->report, a->d);
}

int
wd_snp_vek_chain(struct wd_appraisal *a)
{
	struct wd_snp_case *c = wd_snp_case(a);
	struct wd_span vek = a->in->part[WD_IN_VEK];
	int r;

	if (vek.p == NULL)
		vek = a->in->part[WD_IN_VEK_KEPT];
	r = wd_snp_path(
	    a->v, vek, a->in->part[WD_IN_ASK], a->at, &c->path, a->d);
	if (r != 0)
		return r;
	wd_appraisal_ends(a, c->path->not_after);
	return 0;
}

static bool
lists(const struct wd_crl *crl, const struct wd_trail *path, size_t place)
{
	return wd_crl_lists(crl, wd_cert_serial(path->cert[place]));
}

/* AMD lists signing keys, never VCEKs, whose serial numbers are all zero. */
int
wd_snp_crl(struct wd_appraisal *a)
{
	const struct wd_trail *path = wd_snp_case(a)->path;
	struct wd_span der = a->in->part[WD_IN_AMD_CRL];
	const struct wd_crl *crl;
	int64_t end = 0;
	int r;

	if (der.p == NULL && !a->v->rules.need_amd_crl)
		return 0;
	if (der.p == NULL)
		return wd_reject(a->d, WD_R_CRL_MISSING, "%s: not given",
		    wd_part_name(WD_IN_AMD_CRL));
	r = wd_kept_crl(a->v, der, wd_trail_root(path), path->root_sha256,
	    a->at, &crl, a->d);
	if (r != 0)
		return r;
	(void)wd_crl_next_update(crl, &end); /* was checked to be there */
	wd_appraisal_ends(a, end);
	if (!lists(crl, path, WD_SNP_ASK_PLACE) &&
	    !lists(crl, path, WD_SNP_ARK_PLACE))
		return 0;
	return wd_reject(
	    a->d, WD_R_REVOKED, "the key above the VCEK or VLEK is revoked");
}

int
wd_snp_vek_form(struct wd_appraisal *a)
{
	struct wd_snp_case *c = wd_snp_case(a);

	return wd_vek_read(wd_trail_leaf(c->path), &c->vek, a->d);
}

static int
other_kind(struct wd_appraisal *a)
{
	return wd_reject(a->d, WD_R_KEY_KIND_MISMATCH,
	    "report, certificate and issuer are not all of a VCEK, or all of "
	    "a VLEK");
}

int
wd_snp_key_kind(struct wd_appraisal *a)
{
	struct wd_snp_case *c = wd_snp_case(a);
	enum wd_snp_line line;
	enum wd_snp_key kind;

	if (!wd_snp_ask_name(
		wd_cert_common_name(c->path->cert[WD_SNP_ASK_PLACE]), &line,
		&kind))
		return other_kind(a);
	if (c->report.key != c->vek.kind || kind != c->vek.kind)
		return other_kind(a);
	c->line = line;
	return 0;
}

/* Version 2 does not name its processor: the certificates alone tell. */
int
wd_snp_product_line(struct wd_appraisal *a)
{
	const struct wd_snp_case *c = wd_snp_case(a);

	if (c->vek.line == c->line &&
	    (!c->report.has_cpuid || c->report.line == c->line))
		return 0;
	return wd_reject(a->d, WD_R_PRODUCT_MISMATCH,
	    "the report is of %s, its certificate of %s, its issuer of %s",
	    wd_snp_line_name(c->report.line), wd_snp_line_name(c->vek.line),
	    wd_snp_line_name(c->line));
}

/* The key was derived for one TCB: the one that is reported, which may be
 * older than the current one. */
int
wd_snp_certified_tcb(struct wd_appraisal *a)
{
	const struct wd_snp_case *c = wd_snp_case(a);

	if (wd_span_equal(WD_SPAN(c->vek.tcb), c->report.reported))
		return 0;
	return wd_reject(a->d, WD_R_TCB_MISMATCH,
	    "the certificate is for another TCB than the one reported");
}

static bool
is_chip(const struct wd_snp_case *c)
{
	struct wd_rd rd = wd_rd(c->report.chip_id);
	struct wd_span start = wd_rd_bytes(&rd, c->vek.chip_id.len);

	return wd_span_equal(start, c->vek.chip_id) &&
	    wd_span_is_zero(wd_rd_rest(&rd));
}

/* A host may keep its chip's id out of reports; the key is a chip's still. */
int
wd_snp_certified_chip(struct wd_appraisal *a)
{
	const struct wd_snp_case *c = wd_snp_case(a);

	if (c->vek.kind == WD_SNP_VLEK || is_chip(c))
		return 0;
	if (c->report.masks_chip_key && wd_span_is_zero(c->report.chip_id))
		return 0;
	return wd_reject(
	    a->d, WD_R_CHIP_ID_MISMATCH, "the certificate is for another chip");
}

int
wd_snp_signature(struct wd_appraisal *a)
{
	const struct wd_snp_case *c = wd_snp_case(a);
	int r = wd_sig_verify(wd_cert_key(wd_trail_leaf(c->path)), WD_SIG_ES384,
	    c->report.signed_part, WD_SPAN(c->report.rs));

	if (r < 0)
		return wd_fault(
		    a->d, WD_F_CRYPTO, "cannot check the report's signature");
	if (r > 0)
		return wd_reject(a->d, WD_R_REPORT_BAD_SIGNATURE,
		    "the report is not signed by its VCEK or VLEK");
	return 0;
}

/* A line without an FMC has version 0 of it. */
int
wd_snp_min_tcb(struct wd_appraisal *a)
{
	const struct wd_snp_case *c = wd_snp_case(a);
	struct wd_snp_tcb reported =
	    wd_snp_tcb_read(c->line, c->report.reported);
	const struct wd_snp_tcb *min = a->v->rules.min_tcb;

	if (wd_snp_tcb_le(&min[WD_SNP_NO_LINE], &reported) &&
	    wd_snp_tcb_le(&min[c->line], &reported))
		return 0;
	return wd_reject(a->d, WD_R_TCB_BELOW_MINIMUM,
	    "the reported TCB is fmc %u, boot loader %u, tee %u, snp %u, "
	    "microcode %u",
	    reported.fmc, reported.boot_loader, reported.tee, reported.snp,
	    reported.microcode);
}

int
wd_snp_debug(struct wd_appraisal *a)
{
	if ((wd_snp_case(a)->report.policy & WD_SNP_POLICY_DEBUG) == 0 ||
	    a->v->rules.allow_debug)
		return 0;
	return wd_reject(a->d, WD_R_DEBUG_NOT_ALLOWED,
	    "the guest's policy lets it be debugged");
}

int
wd_snp_migration(struct wd_appraisal *a)
{
	if ((wd_snp_case(a)->report.policy & WD_SNP_POLICY_MIGRATE_MA) == 0 ||
	    a->v->rules.allow_migrate_ma)
		return 0;
	return wd_reject(a->d, WD_R_MIGRATION_NOT_ALLOWED,
	    "the guest's policy lets a migration agent take it");
}

/* More than 3 is a report that the host asked for: no guest had a part in
 * it. */
int
wd_snp_vmpl(struct wd_appraisal *a)
{
	const struct wd_appraisal_rules *rules = &a->v->rules;
	uint32_t most = rules->has_max_vmpl ? rules->max_vmpl : VMPL_LAST;
	uint32_t vmpl = wd_snp_case(a)->report.vmpl;

	if (vmpl <= most && vmpl <= VMPL_LAST)
		return 0;
	return wd_reject(a->d, WD_R_VMPL_NOT_ALLOWED,
	    "the report is of VMPL %u, %u is the most", vmpl, most);
}
