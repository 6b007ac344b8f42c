/*
 * Positioned input and output.
 */
#include "audit/io.h"

#include <errno.h>
#include <unistd.h>

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
