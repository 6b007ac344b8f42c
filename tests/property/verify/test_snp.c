/*
 * What no change of an SNP report may do: be believed. Every bit of it is
 * signed, must be zero, or belongs to the signature.
 */
#include "lib/t_bits.h"
#include "lib/t_memory.h"

#include "attest/swtee_snp.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/init.h"
#include "verify/registry.h"

#include <string.h>

#define NOW wd_time_civil(2030, 6, 1, 12, 0, 0)

enum { DAY = 86400, SPLICES = 1000 };

/* A genuine report with all that it is judged with. */
static struct world {
	struct wd_swtee_snp *t;
	struct wd_swtee_snp_docs docs;
	uint8_t report[WD_SNP_REPORT], other[WD_SNP_REPORT];
	struct wd_anchor anchor;
	struct wd_appraisal_rules rules;
	struct wd_verifier *v; /* has seen the genuine report */
	struct wd_inputs in;
	struct wd_claims claims;
} w;

static enum wd_snp_line line = WD_SNP_TURIN;
static enum wd_snp_key key = WD_SNP_VCEK;
static uint32_t version = 5;

static int
verdict(struct wd_verifier *v, const struct wd_inputs *in, struct wd_claims *c)
{
	*c = (struct wd_claims){ 0 };
	return wd_appraise(v, WD_TEE_SNP, in, NOW, wd_span(NULL, 0), c, NULL);
}

static int
verdict_with(
    enum wd_part part, struct wd_span bytes, struct wd_claims *ret_claims)
{
	struct wd_inputs in = w.in;
	int r;

	in.part[part] = bytes;
	r = verdict(w.v, &in, ret_claims);
	if (r != 0)
		assert_int_equal(ret_claims->len, 0);
	return r;
}

static void
refused_or_same(int r, const struct wd_claims *c)
{
	assert_true(r >= 0);
	if (r == 0)
		t_span_equal(wd_claims_flat(c), wd_claims_flat(&w.claims));
}

static void
no_bit_of_a_report_may_differ(void **state)
{
	uint8_t bad[WD_SNP_REPORT];
	struct wd_claims c;

	(void)state;
	wd_copy(bad, WD_SPAN(w.report));
	for (size_t bit = 0; bit < sizeof(bad) * 8; bit = t_next_bit(bit)) {
		bad[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(verdict_with(WD_IN_REPORT, WD_SPAN(bad), &c) > 0);
		bad[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

static void
a_report_cut_anywhere_or_longer_is_refused(void **state)
{
	struct wd_claims c;

	(void)state;
	for (size_t n = 0; n < WD_SNP_REPORT + 64; n++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *b = wd_bytes_new(n);
		size_t copied = n < WD_SNP_REPORT ? n : WD_SNP_REPORT;

		assert_non_null(b);
		wd_copy(b->p, wd_span(w.report, copied));
		if (n != WD_SNP_REPORT)
			assert_int_equal(
			    verdict_with(WD_IN_REPORT, wd_bytes_span(b), &c),
			    WD_R_MALFORMED);
	}
}

/* A bit of every byte of what the part holds. */
static void
flip_each_byte(enum wd_part part)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *bad = wd_bytes_copy(w.in.part[part]);
	struct wd_claims c;

	assert_non_null(bad);
	for (size_t i = 0; i < bad->len; i++) {
		bad->p[i] ^= (uint8_t)(1U << i % 8);
		refused_or_same(verdict_with(part, wd_bytes_span(bad), &c), &c);
		bad->p[i] ^= (uint8_t)(1U << i % 8);
	}
}

static void
certificates_and_lists_that_differ_are_refused(void **state)
{
	(void)state;
	flip_each_byte(WD_IN_VEK);
	flip_each_byte(WD_IN_ASK);
	flip_each_byte(WD_IN_AMD_CRL);
}

static void
certificates_and_lists_cut_anywhere_are_refused(void **state)
{
	static const enum wd_part parts[] = { WD_IN_VEK, WD_IN_ASK,
		WD_IN_AMD_CRL };
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(parts); i++)
		for (size_t n = 0; n < w.in.part[parts[i]].len; n++) {
			WD_AUTO(wd_bytes_freep)
			struct wd_bytes *cut =
			    wd_bytes_copy(wd_span(w.in.part[parts[i]].p, n));

			assert_non_null(cut);
			refused_or_same(
			    verdict_with(parts[i], wd_bytes_span(cut), &c), &c);
		}
}

/* Runs of bytes of another genuine report, of zeros and of ones. */
static void
parts_of_two_reports_do_not_make_a_third(void **state)
{
	uint32_t seed = 1;
	struct wd_claims c;

	(void)state;
	for (int i = 0; i < SPLICES; i++) {
		uint8_t bad[WD_SNP_REPORT];
		size_t n, to;

		seed = seed * 1664525 + 1013904223;
		n = 1 + (seed >> 8) % 96;
		to = (seed >> 16) % (sizeof(bad) - n);
		wd_copy(bad, WD_SPAN(w.report));
		if (i % 3 == 0)
			wd_copy(bad + to, wd_span(w.other + to, n));
		for (size_t k = 0; i % 3 != 0 && k < n; k++)
			bad[to + k] = i % 3 == 1 ? 0 : 0xff;
		refused_or_same(
		    verdict_with(WD_IN_REPORT, WD_SPAN(bad), &c), &c);
	}
}

static bool
judged_without(enum t_memory of, uint64_t k)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_claims c;
	bool failed;
	int r;

	t_ok(wd_verifier_new(&w.rules, &v));
	t_memory_fail(of, k);
	r = verdict(v, &w.in, &c);
	failed = t_memory_failed();
	t_memory_verdict(of, failed, r);
	if (r == 0)
		t_span_equal(wd_claims_flat(&c), wd_claims_flat(&w.claims));
	else
		assert_int_equal(c.len, 0);
	return failed;
}

static void
without_memory_there_is_no_verdict(void **state)
{
	(void)state;
	for (enum t_memory of = 0; of < T_MEMORY_KINDS; of++) {
		uint64_t k = 1;

		while (judged_without(of, k))
			k++;
		assert_true(k > 10);
	}
}

static void
make_reports(void)
{
	struct wd_swtee_snp_claim claim = { .version = version };

	claim.report_data[0] = 1;
	t_ok(wd_swtee_snp_report(w.t, &claim, w.report, NULL));
	claim.report_data[0] = 2;
	claim.measurement[7] = 9;
	t_ok(wd_swtee_snp_report(w.t, &claim, w.other, NULL));
}

static int
setup(void **state)
{
	const struct wd_swtee_snp_spec spec = {
		.line = line, .key = key, .made = NOW - 10 * DAY
	};
	const struct wd_swtee_snp_collateral vendor = { .issued = NOW - DAY };

	(void)state;
	t_ok(wd_crypto_init(NULL));
	t_ok(wd_swtee_snp_new(&spec, &w.t, NULL));
	t_ok(wd_swtee_snp_collateral(w.t, &vendor, &w.docs, NULL));
	t_ok(wd_swtee_snp_anchor(w.t, &w.anchor));
	make_reports();
	w.rules = (struct wd_appraisal_rules){
		.anchors = &w.anchor, .n_anchors = 1, .need_amd_crl = true
	};
	w.in.part[WD_IN_REPORT] = WD_SPAN(w.report);
	w.in.part[WD_IN_VEK] = wd_swtee_snp_vek(w.t);
	w.in.part[WD_IN_ASK] = wd_bytes_span(w.docs.ask);
	w.in.part[WD_IN_AMD_CRL] = wd_bytes_span(w.docs.crl);
	t_ok(wd_verifier_new(&w.rules, &w.v));
	return verdict(w.v, &w.in, &w.claims);
}

static int
teardown(void **state)
{
	(void)state;
	wd_verifier_freep(&w.v);
	wd_swtee_snp_docs_done(&w.docs);
	wd_swtee_snp_freep(&w.t);
	return 0;
}

/* "milan2": what the reports are of. */
static void
take_kind(const char *kind)
{
	if (strcmp(kind, "milan2") == 0) {
		line = WD_SNP_MILAN;
		version = 2;
	} else if (strcmp(kind, "genoa3-vlek") == 0) {
		line = WD_SNP_GENOA;
		key = WD_SNP_VLEK;
		version = 3;
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_bit_of_a_report_may_differ),
		cmocka_unit_test(a_report_cut_anywhere_or_longer_is_refused),
		cmocka_unit_test(
		    certificates_and_lists_that_differ_are_refused),
		cmocka_unit_test(
		    certificates_and_lists_cut_anywhere_are_refused),
		cmocka_unit_test(parts_of_two_reports_do_not_make_a_third),
		cmocka_unit_test(without_memory_there_is_no_verdict),
	};

	if (!t_memory_init())
		return 1;
	if (argc > 1)
		take_kind(argv[1]);
	t_bits_from(argc, argv);
	return cmocka_run_group_tests(tests, setup, teardown);
}
