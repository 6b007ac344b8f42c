/*
 * The lock of a state folder: one holder, gone with it.
 */
#include "lib/t_child.h"

#include "sys/file.h"
#include "sys/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[32];
static int dir = -1;

static int
make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/t-lock-XXXXXX");
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlinkat(dir, WD_LOCK_NAME, 0); /* some tests make none */
	close(dir);
	return rmdir(folder);
}

static void
second_holder_is_refused_until_the_first_lets_go(void **state)
{
	struct wd_diag d = { 0 };
	int first = -1, second = -1;

	(void)state;
	t_ok(wd_lock_take(dir, &first, &d));
	assert_int_equal(wd_lock_take(dir, &second, &d), WD_R_IN_USE);
	assert_int_equal(second, -1);
	wd_fd_closep(&first);
	t_ok(wd_lock_take(dir, &second, &d));
	wd_fd_closep(&second);
}

static int
take_and_die(void *ctx)
{
	int fd = -1;

	(void)ctx;
	if (wd_lock_take(dir, &fd, NULL) != 0)
		return 1;
	(void)raise(SIGKILL);
	return 2;
}

static void
killed_holder_leaves_no_lock(void **state)
{
	int fd = -1;

	(void)state;
	t_dies(t_child(take_and_die, NULL), SIGKILL);
	t_ok(wd_lock_take(dir, &fd, NULL));
	wd_fd_closep(&fd);
}

static void
lock_is_not_handed_to_programs(void **state)
{
	int fd = -1;

	(void)state;
	t_ok(wd_lock_take(dir, &fd, NULL));
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	wd_fd_closep(&fd);
}

static void
link_in_its_place_is_a_fault(void **state)
{
	struct wd_diag d = { 0 };
	int fd = -1;

	(void)state;
	t_ok(symlinkat("elsewhere", dir, WD_LOCK_NAME));
	assert_int_equal(wd_lock_take(dir, &fd, &d), WD_F_SYSTEM);
	assert_int_equal(fd, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    second_holder_is_refused_until_the_first_lets_go,
		    make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    killed_holder_leaves_no_lock, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    lock_is_not_handed_to_programs, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
		    link_in_its_place_is_a_fault, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
