/*
 * Making tiles when the disk says no and when the process ends, at every call
 * that changes something. The next process has to put out the whole log, and
 * what is out at any moment has to be whole.
 */
#include "faults.h"

#include "lib/t_child.h"
#include "made.h"

enum { SIZE = 330, EVERY = 59 };

/* The journal, the same for every attempt. */
static void
make_journal(const struct log *l)
{
	struct wd_journal *j = log_open(l);

	for (unsigned n = 0; n < SIZE; n += 33)
		log_batch(j, 33);
	j = wd_journal_close(j);
	made_new_key(l);
}

static void
remove_tiles(const struct log *l)
{
	char path[80];

	(void)unlinkat(l->fd, WD_CHECKPOINT_FILE, 0);
	(void)snprintf(path, sizeof(path), "%s/tile", l->path);
	(void)nftw(path, log_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Whatever checkpoint is out has its tiles; then the rest can be made. */
static void
all_is_well(const struct log *l)
{
	WD_AUTO(wd_note_key_done) struct wd_note_key k = made_key(l);
	struct made_findings all = made_check(l, &k, NULL, NULL);

	if (all.n > 0)
		assert_int_equal(all.first.kind, WD_LOG_UNSIGNED);
	assert_true(all.n <= 1);
	t_ok(made_tiles(l, &k, false, EVERY));
	made_is_good(l, SIZE);
}

struct crash {
	const struct log *log;
	enum what what;
	unsigned at;
};

static int
run_to_crash(void *ctx)
{
	const struct crash *c = ctx;
	struct wd_note_key k = made_key(c->log);

	plan_for(c->what, 0, c->at);
	return made_tiles(c->log, &k, false, EVERY) == 0 ? 1 : 2;
}

static void
crash_everywhere(const struct log *l, enum what what)
{
	struct crash c = { l, what, 1 };
	int status = 0;

	make_journal(l);
	for (; status == 0; c.at++) {
		remove_tiles(l);
		status = t_child(run_to_crash, &c);
		all_is_well(l);
	}
	t_exits(status, 1); /* to its own end */
	assert_true(c.at > 40);
}

static void
a_crash_before_any_call_is_made_good(void **state)
{
	crash_everywhere(*state, EXIT_BEFORE);
}

static void
a_crash_within_any_write_is_made_good(void **state)
{
	crash_everywhere(*state, EXIT_IN_THE_MIDDLE);
}

static void
any_call_may_fail_and_be_tried_again(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };

	make_journal(l);
	k = made_key(l);
	for (unsigned at = 1;; at++) {
		int r;

		remove_tiles(l);
		plan_for(FAIL, ENOSPC, at);
		r = made_tiles(l, &k, false, EVERY);
		plan.what = NOTHING;
		if (!plan.fired)
			break;
		assert_int_not_equal(r, 0);
		all_is_well(l);
	}
}

/* The maker itself goes on after a failure, with the same entry. */
static void
a_maker_survives_failures(void **state)
{
	const struct log *l = *state;
	WD_AUTO(wd_note_key_done) struct wd_note_key k = { 0 };
	WD_AUTO(wd_tiles_closep) struct wd_tiles *t = NULL;
	WD_AUTO(wd_reader_closep) struct wd_reader *rd = NULL;
	struct wd_diag d = { 0 };
	struct wd_record record;

	make_journal(l);
	k = made_key(l);
	t_ok(wd_tiles_open(l->fd, &k, false, &t, &d));
	t_ok(wd_reader_open(l->fd, 0, &rd, &d));
	for (unsigned i = 0; i < SIZE; i++) {
		t_ok(wd_reader_next(rd, &record, &d));
		for (unsigned at = 1;; at++) {
			plan_for(FAIL, EIO, at);
			if (wd_tiles_add(t, &record, &d) == 0)
				break;
			assert_true(plan.fired);
		}
		if (i % EVERY != 0)
			continue;
		for (unsigned at = 1;; at++) {
			plan_for(FAIL, EIO, at);
			if (wd_tiles_publish(t, &d) == 0)
				break;
			assert_true(plan.fired);
		}
	}
	plan.what = NOTHING;
	t_ok(wd_tiles_publish(t, &d));
	made_is_good(l, SIZE);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, log_setup, log_teardown)
	const struct CMUnitTest tests[] = {
		T(a_crash_before_any_call_is_made_good),
		T(a_crash_within_any_write_is_made_good),
		T(any_call_may_fail_and_be_tried_again),
		T(a_maker_survives_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
