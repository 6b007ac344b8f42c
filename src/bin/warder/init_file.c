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

int
init_file_write(const char *path, struct wd_span bytes, unsigned mode,
    bool replace, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int dir = -1;
	const char *name = strrchr(path, '/') + 1; /* paths are absolute */
	char folder[WD_CONF_PATH + 16];

	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(name - path),
	    path); /* fits */
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return wd_fault_errno(d, "%.150s", folder);
	wd_file_clean(dir, name); /* what a killed init left */
	return wd_file_write(dir, name, bytes, mode, !replace, d);
}
