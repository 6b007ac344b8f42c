/*
 * The listening socket. Its mode lets everybody connect: rights belong to keys.
 */
#include "bin/agent/serve.h"

#include "sys/file.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, MODE = 0666 };

static int
new_socket(void)
{
	return socket(
	    AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Somebody listens at ADDR: a socket that is full listens too. */
static bool
is_served(const struct sockaddr_un *addr)
{
	WD_AUTO(wd_fd_closep) int fd = new_socket();

	return fd >= 0 &&
	    (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ||
		errno == EAGAIN);
}

static bool
open_at(int fd, const struct sockaddr_un *addr)
{
	if (unlink(addr->sun_path) != 0 && errno != ENOENT)
		return false;
	return bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 &&
	    chmod(addr->sun_path, MODE) == 0 && listen(fd, BACKLOG) == 0;
}

int
wd_serve_listen(const char *path, int *ret_fd, struct wd_diag *d)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	WD_AUTO(wd_fd_closep) int fd = -1;

	if (!wd_span_to_text(
		wd_span_text(path), addr.sun_path, sizeof(addr.sun_path)))
		return wd_fault(
		    d, WD_F_SYSTEM, "the path of the socket is too long");
	if (is_served(&addr))
		return wd_reject(
		    d, WD_R_IN_USE, "another process listens at %s", path);
	fd = new_socket();
	if (fd < 0 || !open_at(fd, &addr))
		return wd_fault_errno(d, "cannot listen at %s", path);
	*ret_fd = fd;
	fd = -1;
	return 0;
}
