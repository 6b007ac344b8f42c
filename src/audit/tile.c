/*
 * Tiles as files. Folders are made on the way to a file; nothing outside
 * "tile/" of the log folder is ever named.
 */
#include "audit/tile.h"

#include "audit/io.h"
#include "base/rd.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HASH = 32, GROUP = 1000, GROUPS_MAX = 7 };

/* 1234067 is x001/x234/067. */
static void
write_number(struct wd_wr *wr, uint64_t n)
{
	unsigned group[GROUPS_MAX];
	size_t count = 0;

	do {
		group[count++] = (unsigned)(n % GROUP);
		n /= GROUP;
	} while (n > 0 && count < GROUPS_MAX);
	while (count > 0) {
		count--;
		wd_wr_printf(wr, "/%s%03u", count > 0 ? "x" : "", group[count]);
	}
}

static void
write_path(struct wd_wr *wr, const struct wd_tile *t)
{
	if (t->level == WD_TILE_ENTRIES)
		wd_wr_text(wr, "tile/entries");
	else
		wd_wr_printf(wr, "tile/%u", t->level);
	write_number(wr, t->n);
	if (t->width < WD_TILE_WIDTH)
		wd_wr_printf(wr, ".p/%u", t->width);
}

void
wd_tile_path(const struct wd_tile *t, char ret[WD_TILE_PATH])
{
	struct wd_wr wr = wd_wr_fixed(ret, WD_TILE_PATH - 1);

	write_path(&wr, t); /* fits: every part is bounded */
	ret[wr.len] = '\0';
}

/* ---- reading */

static int
read_one(
    int dir, const struct wd_tile *t, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	bool bundle = t->level == WD_TILE_ENTRIES;
	char path[WD_TILE_PATH];
	size_t max = bundle ? WD_BUNDLE_MAX : WD_TILE_WIDTH * HASH;
	int r;

	wd_tile_path(t, path);
	r = wd_file_read(dir, path, max, &b, d);
	if (r == WD_R_TOO_LARGE ||
	    (r == 0 && !bundle && b->len != t->width * HASH))
		return WD_R_TAMPERED;
	if (r == 0)
		*ret = WD_TAKE(b);
	return r;
}

int
wd_tile_read(
    int dir, const struct wd_tile *t, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_tile full = *t;
	struct wd_diag why = { 0 };
	char path[WD_TILE_PATH];
	int r = read_one(dir, t, &b, &why);

	full.width = WD_TILE_WIDTH;
	if (r == WD_R_NOT_FOUND && t->width < WD_TILE_WIDTH) {
		wd_diag_clear(&why);
		r = read_one(dir, &full, &b, &why);
	}
	wd_tile_path(t, path);
	if (r == WD_R_NOT_FOUND)
		return wd_reject(d, WD_R_NOT_FOUND, "%s is missing", path);
	if (r > 0)
		return wd_reject(
		    d, WD_R_TAMPERED, "%s has a wrong length", path);
	if (r < 0)
		return wd_fault(d, WD_F_SYSTEM, "%s", why.detail);
	*ret = WD_TAKE(b);
	return 0;
}

/* ---- writing */

static int
make_folder(int dir, const char *path, struct wd_diag *d)
{
	if (mkdirat(dir, path, 0700) == 0 || errno == EEXIST)
		return 0;
	return wd_io_failed(d, "making a folder for tiles");
}

/* Opens the folder that the file PATH lies in, and makes what is missing. The
 * name of the file is where the folder's ends. */
static int
open_folder(int dir, const char *path, int *ret_fd, const char **ret_name,
    struct wd_diag *d)
{
	char part[WD_TILE_PATH];
	int fd, r;

	*ret_name = path;
	for (size_t i = 0; path[i] != '\0'; i++) {
		if (path[i] == '/') {
			part[i] = '\0';
			if ((r = make_folder(dir, part, d)) != 0)
				return r;
			*ret_name = path + i + 1;
		}
		part[i] = path[i];
	}
	part[*ret_name - path - 1] = '\0';
	fd = openat(dir, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return wd_fault_errno(d, "opening a folder of tiles");
	*ret_fd = fd;
	return 0;
}

static bool
is_there_already(int dir, const struct wd_tile *t, struct wd_span bytes)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *b = NULL;
	struct wd_diag d = { 0 };

	return read_one(dir, t, &b, &d) == 0 &&
	    wd_span_equal(wd_bytes_span(b), bytes);
}

int
wd_tile_write(
    int dir, const struct wd_tile *t, struct wd_span bytes, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int folder = -1;
	char path[WD_TILE_PATH];
	const char *name;
	int r;

	/* After a crash full ones are made again; most are there. */
	if (t->width == WD_TILE_WIDTH && is_there_already(dir, t, bytes))
		return 0;
	wd_tile_path(t, path);
	if ((r = open_folder(dir, path, &folder, &name, d)) != 0)
		return r;
	return wd_io_replace(folder, name, bytes, t->width == WD_TILE_WIDTH, d);
}

static void
closedirp(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir); /* nothing was written through it */
}

static void
remove_folder(int dir, const char *path)
{
	int fd =
	    openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	WD_AUTO(closedirp) DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (list == NULL) {
		wd_fd_closep(&fd);
		return;
	}
	while ((entry = readdir(list)) != NULL)
		/* "." and ".." are no files and stay. */
		(void)unlinkat(fd, entry->d_name, 0);
	(void)unlinkat(dir, path, AT_REMOVEDIR); /* it only saves room */
}

void
wd_tile_remove(int dir, const struct wd_tile *t)
{
	struct wd_tile partial = *t;
	char path[WD_TILE_PATH];

	if (t->width < WD_TILE_WIDTH) {
		wd_tile_path(t, path);
		(void)unlinkat(dir, path, 0); /* it only saves room */
		return;
	}
	partial.width = 1;
	wd_tile_path(&partial, path);
	*strrchr(path, '/') = '\0';
	remove_folder(dir, path);
}

/* ---- bundles */

void
wd_entries_add(struct wd_wr *wr, struct wd_span entry)
{
	wd_wr_be16(wr, (uint16_t)entry.len);
	wd_wr_bytes(wr, entry);
}

int
wd_entries_get(struct wd_span bundle, unsigned i, struct wd_span *ret)
{
	struct wd_rd rd = wd_rd(bundle);
	struct wd_span entry = { 0 };

	for (unsigned n = 0; n <= i; n++)
		entry = wd_rd_bytes(&rd, wd_rd_be16(&rd));
	if (wd_rd_ok(&rd) != 0)
		return WD_R_TAMPERED;
	*ret = entry;
	return 0;
}
