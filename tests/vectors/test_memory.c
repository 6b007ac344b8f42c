/*
 * The k-th allocation fails, for every k, while recorded evidence is judged:
 * always a fault. libcrypto's memory may be its host's, whose functions need
 * not say in errno what they could not get: then it is a fault, or what was
 * lost did not count and the claims are the same, but no rejection. (That
 * nothing leaks, a build with the address sanitizer sees.)
 */
#include "vectors/cases.h"

#include "lib/t_memory.h"

/* Whether there was a K-th. */
static bool
judged_without(const struct t_base *b, enum t_memory of, uint64_t k)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	bool failed, wrong;
	struct wd_claims c;
	int r;

	t_ok(wd_verifier_new(&b->rules, &v));
	t_memory_fail(of, k);
	r = t_base_judge(b, v, &b->in, &c);
	failed = t_memory_failed();
	if (!failed)
		return false;
	wrong = b->verifies ? r > 0 : r == 0;
	if (of == T_MEMORY_SILENT ? wrong : r >= 0)
		fail_msg("%s: allocation %llu: %d", b->name,
		    (unsigned long long)k, r);
	if (r == 0)
		t_span_equal(wd_claims_flat(&c), wd_claims_flat(&b->claims));
	return true;
}

static void
lacking_each(enum t_memory of)
{
	for (size_t i = 0; i < t_bases()->n; i++) {
		const struct t_base *b = &t_bases()->base[i];
		uint64_t k = 1;

		while (judged_without(b, of, k))
			k++;
		assert_true(k > 1 || !b->verifies);
	}
}

static void
without_memory_there_is_no_verdict(void **state)
{
	(void)state;
	lacking_each(T_MEMORY_OWN);
}

static void
nor_without_memory_of_libcrypto(void **state)
{
	(void)state;
	lacking_each(T_MEMORY_LIBCRYPTO);
}

static void
what_libcrypto_lacks_in_silence_refuses_no_evidence(void **state)
{
	(void)state;
	lacking_each(T_MEMORY_SILENT);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_there_is_no_verdict),
		cmocka_unit_test(nor_without_memory_of_libcrypto),
		cmocka_unit_test(
		    what_libcrypto_lacks_in_silence_refuses_no_evidence),
	};

	if (!t_bases_find(argc, argv))
		return T_SKIPPED;
	if (!t_memory_init())
		return 1;
	return cmocka_run_group_tests(tests, t_bases_setup, t_bases_teardown);
}
