/*
 * Starting a role's program: nothing is handed down but standard error and one
 * socket, and what the program may use is set before it runs.
 */
#pragma once

#include <sys/types.h>

#include "base/diag.h"

enum { WD_SPAWN_CONTROL = 3 };

enum { WD_SPAWN_PATH = 4096 };

/*
 * Where PROGRAM lies: beside the file of this process, so that a build folder
 * works as it is, else in the folder INSTALLED. WD_R_NOT_FOUND.
 */
int wd_spawn_find(const char *program, const char *installed,
    char ret[WD_SPAWN_PATH], struct wd_diag *d) WD_MUST_USE;

struct wd_spawn {
	const char *program; /* path */
	int control;         /* becomes WD_SPAWN_CONTROL; stays the caller's */
	const char *user;    /* NULL: stays who the caller is */
	int cpu;             /* to run on alone; -1: any */
	unsigned max_files;  /* open at a time; 0: as the caller */
	size_t max_locked; /* bytes that cannot be swapped; 0: as the caller */
};

/*
 * Starts the program with an empty environment, no arguments, a session of its
 * own, no signal blocked, standard input and output on /dev/null and no way to
 * start processes. The kernel ends it when the caller ends. Returns once the
 * program runs; a fault says why it does not. The caller reaps *RET_PID.
 */
int wd_spawn(const struct wd_spawn *how, pid_t *ret_pid, struct wd_diag *d)
    WD_MUST_USE;
