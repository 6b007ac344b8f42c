/*
 * The pool of prepared segments. A file is named a spare only when all of it is
 * on disk; what is under way has another name and is thrown away after a crash.
 */
#include "audit/spares.h"

#include "audit/io.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAKING "making"

enum {
	NAME_MAX_LEN = 24,
	SLICE = 1 << 20, /* written and synced at once */
};

static const uint8_t zeros[64 << 10];

static void
spare_name(unsigned n, char ret[NAME_MAX_LEN])
{
	(void)snprintf(ret, NAME_MAX_LEN, "spare-%u", n);
}

void
wd_spares_open(struct wd_spares *s)
{
	char name[NAME_MAX_LEN];

	s->making = -1;
	s->made = 0;
	/* It is not there after a clean end. */
	(void)unlinkat(s->folder, MAKING, 0);
	for (s->have = 0; s->have < s->want; s->have++) {
		spare_name(s->have, name);
		if (faccessat(s->folder, name, F_OK, 0) != 0)
			break;
	}
}

void
wd_spares_done(struct wd_spares *s)
{
	if (s->making >= 0)
		(void)unlinkat(s->folder, MAKING, 0);
	wd_fd_closep(&s->making);
	s->making = -1;
	s->made = 0;
}

bool
wd_spares_missing(const struct wd_spares *s)
{
	return s->have < s->want;
}

/* Whether the disk has room for all that are missing: the reserve is whole or
 * it is said that it is not. */
static int
check_room(const struct wd_spares *s, struct wd_diag *d)
{
	struct statvfs fs;

	if (fstatvfs(s->folder, &fs) != 0)
		return wd_fault_errno(d, "asking for the room on the disk");
	if ((uint64_t)fs.f_bavail * fs.f_frsize <
	    (s->want - s->have) * s->segment)
		return wd_reject(d, WD_R_AUDIT_UNAVAILABLE,
		    "the disk has no room for the log's reserve");
	return 0;
}

static int
begin(struct wd_spares *s, struct wd_diag *d)
{
	s->made = 0;
	s->making = openat(s->folder, MAKING,
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->making < 0)
		return wd_io_failed(d, "making a journal segment");
	if (s->give && fchown(s->making, s->uid, s->gid) != 0)
		return wd_fault_errno(d, "giving a journal segment away");
	/* Not every file system can; writing zeros does it as well. */
	if (fallocate(s->making, 0, 0, (off_t)s->segment) != 0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return wd_io_failed(d, "making a journal segment");
	return 0;
}

static int
write_slice(struct wd_spares *s, struct wd_diag *d)
{
	uint64_t end = s->made + SLICE;
	int r;

	if (end > s->segment)
		end = s->segment;
	while (s->made < end) {
		size_t n = sizeof(zeros);

		if (n > end - s->made)
			n = (size_t)(end - s->made);
		r = wd_io_write_at(s->making, wd_span(zeros, n), s->made, d);
		if (r != 0)
			return r;
		s->made += n;
	}
	if (fdatasync(s->making) != 0)
		return wd_io_failed(d, "making a journal segment");
	return 0;
}

static int
finish(struct wd_spares *s, struct wd_diag *d)
{
	char name[NAME_MAX_LEN];

	spare_name(s->have, name);
	if (renameat(s->folder, MAKING, s->folder, name) != 0)
		return wd_io_failed(d, "naming a journal segment");
	s->have++;
	wd_fd_closep(&s->making);
	s->making = -1;
	return 0;
}

static int
work(struct wd_spares *s, struct wd_diag *d)
{
	int r = s->making < 0 ? begin(s, d) : 0;

	if (r == 0)
		r = write_slice(s, d);
	if (r == 0 && s->made == s->segment)
		r = finish(s, d);
	if (r != 0)
		wd_spares_done(s);
	return r;
}

int
wd_spares_work(struct wd_spares *s, struct wd_diag *d)
{
	int r;

	if (!wd_spares_missing(s))
		return 0;
	if (s->making < 0 && (r = check_room(s, d)) != 0)
		return r;
	return work(s, d);
}

int
wd_spares_take(struct wd_spares *s, const char *name, int *ret_fd,
    struct wd_diag *d)
{
	char spare[NAME_MAX_LEN];
	int fd, r;

	while (s->have == 0)
		if ((r = work(s, d)) != 0)
			return r;
	spare_name(s->have - 1, spare);
	if (renameat(s->folder, spare, s->folder, name) != 0)
		return wd_io_failed(d, "taking a journal segment");
	s->have--;
	fd = openat(s->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return wd_fault_errno(d, "opening a journal segment");
	*ret_fd = fd;
	return 0;
}
