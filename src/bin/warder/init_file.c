/*
 * Files of `init` outside the state folder, by absolute path.
 */
#include "bin/warder/init.h"

#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
init_file_is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* The folder of PATH, open, and its name in there; -1: there is none. */
static int
open_folder(const char *path, const char **ret_name)
{
	const char *name = strrchr(path, '/') + 1; /* paths are absolute */
	char folder[WD_CONF_PATH + 16];

	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(name - path),
	    path); /* fits */
	*ret_name = name;
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void
init_file_clean(const char *path)
{
	const char *name;
	WD_AUTO(wd_fd_closep) int dir = open_folder(path, &name);

	if (dir >= 0)
		wd_file_clean(dir, name);
}

int
init_file_write(const char *path, struct wd_span bytes, unsigned mode,
    bool replace, struct wd_diag *d)
{
	const char *name;
	WD_AUTO(wd_fd_closep) int dir = open_folder(path, &name);

	if (dir < 0)
		return wd_fault_errno(d, "%.150s", path);
	return wd_file_write(dir, name, bytes, mode, !replace, d);
}
