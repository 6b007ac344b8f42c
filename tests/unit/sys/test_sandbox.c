/*
 * The sandboxes, each in a child: what a role needs works, what it must not do
 * ends it. Not built with sanitizers.
 */
#include "lib/t_child.h"

#include "base/alloc.h"
#include "base/reason.h"
#include "sys/chan.h"
#include "sys/file.h"
#include "sys/harden.h"
#include "sys/log.h"
#include "sys/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

/* One forbidden thing a taken-over role might try. */
static void
try_openat(void)
{
	(void)open("/etc/passwd", O_RDONLY);
}

static void
try_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void
try_fork(void)
{
	(void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void
try_exec(void)
{
	(void)execl("/bin/true", "true", (char *)NULL);
}

static void
try_executable_memory(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
try_ptrace(void)
{
	(void)syscall(SYS_ptrace, 16, getppid(), 0, 0);
}

static void
try_kill(void)
{
	(void)kill(getppid(), 0);
}

static void
try_signal_to_another(void)
{
	(void)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static void
try_unlink(void)
{
	(void)unlink("/nowhere");
}

struct attempt {
	enum wd_sandbox_kind kind;
	void (*run)(void);
};

static int
run_attempt(void *ctx)
{
	const struct attempt *a = ctx;

	if (wd_harden_process(NULL) != 0 ||
	    wd_sandbox_enter(a->kind, NULL) != 0)
		return 1;
	a->run();
	return 0;
}

static void
dies(enum wd_sandbox_kind kind, void (*run)(void))
{
	struct attempt a = { kind, run };

	t_dies(t_child(run_attempt, &a), SIGSYS);
}

static void
lives(enum wd_sandbox_kind kind, void (*run)(void))
{
	struct attempt a = { kind, run };

	t_exits(t_child(run_attempt, &a), 0);
}

static void
no_role_starts_programs_or_looks_into_others(void **state)
{
	(void)state;
	for (int kind = 0; kind < WD_SANDBOX_COUNT; kind++) {
		dies((enum wd_sandbox_kind)kind, try_fork);
		dies((enum wd_sandbox_kind)kind, try_exec);
		dies((enum wd_sandbox_kind)kind, try_executable_memory);
		dies((enum wd_sandbox_kind)kind, try_ptrace);
		dies((enum wd_sandbox_kind)kind, try_kill);
		dies((enum wd_sandbox_kind)kind, try_signal_to_another);
		/* modules of HSMs have files of their own */
		if (kind != WD_SANDBOX_BACKEND)
			dies((enum wd_sandbox_kind)kind, try_unlink);
	}
}

static void
verify_opens_nothing(void **state)
{
	(void)state;
	dies(WD_SANDBOX_VERIFY, try_openat);
	dies(WD_SANDBOX_VERIFY, try_socket);
}

static void
front_and_keeper_open_nothing(void **state)
{
	(void)state;
	dies(WD_SANDBOX_FRONT, try_openat);
	dies(WD_SANDBOX_FRONT, try_socket);
	dies(WD_SANDBOX_KEEPER, try_openat);
	dies(WD_SANDBOX_KEEPER, try_socket);
}

static void
roles_with_files_have_no_network(void **state)
{
	(void)state;
	lives(WD_SANDBOX_SEAL, try_openat);
	lives(WD_SANDBOX_SCRIBE, try_openat);
	dies(WD_SANDBOX_SEAL, try_socket);
	dies(WD_SANDBOX_SCRIBE, try_socket);
	dies(WD_SANDBOX_AGENT, try_socket);
	lives(WD_SANDBOX_LINK, try_socket);
	lives(WD_SANDBOX_BACKEND, try_socket);
	lives(WD_SANDBOX_BACKEND, try_openat);
}

/* What every role does all day: memory, time, frames, the log. */
static int
by_number(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Many levels of a TCB info, many serials of a list. */
static bool
sorts(void)
{
	int many[4096];

	for (int i = 0; i < (int)WD_N(many); i++)
		many[i] = -i;
	qsort(many, WD_N(many), sizeof(many[0]), by_number);
	return many[0] < many[1];
}

static void
ordinary_work(void)
{
	struct wd_chan *a = NULL;
	struct wd_frame f;
	time_t now = time(NULL);
	struct tm tm;
	void *big = wd_free(wd_alloc(64 << 20));

	(void)big; /* NULL */
	if (!sorts() || gmtime_r(&now, &tm) == NULL ||
	    wd_chan_open(5, &a) != 0 ||
	    wd_chan_send(a, 1, 0, 1, WD_SPAN_LIT("x"), -1) != 0 ||
	    wd_chan_drain(a, 1000) != 0 ||
	    wd_chan_wait(a, 10, &f) != WD_F_TIMEOUT)
		_exit(2);
	wd_log(WD_LOG_DEBUG, "silent", NULL);
	wd_chan_closep(&a);
}

static int
work_in_each(void *ctx)
{
	const struct attempt *a = ctx;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 ||
	    dup2(fds[0], 5) != 5)
		return 1;
	return run_attempt((void *)(uintptr_t)a);
}

static void
ordinary_work_goes_on(void **state)
{
	(void)state;
	for (int kind = 0; kind < WD_SANDBOX_COUNT; kind++) {
		struct attempt a = { (enum wd_sandbox_kind)kind,
			ordinary_work };

		t_exits(t_child(work_in_each, &a), 0);
	}
}

static int
map_snapshot(void *ctx)
{
	struct wd_span map;
	int fd;

	(void)ctx;
	if (wd_memfd_sealed("s", WD_SPAN_LIT("snapshot"), &fd, NULL) != 0 ||
	    wd_sandbox_enter(WD_SANDBOX_VERIFY, NULL) != 0 ||
	    wd_memfd_map(fd, 8, &map, NULL) != 0)
		return 1;
	wd_memfd_unmap(map);
	return 0;
}

static void
verify_maps_a_snapshot(void **state)
{
	(void)state;
	t_exits(t_child(map_snapshot, NULL), 0);
}

static void
abort_is_seen_as_abort(void **state)
{
	struct attempt a = { WD_SANDBOX_VERIFY, abort };

	(void)state;
	t_dies(t_child(run_attempt, &a), SIGABRT);
}

static void
unknown_kind_is_a_bug(void **state)
{
	(void)state;
	assert_int_equal(wd_sandbox_enter(WD_SANDBOX_COUNT, NULL), WD_F_BUG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_role_starts_programs_or_looks_into_others),
		cmocka_unit_test(verify_opens_nothing),
		cmocka_unit_test(front_and_keeper_open_nothing),
		cmocka_unit_test(roles_with_files_have_no_network),
		cmocka_unit_test(ordinary_work_goes_on),
		cmocka_unit_test(verify_maps_a_snapshot),
		cmocka_unit_test(abort_is_seen_as_abort),
		cmocka_unit_test(unknown_kind_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
