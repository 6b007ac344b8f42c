/*
 * What no change of a quote may do: be believed. Bytes that nothing signs may
 * differ; they then change nothing.
 */
#include "verify/genuine.h"

#include "lib/t_bits.h"
#include "lib/t_memory.h"

#include "verify/intel/quote.h"

#include <string.h>

enum { SPLICES = 3000 };

static struct wd_bytes *
copy_of_quote(void)
{
	struct wd_bytes *b = wd_bytes_copy(t_genuine()->in.part[WD_IN_QUOTE]);

	assert_non_null(b);
	return b;
}

static struct wd_intel_quote
parsed(void)
{
	struct wd_intel_quote q;

	t_ok(wd_intel_quote_parse(t_genuine()->in.part[WD_IN_QUOTE], &q, NULL));
	return q;
}

/* The verdict on the genuine quote with this bit turned over. */
static int
flipped(struct wd_verifier *v, struct wd_bytes *quote, size_t bit,
    struct wd_claims *c)
{
	int r;

	quote->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	r = t_verdict_with(v, WD_IN_QUOTE, wd_bytes_span(quote), c);
	quote->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	return r;
}

static void
a_quote_cut_anywhere_is_refused(void **state)
{
	struct t_genuine *g = t_genuine();
	struct wd_claims c;

	(void)state;
	for (size_t n = 0; n < g->quote->len; n++) {
		/* of its own size, so that reading past it is seen */
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *cut = wd_bytes_copy(wd_span(g->quote->p, n));

		assert_non_null(cut);
		assert_int_equal(
		    t_verdict_with(g->v, WD_IN_QUOTE, wd_bytes_span(cut), &c),
		    WD_R_MALFORMED);
	}
}

static void
no_bit_of_the_signed_part_may_differ(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = copy_of_quote();
	size_t bits = parsed().signed_part.len * 8;
	struct wd_claims c;

	(void)state;
	assert_true(bits >= (48 + 384) * 8);
	for (size_t bit = 0; bit < bits; bit = t_next_bit(bit))
		assert_true(flipped(t_genuine()->v, quote, bit, &c) > 0);
}

static void
nor_for_a_verifier_that_knows_nothing(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = copy_of_quote();
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	size_t bits = parsed().signed_part.len * 8;
	struct wd_claims c;

	(void)state;
	t_ok(wd_verifier_new(&t_genuine()->rules, &v));
	for (size_t bit = 0; bit < bits; bit += 7) {
		wd_verifier_forget(v);
		assert_true(flipped(v, quote, bit, &c) > 0);
	}
}

/* Signature, attestation key, QE report and all that is binary. */
static void
no_bit_of_what_vouches_for_it_may_differ(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = copy_of_quote();
	const struct wd_intel_quote q = parsed();
	size_t from = q.signed_part.len * 8;
	size_t to = (quote->len - q.cert_data.len) * 8;
	struct wd_claims c;

	(void)state;
	for (size_t bit = from; bit < to; bit = t_next_bit(bit))
		assert_true(flipped(t_genuine()->v, quote, bit, &c) > 0);
}

/* A bit of every byte: most of them make a certificate another one. */
static void
a_chain_that_differs_is_refused_or_says_the_same(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = copy_of_quote();
	size_t from = quote->len - parsed().cert_data.len;
	struct wd_claims c;

	(void)state;
	for (size_t i = from; i < quote->len; i++) {
		size_t bit = i * 8 + i % 8;

		t_refused_or_same(flipped(t_genuine()->v, quote, bit, &c), &c);
	}
}

static void
bytes_behind_a_quote_change_nothing(void **state)
{
	struct t_genuine *g = t_genuine();
	struct wd_claims c;

	(void)state;
	for (size_t n = 1; n < 4096; n = n * 3 / 2 + 1) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *longer = wd_bytes_new(g->quote->len + n);

		assert_non_null(longer);
		wd_copy(longer->p, wd_bytes_span(g->quote));
		longer->p[longer->len - 1] = 0xff;
		t_ok(t_verdict_with(
		    g->v, WD_IN_QUOTE, wd_bytes_span(longer), &c));
		t_span_equal(wd_claims_flat(&c), wd_claims_flat(&g->claims));
	}
}

/* Every size field, told a little more or less, or very much. */
static void
sizes_that_lie_are_refused(void **state)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *quote = copy_of_quote();
	const struct wd_intel_quote q = parsed();
	const size_t chain = quote->len - q.cert_data.len;
	const struct {
		size_t offset, bytes;
	} fields[] = {
		{ q.signed_part.len, 4 },
		{ q.signed_part.len + 4 + 128 + 2, q.version == 3 ? 0 : 4 },
		{ chain - 4, 4 },
		{ chain - 6 - q.qe_auth.len - 2, 2 },
	};
	static const uint32_t by[] = { 1, 2, 64, 0x7fff, 0xffff, 0xfffffffe,
		0xffffffff, 0x80000000, 0xffff0000 };
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(fields); i++) {
		uint8_t *p = quote->p + fields[i].offset;
		uint32_t was = 0;

		for (size_t k = 0; k < fields[i].bytes; k++)
			was |= (uint32_t)p[k] << 8 * k;
		for (size_t n = 0; n < WD_N(by); n++) {
			for (size_t k = 0; k < fields[i].bytes; k++)
				p[k] =
				    (uint8_t)((was + (uint64_t)by[n]) >> 8 * k);
			if (fields[i].bytes == 0 ||
			    (fields[i].bytes == 2 && (by[n] & 0xffff) == 0))
				continue; /* the same again */
			assert_true(t_verdict_with(t_genuine()->v, WD_IN_QUOTE,
					wd_bytes_span(quote), &c) > 0);
		}
		for (size_t k = 0; k < fields[i].bytes; k++)
			p[k] = (uint8_t)(was >> 8 * k);
	}
	t_ok(t_verdict_with(
	    t_genuine()->v, WD_IN_QUOTE, wd_bytes_span(quote), &c));
}

/* Pieces of one genuine quote in the place of the other's. */
static void
parts_of_two_genuine_quotes_do_not_make_a_third(void **state)
{
	const struct wd_intel_quote q = parsed();
	const struct wd_span body_and_signature = wd_span(
	    q.body.p, (size_t)(q.signature.p - q.body.p) + q.signature.len);
	const struct wd_span parts[] = { q.body, q.signature, q.qe_report,
		q.qe_signature, body_and_signature };
	/* the last makes a quote of the same key by another quoting enclave,
	 * which only version 3 names in what is signed */
	size_t n = WD_N(parts) - (q.version != 3);
	struct t_genuine *g = t_genuine();
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *other = t_genuine_quote(1, WD_SWTEE_QE_SVN_OLD);
	struct wd_claims c;

	(void)state;
	t_ok(t_verdict_with(g->v, WD_IN_QUOTE, wd_bytes_span(other), &c));
	for (size_t i = 0; i < n; i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *mix = copy_of_quote();
		size_t from = (size_t)(parts[i].p - g->quote->p);

		wd_copy(mix->p + from, wd_span(other->p + from, parts[i].len));
		assert_true(t_verdict_with(
				g->v, WD_IN_QUOTE, wd_bytes_span(mix), &c) > 0);
	}
}

/* Runs of bytes copied, zeroed and set within the quote. */
static void
random_damage_is_refused_or_says_the_same(void **state)
{
	struct t_genuine *g = t_genuine();
	struct wd_claims c;

	(void)state;
	for (int i = 0; i < SPLICES; i++) {
		WD_AUTO(wd_bytes_freep) struct wd_bytes *bad = copy_of_quote();
		size_t n = 1 + t_random() % 64;
		size_t to = t_random() % (bad->len - n);
		size_t from = t_random() % (bad->len - n);

		if (i % 3 == 0)
			wd_copy(bad->p + to, wd_span(g->quote->p + from, n));
		for (size_t k = 0; i % 3 != 0 && k < n; k++)
			bad->p[to + k] = i % 3 == 1 ? 0 : 0xff;
		t_refused_or_same(
		    t_verdict_with(g->v, WD_IN_QUOTE, wd_bytes_span(bad), &c),
		    &c);
	}
}

static bool
judged_without(enum t_memory of, uint64_t k)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct t_genuine *g = t_genuine();
	struct wd_claims c;
	bool failed;
	int r;

	t_ok(wd_verifier_new(&g->rules, &v));
	t_memory_fail(of, k);
	r = t_verdict(v, &g->in, &c);
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
	for (enum t_memory of = 0; of < T_MEMORY_KINDS; of++) {
		uint64_t k = 1;

		while (judged_without(of, k))
			k++;
		assert_true(k > 20);
	}
}

/* "tdx5": what the quotes are of. */
static void
take_kind(const char *kind)
{
	if (strcmp(kind, "sgx5") == 0)
		t_genuine_of(WD_TEE_SGX, 5);
	else if (strcmp(kind, "tdx4") == 0)
		t_genuine_of(WD_TEE_TDX, 4);
	else if (strcmp(kind, "tdx5") == 0)
		t_genuine_of(WD_TEE_TDX, 5);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quote_cut_anywhere_is_refused),
		cmocka_unit_test(no_bit_of_the_signed_part_may_differ),
		cmocka_unit_test(nor_for_a_verifier_that_knows_nothing),
		cmocka_unit_test(no_bit_of_what_vouches_for_it_may_differ),
		cmocka_unit_test(
		    a_chain_that_differs_is_refused_or_says_the_same),
		cmocka_unit_test(bytes_behind_a_quote_change_nothing),
		cmocka_unit_test(sizes_that_lie_are_refused),
		cmocka_unit_test(
		    parts_of_two_genuine_quotes_do_not_make_a_third),
		cmocka_unit_test(random_damage_is_refused_or_says_the_same),
		cmocka_unit_test(without_memory_there_is_no_verdict),
	};

	if (!t_memory_init())
		return 1;
	if (argc > 1)
		take_kind(argv[1]);
	t_bits_from(argc, argv);
	return cmocka_run_group_tests(tests, NULL, t_genuine_teardown);
}
