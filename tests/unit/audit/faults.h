/*
 * Calls that change something on the disk, taken over by the linker (--wrap):
 * one of them fails, or is the last one of the process.
 */
#pragma once

#include "fixture.h"

#include <sys/statvfs.h>

enum what { NOTHING, FAIL, EXIT_BEFORE, EXIT_IN_THE_MIDDLE };

static struct {
	enum what what;
	int error;
	unsigned left; /* calls until it happens */
	bool fired;
	bool disk_is_full; /* as fstatvfs() tells it */
} plan;

static void
plan_for(enum what what, int error, unsigned at)
{
	plan.what = what;
	plan.error = error;
	plan.left = at;
	plan.fired = false;
}

/* One call that changes something; true: it is to fail. */
static bool
strikes(void)
{
	if (plan.what == NOTHING || plan.left == 0 || --plan.left > 0)
		return false;
	plan.fired = true;
	if (plan.what == EXIT_BEFORE)
		_exit(0);
	errno = plan.error;
	return true;
}

ssize_t __real_pwrite64(int fd, const void *p, size_t len, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *p, size_t len, off_t at);
ssize_t
__wrap_pwrite64(int fd, const void *p, size_t len, off_t at)
{
	if (!strikes())
		return __real_pwrite64(fd, p, len, at);
	if (plan.what == EXIT_IN_THE_MIDDLE) {
		(void)__real_pwrite64(fd, p, len / 2, at);
		_exit(0);
	}
	return -1;
}

#define WRAP(name, parameters, arguments)               \
	int __real_##name parameters;                   \
	int __wrap_##name parameters;                   \
	int __wrap_##name parameters                    \
	{                                               \
		if (!strikes())                         \
			return __real_##name arguments; \
		if (plan.what == EXIT_IN_THE_MIDDLE)    \
			_exit(0);                       \
		return -1;                              \
	}
WRAP(fdatasync, (int fd), (fd))
WRAP(fsync, (int fd), (fd))
WRAP(ftruncate64, (int fd, off_t len), (fd, len))
WRAP(fallocate64, (int fd, int mode, off_t at, off_t len), (fd, mode, at, len))
WRAP(mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode))
WRAP(renameat, (int a, const char *from, int b, const char *to),
    (a, from, b, to))

int __real_fstatvfs64(int fd, struct statvfs *fs);
int __wrap_fstatvfs64(int fd, struct statvfs *fs);
int
__wrap_fstatvfs64(int fd, struct statvfs *fs)
{
	int r = __real_fstatvfs64(fd, fs);

	if (plan.disk_is_full)
		fs->f_bavail = 1;
	return r;
}

/* The folder as it was made. */
static inline void
faults_clear(struct log *l)
{
	(void)nftw(l->path, log_remove, 8, FTW_DEPTH | FTW_PHYS);
	(void)close(l->fd);
	assert_int_equal(mkdir(l->path, 0700), 0);
	l->fd = open(l->path, O_RDONLY | O_DIRECTORY);
	assert_true(l->fd >= 0);
}
