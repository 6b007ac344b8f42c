/*
 * What a report says, when it is authentic.
 */
#include "verify/snp/snp.h"

#include "crypto/hash.h"

/* Of a chip: of the VCEK, or where a VLEK's report names one. No bytes: a host
 * hides its chip under a key that many have. */
static struct wd_span
chip_of(const struct wd_snp_case *c)
{
	if (c->vek.kind == WD_SNP_VCEK)
		return c->vek.chip_id;
	return wd_span_is_zero(c->report.chip_id) ? wd_span(NULL, 0)
						  : c->report.chip_id;
}

/* What can be bounded and revoked is then the VLEK: all machines that have it
 * count as one. */
static int
put_platform_id(struct wd_claims *out, const struct wd_snp_case *c)
{
	struct wd_span chip = chip_of(c);
	uint8_t digest[32];
	int r;

	if (chip.len > 0)
		return wd_claims_put(out, WD_C_PLATFORM_ID, chip);
	r = wd_hash(WD_SHA256, wd_cert_spki(wd_trail_leaf(c->path)), digest);
	return r != 0 ? r
		      : wd_claims_put(out, WD_C_PLATFORM_ID, WD_SPAN(digest));
}

static int
put_common(struct wd_appraisal *a)
{
	const struct wd_snp_case *c = wd_snp_case(a);
	const struct wd_anchor *anchor =
	    wd_trail_anchor(a->v, WD_TEE_SNP, c->path->root_sha256);
	struct wd_claims *out = a->claims;
	uint8_t digest[32];
	int r;

	if ((r = wd_hash(WD_SHA256, c->report.signed_part, digest)) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_TEE, wd_tee_name(a->tee))) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_SOFTWARE, anchor->software)) !=
		0 ||
	    (r = wd_claims_put_bool(out, WD_C_DEBUG,
		 (c->report.policy & WD_SNP_POLICY_DEBUG) != 0)) != 0 ||
	    (r = wd_claims_put(out, WD_C_REPORT_DATA, c->report.report_data)) !=
		0 ||
	    (r = wd_claims_put_time(out, WD_C_COLLATERAL_EXPIRY, a->expiry)) !=
		0 ||
	    (r = wd_claims_put(out, WD_C_EVIDENCE_DIGEST, WD_SPAN(digest))) !=
		0)
		return r;
	return put_platform_id(out, c);
}

static int
put_guest(struct wd_claims *out, const struct wd_snp_case *c)
{
	const struct wd_snp_report *p = &c->report;
	int r;

	if ((r = wd_claims_put_text(
		 out, WD_C_PRODUCT_LINE, wd_snp_line_name(c->line))) != 0 ||
	    (r = wd_claims_put_text(out, WD_C_SIGNING_KEY,
		 c->vek.kind == WD_SNP_VLEK ? "VLEK" : "VCEK")) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_REPORT_VERSION, p->version)) !=
		0 ||
	    (r = wd_claims_put_uint(out, WD_C_GUEST_SVN, p->guest_svn)) != 0 ||
	    (r = wd_claims_put(out, WD_C_GUEST_POLICY, p->policy_bytes)) != 0 ||
	    (r = wd_claims_put(out, WD_C_FAMILY_ID, p->family_id)) != 0 ||
	    (r = wd_claims_put(out, WD_C_IMAGE_ID, p->image_id)) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_VMPL, p->vmpl)) != 0)
		return r;
	return wd_claims_put(out, WD_C_PLATFORM_INFO, p->platform_bytes);
}

/* Zeros where there is none: a policy may ask for that. */
static int
put_digests(struct wd_claims *out, const struct wd_snp_report *p)
{
	int r;

	if ((r = wd_claims_put(out, WD_C_MEASUREMENT, p->measurement)) != 0 ||
	    (r = wd_claims_put(out, WD_C_HOST_DATA, p->host_data)) != 0 ||
	    (r = wd_claims_put(out, WD_C_ID_KEY_DIGEST, p->id_key_digest)) !=
		0 ||
	    (r = wd_claims_put(
		 out, WD_C_AUTHOR_KEY_DIGEST, p->author_key_digest)) != 0 ||
	    (r = wd_claims_put(out, WD_C_REPORT_ID, p->report_id)) != 0 ||
	    (r = wd_claims_put(out, WD_C_REPORT_ID_MA, p->report_id_ma)) != 0)
		return r;
	return wd_claims_put(out, WD_C_CHIP_ID, p->chip_id);
}

/* The five components from the id FMC on, the first where there is one. */
static int
put_tcb(struct wd_claims *out, enum wd_claim fmc, enum wd_snp_line line,
    const struct wd_snp_tcb *tcb)
{
	const uint8_t rest[] = { tcb->boot_loader, tcb->tee, tcb->snp,
		tcb->microcode };
	int r;

	if (wd_snp_has_fmc(line) &&
	    (r = wd_claims_put_uint(out, fmc, tcb->fmc)) != 0)
		return r;
	for (unsigned i = 0; i < WD_N(rest); i++) {
		r = wd_claims_put_uint(
		    out, (enum wd_claim)(fmc + 1 + i), rest[i]);
		if (r != 0)
			return r;
	}
	return 0;
}

static int
put_tcbs(struct wd_claims *out, const struct wd_snp_case *c)
{
	const struct wd_snp_report *p = &c->report;
	struct wd_snp_tcb reported = wd_snp_tcb_read(c->line, p->reported);
	struct wd_snp_tcb committed = wd_snp_tcb_read(c->line, p->committed);
	struct wd_snp_tcb current = wd_snp_tcb_read(c->line, p->current);
	int r;

	if ((r = put_tcb(out, WD_C_REPORTED_FMC, c->line, &reported)) != 0 ||
	    (r = put_tcb(out, WD_C_COMMITTED_FMC, c->line, &committed)) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_REPORTED_LE_COMMITTED,
		 wd_snp_tcb_le(&reported, &committed))) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_COMMITTED_LE_CURRENT,
		 wd_snp_tcb_le(&committed, &current))) != 0 ||
	    (r = wd_claims_put(out, WD_C_CURRENT_TCB, p->current)) != 0)
		return r;
	return wd_claims_put(out, WD_C_LAUNCH_TCB, p->launch);
}

static int
put_bits(struct wd_claims *out, const struct wd_snp_report *p)
{
	const struct {
		enum wd_claim id;
		uint64_t bit;
	} rows[] = {
		{ WD_C_SMT_ALLOWED, p->policy & WD_SNP_POLICY_SMT },
		{ WD_C_MIGRATE_MA, p->policy & WD_SNP_POLICY_MIGRATE_MA },
		{ WD_C_SINGLE_SOCKET, p->policy & WD_SNP_POLICY_SINGLE_SOCKET },
		{ WD_C_TSME_ENABLED, p->platform & WD_SNP_PLATFORM_TSME },
		{ WD_C_ALIAS_CHECK_COMPLETE,
		    p->platform & WD_SNP_PLATFORM_ALIAS_CHECK },
		{ WD_C_CIPHERTEXT_HIDING,
		    p->platform & WD_SNP_PLATFORM_CIPHERTEXT_HIDING },
	};

	for (size_t i = 0; i < WD_N(rows); i++) {
		int r = wd_claims_put_bool(out, rows[i].id, rows[i].bit != 0);

		if (r != 0)
			return r;
	}
	return 0;
}

static int
put_optional(struct wd_claims *out, const struct wd_snp_case *c)
{
	const struct wd_snp_report *p = &c->report;
	int r;

	if (c->vek.kind == WD_SNP_VLEK &&
	    (r = wd_claims_put(out, WD_C_CSP_ID, c->vek.csp_id)) != 0)
		return r;
	if (p->launch_mitigation.p != NULL &&
	    ((r = wd_claims_put(
		  out, WD_C_LAUNCH_MIT_VECTOR, p->launch_mitigation)) != 0 ||
		(r = wd_claims_put(out, WD_C_CURRENT_MIT_VECTOR,
		     p->current_mitigation)) != 0))
		return r;
	return wd_claims_put_text(
	    out, WD_C_PLATFORM_ID_OF, chip_of(c).len > 0 ? "chip" : "vlek");
}

int
wd_snp_claims(struct wd_appraisal *a)
{
	const struct wd_snp_case *c = wd_snp_case(a);

	if (put_common(a) != 0 || put_guest(a->claims, c) != 0 ||
	    put_digests(a->claims, &c->report) != 0 ||
	    put_tcbs(a->claims, c) != 0 ||
	    put_bits(a->claims, &c->report) != 0 ||
	    put_optional(a->claims, c) != 0)
		return wd_fault(a->d, WD_F_BUG, "the claims do not fit");
	return 0;
}
