/*
 * Runs one function in a forked child, for what cannot be taken back: limits,
 * sandboxes, signals that end a process.
 */
#pragma once

#include "lib/t.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* The wait status. The function's result is the exit status. */
static inline int
t_child(int (*run)(void *), void *ctx)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* cmocka catches these and would go on with its tests. */
		static const int caught[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS,
			SIGSYS };

		for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
			(void)signal(caught[i], SIG_DFL);
		_exit(run(ctx));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The child ended by itself with this status. */
#define t_exits(status, code)                                  \
	do {                                                   \
		int t_status = (status);                       \
		assert_true(WIFEXITED(t_status));              \
		assert_int_equal(WEXITSTATUS(t_status), code); \
	} while (0)

/* The child was ended by this signal. */
#define t_dies(status, signal)                                \
	do {                                                  \
		int t_status = (status);                      \
		assert_true(WIFSIGNALED(t_status));           \
		assert_int_equal(WTERMSIG(t_status), signal); \
	} while (0)
