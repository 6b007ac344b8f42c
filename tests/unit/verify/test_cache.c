/*
 * The cache: what is put is found under exactly its key, and it stays bounded.
 */
#include "lib/t.h"

#include "base/alloc.h"
#include "crypto/init.h"
#include "verify/cache.h"
#include "verify/memo.h"

static int freed;

static void
release(void *p)
{
	freed++;
	(void)wd_free(p);
}

static struct wd_cache_key
key_of(uint32_t n)
{
	struct wd_cache_key key = { 0 };

	for (size_t i = 0; i < 4; i++)
		key.bytes[i] = (uint8_t)(n >> (24 - 8 * i));
	return key;
}

static const void *
put(struct wd_cache *c, uint32_t n, int64_t expiry, int64_t now)
{
	struct wd_cache_key key = key_of(n);
	uint32_t *object = wd_alloc(sizeof(*object));

	assert_non_null(object);
	*object = n;
	return wd_cache_put(c, WD_KEPT_CRL, &key, object, release, expiry, now);
}

static bool
has(struct wd_cache *c, uint32_t n)
{
	struct wd_cache_key key = key_of(n);
	const uint32_t *object = wd_cache_get(c, WD_KEPT_CRL, &key);

	if (object != NULL)
		assert_int_equal(*object, n);
	return object != NULL;
}

static int
setup(void **state)
{
	t_ok(wd_crypto_init(NULL));
	freed = 0;
	*state = wd_cache_new(32);
	return *state == NULL;
}

static int
teardown(void **state)
{
	(void)wd_cache_free(*state);
	return 0;
}

static void
only_the_exact_key_and_kind_finds(void **state)
{
	struct wd_cache_key key = key_of(1);

	(void)put(*state, 1, 100, 0);
	assert_true(has(*state, 1));
	assert_false(has(*state, 2));
	assert_null(wd_cache_get(*state, WD_KEPT_TCB_INFO, &key));
	key.signer[31] = 1;
	assert_null(wd_cache_get(*state, WD_KEPT_CRL, &key));
	key = key_of(1);
	key.bytes[31] = 1;
	assert_null(wd_cache_get(*state, WD_KEPT_CRL, &key));
}

static void
putting_twice_keeps_the_first(void **state)
{
	const void *first = put(*state, 1, 100, 0);

	assert_ptr_equal(put(*state, 1, 100, 0), first);
	assert_int_equal(freed, 1);
	assert_int_equal(wd_cache_count(*state), 1);
}

static void
it_stays_bounded_and_the_oldest_goes(void **state)
{
	for (uint32_t i = 0; i < 32; i++)
		(void)put(*state, i, 100, 0);
	assert_true(has(*state, 0));
	for (uint32_t i = 32; i < 48; i++)
		(void)put(*state, i, 100, 0);
	assert_int_equal(wd_cache_count(*state), 32);
	assert_int_equal(freed, 16);
	assert_true(has(*state, 0));
	assert_false(has(*state, 1));
	assert_false(has(*state, 16));
	assert_true(has(*state, 17));
	assert_true(has(*state, 47));
}

static void
what_has_expired_goes_first(void **state)
{
	for (uint32_t i = 0; i < 32; i++)
		(void)put(*state, i, i == 9 ? 10 : 100, 0);
	(void)put(*state, 50, 100, 11);
	assert_false(has(*state, 9));
	assert_true(has(*state, 0));
}

static void
what_was_just_used_stays_even_when_expired(void **state)
{
	for (uint32_t i = 0; i < 32; i++)
		(void)put(*state, i, i == 9 ? 10 : 100, 0);
	assert_true(has(*state, 9));
	(void)put(*state, 50, 100, 11);
	assert_true(has(*state, 9));
	assert_false(has(*state, 0));
}

static void
colliding_chains_lose_nothing(void **state)
{
	for (uint32_t i = 0; i < 20; i++)
		(void)put(*state, i * 32, 100, 0);
	for (uint32_t i = 0; i < 20; i++)
		assert_true(has(*state, i * 32));
	for (uint32_t i = 20; i < 60; i++)
		(void)put(*state, i * 32, 100, 0);
	for (uint32_t i = 44; i < 60; i++)
		assert_true(has(*state, i * 32));
}

static void
emptying_releases_all(void **state)
{
	for (uint32_t i = 0; i < 20; i++)
		(void)put(*state, i, 100, 0);
	wd_cache_empty(*state);
	assert_int_equal(freed, 20);
	assert_int_equal(wd_cache_count(*state), 0);
	assert_false(has(*state, 3));
	(void)put(*state, 3, 100, 0);
	assert_true(has(*state, 3));
}

static void
digests_are_remembered_and_right(void **state)
{
	struct wd_memo m = { 0 };
	uint8_t first[32], again[32], other[32];

	(void)state;
	t_ok(wd_memo_sha256(&m, WD_SPAN_LIT("abc"), first));
	assert_int_equal(first[0], 0xba);
	assert_int_equal(first[31], 0xad);
	t_ok(wd_memo_sha256(&m, WD_SPAN_LIT("abd"), other));
	t_ok(wd_memo_sha256(&m, WD_SPAN_LIT("abc"), again));
	t_span_equal(WD_SPAN(first), WD_SPAN(again));
	assert_int_equal(m.next, 2);
	wd_memo_done(&m);
	assert_null(m.slot[0].bytes);
}

static void
digests_are_right_after_the_ring_went_round(void **state)
{
	struct wd_memo m = { 0 };
	uint8_t sha256[32];

	(void)state;
	for (uint8_t i = 0; i < 100; i++)
		t_ok(wd_memo_sha256(&m, wd_span(&i, 1), sha256));
	t_ok(wd_memo_sha256(&m, WD_SPAN_LIT("abc"), sha256));
	assert_int_equal(sha256[0], 0xba);
	wd_memo_done(&m);
}

static void
digests_come_without_memory_for_a_copy(void **state)
{
	struct wd_memo m = { 0 };
	uint8_t sha256[32];

	(void)state;
	(void)wd_alloc_fail_at(1);
	t_ok(wd_memo_sha256(&m, WD_SPAN_LIT("abc"), sha256));
	assert_true(wd_alloc_fail_at(0));
	assert_int_equal(sha256[0], 0xba);
	assert_null(m.slot[0].bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CACHE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		CACHE_TEST(only_the_exact_key_and_kind_finds),
		CACHE_TEST(putting_twice_keeps_the_first),
		CACHE_TEST(it_stays_bounded_and_the_oldest_goes),
		CACHE_TEST(what_has_expired_goes_first),
		CACHE_TEST(what_was_just_used_stays_even_when_expired),
		CACHE_TEST(colliding_chains_lose_nothing),
		CACHE_TEST(emptying_releases_all),
		CACHE_TEST(digests_are_remembered_and_right),
		CACHE_TEST(digests_are_right_after_the_ring_went_round),
		CACHE_TEST(digests_come_without_memory_for_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
