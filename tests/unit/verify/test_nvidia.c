/*
 * GPU evidence: its frame, its chain, its signature, its firmware.
 */
#include "verify/gpu_world.h"

#include "lib/t.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "verify/collateral.h"
#include "verify/nvidia/spdm.h"

static int
verdict(const struct t_gpu_recipe *r, struct wd_claims *ret)
{
	struct t_gpu g;
	int result;

	t_gpu_make(&g, r);
	result = t_gpu_judge(&g, ret);
	t_gpu_done(&g);
	return result;
}

static bool
text_is(const struct wd_claims *c, enum wd_claim id, const char *want)
{
	struct wd_span s;

	return wd_claims_get(c, id, &s) && wd_span_is(s, want);
}

static void
good_evidence_says_what_it_says(void **state)
{
	const struct t_gpu_recipe good = { 0 };
	struct wd_claims c;
	struct wd_span s;
	uint64_t n = 0;

	(void)state;
	t_ok(verdict(&good, &c));
	assert_true(text_is(&c, WD_C_TEE, "nvidia"));
	assert_true(wd_claims_bool(&c, WD_C_SOFTWARE));
	assert_true(text_is(&c, WD_C_GPU_SUBJECT, "GPU firmware"));
	assert_true(text_is(&c, WD_C_GPU_DRIVER_VERSION, "590.12"));
	assert_true(text_is(&c, WD_C_GPU_VBIOS_VERSION, "96.00.A5.00.01"));
	assert_true(text_is(&c, WD_C_GPU_CHIP, "G520_0200_885"));
	assert_true(text_is(&c, WD_C_GPU_ARCHITECTURE, "HOPPER"));
	assert_true(wd_claims_uint(&c, WD_C_MEASUREMENT_BLOCKS, &n));
	assert_int_equal(n, T_GPU_BLOCKS);
	assert_true(wd_claims_get(&c, WD_C_OPAQUE_TYPES, &s));
	t_span_equal(s, WD_SPAN_LIT("\3\0\6\0\17\0\21\0\22\0\24\0\44\0"));
	assert_true(wd_claims_get(&c, WD_C_PLATFORM_ID, &s));
	assert_int_equal(s.len, 32);
	assert_false(wd_claims_get(&c, WD_C_DEBUG, &s)); /* not known */
}

static void
frames_of_another_form_are_refused(void **state)
{
	static const struct t_gpu_recipe bad[] = {
		{ .version = 0x12 },
		{ .flags = 2 }, /* no signature asked for */
		{ .which = 1 }, /* one measurement */
		{ .slot = 2 },  /* of another chain */
		{ .blocks = T_GPU_BLOCKS + 1 },
		{ .blocks = T_GPU_BLOCKS - 1 },
		{ .spec = 2 },
		{ .digest = 32 },
		{ .digest = 49 },
		{ .same_index = true },
		{ .field_twice = true },
	};
	const struct t_gpu_recipe longer = { .behind = WD_SPAN_LIT("\0") };

	(void)state;
	for (size_t i = 0; i < WD_N(bad); i++)
		assert_int_equal(verdict(&bad[i], NULL), WD_R_MALFORMED);
	assert_int_equal(verdict(&longer, NULL), WD_R_MALFORMED);
}

static void
what_is_not_signed_by_the_gpu_is_refused(void **state)
{
	const struct t_gpu_recipe stranger = { .signed_by_stranger = true };

	(void)state;
	assert_int_equal(verdict(&stranger, NULL), WD_R_REPORT_BAD_SIGNATURE);
}

static void
chains_that_are_not_the_vendors_are_refused(void **state)
{
	static const struct {
		struct t_gpu_recipe recipe;
		int reason;
	} rows[] = {
		{ { .other_root = true }, WD_R_CHAIN_UNTRUSTED_ROOT },
		{ { .root_missing = true }, WD_R_CHAIN_UNTRUSTED_ROOT },
		{ { .issuer_no_ca = true }, WD_R_CHAIN_NOT_CA },
		{ { .leaf_is_ca = true }, WD_R_CHAIN_MALFORMED },
		{ { .p256_leaf = true }, WD_R_CHAIN_MALFORMED },
	};
	const struct t_gpu_recipe good = { 0 };
	struct t_gpu g;

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(
		    verdict(&rows[i].recipe, NULL), rows[i].reason);
	t_gpu_make(&g, &good);
	g.in.part[WD_IN_CERT_CHAIN] = wd_span(NULL, 0);
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_CHAIN_MISSING);
	t_gpu_done(&g);
}

static void
the_certificate_is_for_the_firmware_that_runs(void **state)
{
	static const struct {
		struct t_gpu_recipe recipe;
		int reason;
	} rows[] = {
		{ { .other_fwid = true }, WD_R_FIRMWARE_MISMATCH },
		{ { .no_fwid_extension = true }, WD_R_FIRMWARE_MISMATCH },
		{ { .no_fwid_field = true }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(
		    verdict(&rows[i].recipe, NULL), rows[i].reason);
}

static void
another_nonce_is_refused(void **state)
{
	const struct t_gpu_recipe good = { 0 };
	struct t_gpu g;

	(void)state;
	t_gpu_make(&g, &good);
	g.nonce[31] ^= 1;
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_NONCE_MISMATCH);
	t_gpu_done(&g);
}

struct lists {
	struct wd_bytes *root, *product;
};

static void
lists_done(struct lists *l)
{
	wd_bytes_freep(&l->root);
	wd_bytes_freep(&l->product);
}

/* What the lists revoke; the leaf, which neither is about: nothing. */
static void
give(struct t_gpu *g, struct lists *l, size_t of_root, size_t of_product)
{
	lists_done(l);
	t_gpu_crl(g, T_GPU_ROOT, of_root, T_GPU_NOW + 60, &l->root);
	t_gpu_crl(g, T_GPU_PRODUCT, of_product, T_GPU_NOW + 90, &l->product);
	g->in.part[WD_IN_GPU_ROOT_CRL] = wd_bytes_span(l->root);
	g->in.part[WD_IN_GPU_CRL] = wd_bytes_span(l->product);
}

static void
revoked_cas_are_refused_along_the_chain(void **state)
{
	const struct t_gpu_recipe good = { 0 };
	WD_AUTO(lists_done) struct lists l = { 0 };
	struct wd_claims c;
	struct t_gpu g;
	int64_t end = 0;

	(void)state;
	t_gpu_make(&g, &good);
	g.rules.need_gpu_crl = true;
	give(&g, &l, 0, 0);
	t_ok(t_gpu_judge(&g, &c));
	assert_true(wd_claims_time(&c, WD_C_COLLATERAL_EXPIRY, &end));
	assert_int_equal(end, T_GPU_NOW + 60); /* of the list that ends first */
	give(&g, &l, T_GPU_PRODUCT, 0);
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_REVOKED);
	give(&g, &l, 0, T_GPU_PROVISIONER);
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_REVOKED);
	g.rules.need_gpu_crl = false; /* what is given counts */
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_REVOKED);
	t_gpu_done(&g);
}

static void
lists_are_needed_and_must_be_their_issuers(void **state)
{
	const struct t_gpu_recipe good = { 0 };
	WD_AUTO(lists_done) struct lists l = { 0 };
	struct t_gpu g;

	(void)state;
	t_gpu_make(&g, &good);
	g.rules.need_gpu_crl = true;
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_CRL_MISSING);
	give(&g, &l, 0, 0);
	g.in.part[WD_IN_GPU_CRL] = wd_span(NULL, 0);
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_CRL_MISSING);
	g.in.part[WD_IN_GPU_CRL] = wd_bytes_span(l.root);
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_CRL_ISSUER_MISMATCH);
	wd_bytes_freep(&l.product);
	t_gpu_crl(&g, T_GPU_PRODUCT, 0, T_GPU_NOW - 1, &l.product);
	g.in.part[WD_IN_GPU_CRL] = wd_bytes_span(l.product);
	assert_int_equal(t_gpu_judge(&g, NULL), WD_R_CRL_EXPIRED);
	t_gpu_done(&g);
}

/* Stored as a keeper stores it, chosen as verify chooses it. */
static void
keep(struct wd_verifier *v, struct t_gpu *g, enum wd_part role,
    const struct wd_bytes *doc, struct wd_wr *snapshot)
{
	struct wd_doc_info info;

	t_ok(wd_doc_check(v, role, wd_bytes_span(doc), wd_wr_span(&g->ca_pem),
	    T_GPU_NOW, &info, NULL));
	assert_int_equal(info.id.tee, WD_TEE_NVIDIA);
	assert_true(info.software);
	wd_snapshot_add(snapshot, &info, wd_bytes_span(doc));
}

static void
kept_lists_are_chosen_for_the_chain(void **state)
{
	const struct t_gpu_recipe good = { 0 };
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr snapshot = wd_wr_growing(16384);
	WD_AUTO(lists_done) struct lists l = { 0 };
	struct wd_doc_info info;
	struct wd_inputs in;
	struct t_gpu g;

	(void)state;
	t_gpu_make(&g, &good);
	in = g.in;
	give(&g, &l, 0, 0);
	t_ok(wd_verifier_new(&g.rules, &v));
	wd_snapshot_begin(&snapshot);
	keep(v, &g, WD_IN_GPU_ROOT_CRL, l.root, &snapshot);
	keep(v, &g, WD_IN_GPU_CRL, l.product, &snapshot);
	t_ok(wd_snapshot_check(wd_wr_span(&snapshot)));
	t_ok(wd_snapshot_select(
	    v, wd_wr_span(&snapshot), WD_TEE_NVIDIA, T_GPU_NOW, &in, NULL));
	t_span_equal(
	    in.part[WD_IN_GPU_ROOT_CRL], g.in.part[WD_IN_GPU_ROOT_CRL]);
	t_span_equal(in.part[WD_IN_GPU_CRL], g.in.part[WD_IN_GPU_CRL]);
	assert_int_equal(wd_doc_check(v, WD_IN_GPU_CRL, wd_bytes_span(l.root),
			     wd_wr_span(&g.ca_pem), T_GPU_NOW, &info, NULL),
	    WD_R_CRL_ISSUER_MISMATCH);
	assert_int_equal(wd_doc_check(v, WD_IN_GPU_CRL, wd_bytes_span(l.root),
			     wd_span(NULL, 0), T_GPU_NOW, &info, NULL),
	    WD_R_COLLATERAL_MISSING);
	t_gpu_done(&g);
}

/* With the K-th allocation failing; whether one did. */
static bool
judge_failing(const struct t_gpu *g, uint64_t k)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_claims c = { .len = SIZE_MAX };
	struct wd_doc_info info = { .issue_date = 77 };
	bool fired;
	int r;

	t_ok(wd_verifier_new(&g->rules, &v));
	(void)wd_alloc_fail_at(k);
	r = wd_appraise(
	    v, WD_TEE_NVIDIA, &g->in, T_GPU_NOW, WD_SPAN(g->nonce), &c, NULL);
	fired = wd_alloc_fail_at(0) != 0;
	assert_true(fired ? r < 0 : r == 0);
	assert_true(r == 0 || c.len == SIZE_MAX);
	wd_verifier_forget(v);
	(void)wd_alloc_fail_at(k);
	r = wd_doc_check(v, WD_IN_GPU_CRL, g->in.part[WD_IN_GPU_CRL],
	    wd_wr_span(&g->ca_pem), T_GPU_NOW, &info, NULL);
	fired |= wd_alloc_fail_at(0) != 0;
	assert_true(r <= 0);
	assert_true(r == 0 || info.issue_date == 77);
	return fired;
}

static void
any_allocation_that_fails_is_a_fault(void **state)
{
	const struct t_gpu_recipe good = { 0 };
	WD_AUTO(lists_done) struct lists l = { 0 };
	struct t_gpu g;
	uint64_t k = 1;

	(void)state;
	t_gpu_make(&g, &good);
	g.rules.need_gpu_crl = true;
	give(&g, &l, 0, 0);
	while (judge_failing(&g, k))
		k++;
	assert_true(k > 10);
	t_gpu_done(&g);
}

static void
fields_are_found_by_type(void **state)
{
	const struct t_gpu_recipe good = { 0 };
	struct t_gpu g;
	struct wd_spdm m;
	struct wd_span s;

	(void)state;
	t_gpu_make(&g, &good);
	t_ok(wd_spdm_parse(wd_bytes_span(g.evidence), &m, NULL));
	assert_true(wd_spdm_field(&m, 17, &s));
	t_span_equal(s, WD_SPAN_LIT("G520\0"));
	assert_false(wd_spdm_field(&m, 99, &s));
	assert_int_equal(s.len, 0);
	t_gpu_done(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_evidence_says_what_it_says),
		cmocka_unit_test(frames_of_another_form_are_refused),
		cmocka_unit_test(what_is_not_signed_by_the_gpu_is_refused),
		cmocka_unit_test(chains_that_are_not_the_vendors_are_refused),
		cmocka_unit_test(the_certificate_is_for_the_firmware_that_runs),
		cmocka_unit_test(another_nonce_is_refused),
		cmocka_unit_test(revoked_cas_are_refused_along_the_chain),
		cmocka_unit_test(lists_are_needed_and_must_be_their_issuers),
		cmocka_unit_test(kept_lists_are_chosen_for_the_chain),
		cmocka_unit_test(any_allocation_that_fails_is_a_fault),
		cmocka_unit_test(fields_are_found_by_type),
	};

	return cmocka_run_group_tests(tests, t_gpu_setup, t_gpu_teardown);
}
