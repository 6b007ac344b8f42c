/*
 * What a verifier remembers may never show: every judgement of one that has
 * seen much must be that of one that has seen nothing.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "verify/registry.h"
#include "verify/world.h"

/* Both verdicts of the same question. */
static int
judge_twice(struct wd_verifier *old, const struct t_world *w, int64_t at)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *fresh = NULL;
	struct wd_claims a = { 0 }, b = { 0 };
	struct wd_span none = { 0 };
	int r;

	t_ok(wd_verifier_new(&w->rules, &fresh));
	r = wd_appraise(old, WD_TEE_SGX, &w->in, at, none, &a, NULL);
	assert_int_equal(
	    r, wd_appraise(fresh, WD_TEE_SGX, &w->in, at, none, &b, NULL));
	t_span_equal(wd_claims_flat(&a), wd_claims_flat(&b));
	return r;
}

static void
asking_again_gives_the_same_answer(void **state)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();

	(void)state;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	for (size_t i = 0; i < 3; i++)
		t_ok(judge_twice(v, &w, w.at));
	assert_int_equal(wd_cache_count(v->cache), 7);
	wd_verifier_forget(v);
	assert_int_equal(wd_cache_count(v->cache), 0);
	t_ok(judge_twice(v, &w, w.at));
}

static void
every_date_counts_for_what_is_remembered_too(void **state)
{
	static const struct {
		int year, month, day, reason;
	} rows[] = {
		{ 2030, 6, 1, 0 },
		{ 2019, 1, 1, WD_R_PCK_CHAIN_EXPIRED },
		{ 2030, 5, 19, WD_R_CRL_EXPIRED },
		{ 2030, 5, 20, WD_R_TCB_INFO_NOT_YET_VALID },
		{ 2030, 5, 21, WD_R_QE_IDENTITY_NOT_YET_VALID },
		{ 2030, 5, 22, 0 },
		{ 2030, 6, 20, 0 },
		{ 2030, 6, 21, WD_R_CRL_EXPIRED },
		{ 2041, 1, 1, WD_R_PCK_CHAIN_EXPIRED },
		{ 2030, 6, 2, 0 },
	};
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();

	(void)state;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	for (size_t i = 0; i < WD_N(rows); i++)
		assert_int_equal(judge_twice(v, &w,
				     wd_time_civil(rows[i].year, rows[i].month,
					 rows[i].day, 0, 0, 0)),
		    rows[i].reason);
}

static void
flipped_bytes_are_judged_as_if_never_seen(void **state)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();

	(void)state;
	r.with_qe_chain = true;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	t_ok(judge_twice(v, &w, w.at));
	for (size_t i = 0; i < WD_IN_COUNT; i++) {
		struct wd_bytes *part = w.part[i];

		if (part == NULL)
			continue;
		for (size_t at = 3; at < part->len; at += part->len / 23) {
			part->p[at] ^= 1;
			(void)judge_twice(v, &w, w.at); /* equal is enough */
			part->p[at] ^= 1;
		}
		t_ok(judge_twice(v, &w, w.at));
	}
}

static void
no_flipped_byte_of_the_signed_part_is_verified(void **state)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();
	struct wd_claims c = { 0 };

	(void)state;
	t_world_make(&w, &r);
	t_ok(wd_verifier_new(&w.rules, &v));
	for (size_t at = 0; at < 432; at++) {
		w.part[WD_IN_QUOTE]->p[at] ^= 0x40;
		assert_true(wd_appraise(v, WD_TEE_SGX, &w.in, w.at,
				wd_span(NULL, 0), &c, NULL) > 0);
		w.part[WD_IN_QUOTE]->p[at] ^= 0x40;
	}
}

static void
no_memory_is_a_fault_or_makes_no_difference(void **state)
{
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();

	(void)state;
	t_world_make(&w, &r);
	for (uint64_t k = 1;; k++) {
		WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
		struct wd_claims c = { .len = 77 };
		bool fired;
		int got;

		t_ok(wd_verifier_new(&w.rules, &v));
		(void)wd_alloc_fail_at(k);
		got = wd_appraise(
		    v, WD_TEE_SGX, &w.in, w.at, wd_span(NULL, 0), &c, NULL);
		fired = wd_alloc_fail_at(0);
		assert_true(fired ? got < 0 : got == 0);
		assert_true(got == 0 || c.len == 77);
		if (!fired)
			return;
	}
}

static void
no_memory_for_a_verifier_is_a_fault(void **state)
{
	WD_AUTO(t_world_done) struct t_world w;
	struct t_recipe r = t_good();

	(void)state;
	t_world_make(&w, &r);
	for (uint64_t k = 1;; k++) {
		WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
		int got;

		(void)wd_alloc_fail_at(k);
		got = wd_verifier_new(&w.rules, &v);
		if (!wd_alloc_fail_at(0)) {
			t_ok(got);
			return;
		}
		assert_true(got < 0);
		assert_null(v);
	}
}

static void
the_vendors_roots_are_there_and_are_no_software(void **state)
{
	size_t n;
	const struct wd_anchor *a = wd_anchor_vendors(&n);

	(void)state;
	assert_int_equal(a[0].sha256[0], 0x44);
	assert_int_equal(a[1].sha256[31], 0xd3);
	for (size_t i = 0; i < n; i++)
		assert_false(a[i].software);
}

static void
names_of_roles_and_tees_are_found_again(void **state)
{
	(void)state;
	for (int i = 0; i < WD_IN_COUNT; i++) {
		assert_int_equal(wd_part_by_name(wd_span_text(
				     wd_part_name((enum wd_part)i))),
		    i);
		assert_true(wd_part_max((enum wd_part)i) > 0);
	}
	assert_int_equal(wd_part_by_name(WD_SPAN_LIT("quot")), -1);
	assert_false(wd_part_is_collateral(WD_IN_QUOTE));
	assert_true(wd_part_is_collateral(WD_IN_TCB_INFO));
	assert_int_equal(wd_tee_by_name(WD_SPAN_LIT("snp")), WD_TEE_SNP);
	assert_int_equal(wd_tee_by_name(WD_SPAN_LIT("none")), WD_TEE_NONE);
	assert_string_equal(wd_tee_name(WD_TEE_TPM), "tpm");
	assert_string_equal(wd_tee_name(WD_TEE_NONE), "none");
	assert_true(wd_tee_is_number(0));
	assert_int_equal(wd_tee_by_name(WD_SPAN_LIT("tpm2")), WD_TEE_TPM);
	assert_true(wd_tee_is_number(9));
	assert_false(wd_tee_is_number(10));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asking_again_gives_the_same_answer),
		cmocka_unit_test(every_date_counts_for_what_is_remembered_too),
		cmocka_unit_test(flipped_bytes_are_judged_as_if_never_seen),
		cmocka_unit_test(
		    no_flipped_byte_of_the_signed_part_is_verified),
		cmocka_unit_test(no_memory_is_a_fault_or_makes_no_difference),
		cmocka_unit_test(no_memory_for_a_verifier_is_a_fault),
		cmocka_unit_test(
		    the_vendors_roots_are_there_and_are_no_software),
		cmocka_unit_test(names_of_roles_and_tees_are_found_again),
	};

	return cmocka_run_group_tests(tests, t_world_setup, NULL);
}
