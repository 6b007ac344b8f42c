/*
 * Cutting host and port apart.
 */
#include "codec/address.h"

#include "base/num.h"

#include <string.h>

static bool
take_host(struct wd_span s, struct wd_address *a)
{
	a->brackets = s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']';
	a->host = a->brackets ? wd_span(s.p + 1, s.len - 2) : s;
	return s.len > 0 && (a->brackets || memchr(s.p, ':', s.len) == NULL);
}

bool
wd_address_split(struct wd_span text, struct wd_address *ret)
{
	size_t colon = text.len;
	struct wd_address a = { 0 };
	uint64_t port;

	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon == 0 ||
	    !wd_num_parse(
		wd_span(text.p + colon, text.len - colon), UINT16_MAX, &port) ||
	    !take_host(wd_span(text.p, colon - 1), &a))
		return false;
	a.port = (uint16_t)port;
	*ret = a;
	return true;
}
