/*
 * Listening sockets. They are opened once and shared by every front that is
 * started later, so that no connection is refused while fronts come and go.
 */
#include "bin/warderd/supervisor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/log.h"

enum {
	BACKLOG = 1024,
	ADDRESS_TEXT = 80,
	STALE_TRIES = 20,
	STALE_WAIT_MS = 100,
};

static void
write_address(const struct sockaddr_storage *at, char ret[ADDRESS_TEXT])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)at;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)at;
	char host[INET6_ADDRSTRLEN] = "?";

	if (at->ss_family == AF_INET) {
		(void)inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		(void)snprintf(
		    ret, ADDRESS_TEXT, "%s:%u", host, ntohs(in->sin_port));
		return;
	}
	(void)inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
	(void)snprintf(
	    ret, ADDRESS_TEXT, "[%s]:%u", host, ntohs(in6->sin6_port));
}

/* ---- over TCP */

static int
open_tcp(const struct wd_conf_address *a, int *ret, struct wd_diag *d)
{
	WD_AUTO(wd_fd_closep)
	int fd = socket(
	    a->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char text[ADDRESS_TEXT];
	int on = 1;

	write_address(&a->at, text);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&a->at, a->len) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return wd_fault_errno(d, "cannot listen on %s", text);
	*ret = fd;
	fd = -1;
	return 0;
}

static bool
is_same(const struct wd_conf_address *a, const struct wd_conf_address *b)
{
	return a->len == b->len &&
	    wd_span_equal(wd_span(&a->at, a->len), wd_span(&b->at, b->len));
}

static int
share(int old, int *ret, struct wd_diag *d)
{
	*ret = fcntl(old, F_DUPFD_CLOEXEC, 0);
	return *ret >= 0 ? 0 : wd_fault_errno(d, "cannot share a socket");
}

/* One address, shared with the old setup where it is the same there. */
static int
listen_tcp(const struct wd_conf_address *a, const struct wd_conf_address *old,
    int old_fd, int *ret, struct wd_diag *d)
{
	if (a->len == 0)
		return 0;
	if (old != NULL && old_fd >= 0 && is_same(a, old))
		return share(old_fd, ret, d);
	return open_tcp(a, ret, d);
}

/* ---- local */

/* Whether somebody serves it. The fronts of a supervisor that was just killed
 * still do for the moment it takes them to end. */
static bool
is_served(const struct sockaddr_un *at)
{
	for (int i = 0; i < STALE_TRIES; i++) {
		WD_AUTO(wd_fd_closep)
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 &&
		    connect(fd, (const struct sockaddr *)at, sizeof(*at)) != 0)
			return false;
		(void)poll(NULL, 0, STALE_WAIT_MS); /* only to wait */
	}
	return true;
}

/* A socket's file that nobody serves is left from a server that was killed. */
static int
remove_stale(const struct sockaddr_un *at, struct wd_diag *d)
{
	struct stat st;

	if (lstat(at->sun_path, &st) != 0)
		return errno == ENOENT
		    ? 0
		    : wd_fault_errno(d, "cannot look at %.107s", at->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return wd_reject(
		    d, WD_R_EXISTS, "%.107s is no socket", at->sun_path);
	if (is_served(at))
		return wd_reject(d, WD_R_IN_USE,
		    "another server listens on %.107s", at->sun_path);
	if (unlink(at->sun_path) != 0)
		return wd_fault_errno(d, "cannot remove %.107s", at->sun_path);
	return 0;
}

/* The socket is born closed to others by the umask; then the group may. */
static int
open_to_group(const struct sup_setup *s, const char *path, struct wd_diag *d)
{
	const struct group *g =
	    s->separate ? getgrnam(s->conf.admin_group) : NULL;

	if (!s->separate)
		return 0;
	if (g == NULL)
		return wd_reject(d, WD_R_NOT_FOUND, "there is no group %s",
		    s->conf.admin_group);
	if (lchown(path, 0, g->gr_gid) != 0 || chmod(path, 0660) != 0)
		return wd_fault_errno(
		    d, "cannot open %.107s to its group", path);
	return 0;
}

/* Whoever may write there could put a link in the place of the socket before
 * its mode is changed, or a socket of their own for operators to talk to. */
static int
check_run_dir(const struct wd_conf *c, struct wd_diag *d)
{
	struct stat st;

	if (stat(c->run_dir, &st) != 0)
		return wd_fault_errno(d, "cannot look at %.120s", c->run_dir);
	if (!S_ISDIR(st.st_mode))
		return wd_reject(
		    d, WD_R_EXISTS, "%.120s is no folder", c->run_dir);
	if ((st.st_mode & 022) != 0)
		return wd_reject(d, WD_R_PERMISSION,
		    "%.120s has mode %04o: others may write there", c->run_dir,
		    (unsigned)st.st_mode & 07777);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return wd_reject(d, WD_R_PERMISSION,
		    "%.120s belongs to another user", c->run_dir);
	return 0;
}

static int
make_run_dir(const struct wd_conf *c, struct wd_diag *d)
{
	mode_t old = umask(022);
	int r = mkdir(c->run_dir, 0755);

	(void)umask(old); /* gives the other one back */
	if (r != 0 && errno != EEXIST)
		return wd_fault_errno(d, "cannot make %.120s", c->run_dir);
	return check_run_dir(c, d);
}

static int
open_local(const struct sup_setup *s, int *ret, struct wd_diag *d)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	WD_AUTO(wd_fd_closep)
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const char *path = s->conf.admin_socket;
	int r;

	if (!wd_span_to_text(
		wd_span_text(path), at.sun_path, sizeof(at.sun_path)))
		return wd_fault(d, WD_F_BUG, "the admin socket's path");
	if ((r = make_run_dir(&s->conf, d)) != 0 ||
	    (r = remove_stale(&at, d)) != 0)
		return r;
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return wd_fault_errno(d, "cannot listen on %.107s", path);
	r = open_to_group(s, path, d);
	if (r != 0)
		return r;
	*ret = fd;
	fd = -1;
	return 0;
}

static int
listen_local(
    struct sup_setup *s, const struct sup_setup *old, struct wd_diag *d)
{
	if (old != NULL &&
	    strcmp(s->conf.admin_socket, old->conf.admin_socket) == 0)
		return share(old->admin_local, &s->admin_local, d);
	return open_local(s, &s->admin_local, d);
}

/* ---- all of them */

int
sup_setup_listen(
    struct sup_setup *s, const struct sup_setup *old, struct wd_diag *d)
{
	const struct wd_conf *was = old == NULL ? NULL : &old->conf;
	int r = listen_tcp(&s->conf.public_listen,
	    was == NULL ? NULL : &was->public_listen,
	    old == NULL ? -1 : old->public_listen, &s->public_listen, d);

	if (r == 0)
		r = listen_tcp(&s->conf.admin_listen,
		    was == NULL ? NULL : &was->admin_listen,
		    old == NULL ? -1 : old->admin_listen, &s->admin_listen, d);
	if (r == 0)
		r = listen_local(s, old, d);
	return r;
}

static void
announce_tcp(const char *event, int fd)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof(at);
	char text[ADDRESS_TEXT];

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return;
	write_address(&at, text);
	wd_log(WD_LOG_INFO, event, "address", text, NULL);
}

void
sup_setup_announce(const struct sup_setup *s)
{
	announce_tcp("listening_public", s->public_listen);
	announce_tcp("listening_admin", s->admin_listen);
	wd_log(WD_LOG_INFO, "listening_admin", "address", s->conf.admin_socket,
	    NULL);
}
