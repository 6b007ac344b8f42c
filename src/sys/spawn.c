/*
 * Starting programs. Between fork and exec the child is one thread of a
 * process that has no others, so it may call what it likes; what fails there
 * is told to the parent through a pipe that closes when the program runs.
 */
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/harden.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4U
#endif

/* ---- where programs lie */

/* Our own file's folder, and its name in there. */
static bool
own_file(char ret[WD_SPAWN_PATH], const char **ret_name)
{
	ssize_t n = readlink("/proc/self/exe", ret, WD_SPAWN_PATH - 1);
	char *slash;

	if (n <= 0 || n >= WD_SPAWN_PATH - 1)
		return false;
	ret[n] = '\0';
	slash = strrchr(ret, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	*ret_name = slash + 1;
	return true;
}

static bool
is_there(const char *folder, const char *program, char ret[WD_SPAWN_PATH])
{
	int n = snprintf(ret, WD_SPAWN_PATH, "%s/%s", folder, program);

	return n > 0 && n < WD_SPAWN_PATH && access(ret, X_OK) == 0;
}

int
wd_spawn_find(const char *program, const char *installed,
    char ret[WD_SPAWN_PATH], struct wd_diag *d)
{
	char folder[WD_SPAWN_PATH];
	const char *name = "this program";

	if ((own_file(folder, &name) && is_there(folder, program, ret)) ||
	    is_there(installed, program, ret))
		return 0;
	return wd_reject(d, WD_R_NOT_FOUND,
	    "%.32s is neither beside %.32s nor in %.120s", program, name,
	    installed);
}

/* ---- in the child */

/* Descriptors 0 to 3 are as they must be, all others go with exec. */
static int
set_descriptors(int control, struct wd_diag *d)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return wd_fault_errno(d, "cannot open /dev/null");
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return wd_fault_errno(d, "cannot set descriptors");
	/* A copy onto itself would keep close-on-exec. */
	if (control == WD_SPAWN_CONTROL ? fcntl(control, F_SETFD, 0) != 0
					: dup2(control, WD_SPAWN_CONTROL) < 0)
		return wd_fault_errno(d, "cannot set descriptors");
	/* What this program opens goes anyway; this is for what it was born
	 * with. Kernels before 5.11 do not know it. */
	(void)close_range(WD_SPAWN_CONTROL + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	return 0;
}

static int
set_limit(int what, rlim_t most, struct wd_diag *d)
{
	struct rlimit l;

	if (getrlimit((__rlimit_resource_t)what, &l) != 0)
		return wd_fault_errno(d, "cannot read a limit");
	/* Only the privileged may go over the hard limit; others get as far
	 * as they can. */
	if (most > l.rlim_max && geteuid() != 0)
		most = l.rlim_max;
	l.rlim_cur = most;
	if (l.rlim_max < most || most == 0)
		l.rlim_max = most;
	if (setrlimit((__rlimit_resource_t)what, &l) != 0 && errno != EPERM)
		return wd_fault_errno(d, "cannot set a limit");
	return 0;
}

static int
set_limits(const struct wd_spawn *how, struct wd_diag *d)
{
	int r = 0;

	if (how->max_files > 0)
		r = set_limit(RLIMIT_NOFILE, how->max_files, d);
	if (r == 0 && how->max_locked > 0)
		r = set_limit(RLIMIT_MEMLOCK, how->max_locked, d);
	return r;
}

static int
set_signals(struct wd_diag *d)
{
	sigset_t none;

	(void)sigemptyset(&none); /* cannot fail on a real set */
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		return wd_fault_errno(d, "cannot set signals");
	return 0;
}

/* After the change of user, which would undo it. */
static int
end_with(pid_t parent, struct wd_diag *d)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return wd_fault_errno(d, "cannot tie to the supervisor");
	if (getppid() != parent)
		_exit(1); /* it has ended in the meantime */
	return 0;
}

static int
become_program(const struct wd_spawn *how, pid_t parent, struct wd_diag *d)
{
	const char *slash = strrchr(how->program, '/');
	char *argv[] = { (char *)(uintptr_t)(slash == NULL ? how->program
							   : slash + 1),
		NULL };
	char *envp[] = { NULL };
	int r;

	(void)setsid(); /* a fresh child is never a leader already */
	if ((r = set_descriptors(how->control, d)) != 0 ||
	    (r = set_limits(how, d)) != 0 ||
	    (how->cpu >= 0 &&
		(r = wd_harden_pin((unsigned)how->cpu, d)) != 0) ||
	    (how->user != NULL && (r = wd_harden_become(how->user, d)) != 0) ||
	    (r = set_limit(RLIMIT_NPROC, 0, d)) != 0 ||
	    (r = end_with(parent, d)) != 0 || (r = set_signals(d)) != 0)
		return r;
	(void)execve(how->program, argv, envp);
	return wd_fault_errno(d, "cannot run it");
}

/* ---- in the parent */

/* What the child said before it ended; nothing: the program runs. */
static int
listen_to(int fd, struct wd_diag *ret)
{
	ssize_t n;

	do
		n = read(fd, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n != sizeof(*ret) || ret->result == 0)
		ret->result = WD_F_SYSTEM;
	ret->detail[sizeof(ret->detail) - 1] = '\0';
	return ret->result;
}

static int
open_pipe(int fds[2], struct wd_diag *d)
{
	int high;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return wd_fault_errno(d, "cannot open a pipe");
	/* Out of the way of the numbers the child gives out. */
	high = fcntl(fds[1], F_DUPFD_CLOEXEC, WD_SPAWN_CONTROL + 1);
	wd_fd_closep(&fds[1]);
	fds[1] = high;
	return high >= 0 ? 0 : wd_fault_errno(d, "cannot open a pipe");
}

static _Noreturn void
run_child(const struct wd_spawn *how, pid_t parent, int fd)
{
	struct wd_diag why = { 0 };

	if (become_program(how, parent, &why) != 0)
		(void)!write(fd, &why, sizeof(why)); /* nobody else to tell */
	_exit(127);
}

int
wd_spawn(const struct wd_spawn *how, pid_t *ret_pid, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int in = -1;
	struct wd_diag why = { 0 };
	pid_t parent = getpid(), pid;
	int fds[2], r = open_pipe(fds, d);

	in = fds[0];
	if (r != 0)
		return r;
	pid = fork();
	if (pid == 0)
		run_child(how, parent, fds[1]);
	wd_fd_closep(&fds[1]);
	if (pid < 0)
		return wd_fault_errno(d, "cannot start a process");
	if (listen_to(in, &why) == 0) {
		*ret_pid = pid;
		return 0;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return wd_fault(d, WD_F_SYSTEM, "%.60s: %s", how->program, why.detail);
}
