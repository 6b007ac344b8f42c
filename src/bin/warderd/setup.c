/*
 * Opening what a configuration names. Everything that would make a role fail
 * later is looked at here, so that an operator reads it as a sentence and a
 * bad reload changes nothing.
 */
#include "bin/warderd/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsm/uri.h"
#include "sys/credential.h"
#include "sys/file.h"
#include "sys/harden.h"

/* ---- users */

static const char *
user_of(const struct wd_conf *c, const struct sup_role *role)
{
	return (const char *)c + role->user;
}

static int
check_users(const struct wd_conf *c, struct wd_diag *d)
{
	size_t n;
	const struct sup_role *roles = sup_roles(&n);

	for (size_t i = 0; i < n; i++)
		if (sup_role_is_wanted(&roles[i], c) &&
		    getpwnam(user_of(c, &roles[i])) == NULL)
			return wd_reject(d, WD_R_NOT_FOUND,
			    "there is no user %s to run %s as (sysusers.d "
			    "makes it; `separate = no` does without)",
			    user_of(c, &roles[i]), roles[i].program);
	if (getgrnam(c->admin_group) == NULL)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "there is no group %s for the admin socket",
		    c->admin_group);
	return 0;
}

/* ---- files */

static int
open_existing(const char *path, int flags, int *ret, struct stat *ret_st,
    struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep)
	int fd = open(path, flags | O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return wd_reject(d, WD_R_NOT_FOUND,
		    "%.150s is not there (warder init makes it)", path);
	if (fd < 0 || fstat(fd, ret_st) != 0)
		return wd_fault_errno(d, "%.150s: cannot open", path);
	*ret = fd;
	fd = -1;
	return 0;
}

static int
open_file(const char *path, int *ret, struct stat *ret_st, struct wd_diag *d)
{
	int r = open_existing(path, O_NONBLOCK, ret, ret_st, d);

	if (r == 0 && !S_ISREG(ret_st->st_mode))
		return wd_reject(d, WD_R_MALFORMED, "%.150s is no file", path);
	return r;
}

static int
open_public(const char *path, int *ret, struct wd_diag *d)
{
	struct stat st;

	return open_file(path, ret, &st, d);
}

static int
open_private(const char *path, int *ret, struct wd_diag *d)
{
	struct stat st;
	int r = open_file(path, ret, &st, d);

	if (r != 0)
		return r;
	if ((st.st_mode & 077) != 0)
		return wd_reject(d, WD_R_PERMISSION,
		    "%.150s has mode %04o: others than its owner may use it",
		    path, (unsigned)st.st_mode & 07777);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return wd_reject(
		    d, WD_R_PERMISSION, "%.150s belongs to another user", path);
	return 0;
}

/* A folder that a role works in belongs to its user and is closed to others. */
static int
check_folder(const struct stat *st, const char *path, const char *owner,
    struct wd_diag *d)
{
	const struct passwd *pw = owner == NULL ? NULL : getpwnam(owner);

	if (owner != NULL && (pw == NULL || pw->pw_uid != st->st_uid))
		return wd_reject(d, WD_R_PERMISSION,
		    "%.120s must belong to the user %s", path, owner);
	if ((st->st_mode & 022) != 0)
		return wd_reject(d, WD_R_PERMISSION,
		    "%.120s has mode %04o: others may write there", path,
		    (unsigned)st->st_mode & 07777);
	return 0;
}

static int
open_state(struct sup_setup *s, struct wd_diag *d)
{
	const struct wd_conf *c = &s->conf;
	struct stat st;
	int r = open_existing(c->state_dir, O_DIRECTORY, &s->state_dir, &st, d);

	if (r != 0)
		return r;
	return check_folder(
	    &st, c->state_dir, s->separate ? c->user_keeper : NULL, d);
}

/* The one thing made here: where scribe begins when nobody has. */
static int
make_log(struct sup_setup *s, struct wd_diag *d)
{
	const struct passwd *pw =
	    s->separate ? getpwnam(s->conf.user_scribe) : NULL;

	if (mkdirat(s->state_dir, "log", 0700) != 0)
		return errno == EEXIST
		    ? 0
		    : wd_fault_errno(d, "cannot make the folder log");
	if (pw != NULL &&
	    fchownat(s->state_dir, "log", pw->pw_uid, pw->pw_gid,
		AT_SYMLINK_NOFOLLOW) != 0)
		return wd_fault_errno(d, "cannot give away the folder log");
	return 0;
}

static int
open_log(struct sup_setup *s, struct wd_diag *d)
{
	struct stat st;
	int r = make_log(s, d);

	if (r != 0)
		return r;
	s->log_dir = openat(s->state_dir, "log",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (s->log_dir < 0 || fstat(s->log_dir, &st) != 0)
		return wd_fault_errno(d, "cannot open the folder log");
	return check_folder(
	    &st, "the folder log", s->separate ? s->conf.user_scribe : NULL, d);
}

/* The PIN of the HSM, where there is one. */
static int
open_pin(struct sup_setup *s, struct wd_diag *d)
{
	struct wd_hsm_uri uri;
	int r;

	if (s->conf.pkcs11[0] == '\0')
		return 0;
	r = wd_hsm_uri_read(wd_span_text(s->conf.pkcs11), &uri, d);
	if (r != 0)
		return r;
	if (wd_credential_is(wd_span_text(uri.pin_file)))
		return sup_credential_open(
		    wd_span_text(uri.pin_file), &s->seal_pin, d);
	return open_private(uri.pin_file, &s->seal_pin, d);
}

/* ---- all of it */

static void
forget(struct sup_setup *s)
{
	*s = (struct sup_setup){ .state_dir = -1,
		.log_dir = -1,
		.tls_key = -1,
		.tls_certificate = -1,
		.client_ca = -1,
		.seal_pin = -1,
		.public_listen = -1,
		.admin_local = -1,
		.admin_listen = -1 };
}

void
sup_setup_close(struct sup_setup *s)
{
	int *fds[] = { &s->state_dir, &s->log_dir, &s->tls_key,
		&s->tls_certificate, &s->client_ca, &s->seal_pin,
		&s->public_listen, &s->admin_local, &s->admin_listen };

	for (size_t i = 0; s->in_use && i < WD_N(fds); i++)
		wd_fd_closep(fds[i]);
	forget(s);
}

static unsigned
how_many_cells(const struct wd_conf *c)
{
	unsigned cpus = wd_harden_cpus();

	if (c->cells > 0)
		return c->cells;
	return cpus < WD_CONF_CELLS ? cpus : WD_CONF_CELLS;
}

static int
open_all(struct sup_setup *s, struct wd_diag *d)
{
	const struct wd_conf *c = &s->conf;
	int r = s->separate ? check_users(c, d) : 0;

	if (r != 0 || (r = open_state(s, d)) != 0 ||
	    (r = open_log(s, d)) != 0 || (r = open_pin(s, d)) != 0 ||
	    (r = open_private(c->tls_key, &s->tls_key, d)) != 0 ||
	    (r = open_public(c->tls_certificate, &s->tls_certificate, d)) !=
		0 ||
	    (r = sup_tls_check(s, d)) != 0 ||
	    (c->client_ca[0] != '\0' &&
		(r = open_public(c->client_ca, &s->client_ca, d)) != 0))
		return r;
	return 0;
}

int
sup_setup_open(
    const struct wd_conf *conf, struct sup_setup *ret, struct wd_diag *d)
{
	int r;

	forget(ret);
	ret->in_use = true;
	ret->conf = *conf;
	ret->separate = conf->separate_users && geteuid() == 0;
	ret->cells = how_many_cells(conf);
	r = open_all(ret, d);
	if (r != 0)
		sup_setup_close(ret);
	return r;
}
