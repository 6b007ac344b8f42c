/*
 * What a TPM's quote says, once it is believed.
 */
#include "verify/tpm/tpm_claims.h"

#include "verify/tpm/alg.h"
#include "verify/tpm/case.h"

static bool
is_software(const struct wd_appraisal *a, const struct wd_tpm_case *c)
{
	const struct wd_anchor *anchor;

	if (c->trail == NULL)
		return false;
	anchor = wd_trail_anchor(a->v, WD_TEE_TPM, c->trail->root_sha256);
	return anchor != NULL && anchor->software;
}

static int
put_common(struct wd_appraisal *a, const struct wd_tpm_case *c)
{
	struct wd_claims *out = a->claims;
	uint8_t digest[32];
	int r;

	if ((r = wd_claims_put_text(out, WD_C_TEE, wd_tee_name(a->tee))) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_SOFTWARE, is_software(a, c))) !=
		0)
		return r;
	if (c->has_quote &&
	    (r = wd_claims_put(
		 out, WD_C_REPORT_DATA, c->quote.attest.extra_data)) != 0)
		return r;
	if (a->expiry != INT64_MAX &&
	    (r = wd_claims_put_time(out, WD_C_COLLATERAL_EXPIRY, a->expiry)) !=
		0)
		return r;
	if (c->has_quote &&
	    ((r = wd_hash(WD_SHA256, c->quote.bytes, digest)) != 0 ||
		(r = wd_claims_put(
		     out, WD_C_EVIDENCE_DIGEST, WD_SPAN(digest))) != 0))
		return r;
	return wd_claims_put(
	    out, WD_C_PLATFORM_ID, WD_SPAN(c->ak->spki_sha256));
}

int
wd_tpm_claims_quote(struct wd_claims *out, const struct wd_tpm_quote *q)
{
	const struct wd_tpm_attest *t = &q->attest;
	int r;

	if ((r = wd_claims_put_text(
		 out, WD_C_PCR_BANK, wd_tpm_bank_name(q->bank))) != 0 ||
	    (r = wd_claims_put_bits(out, WD_C_PCRS_SELECTED, q->pcrs)) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_TPM_CLOCK, t->clock)) != 0 ||
	    (r = wd_claims_put_uint(out, WD_C_RESET_COUNT, t->reset_count)) !=
		0 ||
	    (r = wd_claims_put_uint(
		 out, WD_C_RESTART_COUNT, t->restart_count)) != 0 ||
	    (r = wd_claims_put_bool(out, WD_C_TPM_SAFE, t->safe)) != 0)
		return r;
	return wd_claims_put(out, WD_C_FIRMWARE_VERSION, t->firmware_version);
}

static int
put_key(struct wd_claims *out, const struct wd_tpm_case *c)
{
	const struct wd_tpm_ak *ak = c->ak;
	int r = 0;

	if (ak->name_len > 0)
		r = wd_claims_put(
		    out, WD_C_AK_NAME, wd_span(ak->name, ak->name_len));
	if (r != 0)
		return r;
	return wd_claims_put_text(
	    out, WD_C_AK_TRUST, c->trail != NULL ? "chain" : "none");
}

int
wd_tpm_claims_values(struct wd_claims *out, const struct wd_tpm_quote *q)
{
	int r;

	for (unsigned i = 0; i < WD_TPM_PCRS; i++) {
		if ((q->pcrs >> i & 1) == 0)
			continue;
		r = wd_claims_put(out, (enum wd_claim)(WD_C_PCR0 + i),
		    wd_tpm_quote_value(q, i));
		if (r != 0)
			return r;
	}
	return 0;
}

static int
put_log(struct wd_claims *out, const struct wd_tpm_log *log)
{
	int r;

	if ((r = wd_claims_put_uint(out, WD_C_EVENTS, log->events)) != 0 ||
	    (r = wd_claims_put_bits(
		 out, WD_C_EVENT_LOG_PCRS_MATCHING, log->matching)) != 0)
		return r;
	return wd_claims_put_text(out, WD_C_EVENT_DATA,
	    log->facts.all_rehashed ? "rehashed" : "untrusted");
}

static int
put_logs(struct wd_claims *out, const struct wd_tpm_case *c)
{
	int r = 0;

	if (c->has_log && (r = put_log(out, &c->log)) != 0)
		return r;
	if (c->has_ima &&
	    ((r = wd_claims_put_uint(out, WD_C_IMA_ENTRIES, c->ima.entries)) !=
		    0 ||
		(r = wd_claims_put_uint(
		     out, WD_C_IMA_VIOLATIONS, c->ima.violations)) != 0))
		return r;
	if (c->log.facts.has_secure_boot)
		r = wd_claims_put_bool(
		    out, WD_C_SECURE_BOOT, c->log.facts.secure_boot);
	if (r != 0)
		return r;
	return wd_claims_put(
	    out, WD_C_AK_PUBLIC_SHA256, WD_SPAN(c->ak->spki_sha256));
}

static int
put_all(struct wd_appraisal *a, const struct wd_tpm_case *c)
{
	int r;

	if ((r = put_common(a, c)) != 0 ||
	    (c->has_quote &&
		(r = wd_tpm_claims_quote(a->claims, &c->quote)) != 0) ||
	    (r = put_key(a->claims, c)) != 0 ||
	    (c->has_quote &&
		(r = wd_tpm_claims_values(a->claims, &c->quote)) != 0))
		return r;
	return put_logs(a->claims, c);
}

int
wd_tpm_step_claims(struct wd_appraisal *a)
{
	int r = put_all(a, wd_tpm_case(a));

	return r == 0 ? 0
		      : wd_fault(a->d, r < 0 ? WD_F_CRYPTO : WD_F_BUG,
			    "the claims cannot be written");
}
