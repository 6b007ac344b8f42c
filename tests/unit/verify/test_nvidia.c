/*
 * GPU evidence: its frame, its chain, its signature, its firmware.
 */
#include "verify/gpu_world.h"

#include "lib/t.h"

#include "base/clock.h"
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
		cmocka_unit_test(fields_are_found_by_type),
	};

	return cmocka_run_group_tests(tests, t_gpu_setup, t_gpu_teardown);
}
