/*
 * Sources: texts, prefixes, and what shares a cap.
 */
#include "lib/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/source.h"

static struct wd_source
v4(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
	return wd_source_of(-1, (const struct sockaddr *)(const void *)&a);
}

static struct wd_source
v6(const char *text)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };

	assert_int_equal(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
	return wd_source_of(-1, (const struct sockaddr *)(const void *)&a);
}

static void
ipv4_counts_alone(void **state)
{
	struct wd_source a = v4("192.0.2.7"), b = v4("192.0.2.8");

	(void)state;
	assert_string_equal(a.text, "192.0.2.7");
	assert_string_equal(a.prefix, "192.0.2.0/24");
	assert_string_equal(a.prefix, b.prefix);
	assert_false(wd_span_equal(WD_SPAN(a.key), WD_SPAN(b.key)));
	assert_false(a.local);
}

static void
ipv6_counts_by_its_network(void **state)
{
	struct wd_source a = v6("2001:db8:1:2::7");
	struct wd_source b = v6("2001:db8:1:2:3::8");
	struct wd_source c = v6("2001:db8:1:3::7");

	(void)state;
	assert_string_equal(a.text, "2001:db8:1:2::7");
	assert_string_equal(a.prefix, "2001:db8:1::/48");
	t_span_equal(WD_SPAN(a.key), WD_SPAN(b.key));
	assert_false(wd_span_equal(WD_SPAN(a.key), WD_SPAN(c.key)));
}

static void
mapped_ipv4_is_ipv4(void **state)
{
	struct wd_source a = v4("192.0.2.7"), b = v6("::ffff:192.0.2.7");

	(void)state;
	assert_string_equal(b.text, "192.0.2.7");
	t_span_equal(WD_SPAN(a.key), WD_SPAN(b.key));
}

static void
local_peers_are_named_by_their_user(void **state)
{
	struct sockaddr_un_family {
		sa_family_t family;
	} a = { AF_UNIX };
	struct wd_source s;
	char want[32];
	int fds[2];

	(void)state;
	t_ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	s = wd_source_of(fds[0], (const struct sockaddr *)(const void *)&a);
	(void)snprintf(want, sizeof(want), "uid %u", (unsigned)getuid());
	assert_string_equal(s.text, want);
	assert_string_equal(s.prefix, "local");
	assert_true(s.local);
	t_ok(close(fds[0]));
	t_ok(close(fds[1]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_counts_alone),
		cmocka_unit_test(ipv6_counts_by_its_network),
		cmocka_unit_test(mapped_ipv4_is_ipv4),
		cmocka_unit_test(local_peers_are_named_by_their_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
