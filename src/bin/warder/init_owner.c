/*
 * Whose files `init` makes. As root it takes on the user's effective ids while
 * it makes that user's files, so that they are right from the start and the
 * user is known to get at them.
 */
#include "bin/warder/init.h"

#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
has_users(const struct init *x)
{
	return getuid() == 0 && x->conf.separate_users;
}

static int
find(const char *user, const struct passwd **ret, struct wd_diag *d)
{
	*ret = getpwnam(user);
	if (*ret != NULL)
		return 0;
	return wd_fault(d, WD_F_SYSTEM,
	    "there is no user %s: make the users of the roles with "
	    "systemd-sysusers, or give --one-user",
	    user);
}

int
init_owner_enter(const struct init *x, const char *user, struct wd_diag *d)
{
	const struct passwd *pw;
	int r;

	if (!has_users(x))
		return 0;
	if ((r = find(user, &pw, d)) != 0)
		return r;
	if (setegid(pw->pw_gid) != 0 || seteuid(pw->pw_uid) != 0)
		return wd_fault_errno(d, "cannot work as %s", user);
	return 0;
}

void
init_owner_leave(void)
{
	/* Back to what the process has as its real ids: never refused. */
	if (seteuid(getuid()) != 0 || setegid(getgid()) != 0)
		_exit(1);
}

/* FD is a folder of ours, of UID alone. */
static int
take_over(int fd, const char *name, uid_t uid, gid_t gid, struct wd_diag *d)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return wd_fault_errno(d, "%.100s", name);
	if (st.st_uid != uid && st.st_uid != getuid())
		return wd_reject(d, WD_R_CONFLICT,
		    "%.100s is there already and is somebody else's", name);
	if ((st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) != 0)
		return wd_fault_errno(d, "cannot give %.100s away", name);
	if (fchmod(fd, 0700) != 0)
		return wd_fault_errno(d, "cannot close %.100s to others", name);
	return 0;
}

int
init_owner_folder(const struct init *x, int dir, const char *name,
    const char *user, bool *ret_made, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	uid_t uid = getuid();
	gid_t gid = getgid();
	const struct passwd *pw;
	int r;

	if (has_users(x)) {
		if ((r = find(user, &pw, d)) != 0)
			return r;
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	*ret_made = mkdirat(dir, name, 0700) == 0;
	if (!*ret_made && errno != EEXIST)
		return wd_fault_errno(d, "cannot make %.150s", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return wd_reject(d, WD_R_CONFLICT, "%.150s is no folder", name);
	return take_over(fd, name, uid, gid, d);
}
