/*
 * What no change of a token of Arm's or of a GPU's evidence may do: be
 * believed. The key that a platform signs with, and a GPU's certificates, are
 * changed too.
 */
#include "verify/arm_world.h"
#include "verify/gpu_world.h"

#include "lib/t_bits.h"
#include "lib/t_memory.h"

#include "base/clock.h"
#include "crypto/init.h"
#include "verify/cca/token.h"
#include "verify/nvidia/spdm.h"

#define NOW INT64_C(1906502400)

/* One piece of evidence with the verifier that believes it. */
struct genuine {
	enum wd_tee tee;
	enum wd_part part; /* the evidence itself */
	struct wd_inputs in;
	struct wd_span bound;
	struct wd_appraisal_rules rules;
	struct wd_verifier *v;
	struct wd_claims claims;
};

static struct t_arm arm[2];
static struct t_gpu gpu;
static struct wd_bytes *token[2];
static struct genuine all[3];

static int
verdict(const struct genuine *g, const struct wd_inputs *in,
    struct wd_verifier *v, struct wd_claims *ret)
{
	struct wd_claims c = { .len = SIZE_MAX };
	int r = wd_appraise(v, g->tee, in, NOW, g->bound, &c, NULL);

	if (r != 0)
		assert_true(c.len == SIZE_MAX);
	*ret = c;
	return r;
}

/* The verdict when PART is BYTES instead. */
static int
with(const struct genuine *g, enum wd_part part, struct wd_span bytes,
    struct wd_claims *ret)
{
	struct wd_inputs in = g->in;

	in.part[part] = bytes;
	return verdict(g, &in, g->v, ret);
}

static void
refused_or_same(const struct genuine *g, int r, const struct wd_claims *c)
{
	assert_true(r >= 0);
	if (r == 0)
		t_span_equal(wd_claims_flat(c), wd_claims_flat(&g->claims));
}

static int
setup(void **state)
{
	static const enum wd_tee tees[] = { WD_TEE_CCA, WD_TEE_PSA };
	const struct t_gpu_recipe good = { 0 };

	t_gpu_setup(state);
	for (size_t i = 0; i < 2; i++) {
		t_arm_make(&arm[i], tees[i]);
		arm[i].token.named = true;
		t_ok(wd_arm_token(&arm[i].arm, &arm[i].token, &token[i], NULL));
		all[i] = (struct genuine){ .tee = tees[i],
			.part = WD_IN_TOKEN,
			.bound = arm[i].token.challenge,
			.rules = arm[i].rules };
		all[i].in.part[WD_IN_TOKEN] = wd_bytes_span(token[i]);
		all[i].in.part[WD_IN_CPAK] = wd_span_text(arm[i].jwk);
	}
	t_gpu_make(&gpu, &good);
	all[2] = (struct genuine){ .tee = WD_TEE_NVIDIA,
		.part = WD_IN_EVIDENCE,
		.bound = WD_SPAN(gpu.nonce),
		.rules = gpu.rules,
		.in = gpu.in };
	for (size_t i = 0; i < WD_N(all); i++) {
		t_ok(wd_verifier_new(&all[i].rules, &all[i].v));
		t_ok(verdict(&all[i], &all[i].in, all[i].v, &all[i].claims));
	}
	return 0;
}

static int
teardown(void **state)
{
	for (size_t i = 0; i < WD_N(all); i++)
		wd_verifier_freep(&all[i].v);
	for (size_t i = 0; i < 2; i++) {
		wd_bytes_freep(&token[i]);
		t_arm_done(&arm[i]);
	}
	t_gpu_done(&gpu);
	return t_gpu_teardown(state);
}

static void
evidence_cut_anywhere_is_refused(void **state)
{
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(all); i++) {
		struct wd_span whole = all[i].in.part[all[i].part];

		for (size_t n = 0; n < whole.len; n++) {
			/* of its own size, so that reading past it is seen */
			WD_AUTO(wd_bytes_freep)
			struct wd_bytes *cut =
			    wd_bytes_copy(wd_span(whole.p, n));

			assert_non_null(cut);
			assert_int_equal(
			    with(&all[i], all[i].part, wd_bytes_span(cut), &c),
			    WD_R_MALFORMED);
		}
	}
}

/* Whether the bit is in a range that a signature covers, or is one. */
static bool
is_covered(const struct genuine *g, struct wd_span whole, size_t byte)
{
	struct wd_span parts[6] = { 0 };
	const uint8_t *p = whole.p + byte;
	struct wd_cca_token cca;
	struct wd_cose psa;

	if (g->tee == WD_TEE_NVIDIA)
		return true;
	if (g->tee == WD_TEE_CCA) {
		t_ok(wd_cca_token_parse(whole, &cca, NULL));
		parts[0] = cca.platform.protected_header;
		parts[1] = cca.platform.payload;
		parts[2] = cca.platform.signature;
		parts[3] = cca.realm.protected_header;
		parts[4] = cca.realm.payload;
		parts[5] = cca.realm.signature;
	} else {
		t_ok(wd_cose_parse(whole, "", &psa, NULL));
		parts[0] = psa.protected_header;
		parts[1] = psa.payload;
		parts[2] = psa.signature;
	}
	for (size_t i = 0; i < WD_N(parts); i++)
		if (parts[i].p != NULL && p >= parts[i].p &&
		    p < parts[i].p + parts[i].len)
			return true;
	return false;
}

static void
no_bit_that_is_signed_may_differ(void **state)
{
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(all); i++) {
		const struct genuine *g = &all[i];
		struct wd_span whole = g->in.part[g->part];
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *bad = wd_bytes_copy(whole);

		assert_non_null(bad);
		for (size_t bit = 0; bit < whole.len * 8;
		     bit = t_next_bit(bit)) {
			int r;

			bad->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
			r = with(g, g->part, wd_bytes_span(bad), &c);
			bad->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
			if (is_covered(g, whole, bit / 8))
				assert_true(r > 0);
			else
				refused_or_same(g, r, &c);
		}
	}
}

/* A bit of every byte of what vouches for it: the key, the certificates. */
static void
what_vouches_is_refused_or_says_the_same(void **state)
{
	static const enum wd_part parts[] = { WD_IN_CPAK, WD_IN_CPAK,
		WD_IN_CERT_CHAIN };
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(all); i++) {
		struct wd_span whole = all[i].in.part[parts[i]];
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *bad = wd_bytes_copy(whole);
		struct wd_claims other;

		assert_non_null(bad);
		for (size_t k = 0; k < whole.len; k++) {
			int r;

			bad->p[k] ^= (uint8_t)(1U << k % 7);
			r = with(&all[i], parts[i], wd_bytes_span(bad), &c);
			bad->p[k] ^= (uint8_t)(1U << k % 7);
			assert_true(r >= 0);
			if (r != 0)
				continue;
			/* A key whose word "software" is another is one that
			 * somebody else vouches for; nothing else differs. */
			other = c;
			if (parts[i] != WD_IN_CPAK ||
			    wd_claims_bool(&c, WD_C_SOFTWARE))
				refused_or_same(&all[i], r, &other);
		}
	}
}

static bool
judged_without(const struct genuine *g, enum t_memory of, uint64_t k)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_claims c;
	bool failed;
	int r;

	t_ok(wd_verifier_new(&g->rules, &v));
	t_memory_fail(of, k);
	r = verdict(g, &g->in, v, &c);
	failed = t_memory_failed();
	t_memory_verdict(of, failed, r);
	if (r == 0)
		t_span_equal(wd_claims_flat(&c), wd_claims_flat(&g->claims));
	return failed;
}

static void
without_memory_there_is_no_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(all) * T_MEMORY_KINDS; i++) {
		const struct genuine *g = &all[i / T_MEMORY_KINDS];
		uint64_t k = 1;

		while (
		    judged_without(g, (enum t_memory)(i % T_MEMORY_KINDS), k))
			k++;
		assert_true(k > 5);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_cut_anywhere_is_refused),
		cmocka_unit_test(no_bit_that_is_signed_may_differ),
		cmocka_unit_test(what_vouches_is_refused_or_says_the_same),
		cmocka_unit_test(without_memory_there_is_no_verdict),
	};

	if (!t_memory_init())
		return 1;
	t_bits_from(argc, argv);
	return cmocka_run_group_tests(tests, setup, teardown);
}
