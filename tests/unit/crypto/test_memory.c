/*
 * libcrypto in secret memory: nothing of a key lies anywhere else.
 */
#include "lib/t_child.h"

#include "base/reason.h"
#include "crypto/init.h"
#include "crypto/memory.h"
#include "sys/arena.h"

static void
memory_is_chosen_before_anything_else(void **state)
{
	size_t before;

	(void)state;
	t_ok(wd_arena_install(4 << 20, NULL));
	t_ok(wd_crypto_use_memory(
	    wd_arena_alloc, wd_arena_realloc, wd_arena_free, NULL));
	before = wd_arena_used();
	t_ok(wd_crypto_init(NULL));
	assert_true(wd_arena_used() > before);
}

static void
second_time_is_a_bug(void **state)
{
	(void)state;
	assert_int_equal(wd_crypto_use_memory(wd_arena_alloc, wd_arena_realloc,
			     wd_arena_free, NULL),
	    WD_F_BUG);
}

static int
use_then_choose(void *ctx)
{
	(void)ctx;
	if (wd_crypto_init(NULL) != 0)
		return 1;
	return wd_crypto_use_memory(wd_arena_alloc, wd_arena_realloc,
		   wd_arena_free, NULL) == WD_F_BUG
	    ? 0
	    : 2;
}

static void
choosing_after_the_first_use_is_a_bug(void **state)
{
	(void)state;
	t_exits(t_child(use_then_choose, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choosing_after_the_first_use_is_a_bug),
		cmocka_unit_test(memory_is_chosen_before_anything_else),
		cmocka_unit_test(second_time_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
