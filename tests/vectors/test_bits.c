/*
 * What no change of recorded evidence, or of the collateral it is judged with,
 * may do: be believed. The verifier has seen the genuine bytes, so that a cache
 * that looks at too little would show.
 *
 * Without --full a sample is tried where all would take minutes, the same in
 * every run.
 */
#include "vectors/covered.h"

#include "lib/t.h"

/* Of one part, where it is sampled. */
enum { BITS = 500, CUTS = 400, UNKNOWN = 100, UNKNOWN_FULL = 1000 };

/* xorshift32 */
static uint32_t
next_random(void)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Whether this one of N is among the WANTED that are tried. */
static bool
is_drawn(size_t n, size_t wanted)
{
	return n <= wanted || next_random() % n < wanted;
}

static int
with(const struct t_base *b, enum wd_part part, struct wd_span bytes,
    struct wd_claims *ret)
{
	struct wd_inputs in = b->in;

	in.part[part] = bytes;
	return t_base_judge(b, b->v, &in, ret);
}

static int
flipped(const struct t_base *b, enum wd_part part, struct wd_bytes *bad,
    size_t bit, struct wd_claims *ret)
{
	int r;

	bad->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	r = with(b, part, wd_bytes_span(bad), ret);
	bad->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	return r;
}

/* Nothing else takes so long: P-384, over every bit of seven reports. */
static bool
is_snp(const struct t_base *b)
{
	return wd_tee_hardware(b->q.tee) == WD_TEE_SNP;
}

static void
flip_part(const struct t_base *b, enum wd_part part)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *covered = t_covered(b, part);
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *bad = wd_bytes_copy(b->in.part[part]);
	bool every =
	    t_bases_full() || (!is_snp(b) && !wd_part_is_collateral(part));
	size_t bits = bad == NULL ? 0 : bad->len * 8;
	struct wd_claims c;

	for (size_t bit = 0; bit < bits; bit++) {
		bool must = covered->p[bit / 8] == 1;
		int r;

		if (!(every && (must || t_bases_full())) &&
		    !is_drawn(bits, BITS))
			continue;
		r = flipped(b, part, bad, bit, &c);
		if (r < 0 || (r == 0 && (must || !b->verifies)))
			fail_msg("%s: %s, bit %zu: %d", b->name,
			    wd_part_name(part), bit, r);
		if (r == 0 && !t_says_no_more(b, part, &c))
			fail_msg("%s: %s, bit %zu: other claims", b->name,
			    wd_part_name(part), bit);
	}
}

static void
no_bit_that_is_signed_may_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < t_bases()->n; i++)
		for (size_t p = 0; p < WD_IN_COUNT; p++)
			if (t_bases()->base[i].in.part[p].p != NULL)
				flip_part(&t_bases()->base[i], (enum wd_part)p);
}

/* Of the evidence itself: a draw of all its parts. */
static void
nor_for_a_verifier_that_knows_nothing(void **state)
{
	size_t n = t_bases_full() ? UNKNOWN_FULL : UNKNOWN;
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < t_bases()->n * n; i++) {
		const struct t_base *b = &t_bases()->base[i % t_bases()->n];
		enum wd_part part = (enum wd_part)(next_random() % WD_IN_COUNT);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *covered = t_covered(b, part);
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *bad = wd_bytes_copy(b->in.part[part]);
		size_t bit;

		if (covered == NULL || bad->len == 0)
			continue;
		bit = next_random() % (bad->len * 8);
		if (covered->p[bit / 8] == 0)
			continue;
		wd_verifier_forget(b->v);
		assert_true(flipped(b, part, bad, bit, &c) > 0);
	}
}

static void
cut_part(const struct t_base *b, enum wd_part part)
{
	struct wd_span whole = b->in.part[part];
	struct wd_claims c;

	for (size_t n = 0; n < whole.len; n++) {
		/* of its own size, so that reading past it is seen */
		WD_AUTO(wd_bytes_freep) struct wd_bytes *cut = NULL;
		int r;

		if (!t_bases_full() && !is_drawn(whole.len, CUTS))
			continue;
		cut = wd_bytes_copy(wd_span(whole.p, n));
		assert_non_null(cut);
		r = with(b, part, wd_bytes_span(cut), &c);
		if (r < 0 || (r == 0 && !b->verifies))
			fail_msg("%s: %s, cut to %zu: %d", b->name,
			    wd_part_name(part), n, r);
		if (r == 0 &&
		    !wd_span_equal(
			wd_claims_flat(&c), wd_claims_flat(&b->claims)))
			fail_msg("%s: %s, cut to %zu: other claims", b->name,
			    wd_part_name(part), n);
	}
}

static void
a_part_cut_anywhere_is_refused_or_says_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < t_bases()->n; i++)
		for (size_t p = 0; p < WD_IN_COUNT; p++)
			cut_part(&t_bases()->base[i], (enum wd_part)p);
}

/* The genuine bytes are still believed after all this. */
static void
what_was_seen_changes_nothing(void **state)
{
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < t_bases()->n; i++) {
		const struct t_base *b = &t_bases()->base[i];

		if (!b->verifies)
			continue;
		t_ok(t_base_judge(b, b->v, &b->in, &c));
		t_span_equal(wd_claims_flat(&c), wd_claims_flat(&b->claims));
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_bit_that_is_signed_may_differ),
		cmocka_unit_test(nor_for_a_verifier_that_knows_nothing),
		cmocka_unit_test(
		    a_part_cut_anywhere_is_refused_or_says_the_same),
		cmocka_unit_test(what_was_seen_changes_nothing),
	};

	if (!t_bases_find(argc, argv))
		return T_SKIPPED;
	return cmocka_run_group_tests(tests, t_bases_setup, t_bases_teardown);
}
