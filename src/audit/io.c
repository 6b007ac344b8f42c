/*
 * Positioned input and output.
 */
#include "audit/io.h"

#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { NAME_SIZE = 80 };

int
wd_io_failed(struct wd_diag *d, const char *what)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return wd_reject(d, WD_R_AUDIT_UNAVAILABLE,
		    "%s: there is no room on the disk", what);
	return wd_fault_errno(d, "%s", what);
}

int
wd_io_read_at(int fd, void *dst, size_t len, uint64_t at, size_t *ret_got,
    struct wd_diag *d)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(
		    fd, (uint8_t *)dst + got, len - got, (off_t)(at + got));

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wd_fault_errno(d, "reading the log");
		got += (size_t)n;
	}
	*ret_got = got;
	return 0;
}

int
wd_io_write_at(int fd, struct wd_span bytes, uint64_t at, struct wd_diag *d)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t n = pwrite(
		    fd, bytes.p + done, bytes.len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wd_io_failed(d, "writing the log");
		done += (size_t)n;
	}
	return 0;
}

int
wd_io_replace(int dir, const char *name, struct wd_span bytes, bool synced,
    struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	char fresh[NAME_SIZE];
	int r;

	(void)snprintf(fresh, sizeof(fresh), ".%.60s.new", name);
	fd = openat(dir, fresh,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return wd_io_failed(d, "making a file of the log");
	r = wd_io_write_at(fd, bytes, 0, d);
	if (r == 0 && synced && fsync(fd) != 0)
		r = wd_io_failed(d, "syncing a file of the log");
	if (r == 0 && renameat(dir, fresh, dir, name) != 0)
		r = wd_io_failed(d, "naming a file of the log");
	if (r != 0)
		(void)unlinkat(dir, fresh, 0); /* of no use */
	return r;
}
