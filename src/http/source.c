/*
 * Addresses to texts and cap keys.
 */
#include "http/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/span.h"

static void
from_ipv4(struct in_addr address, struct wd_source *s)
{
	struct in_addr net = { address.s_addr & htonl(0xffffff00) };
	char text[INET_ADDRSTRLEN];

	(void)inet_ntop(AF_INET, &address, s->text, sizeof(s->text));
	(void)inet_ntop(AF_INET, &net, text, sizeof(text));
	(void)snprintf(s->prefix, sizeof(s->prefix), "%s/24", text);
	wd_copy(s->key, wd_span(&address, sizeof(address)));
	s->key[4] = 4; /* apart from any IPv6 prefix that is in use */
}

static void
from_ipv6(const struct in6_addr *address, struct wd_source *s)
{
	struct in6_addr net = { 0 };
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		struct in_addr v4;

		wd_copy(&v4, wd_span(&address->s6_addr[12], sizeof(v4)));
		from_ipv4(v4, s);
		return;
	}
	wd_copy(&net, wd_span(address, 6));
	(void)inet_ntop(AF_INET6, address, s->text, sizeof(s->text));
	(void)inet_ntop(AF_INET6, &net, text, sizeof(text));
	(void)snprintf(s->prefix, sizeof(s->prefix), "%s/48", text);
	wd_copy(s->key, wd_span(address, sizeof(s->key)));
}

static void
from_local(int fd, struct wd_source *s)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	s->local = true;
	(void)snprintf(s->prefix, sizeof(s->prefix), "local");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		(void)snprintf(
		    s->text, sizeof(s->text), "uid %u", (unsigned)peer.uid);
	else
		(void)snprintf(s->text, sizeof(s->text), "local");
}

struct wd_source
wd_source_of(int fd, const struct sockaddr *address)
{
	struct wd_source s = { 0 };
	const void *any = address; /* the family says what it is */

	if (address->sa_family == AF_INET)
		from_ipv4(((const struct sockaddr_in *)any)->sin_addr, &s);
	else if (address->sa_family == AF_INET6)
		from_ipv6(&((const struct sockaddr_in6 *)any)->sin6_addr, &s);
	else
		from_local(fd, &s);
	return s;
}
