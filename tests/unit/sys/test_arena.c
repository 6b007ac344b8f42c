/*
 * Secret memory: who cannot read it, and that the allocator neither mixes
 * blocks up nor forgives a wrong pointer. Not built with sanitizers.
 */
#include "lib/t_child.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "base/secret.h"
#include "sys/arena.h"
#include "sys/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SIZE = 2 << 20 };

static bool
is_zero(const void *p, size_t len)
{
	return wd_span_is_zero(wd_span(p, len));
}

static int
install(void **state)
{
	(void)state;
	return wd_arena_install(SIZE, NULL);
}

/* Everything was given back, and it is one piece again. */
static int
whole_again(void **state)
{
	void *all;

	(void)state;
	if (wd_arena_used() != 0)
		return -1;
	all = wd_arena_alloc(SIZE);
	if (all == NULL || !is_zero(all, SIZE))
		return -1;
	wd_arena_free(all);
	return 0;
}

static void
second_arena_is_a_bug(void **state)
{
	(void)state;
	assert_int_equal(wd_arena_install(SIZE, NULL), WD_F_BUG);
}

static void
secrets_live_in_the_arena(void **state)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *s = wd_secret_copy(WD_SPAN_LIT("key"));
	int local;

	(void)state;
	assert_true(wd_arena_holds(wd_secret_bytes(s)));
	assert_false(wd_arena_holds(&local));
	assert_false(wd_arena_holds(NULL));
}

static void
kernel_does_not_read_it_for_others(void **state)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = NULL;
	char got[3];
	int fd;

	(void)state;
	/* Skipping leaves without cleaning up, so nothing is made before. */
	if (strstr(wd_harden_missing(), "memfd_secret") != NULL)
		skip(); /* this kernel has none, and says so */
	s = wd_secret_copy(WD_SPAN_LIT("key"));
	fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(
	    pread(fd, got, 3, (off_t)(uintptr_t)wd_secret_bytes(s)), -1);
	assert_int_equal(errno, EIO);
	close(fd);
}

static int
read_in_child(void *ctx)
{
	const volatile uint8_t *p = ctx;

	return *p;
}

static void
child_does_not_have_it(void **state)
{
	void *p = wd_arena_alloc(16);

	(void)state;
	t_dies(t_child(read_in_child, p), SIGSEGV);
	wd_arena_free(p);
}

static void
edges_fault(void **state)
{
	uint8_t *all = wd_arena_alloc(SIZE);

	(void)state;
	assert_non_null(all);
	t_dies(t_child(read_in_child, all - 1), SIGSEGV);
	t_dies(t_child(read_in_child, all + SIZE), SIGSEGV);
	wd_arena_free(all);
}

static void
blocks_are_aligned_zero_and_apart(void **state)
{
	static const size_t sizes[] = { 0, 1, 16, 17, 100, 512, 513, 1024, 1300,
		2048, 2049, 4096, 5000, 20000 };
	uint8_t *p[WD_N(sizes)];

	(void)state;
	for (size_t i = 0; i < WD_N(sizes); i++) {
		p[i] = wd_arena_alloc(sizes[i]);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		assert_true(is_zero(p[i], sizes[i]));
		(void)memset(p[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < WD_N(sizes); i++) {
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(p[i][k], i + 1);
		wd_arena_free(p[i]);
	}
}

static void
freed_memory_is_wiped(void **state)
{
	uint8_t *small = wd_arena_alloc(100);
	uint8_t *large = wd_arena_alloc(10000);

	(void)state;
	(void)memset(small, 0x55, 100);
	(void)memset(large, 0x55, 10000);
	wd_arena_free(small);
	wd_arena_free(large);
	assert_true(is_zero(small, 100));
	assert_true(is_zero(large, 10000));
}

static void
full_arena_gives_nothing(void **state)
{
	void *p = wd_arena_alloc(SIZE - 4096);
	void *q = wd_arena_alloc(2049);

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	assert_null(wd_arena_alloc(16));
	assert_null(wd_arena_alloc(5000));
	assert_null(wd_arena_alloc(SIZE_MAX));
	assert_null(wd_arena_realloc(q, 9000));
	assert_null(wd_secret_new(10));
	wd_arena_free(q);
	wd_arena_free(p);
}

static void
realloc_keeps_what_fits(void **state)
{
	uint8_t *p = wd_arena_realloc(NULL, 10);
	uint8_t *old;

	(void)state;
	(void)memset(p, 7, 10);
	old = p;
	p = wd_arena_realloc(p, 5000);
	assert_ptr_not_equal(p, old);
	assert_true(is_zero(old, 10));
	for (int i = 0; i < 10; i++)
		assert_int_equal(p[i], 7);
	assert_true(is_zero(p + 10, 4990));
	assert_ptr_equal(wd_arena_realloc(p, 8000), p);
	old = p;
	p = wd_arena_realloc(p, 4);
	assert_ptr_not_equal(p, old);
	assert_true(is_zero(old, 8192));
	assert_int_equal(p[3], 7);
	wd_arena_free(p);
	wd_arena_free(NULL);
}

static void
block_larger_than_the_arena_is_a_mapping(void **state)
{
	uint8_t *p = wd_arena_alloc(128 << 20);

	(void)state;
	assert_non_null(p);
	assert_false(wd_arena_holds(p));
	assert_true(is_zero(p, 4096));
	p[5] = 9;
	p = wd_arena_realloc(p, 20 << 20);
	assert_int_equal(p[5], 9);
	p = wd_arena_realloc(p, 100);
	assert_true(wd_arena_holds(p));
	assert_int_equal(p[5], 9);
	wd_arena_free(p);
	assert_null(wd_arena_alloc((size_t)300 << 20));
}

static void
big_blocks_are_few(void **state)
{
	uint8_t *p[8];

	(void)state;
	for (size_t i = 0; i < WD_N(p); i++)
		assert_non_null(p[i] = wd_arena_alloc(16 << 20));
	assert_null(wd_arena_alloc(16 << 20));
	for (size_t i = 0; i < WD_N(p); i++)
		wd_arena_free(p[i]);
}

/* Ten thousand steps over blocks of every size, each filled with its number. */
static void
random_use_mixes_nothing_up(void **state)
{
	struct {
		uint8_t *p;
		size_t len;
	} b[200] = { { NULL, 0 } };
	unsigned seed = 4711;

	(void)state;
	for (unsigned step = 0; step < 10000; step++) {
		unsigned i = (seed = seed * 1103515245 + 12345) >> 8;
		size_t len = i % 7 == 0 ? i % 30000 : i % 700;

		i %= WD_N(b);
		for (size_t k = 0; k < b[i].len; k++)
			assert_int_equal(b[i].p[k], (uint8_t)(i + 1));
		wd_arena_free(b[i].p);
		b[i].p = wd_arena_alloc(len);
		b[i].len = b[i].p == NULL ? 0 : len;
		assert_true(is_zero(b[i].p, b[i].len));
		if (b[i].p != NULL)
			(void)memset(b[i].p, (int)i + 1, b[i].len);
	}
	for (unsigned i = 0; i < WD_N(b); i++)
		wd_arena_free(b[i].p);
}

/* Wrong pointers, in an arena that the child makes for itself. */
enum wrong {
	TWICE_SMALL,
	TWICE_LARGE,
	TWICE_JOINED,
	INSIDE_SMALL,
	INSIDE_LARGE,
	LAST_PAGE,
	BEHIND_LAST_SLOT,
	OUTSIDE,
	WRONG_COUNT
};

static void
free_wrongly(enum wrong how)
{
	uint8_t *a = wd_arena_alloc(1360);
	uint8_t *b = wd_arena_alloc(9000);
	uint8_t *c = wd_arena_alloc(9000);
	int local = 0;

	switch (how) {
	case TWICE_SMALL:
		(void)wd_arena_alloc(1360);
		wd_arena_free(a);
		wd_arena_free(a);
		break;
	case TWICE_LARGE:
		wd_arena_free(c);
		wd_arena_free(c);
		break;
	case TWICE_JOINED:
		wd_arena_free(b);
		wd_arena_free(c);
		wd_arena_free(c);
		break;
	case INSIDE_SMALL:
		wd_arena_free(a + 16);
		break;
	case INSIDE_LARGE:
		wd_arena_free(b + 16);
		break;
	case LAST_PAGE:
		wd_arena_free(b + 8192);
		break;
	case BEHIND_LAST_SLOT:
		wd_arena_free(a + 3 * 1360);
		break;
	case OUTSIDE:
		wd_arena_free(&local);
		break;
	case WRONG_COUNT:
		break;
	}
}

static int
free_wrongly_in_child(void *ctx)
{
	if (wd_arena_install(1 << 20, NULL) != 0)
		return 1;
	free_wrongly(*(enum wrong *)ctx);
	return 0;
}

static void
wrong_pointer_ends_the_process(void **state)
{
	(void)state;
	for (int how = 0; how < WRONG_COUNT; how++)
		t_dies(t_child(free_wrongly_in_child, &how), SIGABRT);
}

static int
install_within_limit(void *ctx)
{
	struct rlimit l = { 2 << 20, 2 << 20 };
	uint8_t *p;

	(void)ctx;
	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 1;
	if (setrlimit(RLIMIT_MEMLOCK, &l) != 0)
		return 2;
	if (wd_arena_install(16 << 20, NULL) != 0)
		return 3;
	p = wd_arena_alloc(1 << 20);
	if (p == NULL)
		return 4;
	(void)memset(p, 1, 1 << 20);
	wd_arena_free(p);
	return 0;
}

static int
install_without_any(void *ctx)
{
	struct rlimit l = { 0, 0 };

	(void)ctx;
	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 1;
	if (setrlimit(RLIMIT_MEMLOCK, &l) != 0 ||
	    wd_arena_install(1 << 20, NULL) != 0)
		return 2;
	if (strcmp(wd_harden_missing(),
		"memfd_secret; mlock of secret memory") != 0)
		return 3;
	return wd_arena_alloc(1000) == NULL ? 4 : 0;
}

static void
limit_on_locked_memory_is_lived_with(void **state)
{
	(void)state;
	t_exits(t_child(install_within_limit, NULL), 0);
	t_exits(t_child(install_without_any, NULL), 0);
}

/* What was made before goes back to where it came from. */
static void
the_heap_may_lie_in_it_as_far_as_there_is_room(void **state)
{
	void *before = wd_alloc(100), *inside, *grown, *too_large;

	(void)state;
	wd_arena_take_heap();
	inside = wd_alloc(100);
	assert_true(wd_arena_holds(inside));
	assert_true(is_zero(inside, 100));
	too_large = wd_alloc(SIZE + 1);
	assert_non_null(too_large);
	assert_false(wd_arena_holds(too_large));
	before = wd_realloc(before, 5000);
	assert_true(wd_arena_holds(before));
	grown = wd_realloc(inside, SIZE + 1);
	assert_false(wd_arena_holds(grown));
	assert_true(is_zero(grown, SIZE + 1));
	(void)wd_free(before); /* always NULL, each of them */
	(void)wd_free(too_large);
	wd_alloc_set_memory(NULL, NULL, NULL);
	(void)wd_free(grown);
}

int
main(void)
{
	const struct CMUnitTest first[] = {
		cmocka_unit_test(wrong_pointer_ends_the_process),
		cmocka_unit_test(limit_on_locked_memory_is_lived_with),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_arena_is_a_bug),
		cmocka_unit_test(secrets_live_in_the_arena),
		cmocka_unit_test(kernel_does_not_read_it_for_others),
		cmocka_unit_test(child_does_not_have_it),
		cmocka_unit_test_teardown(edges_fault, whole_again),
		cmocka_unit_test_teardown(
		    blocks_are_aligned_zero_and_apart, whole_again),
		cmocka_unit_test_teardown(freed_memory_is_wiped, whole_again),
		cmocka_unit_test_teardown(
		    full_arena_gives_nothing, whole_again),
		cmocka_unit_test_teardown(realloc_keeps_what_fits, whole_again),
		cmocka_unit_test_teardown(
		    block_larger_than_the_arena_is_a_mapping, whole_again),
		cmocka_unit_test_teardown(big_blocks_are_few, whole_again),
		cmocka_unit_test_teardown(
		    random_use_mixes_nothing_up, whole_again),
		cmocka_unit_test_teardown(
		    the_heap_may_lie_in_it_as_far_as_there_is_room,
		    whole_again),
	};
	int failed = cmocka_run_group_tests(first, NULL, NULL);

	return failed + cmocka_run_group_tests(tests, install, NULL);
}
