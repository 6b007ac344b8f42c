/*
 * Credentials of systemd, which only the supervisor can read: the PIN of the
 * seal goes to its process as an open file, as any PIN of it does; those of
 * backends are put where their user alone can read them, in the memory that
 * run_dir lies in, for as long as the server runs.
 */
#include "bin/warderd/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsm/uri.h"
#include "sys/credential.h"
#include "sys/file.h"

enum { CREDENTIAL_MAX = 65536 };

static const char folder_name[] = "credentials";

/* Where systemd lets a user other than root read, the group's bits stand for
 * that one user. */
static int
look_at(int fd, const char *path, struct wd_diag *d)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return wd_reject(d, WD_R_MALFORMED, "%.150s is no file", path);
	if ((st.st_mode & 037) != 0 ||
	    (st.st_uid != geteuid() && st.st_uid != 0))
		return wd_reject(d, WD_R_PERMISSION,
		    "%.150s is another's, or others may use it", path);
	return 0;
}

int
sup_credential_open(struct wd_span value, int *ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	char path[WD_FILE_PATH_MAX];
	int r = wd_credential_path(value, wd_credential_folder(), path, d);

	if (r != 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "%.150s is not there: the unit loads no such credential",
		    path);
	if (fd < 0)
		return wd_fault_errno(d, "%.150s: cannot open", path);
	if ((r = look_at(fd, path, d)) != 0)
		return r;
	*ret = fd;
	fd = -1;
	return 0;
}

bool
sup_credential_is_pin(const struct wd_conf *c)
{
	struct wd_hsm_uri uri;

	return c->pkcs11[0] != '\0' &&
	    wd_hsm_uri_read(wd_span_text(c->pkcs11), &uri, NULL) == 0 &&
	    wd_credential_is(wd_span_text(uri.pin_file));
}

/* ---- for backends */

static int
open_folder(const struct wd_conf *c, bool make, int *ret)
{
	char path[WD_FILE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", c->run_dir, folder_name);
	if (make && mkdir(path, 0711) != 0 && errno != EEXIST)
		return -1;
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret < 0 || (make && fchmod(*ret, 0711) != 0) ? -1 : 0;
}

static int
give_away(
    const struct sup_setup *s, int dir, const char *name, struct wd_diag *d)
{
	const struct passwd *pw =
	    s->separate ? getpwnam(s->conf.user_backend) : NULL;

	if (pw != NULL &&
	    fchownat(dir, name, pw->pw_uid, pw->pw_gid, AT_SYMLINK_NOFOLLOW) !=
		0)
		return wd_fault_errno(
		    d, "cannot give away credential %.70s", name);
	return 0;
}

static int
copy(const struct sup_setup *s, int dir, struct wd_span value, const char *name,
    struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int fd = -1;
	WD_AUTO(wd_secret_freep) struct wd_secret *bytes = NULL;
	int r;

	if ((r = sup_credential_open(value, &fd, d)) != 0 ||
	    (r = wd_fd_read_secret(fd, CREDENTIAL_MAX, &bytes, d)) != 0 ||
	    (r = wd_file_write(
		 dir, name, wd_secret_borrow(bytes), 0400, false, d)) != 0)
		return r;
	return give_away(s, dir, name, d);
}

/* VALUE becomes the path of a copy. */
static int
take(const struct sup_setup *s, char value[WD_BACKEND_VALUE_MAX + 1],
    struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep) int dir = -1;
	char name[WD_BACKEND_VALUE_MAX + 1];
	struct wd_span text = { 0 };
	int r, n;

	if (!wd_credential_name(wd_span_text(value), &text) ||
	    !wd_span_to_text(text, name, sizeof(name)))
		return wd_fault(d, WD_F_BUG, "a name that was checked");
	if (open_folder(&s->conf, true, &dir) != 0)
		return wd_fault_errno(d, "cannot make the folder %s in %.120s",
		    folder_name, s->conf.run_dir);
	if ((r = copy(s, dir, wd_span_text(value), name, d)) != 0)
		return r;
	n = snprintf(value, WD_BACKEND_VALUE_MAX + 1, "%s/%s/%s",
	    s->conf.run_dir, folder_name, name);
	return n <= WD_BACKEND_VALUE_MAX
	    ? 0
	    : wd_reject(d, WD_R_RANGE, "run_dir is too long");
}

int
sup_credentials_take(struct sup_setup *s, struct wd_diag *d)
{
	int r = 0;

	for (size_t i = 0; i < s->conf.n_backends; i++) {
		struct wd_backend_conf *c = &s->conf.backends[i].conf;

		for (size_t k = 0; r == 0 && k < c->n; k++)
			if (c->at[k].key->type == WD_BACKEND_IS_PATH &&
			    wd_credential_is(wd_span_text(c->at[k].value)))
				r = take(s, c->at[k].value, d);
	}
	return r;
}

/* Whatever is there is ours: nobody else may write in run_dir. */
void
sup_credentials_drop(const struct wd_conf *c)
{
	char path[WD_FILE_PATH_MAX];
	int fd = -1;
	DIR *dir;
	const struct dirent *e;

	if (open_folder(c, false, &fd) != 0 || (dir = fdopendir(fd)) == NULL) {
		wd_fd_closep(&fd);
		return;
	}
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(fd, e->d_name, 0);
	(void)closedir(dir);
	(void)snprintf(path, sizeof(path), "%s/%s", c->run_dir, folder_name);
	(void)rmdir(path); /* or it is there, and empty */
}
