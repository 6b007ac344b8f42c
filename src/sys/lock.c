/*
 * The lock of a state folder, by flock(2): it goes with its holder, however
 * that ends, so that no stale lock has to be explained to anyone.
 */
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "sys/file.h"

int
wd_lock_take(int dir, int *ret_fd, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep)
	int fd = openat(dir, WD_LOCK_NAME,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

	if (fd < 0)
		return wd_fault_errno(d, "cannot open " WD_LOCK_NAME);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return wd_fault_errno(d, "cannot lock " WD_LOCK_NAME);
		return wd_reject(d, WD_R_IN_USE,
		    "another process holds the lock of the state folder "
		    "(a warderd that runs?)");
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}
