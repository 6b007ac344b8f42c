/*
 * Whole files in, whole files out. Must never leave half a file under the name
 * that was asked for.
 */
#include "sys/file.h"

#include "base/reason.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 200, NAME_SIZE = 256 };

void
wd_fd_closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* of files written, fsync was asked before */
	*fd = -1;
}

int
wd_file_folder(const char *path, char ret[WD_FILE_PATH_MAX], struct wd_diag *d)
{
	char *slash;

	static_assert((int)WD_FILE_PATH_MAX >= PATH_MAX, "realpath(3)");
	if (realpath(path, ret) == NULL)
		return wd_fault_errno(d, "%.150s: no such path", path);
	slash = strrchr(ret, '/');
	if (slash != NULL)
		*slash = '\0';
	return 0;
}

static int
open_for_reading(int dir, const char *name, int *ret_fd, struct wd_diag *d)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return wd_reject(d, WD_R_NOT_FOUND, "%.100s: no file", name);
	if (fd < 0)
		return wd_fault_errno(d, "%.100s: cannot open", name);
	*ret_fd = fd;
	return 0;
}

/* A file's size where it has one, so that most are read without waste. */
static size_t
size_hint(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
	    (uint64_t)st.st_size > max)
		return max;
	return (size_t)st.st_size;
}

/* Reads to the end; more than SIZE bytes are too many. */
static int
read_to_end(int fd, uint8_t *p, size_t size, size_t *ret_len, struct wd_diag *d)
{
	size_t len = 0;
	uint8_t extra;

	for (;;) {
		bool full = len == size;
		ssize_t n =
		    full ? read(fd, &extra, 1) : read(fd, p + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wd_fault_errno(d, "cannot read");
		if (n == 0)
			break;
		if (full)
			return wd_reject(d, WD_R_TOO_LARGE,
			    "the file is over %zu bytes", size);
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

int
wd_file_read(int dir, const char *name, size_t max, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	int r = open_for_reading(dir, name, &fd, d);
	size_t size;

	if (r != 0)
		return r;
	size = size_hint(fd, max);
	b = wd_bytes_new(size);
	if (b == NULL)
		return wd_fault(d, WD_F_MEMORY, "%.100s: no memory", name);
	r = read_to_end(fd, b->p, size, &b->len, d);
	if (r != 0)
		return r;
	*ret = WD_TAKE(b);
	return 0;
}

int
wd_fd_read_secret(int fd, size_t max, struct wd_secret **ret, struct wd_diag *d)
{
	size_t size = size_hint(fd, max), len;
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_new(size);
	int r;

	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a file");
	r = read_to_end(fd, wd_secret_bytes(s), size, &len, d);
	if (r != 0)
		return r;
	wd_secret_shorten(s, len);
	*ret = WD_TAKE(s);
	return 0;
}

int
wd_file_read_secret(int dir, const char *name, size_t max,
    struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	int r = open_for_reading(dir, name, &fd, d);

	return r != 0 ? r : wd_fd_read_secret(fd, max, ret, d);
}

int
wd_file_read_shared(
    int fd, size_t max, struct wd_secret **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *s = wd_secret_new(max + 1);
	size_t len = 0;

	if (s == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory for a file");
	while (len <= max) {
		ssize_t n = pread(
		    fd, wd_secret_bytes(s) + len, max + 1 - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wd_fault_errno(d, "cannot read an open file");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > max)
		return wd_reject(
		    d, WD_R_TOO_LARGE, "the file is over %zu bytes", max);
	wd_secret_shorten(s, len);
	*ret = WD_TAKE(s);
	return 0;
}

static int
write_all(int fd, struct wd_span s, struct wd_diag *d)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wd_fault_errno(d, "cannot write");
		s = wd_span(s.p + n, s.len - (size_t)n);
	}
	return 0;
}

/* Fills the temporary file and has it on the disk. */
static int
write_temporary(int dir, const char *temporary, struct wd_span bytes,
    unsigned mode, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	int r;

	(void)unlinkat(dir, temporary, 0); /* what a crash may have left */
	fd = openat(dir, temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return wd_fault_errno(d, "cannot create %.100s", temporary);
	r = write_all(fd, bytes, d);
	if (r != 0)
		return r;
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
		return wd_fault_errno(d, "cannot finish %.100s", temporary);
	return 0;
}

/* Gives the temporary file its name. */
static int
publish(int dir, const char *temporary, const char *name, bool exclusive,
    struct wd_diag *d)
{
	if (!exclusive && renameat(dir, temporary, dir, name) != 0)
		return wd_fault_errno(d, "cannot rename to %.100s", name);
	if (!exclusive)
		return 0;
	if (linkat(dir, temporary, dir, name, 0) != 0) {
		if (errno == EEXIST)
			return wd_reject(
			    d, WD_R_EXISTS, "%.100s is there already", name);
		return wd_fault_errno(d, "cannot create %.100s", name);
	}
	(void)unlinkat(dir, temporary, 0); /* only a second name */
	return 0;
}

static int
sync_folder(int dir, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep)
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return wd_fault_errno(d, "cannot sync the folder");
	return 0;
}

int
wd_file_write(int dir, const char *name, struct wd_span bytes, unsigned mode,
    bool exclusive, struct wd_diag *d)
{
	char temporary[NAME_SIZE];
	struct wd_span s = wd_span_text(name);
	int r;

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '/')
			return wd_fault(d, WD_F_BUG, "a path is no name");
	if (s.len == 0 || s.len > NAME_MAX_LEN)
		return wd_fault(d, WD_F_BUG, "a name of %zu bytes", s.len);
	(void)snprintf(temporary, sizeof(temporary), ".%s.%ld.new", name,
	    (long)getpid()); /* fits: the name is bounded */
	r = write_temporary(dir, temporary, bytes, mode, d);
	if (r == 0)
		r = publish(dir, temporary, name, exclusive, d);
	if (r != 0) {
		(void)unlinkat(dir, temporary, 0); /* it may not be there */
		return r;
	}
	r = sync_folder(dir, d);
	if (r != 0 && exclusive)
		(void)unlinkat(dir, name, 0); /* nobody else's: just made */
	return r;
}

/* ".NAME.PID.new", as wd_file_write() makes them. */
static bool
is_temporary_of(const char *entry, const char *name)
{
	size_t len = strlen(name);
	size_t digits;

	if (entry[0] != '.' || strncmp(entry + 1, name, len) != 0 ||
	    entry[1 + len] != '.')
		return false;
	entry += len + 2;
	digits = strspn(entry, "0123456789");
	return digits > 0 && strcmp(entry + digits, ".new") == 0;
}

void
wd_file_clean(int dir, const char *name)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (entries == NULL) {
		if (fd >= 0)
			(void)close(fd); /* only read from */
		return;
	}
	while ((e = readdir(entries)) != NULL)
		if (is_temporary_of(e->d_name, name))
			(void)unlinkat(dir, e->d_name, 0); /* else it stays */
	(void)closedir(entries);                           /* only read from */
}
