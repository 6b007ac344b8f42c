/*
 * What no change of collateral may do: be believed. The verifier has seen the
 * genuine documents, so that a cache that looks at too little would show.
 */
#include "verify/genuine.h"

#include "lib/t.h"
#include "lib/t_bits.h"

#include "base/clock.h"
#include "verify/collateral.h"
#include "verify/intel/signed.h"

static struct wd_bytes *
copy_of(enum wd_part part)
{
	struct wd_bytes *b = wd_bytes_copy(t_genuine()->in.part[part]);

	assert_non_null(b);
	return b;
}

static int
flipped(
    enum wd_part part, struct wd_bytes *doc, size_t bit, struct wd_claims *c)
{
	int r;

	doc->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	r = t_verdict_with(t_genuine()->v, part, wd_bytes_span(doc), c);
	doc->p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	return r;
}

/* Digits of a signature may be written in either case; nothing else may
 * differ at all. */
static void
signed_documents(enum wd_part part, const char *name)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *doc = copy_of(part);
	struct wd_signed_doc s;
	size_t from, to;
	struct wd_claims c;

	t_ok(wd_signed_doc_split(wd_bytes_span(doc), name, &s, NULL));
	from = (size_t)(s.body.p - doc->p) * 8;
	to = from + s.body.len * 8;
	for (size_t bit = 0; bit < doc->len * 8; bit = t_next_bit(bit)) {
		int r = flipped(part, doc, bit, &c);

		if (bit >= from && bit < to)
			assert_true(r > 0);
		else
			t_refused_or_same(r, &c);
	}
}

static void
no_bit_of_tcb_info_may_differ(void **state)
{
	(void)state;
	signed_documents(WD_IN_TCB_INFO, "tcbInfo");
}

static void
no_bit_of_the_qe_identity_may_differ(void **state)
{
	(void)state;
	signed_documents(WD_IN_QE_IDENTITY, "enclaveIdentity");
}

static void
no_bit_of_a_revocation_list_may_differ(void **state)
{
	static const enum wd_part lists[] = { WD_IN_PCK_CRL,
		WD_IN_ROOT_CA_CRL };
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(lists); i++) {
		WD_AUTO(wd_bytes_freep)
		struct wd_bytes *doc = copy_of(lists[i]);

		for (size_t bit = 0; bit < doc->len * 8; bit = t_next_bit(bit))
			assert_true(flipped(lists[i], doc, bit, &c) > 0);
	}
}

static void
a_signing_chain_that_differs_is_refused_or_says_the_same(void **state)
{
	WD_AUTO(wd_bytes_freep)
	struct wd_bytes *doc = copy_of(WD_IN_TCB_SIGNING_CHAIN);
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < doc->len; i++)
		t_refused_or_same(
		    flipped(WD_IN_TCB_SIGNING_CHAIN, doc, i * 8 + i % 8, &c),
		    &c);
}

static void
a_document_cut_anywhere_is_refused(void **state)
{
	static const enum wd_part parts[] = { WD_IN_TCB_INFO, WD_IN_QE_IDENTITY,
		WD_IN_PCK_CRL, WD_IN_ROOT_CA_CRL };
	struct t_genuine *g = t_genuine();
	struct wd_claims c;

	(void)state;
	for (size_t i = 0; i < WD_N(parts); i++)
		for (size_t n = 0; n < g->in.part[parts[i]].len; n++) {
			WD_AUTO(wd_bytes_freep)
			struct wd_bytes *cut =
			    wd_bytes_copy(wd_span(g->in.part[parts[i]].p, n));

			assert_non_null(cut);
			assert_true(t_verdict_with(g->v, parts[i],
					wd_bytes_span(cut), &c) > 0);
		}
}

/* The same set through a snapshot: whatever a damaged one gives, it is refused
 * or says the same. */
static void
a_damaged_snapshot_is_refused_or_says_the_same(void **state)
{
	struct t_genuine *g = t_genuine();
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(1 << 20);

	(void)state;
	wd_snapshot_begin(&wr);
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		struct wd_doc_info info;

		if (g->docs.part[i] == NULL)
			continue;
		t_ok(wd_doc_check(g->v, (enum wd_part)i, g->in.part[i],
		    i == WD_IN_PCK_CRL
			? wd_bytes_span(g->docs.pck_crl_issuer_chain)
			: g->in.part[WD_IN_TCB_SIGNING_CHAIN],
		    T_NOW, &info, NULL));
		wd_snapshot_add(&wr, &info, g->in.part[i]);
	}
	t_ok(wd_wr_end(&wr));
	for (size_t i = 0; i < wr.len; i++) {
		struct wd_inputs in = { 0 };
		struct wd_claims c;
		uint8_t was = wr.p[i];

		wr.p[i] = (uint8_t)(was ^ 1U << i % 8);
		in.part[WD_IN_QUOTE] = g->in.part[WD_IN_QUOTE];
		if (wd_snapshot_check(wd_wr_span(&wr)) == 0) {
			t_ok(wd_snapshot_select(g->v, wd_wr_span(&wr),
			    WD_TEE_SGX, T_NOW, &in, NULL));
			t_refused_or_same(t_verdict(g->v, &in, &c), &c);
		}
		wr.p[i] = was;
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_bit_of_tcb_info_may_differ),
		cmocka_unit_test(no_bit_of_the_qe_identity_may_differ),
		cmocka_unit_test(no_bit_of_a_revocation_list_may_differ),
		cmocka_unit_test(
		    a_signing_chain_that_differs_is_refused_or_says_the_same),
		cmocka_unit_test(a_document_cut_anywhere_is_refused),
		cmocka_unit_test(
		    a_damaged_snapshot_is_refused_or_says_the_same),
	};

	t_bits_from(argc, argv);
	return cmocka_run_group_tests(tests, NULL, t_genuine_teardown);
}
