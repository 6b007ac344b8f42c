/*
 * The server's addresses, looked up by ourselves and handed to libcurl.
 */
#include "http/client.h"

#include "http/client_in.h"

#include <arpa/inet.h>
#include <netdb.h>

enum { ADDRESSES_MAX = 8 };

static void
write_address(struct wd_wr *wr, const struct sockaddr *sa, const char *before)
{
	char text[INET6_ADDRSTRLEN];
	const void *at = sa->sa_family == AF_INET6
	    ? (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr
	    : (const void *)&((const struct sockaddr_in *)sa)->sin_addr;

	if (inet_ntop(sa->sa_family, at, text, sizeof(text)) == NULL)
		return;
	wd_wr_text(wr, before);
	wd_wr_text(wr, text);
}

/* "name:port:address,address" is how the library takes it. */
static void
keep_addresses(struct wd_client *c, const struct addrinfo *list)
{
	char line[WD_CLIENT_HOST_MAX + 16 + ADDRESSES_MAX * INET6_ADDRSTRLEN];
	struct wd_wr wr = wd_wr_fixed(line, sizeof(line) - 1);
	struct curl_slist *fresh = NULL;
	size_t n = 0;

	wd_wr_printf(&wr, "%s:%u", c->host, c->port);
	for (; list != NULL && n < ADDRESSES_MAX; list = list->ai_next)
		if (list->ai_family == AF_INET || list->ai_family == AF_INET6)
			write_address(&wr, list->ai_addr, n++ == 0 ? ":" : ",");
	line[wr.len] = '\0';
	if (n == 0 || wd_wr_end(&wr) != 0)
		return;
	fresh = curl_slist_append(NULL, line);
	if (fresh == NULL ||
	    curl_easy_setopt(c->curl, CURLOPT_RESOLVE, fresh) != CURLE_OK) {
		curl_slist_free_all(fresh);
		return;
	}
	curl_slist_free_all(c->addresses);
	c->addresses = fresh;
}

void
wd_client_resolve(struct wd_client *c)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list = NULL;

	if (c->is_address || getaddrinfo(c->host, NULL, &hints, &list) != 0)
		return;
	keep_addresses(c, list);
	freeaddrinfo(list);
}
