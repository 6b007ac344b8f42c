/*
 * What no change of a TPM's evidence may do: be believed. The verifier has seen
 * the genuine evidence, so that a cache that looks at too little would show.
 */
#include "verify/tpm_world.h"

#include "lib/t_bits.h"
#include "lib/t_memory.h"

#include "crypto/init.h"

enum { AT = 1735689600 };

static const struct t_tpm_spec specs[] = {
	{ .key = WD_PKEY_P256 },
	{ .key = WD_PKEY_RSA2048 },
	{ .key = WD_PKEY_RSA2048, .pss = true, .pcrs = 0xffffff },
};

static struct t_tpm tpm[WD_N(specs)];
static struct wd_verifier *verifier[WD_N(specs)];
static struct wd_claims genuine[WD_N(specs)];

static int
judge(size_t i, struct wd_verifier *v, const struct wd_inputs *in,
    struct wd_claims *ret)
{
	struct wd_claims c = { .last = 77 };
	int r =
	    wd_appraise(v, WD_TEE_TPM, in, AT, WD_SPAN(tpm[i].nonce), &c, NULL);

	if (r != 0)
		assert_int_equal(c.last, 77);
	*ret = c;
	return r;
}

static int
with(size_t i, enum wd_part part, struct wd_span bytes, struct wd_claims *ret)
{
	struct wd_inputs in = tpm[i].in;

	in.part[part] = bytes;
	return judge(i, verifier[i], &in, ret);
}

static int
setup(void **state)
{
	const struct wd_appraisal_rules rules = { 0 };

	(void)state;
	for (size_t i = 0; i < WD_N(specs); i++) {
		t_tpm_make(&specs[i], &tpm[i]);
		t_ok(wd_verifier_new(&rules, &verifier[i]));
		t_ok(judge(i, verifier[i], &tpm[i].in, &genuine[i]));
	}
	return 0;
}

static int
teardown(void **state)
{
	for (size_t i = 0; i < WD_N(specs); i++) {
		wd_verifier_freep(&verifier[i]);
		t_tpm_done(&tpm[i]);
	}
	return t_tpm_teardown(state);
}

static void
no_bit_of_quote_signature_or_key_may_differ(void **state)
{
	static const enum wd_part parts[] = { WD_IN_ATTEST, WD_IN_SIGNATURE,
		WD_IN_AK };
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(specs); i++)
		for (size_t p = 0; p < WD_N(parts); p++) {
			WD_AUTO(wd_bytes_freep)
			struct wd_bytes *b =
			    wd_bytes_copy(tpm[i].in.part[parts[p]]);

			assert_non_null(b);
			for (size_t bit = 0; bit < b->len * 8;
			     bit = t_next_bit(bit)) {
				int r;

				b->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
				r = with(i, parts[p], wd_bytes_span(b), &c);
				b->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
				assert_true(r >= 0);
				/* A key may have other attributes: it then is
				 * another key, by its name. */
				if (parts[p] != WD_IN_AK)
					assert_true(r > 0);
				else if (r == 0)
					assert_false(
					    wd_span_equal(wd_claims_flat(&c),
						wd_claims_flat(&genuine[i])));
			}
		}
}

/* Digits may be written in either case; no value may differ. */
static void
values_that_differ_are_refused(void **state)
{
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(specs); i++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *b = wd_bytes_copy(tpm[i].in.part[WD_IN_PCRS]);

		assert_non_null(b);
		for (size_t bit = 0; bit < b->len * 8; bit = t_next_bit(bit)) {
			int r;

			b->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			r = with(i, WD_IN_PCRS, wd_bytes_span(b), &c);
			b->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_true(r >= 0);
			if (r == 0)
				t_span_equal(wd_claims_flat(&c),
				    wd_claims_flat(&genuine[i]));
		}
	}
}

static void
parts_cut_anywhere_are_refused(void **state)
{
	static const enum wd_part parts[] = { WD_IN_ATTEST, WD_IN_SIGNATURE,
		WD_IN_AK, WD_IN_PCRS };
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(specs); i++)
		for (size_t p = 0; p < WD_N(parts); p++) {
			struct wd_span whole = tpm[i].in.part[parts[p]];

			for (size_t n = 0; n < whole.len; n++) {
				/* of its own size: reading past it is seen */
				WD_AUTO(wd_bytes_freep)
				struct wd_bytes *cut =
				    wd_bytes_copy(wd_span(whole.p, n));

				assert_non_null(cut);
				assert_true(with(i, parts[p],
						wd_bytes_span(cut), &c) > 0);
			}
		}
}

static void
nothing_may_follow(void **state)
{
	static const enum wd_part parts[] = { WD_IN_ATTEST, WD_IN_SIGNATURE,
		WD_IN_AK };
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(specs); i++)
		for (size_t p = 0; p < WD_N(parts); p++) {
			struct wd_span whole = tpm[i].in.part[parts[p]];
			WD_AUTO(wd_bytes_freep)
			struct wd_bytes *b = wd_bytes_new(whole.len + 1);

			assert_non_null(b);
			wd_copy(b->p, whole);
			assert_int_equal(
			    with(i, parts[p], wd_bytes_span(b), &c),
			    WD_R_MALFORMED);
		}
}

static bool
judged_without(size_t i, enum t_memory of, uint64_t k)
{
	const struct wd_appraisal_rules rules = { 0 };
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_claims c;
	bool failed;
	int r;

	t_ok(wd_verifier_new(&rules, &v));
	t_memory_fail(of, k);
	r = judge(i, v, &tpm[i].in, &c);
	failed = t_memory_failed();
	t_memory_verdict(of, failed, r);
	return failed;
}

/* A fault, no claims and no leak, whichever allocation fails. */
static void
without_memory_there_is_no_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < WD_N(specs) * T_MEMORY_KINDS; i++)
		for (uint64_t k = 1; judged_without(i / T_MEMORY_KINDS,
			 (enum t_memory)(i % T_MEMORY_KINDS), k);)
			k++;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_bit_of_quote_signature_or_key_may_differ),
		cmocka_unit_test(values_that_differ_are_refused),
		cmocka_unit_test(parts_cut_anywhere_are_refused),
		cmocka_unit_test(nothing_may_follow),
		cmocka_unit_test(without_memory_there_is_no_verdict),
	};

	if (!t_memory_init())
		return 1;
	t_bits_from(argc, argv);
	return cmocka_run_group_tests(tests, setup, teardown);
}
