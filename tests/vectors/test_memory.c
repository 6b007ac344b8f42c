/*
 * The k-th allocation fails, for every k, while recorded evidence is judged. Of
 * our own: a fault, or what was lost did not count and the claims are the same.
 * Of libcrypto's, which does not always say why it could not: never other
 * claims. (That nothing leaks, a build with the address sanitizer sees.)
 */
#include "vectors/cases.h"

#include "lib/t.h"

#include "base/alloc.h"
#include "crypto/memory.h"

#include <stdlib.h>

/* Where it is sampled: about so many of libcrypto's. */
enum { TRIED = 300 };

/* ---- libcrypto's */

static uint64_t countdown;

static bool
must_fail(void)
{
	return countdown > 0 && --countdown == 0;
}

static void *
take(size_t len)
{
	return must_fail() ? NULL : malloc(len);
}

static void *
resize(void *p, size_t len)
{
	return must_fail() ? NULL : realloc(p, len);
}

static void
release(void *p)
{
	free(p);
}

static bool
libcrypto_fails_at(uint64_t k)
{
	bool fired = countdown == 0;

	countdown = k;
	return fired;
}

static bool
ours_fails_at(uint64_t k)
{
	return wd_alloc_fail_at(k) != 0;
}

/* ---- what becomes of it */

/* *RET_R: the verdict with the K-th one failing; false when there are fewer. */
static bool
lacking(const struct t_base *b, bool (*fails_at)(uint64_t k), uint64_t k,
    int *ret_r)
{
	WD_AUTO(wd_verifier_freep) struct wd_verifier *v = NULL;
	struct wd_claims c;
	bool fired;

	t_ok(wd_verifier_new(&b->rules, &v));
	(void)fails_at(k);
	*ret_r = t_base_judge(b, v, &b->in, &c);
	fired = fails_at(0);
	if (*ret_r == 0 && !b->verifies)
		fail_msg("%s: allocation %llu: verified", b->name,
		    (unsigned long long)k);
	if (*ret_r == 0)
		t_span_equal(wd_claims_flat(&c), wd_claims_flat(&b->claims));
	return fired;
}

static void
without_memory_there_is_no_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < t_bases()->n; i++) {
		const struct t_base *b = &t_bases()->base[i];
		uint64_t k = 1;
		int r;

		for (; lacking(b, ours_fails_at, k, &r); k++)
			if (b->verifies && r > 0)
				fail_msg("%s: allocation %llu: %d", b->name,
				    (unsigned long long)k, r);
		assert_true(k > 1 || !b->verifies);
	}
}

static uint64_t
count(const struct t_base *b)
{
	uint64_t k = 1;
	int r;

	while (lacking(b, libcrypto_fails_at, k, &r))
		k = k * 2;
	return k;
}

static void
without_memory_libcrypto_believes_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < t_bases()->n; i++) {
		const struct t_base *b = &t_bases()->base[i];
		uint64_t step = t_bases_full() ? 1 : 1 + count(b) / TRIED;
		int r;

		for (uint64_t k = 1; lacking(b, libcrypto_fails_at, k, &r);)
			k += step;
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_there_is_no_verdict),
		cmocka_unit_test(
		    without_memory_libcrypto_believes_nothing_else),
	};

	if (!t_bases_find(argc, argv))
		return T_SKIPPED;
	if (wd_crypto_use_memory(take, resize, release, NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, t_bases_setup, t_bases_teardown);
}
