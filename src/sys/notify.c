/*
 * Telling the service manager. Must never block or fail its caller.
 */
#include "sys/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/env.h"
#include "base/span.h"
#include "sys/file.h"

/* A path, or an abstract name after '@'. */
static bool
set_address(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
	struct wd_span s = wd_span_text(name);

	if ((s.p[0] != '/' && s.p[0] != '@') || s.len < 2 ||
	    s.len >= sizeof(ret->sun_path))
		return false;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	wd_copy(ret->sun_path, s);
	if (s.p[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + s.len);
	return true;
}

void
wd_notify(const char *state)
{
	const char *name = wd_env("NOTIFY_SOCKET");
	WD_AUTO(wd_fd_closep) int fd = -1;
	struct sockaddr_un to;
	socklen_t len;

	if (name == NULL || !set_address(name, &to, &len))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&to, len); /* see the header */
}
