/*
 * Telling the service manager.
 */
#include "lib/t.h"

#include "sys/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket under an abstract name; NAME is as the environment has it. */
static int
manager(char name[64])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(name, 64, "@t-notify-%ld", (long)getpid());

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", name);
	a.sun_path[0] = '\0';
	t_ok(bind(fd, (const struct sockaddr *)&a,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)));
	return fd;
}

static void
state_reaches_the_manager(void **state)
{
	char name[64], got[64];
	int fd = manager(name);

	(void)state;
	t_ok(setenv("NOTIFY_SOCKET", name, 1));
	wd_notify("READY=1");
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 7);
	assert_int_equal(strncmp(got, "READY=1", 7), 0);
	close(fd);
	wd_notify("STOPPING=1"); /* nobody there any more */
	t_ok(unsetenv("NOTIFY_SOCKET"));
}

static void
odd_names_are_left_alone(void **state)
{
	static const char *const names[] = {
		"", "@", "/", "relative",
		"/0123456789012345678901234567890123456789012345678901234567890"
		"123456789012345678901234567890123456789012345678901234567890"
	};

	(void)state;
	for (size_t i = 0; i < WD_N(names); i++) {
		t_ok(setenv("NOTIFY_SOCKET", names[i], 1));
		wd_notify("READY=1");
	}
	t_ok(unsetenv("NOTIFY_SOCKET"));
	wd_notify("READY=1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_reaches_the_manager),
		cmocka_unit_test(odd_names_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
