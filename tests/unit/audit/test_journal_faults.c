/*
 * The journal when the disk says no and when the process ends, at every system
 * call that changes something. What a commit has acknowledged is there
 * afterwards, always. The calls are taken over by the linker (--wrap).
 */
#include "faults.h"

#include "lib/t_child.h"

#include <sys/mman.h>

static int
try_batch(struct wd_journal *j, unsigned n)
{
	struct wd_diag d = { 0 };
	char text[600];
	int r;

	for (unsigned i = 0; i < n; i++)
		if ((r = wd_journal_add(
			 j, log_entry(wd_journal_size(j) + i, text))) != 0)
			return r;
	return wd_journal_commit(j, &d);
}

/* Two lives of a writer, a few segments each. *ACKED is always up to date. */
static int
live(const struct log *l, volatile uint64_t *acked)
{
	for (unsigned life = 0; life < 2; life++) {
		WD_AUTO(wd_journal_closep) struct wd_journal *j = NULL;
		struct wd_diag d = { 0 };
		int r = wd_journal_open(l->fd, &small, &j, &d);

		if (r != 0)
			return r;
		for (unsigned i = 0; i < 6; i++) {
			if (i < 2 && (r = wd_journal_prepare(j, &d)) != 0)
				return r;
			if ((r = try_batch(j, 40 + i)) != 0)
				return r;
			*acked = wd_journal_size(j);
		}
	}
	return 0;
}

/* The next writer finds everything, and can go on. */
static void
all_is_there(const struct log *l, uint64_t acked)
{
	struct wd_journal *j = log_open(l);
	uint64_t size = wd_journal_size(j);

	assert_true(size >= acked);
	log_holds(l, size);
	log_batch(j, 3);
	j = wd_journal_close(j);
	log_holds(l, size + 3);
}

static void
fail_everywhere(struct log *l, int error, int want)
{
	unsigned at = 1;

	for (;; at++) {
		uint64_t acked = 0;
		int r;

		faults_clear(l);
		plan_for(FAIL, error, at);
		r = live(l, &acked);
		plan.what = NOTHING;
		if (!plan.fired)
			break;
		/* Cutting a finished segment is the one thing that may fail. */
		if (r != 0 && want > 0)
			assert_int_equal(r, want);
		assert_true(want > 0 || r <= 0);
		all_is_there(l, acked);
	}
	assert_true(at > 40);
}

static void
any_call_may_fail_for_lack_of_room(void **state)
{
	fail_everywhere(*state, ENOSPC, WD_R_AUDIT_UNAVAILABLE);
}

static void
any_call_may_fail_for_a_broken_disk(void **state)
{
	fail_everywhere(*state, EIO, 0);
}

struct crash {
	const struct log *log;
	enum what what;
	unsigned at;
	volatile uint64_t *acked;
};

static int
run_to_crash(void *ctx)
{
	const struct crash *c = ctx;

	plan_for(c->what, 0, c->at);
	return live(c->log, c->acked) == 0 ? 1 : 2;
}

static void
crash_everywhere(struct log *l, enum what what)
{
	struct crash c = { l, what, 1, NULL };
	int status = 0;

	c.acked = mmap(NULL, sizeof(*c.acked), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(c.acked != MAP_FAILED);
	for (; status == 0; c.at++) {
		faults_clear(l);
		*c.acked = 0;
		status = t_child(run_to_crash, &c);
		if (status == 0)
			all_is_there(l, *c.acked);
	}
	t_exits(status, 1); /* to its own end */
	assert_true(c.at > 40);
	(void)munmap((void *)(uintptr_t)c.acked, sizeof(*c.acked));
}

static void
a_crash_before_any_call_loses_nothing(void **state)
{
	crash_everywhere(*state, EXIT_BEFORE);
}

static void
a_crash_within_any_write_loses_nothing(void **state)
{
	crash_everywhere(*state, EXIT_IN_THE_MIDDLE);
}

static void
a_full_disk_leaves_the_reserve(void **state)
{
	const struct log *l = *state;
	struct wd_journal *j = log_open(l);
	struct wd_diag d = { 0 };

	while (wd_journal_wants_work(j))
		t_ok(wd_journal_prepare(j, &d));
	plan.disk_is_full = true;
	t_ok(wd_journal_prepare(j, &d)); /* nothing is missing */
	while (!wd_journal_is_short(j))
		log_batch(j, 20);
	assert_int_equal(wd_journal_prepare(j, &d), WD_R_AUDIT_UNAVAILABLE);
	/* The log itself goes on. */
	log_batch(j, 100);
	plan.disk_is_full = false;
	while (wd_journal_wants_work(j))
		t_ok(wd_journal_prepare(j, &d));
	assert_false(wd_journal_is_short(j));
	j = wd_journal_close(j);
}

/* A failed sync may have lost what it said nothing of: the next commit must
 * not pass for a good one. */
static void
after_a_failed_sync_nothing_more_is_written(void **state)
{
	const struct log *l = *state;
	struct wd_journal *j = log_open(l);
	struct wd_diag d = { 0 };

	log_batch(j, 2);
	plan_for(FAIL, EIO, 2); /* the write, then the sync */
	assert_true(try_batch(j, 1) < 0);
	assert_true(plan.fired);
	plan_for(NOTHING, 0, 0);
	assert_true(wd_journal_commit(j, &d) < 0);
	assert_int_equal(wd_journal_size(j), 2);
	j = wd_journal_close(j);
	all_is_there(l, 2);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, log_setup, log_teardown)
	const struct CMUnitTest tests[] = {
		T(any_call_may_fail_for_lack_of_room),
		T(any_call_may_fail_for_a_broken_disk),
		T(a_crash_before_any_call_loses_nothing),
		T(a_crash_within_any_write_loses_nothing),
		T(a_full_disk_leaves_the_reserve),
		T(after_a_failed_sync_nothing_more_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
