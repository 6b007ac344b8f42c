/*
 * Collateral as it is imported, stored and chosen.
 */
#include "lib/t.h"

#include "base/clock.h"
#include "verify/collateral.h"
#include "verify/world.h"

struct fixture {
	struct t_world w;
	struct wd_verifier *v;
};

static void
fixture_make(struct fixture *f, const struct t_recipe *r)
{
	f->v = NULL;
	t_world_make(&f->w, r);
	t_ok(wd_verifier_new(&f->w.rules, &f->v));
}

static void
fixture_done(struct fixture *f)
{
	wd_verifier_freep(&f->v);
	t_world_done(&f->w);
}

static struct wd_span
chain_for(const struct t_world *w, enum wd_part role)
{
	if (role == WD_IN_PCK_CRL)
		return wd_bytes_span(w->pck_ca_chain);
	if (role == WD_IN_TCB_SIGNING_CHAIN)
		return wd_span(NULL, 0);
	return w->in.part[WD_IN_TCB_SIGNING_CHAIN];
}

static int
check(struct fixture *f, enum wd_part role, struct wd_doc_info *info)
{
	return wd_doc_check(f->v, role, f->w.in.part[role],
	    chain_for(&f->w, role), f->w.at, info, NULL);
}

static void
every_document_says_what_it_is_for(void **state)
{
	WD_AUTO(fixture_done) struct fixture f;
	struct t_recipe r = t_good();
	struct wd_doc_info i;

	(void)state;
	r.software = true;
	fixture_make(&f, &r);
	t_ok(check(&f, WD_IN_TCB_INFO, &i));
	assert_int_equal(i.id.role, WD_IN_TCB_INFO);
	assert_int_equal(i.id.tee, WD_TEE_SGX);
	assert_int_equal(i.id.update_class, 's');
	t_span_equal(WD_SPAN(i.id.scope),
	    WD_SPAN_LIT("\x00\xa1\xb2\xc3\xd4\xe5\x00\x00"));
	assert_int_equal(i.issue_date, wd_time_civil(2030, 5, 21, 0, 0, 0));
	assert_int_equal(i.next_update, wd_time_civil(2030, 6, 21, 0, 0, 0));
	assert_int_equal(i.evaluation_number, 17);
	assert_true(i.software);
	t_ok(check(&f, WD_IN_QE_IDENTITY, &i));
	assert_int_equal(i.id.tee, WD_TEE_SGX);
	assert_int_equal(i.evaluation_number, 18);
	assert_true(wd_span_is_zero(WD_SPAN(i.id.scope)));
	t_ok(check(&f, WD_IN_TCB_SIGNING_CHAIN, &i));
	assert_int_equal(i.id.tee, WD_TEE_NONE);
	assert_int_equal(i.issue_date, wd_time_civil(2020, 1, 1, 0, 0, 0));
	assert_int_equal(i.next_update, wd_time_civil(2040, 1, 1, 0, 0, 0));
	t_ok(check(&f, WD_IN_PCK_CRL, &i));
	assert_int_equal(i.id.scope[0], 'p');
	assert_int_equal(i.issue_date, wd_time_civil(2030, 5, 20, 0, 0, 0));
	t_ok(check(&f, WD_IN_ROOT_CA_CRL, &i));
	assert_int_equal(i.id.scope[0], 0);
	assert_int_equal(i.next_update, wd_time_civil(2030, 6, 20, 0, 0, 0));
}

static void
refused(const struct t_recipe *r, enum wd_part role, int reason)
{
	WD_AUTO(fixture_done) struct fixture f;
	struct wd_doc_info i = { .evaluation_number = 77 };

	fixture_make(&f, r);
	assert_int_equal(check(&f, role, &i), reason);
	assert_int_equal(i.evaluation_number, 77);
}

static void
bad_documents_are_refused_for_their_reason(void **state)
{
	struct t_recipe r = t_good();

	(void)state;
	r.tcb_info.signer = T_STRANGER;
	refused(&r, WD_IN_TCB_INFO, WD_R_TCB_INFO_BAD_SIGNATURE);
	r = t_good();
	r.tcb_info.from = "2030-06-21";
	r.tcb_info.to = "2030-05-31";
	refused(&r, WD_IN_TCB_INFO, WD_R_TCB_INFO_EXPIRED);
	r = t_good();
	r.qe_identity.from = "\"QE\"";
	r.qe_identity.to = "\"QVE\"";
	refused(&r, WD_IN_QE_IDENTITY, WD_R_QE_IDENTITY_MISMATCH);
	r = t_good();
	r.tcb_info.from = "\"id\":\"SGX\"";
	r.tcb_info.to = "\"id\":\"TDX\"";
	refused(&r, WD_IN_TCB_INFO, WD_R_MALFORMED);
	r = t_good();
	r.qe_identity.from = "\"QE\"";
	r.qe_identity.to = "\"TD_QE\""; /* the anchor is for SGX alone */
	refused(&r, WD_IN_QE_IDENTITY, WD_R_TCB_SIGNING_CHAIN_UNTRUSTED_ROOT);
	r = t_good();
	r.signing.signer = T_STRANGER;
	refused(
	    &r, WD_IN_TCB_SIGNING_CHAIN, WD_R_TCB_SIGNING_CHAIN_BAD_SIGNATURE);
	refused(&r, WD_IN_TCB_INFO, WD_R_TCB_SIGNING_CHAIN_BAD_SIGNATURE);
	r = t_good();
	r.no_signing_chain = true;
	refused(&r, WD_IN_TCB_INFO, WD_R_COLLATERAL_MISSING);
	refused(&r, WD_IN_ROOT_CA_CRL, WD_R_COLLATERAL_MISSING);
	r = t_good();
	r.pck_crl.signer = T_ROOT;
	refused(&r, WD_IN_PCK_CRL, WD_R_CRL_BAD_SIGNATURE);
	r = t_good();
	r.root_crl.to = T_NOW - 1;
	refused(&r, WD_IN_ROOT_CA_CRL, WD_R_CRL_EXPIRED);
	r = t_good();
	refused(&r, WD_IN_QUOTE, WD_R_UNSUPPORTED);
}

static void
a_document_that_is_too_large_is_refused(void **state)
{
	static const uint8_t big[65537];
	WD_AUTO(fixture_done) struct fixture f;
	struct t_recipe r = t_good();
	struct wd_doc_info i;

	(void)state;
	fixture_make(&f, &r);
	assert_int_equal(
	    wd_doc_check(f.v, WD_IN_QE_IDENTITY, WD_SPAN(big),
		f.w.in.part[WD_IN_TCB_SIGNING_CHAIN], f.w.at, &i, NULL),
	    WD_R_MALFORMED);
}

static void
only_what_is_older_may_not_replace(void **state)
{
	const struct wd_doc_info kept = { .evaluation_number = 17,
		.issue_date = 100 };
	struct wd_doc_info fresh = kept;

	(void)state;
	t_ok(wd_doc_may_replace(&kept, &fresh));
	fresh.issue_date = 101;
	t_ok(wd_doc_may_replace(&kept, &fresh));
	fresh.issue_date = 99;
	assert_int_equal(wd_doc_may_replace(&kept, &fresh), WD_R_ROLLBACK);
	fresh.evaluation_number = 18;
	t_ok(wd_doc_may_replace(&kept, &fresh));
	fresh.evaluation_number = 16;
	fresh.issue_date = 200;
	assert_int_equal(wd_doc_may_replace(&kept, &fresh), WD_R_ROLLBACK);
}

static const enum wd_part collateral[] = { WD_IN_TCB_INFO, WD_IN_QE_IDENTITY,
	WD_IN_TCB_SIGNING_CHAIN, WD_IN_PCK_CRL, WD_IN_ROOT_CA_CRL };

/* Everything of the fixture, after CHANGE of what the rows say. */
static struct wd_span
snapshot(struct fixture *f, void (*change)(struct wd_doc_info *info))
{
	static uint8_t block[65536];
	struct wd_wr wr = wd_wr_fixed(block, sizeof(block));

	wd_snapshot_begin(&wr);
	for (size_t i = 0; i < WD_N(collateral); i++) {
		struct wd_doc_info info;

		t_ok(check(f, collateral[i], &info));
		if (change != NULL)
			change(&info);
		wd_snapshot_add(&wr, &info, f->w.in.part[collateral[i]]);
	}
	t_ok(wd_wr_end(&wr));
	return wd_wr_span(&wr);
}

static int
judge_with(struct fixture *f, struct wd_span block, struct wd_inputs *in)
{
	struct wd_claims c = { 0 };

	t_ok(wd_snapshot_check(block));
	*in = (struct wd_inputs){ 0 };
	in->part[WD_IN_QUOTE] = f->w.in.part[WD_IN_QUOTE];
	t_ok(wd_snapshot_select(f->v, block, WD_TEE_SGX, f->w.at, in, NULL));
	return wd_appraise(
	    f->v, WD_TEE_SGX, in, f->w.at, wd_span(NULL, 0), &c, NULL);
}

static void
what_fits_the_quote_is_chosen(void **state)
{
	WD_AUTO(fixture_done) struct fixture f;
	struct t_recipe r = t_good();
	struct wd_inputs in;

	(void)state;
	fixture_make(&f, &r);
	t_ok(judge_with(&f, snapshot(&f, NULL), &in));
	for (size_t i = 0; i < WD_N(collateral); i++)
		t_span_equal(
		    in.part[collateral[i]], f.w.in.part[collateral[i]]);
}

static void
to_tdx(struct wd_doc_info *info)
{
	if (info->id.role == WD_IN_TCB_INFO)
		info->id.tee = WD_TEE_TDX;
}

static void
to_other_platform(struct wd_doc_info *info)
{
	if (info->id.role == WD_IN_TCB_INFO)
		info->id.scope[5] ^= 1;
}

static void
to_other_ca(struct wd_doc_info *info)
{
	if (info->id.role == WD_IN_PCK_CRL)
		info->id.scope[0] = 'P';
}

static void
to_software(struct wd_doc_info *info)
{
	info->software = true;
}

static void
what_does_not_fit_stays_absent(void **state)
{
	WD_AUTO(fixture_done) struct fixture f;
	struct t_recipe r = t_good();
	struct wd_inputs in;

	(void)state;
	fixture_make(&f, &r);
	assert_int_equal(
	    judge_with(&f, snapshot(&f, to_tdx), &in), WD_R_COLLATERAL_MISSING);
	assert_int_equal(judge_with(&f, snapshot(&f, to_other_platform), &in),
	    WD_R_COLLATERAL_MISSING);
	assert_null(in.part[WD_IN_TCB_INFO].p);
	assert_non_null(in.part[WD_IN_QE_IDENTITY].p);
	assert_int_equal(
	    judge_with(&f, snapshot(&f, to_other_ca), &in), WD_R_CRL_MISSING);
	assert_int_equal(
	    judge_with(&f, snapshot(&f, to_software), &in), WD_R_CRL_MISSING);
}

/* Two documents of one byte, the first 'e'arly; which of them is chosen. */
static uint8_t
chosen_of(struct fixture *f, struct wd_doc_info early, struct wd_doc_info other)
{
	uint8_t block[512];
	struct wd_wr wr = wd_wr_fixed(block, sizeof(block));
	struct wd_inputs in = { 0 };

	early.id.update_class = 'e';
	wd_snapshot_begin(&wr);
	wd_snapshot_add(&wr, &early, WD_SPAN_LIT("e"));
	wd_snapshot_add(&wr, &other, WD_SPAN_LIT("s"));
	in.part[WD_IN_QUOTE] = f->w.in.part[WD_IN_QUOTE];
	t_ok(wd_snapshot_select(
	    f->v, wd_wr_span(&wr), WD_TEE_SGX, f->w.at, &in, NULL));
	return in.part[WD_IN_QE_IDENTITY].p[0];
}

static void
the_newer_document_is_chosen_whatever_its_class(void **state)
{
	WD_AUTO(fixture_done) struct fixture f;
	struct t_recipe r = t_good();
	const struct wd_doc_info standard = {
		.id = { .role = WD_IN_QE_IDENTITY,
		    .tee = WD_TEE_SGX,
		    .update_class = 's' },
		.issue_date = 100,
		.evaluation_number = 17,
	};
	struct wd_doc_info early = standard;

	(void)state;
	fixture_make(&f, &r);
	early.evaluation_number = 18;
	assert_int_equal(chosen_of(&f, early, standard), 'e');
	early.evaluation_number = 16;
	early.issue_date = 200;
	assert_int_equal(chosen_of(&f, early, standard), 's');
	early.evaluation_number = 17;
	assert_int_equal(chosen_of(&f, early, standard), 'e');
	early.issue_date = 99;
	assert_int_equal(chosen_of(&f, early, standard), 's');
}

static void
what_the_caller_gave_stays(void **state)
{
	WD_AUTO(fixture_done) struct fixture f;
	struct t_recipe r = t_good();
	struct wd_inputs in = { 0 };

	(void)state;
	fixture_make(&f, &r);
	in.part[WD_IN_QUOTE] = f.w.in.part[WD_IN_QUOTE];
	in.part[WD_IN_TCB_INFO] = WD_SPAN_LIT("mine");
	t_ok(wd_snapshot_select(
	    f.v, snapshot(&f, NULL), WD_TEE_SGX, f.w.at, &in, NULL));
	t_span_equal(in.part[WD_IN_TCB_INFO], WD_SPAN_LIT("mine"));
	assert_non_null(in.part[WD_IN_QE_IDENTITY].p);
}

static void
nothing_is_chosen_for_what_says_no_platform(void **state)
{
	WD_AUTO(fixture_done) struct fixture f;
	struct t_recipe r = t_good();
	struct wd_inputs in = { 0 };

	(void)state;
	fixture_make(&f, &r);
	in.part[WD_IN_QUOTE] = WD_SPAN_LIT("no quote");
	t_ok(wd_snapshot_select(
	    f.v, snapshot(&f, NULL), WD_TEE_SGX, f.w.at, &in, NULL));
	assert_null(in.part[WD_IN_ROOT_CA_CRL].p);
	in.part[WD_IN_QUOTE] = f.w.in.part[WD_IN_QUOTE];
	t_ok(wd_snapshot_select(
	    f.v, snapshot(&f, NULL), WD_TEE_TPM, f.w.at, &in, NULL));
	assert_null(in.part[WD_IN_ROOT_CA_CRL].p);
}

static int
check_row(uint8_t role, uint8_t tee, uint8_t update_class, uint8_t software,
    uint32_t len, size_t bytes)
{
	uint8_t block[64];
	struct wd_wr wr = wd_wr_fixed(block, sizeof(block));

	wd_snapshot_begin(&wr);
	wd_wr_u8(&wr, role);
	wd_wr_u8(&wr, tee);
	wd_wr_u8(&wr, update_class);
	wd_wr_u8(&wr, software);
	wd_wr_zero(&wr, 8 + 8 + 4);
	wd_wr_le32(&wr, len);
	wd_wr_zero(&wr, bytes);
	return wd_snapshot_check(wd_wr_span(&wr));
}

static void
the_framing_is_checked(void **state)
{
	const uint8_t role = WD_IN_TCB_INFO;

	(void)state;
	t_ok(check_row(role, 1, 's', 0, 4, 4));
	t_ok(wd_snapshot_check(WD_SPAN_LIT("\x02\x00\x00\x00")));
	assert_int_equal(
	    wd_snapshot_check(WD_SPAN_LIT("\x01\x00\x00\x00")), WD_R_MALFORMED);
	assert_int_equal(
	    wd_snapshot_check(WD_SPAN_LIT("\x02\x00")), WD_R_MALFORMED);
	assert_int_equal(
	    check_row(WD_IN_COUNT, 1, 's', 0, 4, 4), WD_R_MALFORMED);
	assert_int_equal(
	    check_row(WD_IN_QUOTE, 1, 's', 0, 4, 4), WD_R_MALFORMED);
	assert_int_equal(check_row(role, 10, 's', 0, 4, 4), WD_R_MALFORMED);
	assert_int_equal(check_row(role, 1, 'x', 0, 4, 4), WD_R_MALFORMED);
	assert_int_equal(check_row(role, 1, 's', 2, 4, 4), WD_R_MALFORMED);
	assert_int_equal(check_row(role, 1, 's', 0, 5, 4), WD_R_MALFORMED);
	assert_int_equal(check_row(role, 1, 's', 0, 3, 4), WD_R_MALFORMED);
	assert_int_equal(
	    check_row(role, 1, 's', 0, 0xffffffff, 4), WD_R_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_says_what_it_is_for),
		cmocka_unit_test(bad_documents_are_refused_for_their_reason),
		cmocka_unit_test(a_document_that_is_too_large_is_refused),
		cmocka_unit_test(only_what_is_older_may_not_replace),
		cmocka_unit_test(what_fits_the_quote_is_chosen),
		cmocka_unit_test(what_does_not_fit_stays_absent),
		cmocka_unit_test(
		    the_newer_document_is_chosen_whatever_its_class),
		cmocka_unit_test(what_the_caller_gave_stays),
		cmocka_unit_test(nothing_is_chosen_for_what_says_no_platform),
		cmocka_unit_test(the_framing_is_checked),
	};

	return cmocka_run_group_tests(tests, t_world_setup, NULL);
}
