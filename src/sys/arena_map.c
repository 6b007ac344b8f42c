/*
 * Kinds of memory, best first. memfd_secret(2) takes the pages out of the
 * kernel's own map, so that not even root reads them through /proc.
 */
#include "sys/arena_map.h"

#include "base/reason.h"
#include "sys/file.h"
#include "sys/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LEAST = 1 << 20 };

/* Address space with a page that faults on either side of SIZE bytes. */
static uint8_t *
reserve(size_t size)
{
	uint8_t *p = mmap(NULL, size + 2 * (size_t)WD_ARENA_PAGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p + WD_ARENA_PAGE;
}

static int
open_secret(size_t size)
{
	int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
		(void)close(fd); /* nothing in it */
		return -1;
	}
	return fd;
}

static bool
map_secret(uint8_t *at, size_t size)
{
	WD_AUTO(wd_fd_closep) int fd = open_secret(size);

	return fd >= 0 &&
	    mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		0) != MAP_FAILED;
}

static bool
map_plain(uint8_t *at, size_t size)
{
	return mmap(at, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) != MAP_FAILED;
}

/* As much of SIZE as may be locked: the soft limit is raised to the hard one,
 * and some is left for what else is locked. */
static size_t
within_limit(size_t size)
{
	struct rlimit l;
	size_t most;

	if (getrlimit(RLIMIT_MEMLOCK, &l) != 0)
		return size;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &l); /* else the soft one holds */
	if (l.rlim_cur == RLIM_INFINITY || l.rlim_cur >= size)
		return size;
	most = (size_t)l.rlim_cur & ~(size_t)(WD_ARENA_PAGE - 1);
	return most < LEAST ? LEAST : most;
}

static void
keep_out_of_children_and_dumps(uint8_t *at, size_t size)
{
	if (madvise(at, size, MADV_DONTFORK) != 0)
		wd_harden_note_missing("MADV_DONTFORK");
	if (madvise(at, size, MADV_DONTDUMP) != 0)
		wd_harden_note_missing("MADV_DONTDUMP");
}

/* The full size may be allowed to the privileged whatever the limit says. */
static bool
map_best(uint8_t *at, size_t *size)
{
	size_t less = within_limit(*size);

	if (map_secret(at, *size))
		return true;
	if (less < *size && map_secret(at, less)) {
		*size = less;
		return true;
	}
	wd_harden_note_missing("memfd_secret");
	if (!map_plain(at, *size))
		return false;
	if (mlock(at, *size) != 0)
		wd_harden_note_missing("mlock of secret memory");
	return true;
}

int
wd_arena_map(size_t size, uint8_t **ret, size_t *ret_size, struct wd_diag *d)
{
	uint8_t *at = reserve(size);

	if (at == NULL || !map_best(at, &size))
		return wd_fault_errno(d, "cannot map secret memory");
	keep_out_of_children_and_dumps(at, size);
	*ret = at;
	*ret_size = size;
	return 0;
}
