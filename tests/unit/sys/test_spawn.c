/*
 * Starting programs: what they are given, what they are not, and what is said
 * when they cannot run. The program started is this one, under another name.
 */
#include "lib/t_child.h"

#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

extern char **environ;

static char folder[32], program[64], waiter[64];

/* What the started program finds, as it reports it. */
struct found {
	bool environment_empty, alone, in_session, no_fork, files_limited;
	bool reads_null, no_signal_blocked, pinned;
	int death_signal;
	char name[32];
};

/* ---- the program */

static bool
only_these_are_open(void)
{
	for (int fd = 0; fd < 1024; fd++)
		if ((fcntl(fd, F_GETFD) >= 0) != (fd <= WD_SPAWN_CONTROL))
			return false;
	return true;
}

static bool
cannot_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	return pid < 0 && errno == EAGAIN;
}

static int
report(const char *name)
{
	struct found f = { 0 };
	struct rlimit files;
	sigset_t blocked;
	cpu_set_t cpus;
	char byte;

	f.environment_empty = environ[0] == NULL;
	f.alone = only_these_are_open();
	f.in_session = getsid(0) == getpid();
	f.no_fork = cannot_fork();
	f.files_limited =
	    getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == 40;
	f.reads_null = read(STDIN_FILENO, &byte, 1) == 0;
	(void)sigprocmask(SIG_BLOCK, NULL, &blocked);
	f.no_signal_blocked = sigismember(&blocked, SIGTERM) == 0;
	f.pinned = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 &&
	    CPU_COUNT(&cpus) == 1;
	(void)prctl(PR_GET_PDEATHSIG, &f.death_signal);
	(void)snprintf(f.name, sizeof(f.name), "%s", name);
	return write(WD_SPAWN_CONTROL, &f, sizeof(f)) == sizeof(f) ? 0 : 1;
}

/* Until somebody speaks, which nobody does. */
static int
wait_forever(void)
{
	char byte;

	return read(WD_SPAWN_CONTROL, &byte, 1) == 1 ? 0 : 1;
}

/* ---- the tests */

/* A copy, since the build's folder may be closed to other users. */
static void
copy_self(const char *to)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	do
		n = sendfile(out, in, NULL, 1 << 20);
	while (n > 0);
	assert_int_equal(n, 0);
	t_ok(fchmod(out, 0755));
	close(in);
	close(out);
}

static int
make_program(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/t-spawn-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(program, sizeof(program), "%s/role", folder);
	(void)snprintf(waiter, sizeof(waiter), "%s/waiter", folder);
	copy_self(program);
	t_ok(symlink(program, waiter));
	return chmod(folder, 0755);
}

static int
remove_program(void **state)
{
	(void)state;
	(void)unlink(program);
	(void)unlink(waiter);
	return rmdir(folder);
}

static int
first_cpu(void)
{
	cpu_set_t cpus;
	size_t cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	while (!CPU_ISSET(cpu, &cpus))
		cpu++;
	return (int)cpu;
}

static int
start(const struct wd_spawn *like, struct found *ret)
{
	struct wd_spawn how = *like;
	int fds[2], status;
	pid_t pid;

	t_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	how.control = fds[1];
	t_ok(wd_spawn(&how, &pid, NULL));
	close(fds[1]);
	assert_int_equal(read(fds[0], ret, sizeof(*ret)), sizeof(*ret));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
program_gets_a_socket_and_nothing_else(void **state)
{
	struct wd_spawn how = {
		.program = program, .cpu = first_cpu(), .max_files = 40
	};
	struct found f;
	sigset_t some;
	int inheritable = open("/dev/null", O_RDONLY);

	(void)state;
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &some, NULL);
	t_exits(start(&how, &f), 0);
	(void)sigprocmask(SIG_UNBLOCK, &some, NULL);
	close(inheritable);
	assert_true(f.environment_empty);
	assert_true(f.alone);
	assert_true(f.in_session);
	assert_true(f.files_limited);
	assert_true(f.reads_null);
	assert_true(f.no_signal_blocked);
	assert_true(f.pinned);
	assert_int_equal(f.death_signal, SIGKILL);
	assert_string_equal(f.name, "role");
	if (geteuid() != 0) /* root may always */
		assert_true(f.no_fork);
}

static void
program_runs_as_its_user(void **state)
{
	struct wd_spawn how = {
		.program = program, .user = "nobody", .cpu = -1, .max_files = 40
	};
	struct found f;

	(void)state;
	if (geteuid() != 0)
		skip();
	t_exits(start(&how, &f), 0);
	assert_true(f.no_fork);
	assert_int_equal(f.death_signal, SIGKILL);
}

static void
what_cannot_run_is_said(void **state)
{
	static const struct {
		struct wd_spawn how;
		const char *part;
	} rows[] = {
		{ { .program = "/none/role", .cpu = -1 }, "cannot run it" },
		{ { .program = "/tmp", .cpu = -1 }, "cannot run it" },
		{ { .program = "/bin/true", .cpu = -1, .user = "no-such-one" },
		    "no user no-such-one" },
		{ { .program = "/bin/true", .cpu = 100000 }, "no CPU 100000" },
	};

	(void)state;
	for (size_t i = 0; i < WD_N(rows); i++) {
		struct wd_spawn how = rows[i].how;
		struct wd_diag d = { 0 };
		pid_t pid = -1;

		how.control = open("/dev/null", O_RDWR | O_CLOEXEC);
		assert_int_equal(wd_spawn(&how, &pid, &d), WD_F_SYSTEM);
		assert_non_null(strstr(d.detail, rows[i].part));
		assert_int_equal(pid, -1);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped */
		close(how.control);
	}
}

static void
program_is_found_beside_us_else_where_it_is_installed(void **state)
{
	char self[WD_SPAWN_PATH], found[WD_SPAWN_PATH];
	struct wd_diag d = { 0 };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	t_ok(wd_spawn_find(strrchr(self, '/') + 1, folder, found, &d));
	assert_string_equal(found, self);
	t_ok(wd_spawn_find("role", folder, found, &d));
	assert_string_equal(found, program);
	assert_int_equal(
	    wd_spawn_find("none", folder, found, &d), WD_R_NOT_FOUND);
	assert_non_null(strstr(d.detail, "none is neither beside test_"));
}

static int
start_and_leave(void *ctx)
{
	struct wd_spawn how = { .program = waiter, .cpu = -1 };
	int *fds = ctx;
	pid_t pid;

	how.control = fds[1];
	return wd_spawn(&how, &pid, NULL) == 0 ? 0 : 1;
}

static void
program_ends_with_its_parent(void **state)
{
	int fds[2];
	char byte;

	(void)state;
	t_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	t_exits(t_child(start_and_leave, fds), 0);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_gets_a_socket_and_nothing_else),
		cmocka_unit_test(program_runs_as_its_user),
		cmocka_unit_test(what_cannot_run_is_said),
		cmocka_unit_test(program_ends_with_its_parent),
		cmocka_unit_test(
		    program_is_found_beside_us_else_where_it_is_installed),
	};

	(void)argc;
	/* Not by return: another user's process cannot be looked at by what a
	 * sanitizer runs at the end. */
	if (strcmp(argv[0], "role") == 0)
		_exit(report(argv[0]));
	if (strcmp(argv[0], "waiter") == 0)
		_exit(wait_forever());
	return cmocka_run_group_tests(tests, make_program, remove_program);
}
