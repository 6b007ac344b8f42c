/*
 * SNP reports of the software TEE before the verifier: what is sound is
 * believed on every line, and each thing wrong is refused by its own reason.
 */
#include "lib/t.h"

#include "attest/swtee_snp.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/pem.h"
#include "crypto/init.h"
#include "verify/collateral.h"
#include "verify/registry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW wd_time_civil(2030, 6, 1, 0, 0, 0)

enum { DAY = 86400 };

static struct wd_swtee_snp *guest;

/* What is judged, and how. */
struct trial {
	struct wd_swtee_snp_claim claim;
	struct wd_swtee_snp_collateral vendor;
	struct wd_appraisal_rules rules;
	int64_t at;
	bool no_vek, no_ask, no_crl, vek_kept, whole_chain;
	struct wd_span bound;
};

static struct trial
sound(void)
{
	return (struct trial){ .vendor = { .issued = NOW - DAY,
				   .next_update = NOW + 30 * DAY },
		.at = NOW,
		.rules = { .need_amd_crl = true } };
}

static void
platform(struct wd_swtee_snp_spec spec)
{
	spec.made = NOW - 10 * DAY;
	t_ok(wd_swtee_snp_again(guest, &spec, NULL));
}

/* The VEK, and ASK and ARK behind it. */
static struct wd_bytes *
whole_chain(const struct wd_swtee_snp_docs *docs)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(65536);
	struct wd_bytes *b = NULL;

	wd_wr_bytes(&wr, wd_bytes_span(docs->vek));
	wd_wr_bytes(&wr, wd_bytes_span(docs->ask));
	t_ok(wd_wr_take(&wr, &b));
	return b;
}

static void
fill(struct wd_inputs *in, const struct trial *t,
    const struct wd_swtee_snp_docs *docs, const struct wd_bytes *chain)
{
	if (!t->no_vek)
		in->part[t->vek_kept ? WD_IN_VEK_KEPT : WD_IN_VEK] =
		    t->whole_chain ? wd_bytes_span(chain)
				   : wd_swtee_snp_vek(guest);
	if (!t->no_ask)
		in->part[WD_IN_ASK] = wd_bytes_span(docs->ask);
	if (!t->no_crl)
		in->part[WD_IN_AMD_CRL] = wd_bytes_span(docs->crl);
}

static int
judge(const struct trial *t, struct wd_claims *claims)
{
	WD_AUTO(wd_swtee_snp_docs_done) struct wd_swtee_snp_docs docs = { 0 };
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *chain = NULL;
	struct wd_appraisal_rules rules = t->rules;
	struct wd_claims mine, again;
	struct wd_anchor anchor;
	struct wd_inputs in = { 0 };
	uint8_t report[WD_SNP_REPORT];
	int r;

	t_ok(wd_swtee_snp_report(guest, &t->claim, report, NULL));
	t_ok(wd_swtee_snp_collateral(guest, &t->vendor, &docs, NULL));
	t_ok(wd_swtee_snp_anchor(guest, &anchor));
	rules.anchors = &anchor;
	rules.n_anchors = 1;
	t_ok(wd_verifier_new(&rules, &v));
	chain = whole_chain(&docs);
	in.part[WD_IN_REPORT] = WD_SPAN(report);
	fill(&in, t, &docs, chain);
	r = wd_appraise(v, WD_TEE_SNP, &in, t->at, t->bound, &mine, NULL);
	assert_int_equal(
	    r, wd_appraise(v, WD_TEE_SNP, &in, t->at, t->bound, &again, NULL));
	if (r == 0) {
		t_span_equal(wd_claims_flat(&mine), wd_claims_flat(&again));
		if (claims != NULL)
			*claims = mine;
	}
	return r;
}

static void
text_is(const struct wd_claims *c, enum wd_claim id, const char *text)
{
	struct wd_span s;

	assert_true(wd_claims_get(c, id, &s));
	assert_true(wd_span_is(s, text));
}

static uint64_t
number(const struct wd_claims *c, enum wd_claim id)
{
	uint64_t v = UINT64_MAX;

	assert_true(wd_claims_uint(c, id, &v));
	return v;
}

static void
reports_of_every_line_and_version_are_believed(void **state)
{
	static const char *const names[] = { "", "Milan", "Genoa", "Turin" };

	(void)state;
	for (enum wd_snp_line line = WD_SNP_MILAN; line < WD_SNP_LINES;
	     line++) {
		platform((struct wd_swtee_snp_spec){
		    .line = line, .wrap_chip_id = line == WD_SNP_GENOA });
		for (uint32_t version = 2; version <= 5; version++) {
			struct trial t = sound();
			struct wd_claims c;

			t.claim.version = version;
			t_ok(judge(&t, &c));
			text_is(&c, WD_C_PRODUCT_LINE, names[line]);
			text_is(&c, WD_C_SIGNING_KEY, "VCEK");
			assert_int_equal(
			    number(&c, WD_C_REPORT_VERSION), version);
			assert_true(wd_claims_bool(&c, WD_C_SOFTWARE));
			assert_false(wd_claims_bool(&c, WD_C_DEBUG));
		}
	}
}

static void
vlek_reports_carry_their_provider(void **state)
{
	struct trial t = sound();
	struct wd_claims c;

	(void)state;
	platform((struct wd_swtee_snp_spec){
	    .key = WD_SNP_VLEK, .csp_id = "CN=cloud.example" });
	t_ok(judge(&t, &c));
	text_is(&c, WD_C_SIGNING_KEY, "VLEK");
	text_is(&c, WD_C_CSP_ID, "CN=cloud.example");
	t.at = NOW + 360 * DAY; /* a year from when it was made */
	t.vendor.next_update = t.at + DAY;
	assert_int_equal(judge(&t, NULL), WD_R_CHAIN_EXPIRED);
}

/* Bounds and revocation need something to hold on to. */
static void
a_hidden_chip_is_known_by_its_vlek(void **state)
{
	struct trial t = sound();
	struct wd_claims c;
	struct wd_span s;
	uint8_t first[32];

	(void)state;
	platform((struct wd_swtee_snp_spec){ .key = WD_SNP_VLEK });
	t_ok(judge(&t, &c));
	text_is(&c, WD_C_PLATFORM_ID_OF, "vlek");
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_ID, &s));
	assert_int_equal(s.len, sizeof(first));
	wd_copy(first, s);
	t_ok(judge(&t, &c));
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_ID, &s));
	t_span_equal(s, WD_SPAN(first));
	platform((struct wd_swtee_snp_spec){ .key = WD_SNP_VCEK });
	t_ok(judge(&t, &c));
	text_is(&c, WD_C_PLATFORM_ID_OF, "chip");
}

static void
each_fault_of_a_report_has_its_reason(void **state)
{
	(void)state;
	platform((struct wd_swtee_snp_spec){ .line = WD_SNP_GENOA });
	for (enum wd_swtee_snp_fault f = WD_SWTEE_SNP_SIGNATURE;
	     f < WD_SWTEE_SNP_FAULTS; f++) {
		struct trial t = sound();

		t.claim.fault = f;
		assert_int_equal(
		    judge(&t, NULL), wd_swtee_snp_fault_row(f)->reason);
	}
}

static void
debug_and_migration_need_a_rule(void **state)
{
	struct trial t = sound();
	struct wd_claims c;

	(void)state;
	t.claim.debug = true;
	assert_int_equal(judge(&t, NULL), WD_R_DEBUG_NOT_ALLOWED);
	t.rules.allow_debug = true;
	t_ok(judge(&t, &c));
	assert_true(wd_claims_bool(&c, WD_C_DEBUG));
	t.claim.migrate_ma = true;
	assert_int_equal(judge(&t, NULL), WD_R_MIGRATION_NOT_ALLOWED);
	t.rules.allow_migrate_ma = true;
	t_ok(judge(&t, &c));
	assert_true(wd_claims_bool(&c, WD_C_MIGRATE_MA));
}

static void
vmpl_has_a_most(void **state)
{
	struct trial t = sound();

	(void)state;
	t.claim.vmpl = 3;
	t_ok(judge(&t, NULL));
	t.rules.has_max_vmpl = true;
	t.rules.max_vmpl = 2;
	assert_int_equal(judge(&t, NULL), WD_R_VMPL_NOT_ALLOWED);
	t.claim.vmpl = 2;
	t_ok(judge(&t, NULL));
}

static void
a_report_the_host_asked_for_is_refused(void **state)
{
	struct trial t = sound();

	(void)state;
	t.claim.vmpl = UINT32_MAX;
	assert_int_equal(judge(&t, NULL), WD_R_VMPL_NOT_ALLOWED);
	t.claim.vmpl = 4;
	assert_int_equal(judge(&t, NULL), WD_R_VMPL_NOT_ALLOWED);
}

static void
minimum_tcb_counts_component_by_component(void **state)
{
	const struct wd_snp_tcb tcb = { 2, 3, 4, 5, 200 };

	(void)state;
	platform(
	    (struct wd_swtee_snp_spec){ .line = WD_SNP_TURIN, .tcb = tcb });
	for (size_t i = 0; i < 6; i++) {
		struct trial t = sound();
		struct wd_snp_tcb *min = &t.rules.min_tcb[WD_SNP_NO_LINE];
		uint8_t *parts[] = { &min->fmc, &min->boot_loader, &min->tee,
			&min->snp, &min->microcode };

		*min = tcb;
		t_ok(judge(&t, NULL));
		if (i == 5)
			break;
		(*parts[i])++;
		assert_int_equal(judge(&t, NULL), WD_R_TCB_BELOW_MINIMUM);
	}
}

static void
minimum_tcb_is_of_a_line(void **state)
{
	struct trial t = sound();

	(void)state;
	platform((struct wd_swtee_snp_spec){
	    .line = WD_SNP_GENOA, .tcb = { 0, 3, 4, 5, 200 } });
	t.rules.min_tcb[WD_SNP_MILAN].microcode = 201;
	t.rules.min_tcb[WD_SNP_TURIN].fmc = 1;
	t_ok(judge(&t, NULL));
	t.rules.min_tcb[WD_SNP_GENOA].microcode = 201;
	assert_int_equal(judge(&t, NULL), WD_R_TCB_BELOW_MINIMUM);
}

static void
a_masked_chip_is_none_other(void **state)
{
	struct trial t = sound();
	struct wd_claims c;
	struct wd_span s;

	(void)state;
	platform((struct wd_swtee_snp_spec){ .line = WD_SNP_MILAN });
	t.claim.mask_chip = true;
	t_ok(judge(&t, &c));
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_ID, &s));
	assert_int_equal(s.len, 64);
	assert_false(wd_span_is_zero(s)); /* the certificate's */
}

static void
revocation_lists_are_needed_believed_and_dated(void **state)
{
	struct trial t = sound();

	(void)state;
	t.vendor.revoke_ask = true;
	assert_int_equal(judge(&t, NULL), WD_R_REVOKED);
	t.no_crl = true;
	assert_int_equal(judge(&t, NULL), WD_R_CRL_MISSING);
	t.rules.need_amd_crl = false;
	t_ok(judge(&t, NULL));
	t = sound();
	t.vendor.next_update = NOW - 1;
	assert_int_equal(judge(&t, NULL), WD_R_CRL_EXPIRED);
	t.rules.need_amd_crl = false; /* what is given counts */
	assert_int_equal(judge(&t, NULL), WD_R_CRL_EXPIRED);
}

static void
certificates_come_in_several_ways(void **state)
{
	struct trial t = sound();

	(void)state;
	t.no_vek = true;
	assert_int_equal(judge(&t, NULL), WD_R_CHAIN_MISSING);
	t = sound();
	t.vek_kept = true;
	t_ok(judge(&t, NULL));
	t = sound();
	t.no_ask = true;
	assert_int_equal(judge(&t, NULL), WD_R_CHAIN_MISSING);
	t.whole_chain = true;
	t_ok(judge(&t, NULL));
}

static void
dates_and_binding_count(void **state)
{
	struct trial t = sound();
	uint8_t wanted[4] = { 1, 2, 3, 4 };

	(void)state;
	t.bound = WD_SPAN(wanted);
	assert_int_equal(judge(&t, NULL), WD_R_NONCE_MISMATCH);
	wd_copy(t.claim.report_data, WD_SPAN(wanted));
	t_ok(judge(&t, NULL));
	t.claim.report_data[63] = 1;
	assert_int_equal(judge(&t, NULL), WD_R_NONCE_MISMATCH);
	t = sound();
	t.at = NOW - 30 * DAY;
	t.no_crl = true;
	t.rules.need_amd_crl = false;
	assert_int_equal(judge(&t, NULL), WD_R_CHAIN_EXPIRED);
}

static void
a_platform_is_found_again_in_its_folder(void **state)
{
	WD_AUTO(wd_swtee_snp_freep) struct wd_swtee_snp *found = NULL;
	WD_AUTO(wd_swtee_snp_docs_done) struct wd_swtee_snp_docs docs = { 0 };
	const struct wd_swtee_snp_collateral vendor = { .issued = NOW - DAY };
	static const char *const names[] = { "ark.key", "ark.pem", "ask.key",
		"ask.pem", "vek.key", "vek.pem" };
	char folder[] = "/tmp/warder-snp-XXXXXX";
	struct wd_anchor a, b;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	assert_true(dir >= 0);
	assert_int_equal(wd_swtee_snp_open(dir, &found, NULL), WD_R_NOT_FOUND);
	t_ok(wd_swtee_snp_save(guest, dir, NULL));
	assert_int_equal(wd_swtee_snp_save(guest, dir, NULL), WD_R_EXISTS);
	t_ok(wd_swtee_snp_open(dir, &found, NULL));
	t_ok(wd_swtee_snp_anchor(guest, &a));
	t_ok(wd_swtee_snp_anchor(found, &b));
	t_span_equal(WD_SPAN(a.sha256), WD_SPAN(b.sha256));
	t_span_equal(wd_swtee_snp_vek(guest), wd_swtee_snp_vek(found));
	assert_int_equal(wd_swtee_snp_collateral(found, &vendor, &docs, NULL),
	    WD_R_KEY_INVALID);
	t_ok(wd_swtee_snp_open_vendor(dir, found, NULL));
	t_ok(wd_swtee_snp_collateral(found, &vendor, &docs, NULL));
	for (size_t i = 0; i < WD_N(names); i++)
		assert_int_equal(unlinkat(dir, names[i], 0), 0);
	(void)close(dir);
	assert_int_equal(rmdir(folder), 0);
}

static int
setup(void **state)
{
	const struct wd_swtee_snp_spec spec = { .made = NOW - 10 * DAY };

	(void)state;
	t_ok(wd_crypto_init(NULL));
	t_ok(wd_swtee_snp_new(&spec, &guest, NULL));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wd_swtee_snp_freep(&guest);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    reports_of_every_line_and_version_are_believed),
		cmocka_unit_test(vlek_reports_carry_their_provider),
		cmocka_unit_test(a_hidden_chip_is_known_by_its_vlek),
		cmocka_unit_test(each_fault_of_a_report_has_its_reason),
		cmocka_unit_test(debug_and_migration_need_a_rule),
		cmocka_unit_test(vmpl_has_a_most),
		cmocka_unit_test(a_report_the_host_asked_for_is_refused),
		cmocka_unit_test(minimum_tcb_counts_component_by_component),
		cmocka_unit_test(minimum_tcb_is_of_a_line),
		cmocka_unit_test(a_masked_chip_is_none_other),
		cmocka_unit_test(
		    revocation_lists_are_needed_believed_and_dated),
		cmocka_unit_test(certificates_come_in_several_ways),
		cmocka_unit_test(dates_and_binding_count),
		cmocka_unit_test(a_platform_is_found_again_in_its_folder),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
