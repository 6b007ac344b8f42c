/*
 * Sealed memory files: bytes that one process hands to another and that nobody
 * can change any more, so that the receiver may look at them twice.
 */
#include "sys/file.h"

#include "base/reason.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
	NOEXEC_SEAL = 8, /* MFD_NOEXEC_SEAL, since Linux 6.3 */
};

static int
create(const char *name)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, flags);
	return fd;
}

static int
fill(int fd, struct wd_span s, struct wd_diag *d)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wd_fault_errno(d, "cannot fill a memfd");
		s = wd_span(s.p + n, s.len - (size_t)n);
	}
	return 0;
}

int
wd_memfd_sealed(
    const char *name, struct wd_span bytes, int *ret_fd, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = create(name);
	int r;

	if (fd < 0)
		return wd_fault_errno(d, "cannot create a memfd");
	r = fill(fd, bytes, d);
	if (r != 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, SEALS) != 0)
		return wd_fault_errno(d, "cannot seal a memfd");
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int
wd_memfd_map(int fd, size_t size, struct wd_span *ret, struct wd_diag *d)
{
	int seals = fcntl(fd, F_GET_SEALS);
	off_t end;
	void *p;

	if (seals < 0 || (seals & SEALS) != SEALS)
		return wd_reject(d, WD_R_MALFORMED, "the memfd is not sealed");
	/* Not fstat(2): in the C library that is a call that takes a path,
	 * which no sandbox can allow for descriptors alone. */
	end = lseek(fd, 0, SEEK_END);
	if (end < 0 || (uint64_t)end != size || size == 0)
		return wd_reject(d, WD_R_MALFORMED,
		    "the memfd is not of the size announced");
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return wd_fault_errno(d, "cannot map a memfd");
	*ret = wd_span(p, size);
	return 0;
}

void
wd_memfd_unmap(struct wd_span map)
{
	if (map.p != NULL)
		(void)munmap((void *)(uintptr_t)map.p, map.len); /* ours */
}
