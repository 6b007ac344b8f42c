/*
 * Hardening, each in a child of its own.
 */
#include "lib/t_child.h"

#include "base/reason.h"
#include "sys/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>

extern char **environ;

#define EXPECT(condition)                \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)

static int
harden_and_look(void *ctx)
{
	struct rlimit core;
	struct sigaction pipe_action;
	sigset_t blocked;

	(void)ctx;
	(void)sigfillset(&blocked);
	EXPECT(sigprocmask(SIG_SETMASK, &blocked, NULL) == 0);
	EXPECT(setenv("OPENSSL_CONF", "/tmp/evil", 1) == 0);
	EXPECT(wd_harden_process(NULL) == 0);
	EXPECT(environ == NULL || environ[0] == NULL);
	EXPECT(umask(0) == 077);
	EXPECT(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	EXPECT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	EXPECT(sigaction(SIGPIPE, NULL, &pipe_action) == 0);
	EXPECT(pipe_action.sa_handler == SIG_IGN);
	EXPECT(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0);
	EXPECT(sigismember(&blocked, SIGTERM) == 0);
	return 0;
}

static void
process_is_hardened(void **state)
{
	(void)state;
	t_exits(t_child(harden_and_look, NULL), 0);
}

static int
supervisor_and_look(void *ctx)
{
	(void)ctx;
	EXPECT(setenv("NOTIFY_SOCKET", "@x", 1) == 0);
	EXPECT(wd_harden_supervisor(NULL) == 0);
	EXPECT(environ != NULL && environ[0] != NULL);
	EXPECT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	return 0;
}

static void
supervisor_keeps_its_environment(void **state)
{
	(void)state;
	t_exits(t_child(supervisor_and_look, NULL), 0);
}

/* A stranger that tries to attach: the hardened process is its parent, of
 * another user only by privilege, so that it gives its privilege up first. */
static int
attach_to_parent(void *ctx)
{
	pid_t target = *(pid_t *)ctx;

	EXPECT(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0));
	EXPECT(ptrace(PTRACE_ATTACH, target, NULL, NULL) == -1);
	EXPECT(errno == EPERM);
	return 0;
}

static int
hardened_target(void *ctx)
{
	pid_t self = getpid();
	int status = 0;
	pid_t pid;

	(void)ctx;
	EXPECT(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0));
	EXPECT(wd_harden_process(NULL) == 0);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0)
		_exit(attach_to_parent(&self));
	EXPECT(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void
debugger_of_the_same_user_cannot_attach(void **state)
{
	(void)state;
	t_exits(t_child(hardened_target, NULL), 0);
}

static int
batch_and_look(void *ctx)
{
	(void)ctx;
	wd_harden_batch();
	EXPECT(sched_getscheduler(0) == SCHED_BATCH);
	return 0;
}

static void
batch_scheduling_is_taken(void **state)
{
	(void)state;
	t_exits(t_child(batch_and_look, NULL), 0);
}

static int
pin_and_look(void *ctx)
{
	unsigned cpus = wd_harden_cpus();
	unsigned last = wd_harden_cpu(cpus - 1);

	(void)ctx;
	EXPECT(cpus >= 1);
	EXPECT(wd_harden_pin(last, NULL) == 0);
	EXPECT(wd_harden_cpus() == 1);
	EXPECT(wd_harden_cpu(0) == last);
	EXPECT(wd_harden_cpu(1) == 0);
	return 0;
}

static void
pinned_process_has_one_cpu(void **state)
{
	(void)state;
	t_exits(t_child(pin_and_look, NULL), 0);
}

static void
pinning_to_no_cpu_is_a_fault(void **state)
{
	(void)state;
	assert_int_equal(wd_harden_pin(1000000, NULL), WD_F_SYSTEM);
	assert_int_equal(wd_harden_pin(CPU_SETSIZE - 1, NULL), WD_F_SYSTEM);
}

static int
become_and_look(void *ctx)
{
	(void)ctx;
	EXPECT(wd_harden_become("nobody", NULL) == 0);
	EXPECT(getuid() != 0 && geteuid() != 0 && getegid() != 0);
	EXPECT(getgroups(0, NULL) == 0);
	EXPECT(setuid(0) == -1);
	return 0;
}

static void
other_user_is_for_good(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	t_exits(t_child(become_and_look, NULL), 0);
}

static void
unknown_user_is_a_fault(void **state)
{
	(void)state;
	assert_int_equal(
	    wd_harden_become("no-such-user-here", NULL), WD_F_SYSTEM);
}

static int
note_and_look(void *ctx)
{
	static char longest[1100];

	(void)ctx;
	EXPECT(wd_harden_missing()[0] == '\0');
	wd_harden_note_missing("seccomp");
	wd_harden_note_missing("memfd_secret");
	wd_harden_note_missing("seccomp");
	EXPECT(strcmp(wd_harden_missing(), "seccomp; memfd_secret") == 0);
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = 'x';
	wd_harden_note_missing(longest);
	EXPECT(strcmp(wd_harden_missing(), "seccomp; memfd_secret") == 0);
	return 0;
}

static void
missing_features_are_listed_once(void **state)
{
	(void)state;
	t_exits(t_child(note_and_look, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_is_hardened),
		cmocka_unit_test(supervisor_keeps_its_environment),
		cmocka_unit_test(debugger_of_the_same_user_cannot_attach),
		cmocka_unit_test(batch_scheduling_is_taken),
		cmocka_unit_test(pinned_process_has_one_cpu),
		cmocka_unit_test(pinning_to_no_cpu_is_a_fault),
		cmocka_unit_test(other_user_is_for_good),
		cmocka_unit_test(unknown_user_is_a_fault),
		cmocka_unit_test(missing_features_are_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
