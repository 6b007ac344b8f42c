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
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAKING "making"

enum {
	NAME_MAX_LEN = 24,
	SLICE = 1 << 20, /* written and synced in one step */
	AT_ONCE = 1 << 20, /* a segment that somebody waits for */
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
begin(struct wd_spares *s, uint64_t goal, struct wd_diag *d)
{
	s->made = 0;
	s->goal = goal;
	s->making = openat(s->folder, MAKING,
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->making < 0)
		return wd_io_failed(d, "making a journal segment");
	if (s->give && fchown(s->making, s->uid, s->gid) != 0)
		return wd_fault_errno(d, "giving a journal segment away");
	/* Not every file system can; writing zeros does it as well. */
	if (fallocate(s->making, 0, 0, (off_t)goal) != 0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return wd_io_failed(d, "making a journal segment");
	return 0;
}

static int
write_slice(struct wd_spares *s, struct wd_diag *d)
{
	uint64_t end = s->made + SLICE;
	int r;

	if (end > s->goal)
		end = s->goal;
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
finish(struct wd_spares *s, const char *name, struct wd_diag *d)
{
	if (renameat(s->folder, MAKING, s->folder, name) != 0)
		return wd_io_failed(d, "naming a journal segment");
	wd_fd_closep(&s->making);
	return 0;
}

static int
work(struct wd_spares *s, struct wd_diag *d)
{
	char name[NAME_MAX_LEN];
	int r = s->making < 0 ? begin(s, s->segment, d) : 0;

	if (r == 0)
		r = write_slice(s, d);
	if (r != 0 || s->made < s->goal)
		return r;
	spare_name(s->have, name);
	r = finish(s, name, d);
	s->have += r == 0;
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
	r = work(s, d);
	if (r != 0)
		wd_spares_done(s); /* the next attempt starts afresh */
	return r;
}

/* Smaller than usual, but never too small for what has to go in. */
static int
make_at_once(
    struct wd_spares *s, const char *name, uint64_t need, struct wd_diag *d)
{
	uint64_t goal = (need + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
	int r;

	wd_spares_done(s);
	r = begin(s, goal < s->segment ? goal : s->segment, d);
	while (r == 0 && s->made < s->goal)
		r = write_slice(s, d);
	if (r == 0)
		r = finish(s, name, d);
	if (r != 0)
		wd_spares_done(s);
	return r;
}

/* Opens NAME; WD_R_RANGE when it has less than NEED bytes. */
static int
open_taken(const struct wd_spares *s, const char *name, uint64_t need,
    int *ret_fd, uint64_t *ret_room, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep)
	int fd = openat(s->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return wd_fault_errno(d, "opening a journal segment");
	if ((uint64_t)st.st_size < need)
		return WD_R_RANGE;
	*ret_fd = fd;
	*ret_room = (uint64_t)st.st_size;
	fd = -1;
	return 0;
}

int
wd_spares_take(struct wd_spares *s, const char *name, uint64_t need,
    int *ret_fd, uint64_t *ret_room, struct wd_diag *d)
{
	char spare[NAME_MAX_LEN];
	int r;

	/* One that somebody cut is of no use; the next takes its place. */
	while (s->have > 0) {
		spare_name(--s->have, spare);
		if (renameat(s->folder, spare, s->folder, name) != 0)
			return wd_io_failed(d, "taking a journal segment");
		r = open_taken(s, name, need, ret_fd, ret_room, d);
		if (r != WD_R_RANGE)
			return r;
	}
	if ((r = make_at_once(s, name, need, d)) != 0)
		return r;
	r = open_taken(s, name, need, ret_fd, ret_room, d);
	return r <= 0 ? r : wd_fault(d, WD_F_STORE, "a segment was cut");
}
