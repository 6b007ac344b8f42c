/*
 * Azure's machines on SNP: a report of the software TEE that vouches for the
 * key of a TPM, as the paravisor's does, and a quote by that key.
 */
#include "lib/t.h"

#include "attest/swtee_snp.h"
#include "base/clock.h"
#include "codec/base64.h"
#include "crypto/init.h"
#include "verify/tpm_world.h"

#define NOW wd_time_civil(2030, 6, 1, 0, 0, 0)

enum { DAY = 86400, TPMT_HEAD = 6 };

static struct wd_swtee_snp *host;

static struct wd_bytes *
take(struct wd_wr *wr)
{
	struct wd_bytes *b = NULL;

	t_ok(wd_wr_take(wr, &b));
	return b;
}

static struct wd_bytes *
make_runtime(const struct wd_pkey *key)
{
	struct wd_wr wr = wd_wr_growing(8192);
	WD_AUTO(wd_bytes_freep) struct wd_bytes *n = NULL, *e = NULL;

	t_ok(wd_pkey_public_parts(key, &n, &e));
	wd_wr_text(
	    &wr, "{\"keys\":[{\"kid\":\"HCLAkPub\",\"kty\":\"RSA\",\"n\":\"");
	wd_b64url_write(&wr, wd_bytes_span(n));
	wd_wr_text(&wr, "\",\"e\":\"");
	wd_b64url_write(&wr, wd_bytes_span(e));
	wd_wr_text(&wr, "\"}]}");
	return take(&wr);
}

/* The paravisor's report: that of the hardware, and what it vouches for. */
static struct wd_bytes *
make_hcl(const struct wd_bytes *runtime, uint32_t vmpl)
{
	struct wd_swtee_snp_claim claim = { .vmpl = vmpl };
	struct wd_wr wr = wd_wr_growing(16384);
	uint8_t report[WD_SNP_REPORT];

	t_ok(wd_hash(WD_SHA256, wd_bytes_span(runtime), claim.report_data));
	t_ok(wd_swtee_snp_report(host, &claim, report, NULL));
	wd_wr_text(&wr, "HCLA");
	wd_wr_le32(&wr, 2);
	wd_wr_zero(&wr, 24);
	wd_wr_bytes(&wr, WD_SPAN(report));
	wd_wr_le32(&wr, (uint32_t)(20 + runtime->len));
	wd_wr_le32(&wr, 1);
	wd_wr_le32(&wr, 2); /* a report of SNP */
	wd_wr_le32(&wr, 1); /* SHA-256 */
	wd_wr_le32(&wr, (uint32_t)runtime->len);
	wd_wr_bytes(&wr, wd_bytes_span(runtime));
	return take(&wr);
}

static int
appraise(const struct wd_inputs *in, const struct t_tpm *tpm)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_appraisal_rules rules = { .need_amd_crl = true };
	struct wd_claims claims = { 0 };
	struct wd_anchor anchor;

	t_ok(wd_swtee_snp_anchor(host, &anchor));
	rules.anchors = &anchor;
	rules.n_anchors = 1;
	t_ok(wd_verifier_new(&rules, &v));
	return wd_appraise(
	    v, WD_TEE_AZ_SNP, in, NOW, WD_SPAN(tpm->nonce), &claims, NULL);
}

static int
judge(uint32_t vmpl)
{
	const struct wd_swtee_snp_collateral vendor = { .issued = NOW - DAY,
		.next_update = NOW + DAY };
	WD_AUTO(wd_swtee_snp_docs_done) struct wd_swtee_snp_docs docs = { 0 };
	WD_AUTO(wd_bytes_freep) struct wd_bytes *runtime = NULL, *hcl = NULL;
	struct wd_inputs in = { 0 };
	struct t_tpm tpm;
	int r;

	t_tpm_make(&(struct t_tpm_spec){ .key = WD_PKEY_RSA2048 }, &tpm);
	runtime = make_runtime(tpm.key);
	hcl = make_hcl(runtime, vmpl);
	t_ok(wd_swtee_snp_collateral(host, &vendor, &docs, NULL));
	in.part[WD_IN_HCL_REPORT] = wd_bytes_span(hcl);
	in.part[WD_IN_VEK] = wd_swtee_snp_vek(host);
	in.part[WD_IN_ASK] = wd_bytes_span(docs.ask);
	in.part[WD_IN_AMD_CRL] = wd_bytes_span(docs.crl);
	in.part[WD_IN_TPM_ATTEST] = wd_bytes_span(tpm.attest);
	in.part[WD_IN_TPM_SIGNATURE] = wd_span(
	    tpm.signature->p + TPMT_HEAD, tpm.signature->len - TPMT_HEAD);
	in.part[WD_IN_PCRS] = wd_bytes_span(tpm.pcrs);
	r = appraise(&in, &tpm);
	t_tpm_done(&tpm);
	return r;
}

static void
a_report_of_the_paravisor_vouches_for_its_tpm(void **state)
{
	(void)state;
	t_ok(judge(0));
}

/* A guest may put any key into the data of a report that it asks for. */
static void
a_report_of_another_level_is_not_the_paravisors(void **state)
{
	(void)state;
	for (uint32_t vmpl = 1; vmpl <= 3; vmpl++)
		assert_int_equal(judge(vmpl), WD_R_VMPL_NOT_ALLOWED);
}

static int
setup(void **state)
{
	const struct wd_swtee_snp_spec spec = { .made = NOW - 10 * DAY };

	(void)state;
	t_ok(wd_crypto_init(NULL));
	t_ok(wd_swtee_snp_new(&spec, &host, NULL));
	return 0;
}

static int
teardown(void **state)
{
	wd_swtee_snp_freep(&host);
	return t_tpm_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_of_the_paravisor_vouches_for_its_tpm),
		cmocka_unit_test(
		    a_report_of_another_level_is_not_the_paravisors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
