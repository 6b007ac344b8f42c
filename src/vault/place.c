/*
 * Where servers are and how paths are written. Redirections name servers too;
 * only their host and port are taken over.
 */
#include "codec/address.h"
#include "vault/client_in.h"

#include <string.h>

enum { PORT = 8200, CALL_MS = 60000 /* each call sets its own */ };

static bool
starts(struct wd_span s, struct wd_span with)
{
	return s.len >= with.len && wd_span_equal(wd_span(s.p, with.len), with);
}

/* Up to the path, if there is one. */
static struct wd_span
authority(struct wd_span url)
{
	for (size_t i = 0; i < url.len; i++)
		if (url.p[i] == '/')
			return wd_span(url.p, i);
	return url;
}

static bool
is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* What a host and its port are made of. A user's name is not taken, nor what
 * would end a host in another reader's eyes. */
static bool
is_plain(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alnum(s.p[i]) && memchr("-._:[]", s.p[i], 6) == NULL)
			return false;
	return s.len > 0;
}

/* Brackets are those of an IPv6 address. */
static bool
is_bare(struct wd_span s)
{
	bool has_port = false;

	for (size_t i = 0; i < s.len; i++)
		has_port = s.p[i] == ':' || (has_port && s.p[i] != ']');
	return !has_port;
}

int
wd_vault_place_read(struct wd_span url, struct wd_vault_place *ret)
{
	const struct wd_span scheme = WD_SPAN_LIT("https://");
	struct wd_vault_place place = { .port = PORT };
	struct wd_address address;
	struct wd_span s;

	if (!starts(url, scheme))
		return WD_R_RANGE;
	s = authority(wd_span(url.p + scheme.len, url.len - scheme.len));
	if (!is_plain(s))
		return WD_R_RANGE;
	if (is_bare(s)) {
		address.host = s;
		if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
			address.host = wd_span(s.p + 1, s.len - 2);
	} else {
		if (!wd_address_split(s, &address) || address.port == 0)
			return WD_R_RANGE;
		place.port = address.port;
	}
	if (!wd_span_to_text(address.host, place.host, sizeof(place.host)) ||
	    address.host.len == 0)
		return WD_R_RANGE;
	*ret = place;
	return 0;
}

int
wd_vault_connect(const struct wd_vault *v, const struct wd_vault_place *place,
    struct wd_client **ret, struct wd_diag *d)
{
	struct wd_client_options options = {
		.host = wd_span_text(place->host),
		.port = place->port,
		.roots = wd_bytes_span(v->ca),
		.certificate = wd_bytes_span(v->certificate),
		.key = wd_secret_borrow(v->key),
		.max_body = WD_VAULT_BODY_MAX,
		.deadline_ms = CALL_MS,
		.tls12 = v->tls12,
	};
	struct wd_client *c = NULL;
	int r = wd_client_new(&options, &c, d);

	if (r != 0)
		return r;
	wd_client_resolve(c);
	*ret = c;
	return 0;
}

/* ---- paths */

static bool
is_letter(uint8_t c)
{
	return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' ||
	    c == '@' || c == ':' || c == '+' || c == '=';
}

static bool
is_segment(struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter(s.p[i]))
			return false;
	/* A Vault takes no path that ends in a dot. */
	return s.len > 0 && s.p[s.len - 1] != '.';
}

int
wd_vault_path_check(struct wd_span path, const char *what, struct wd_diag *d)
{
	size_t from = 0;
	bool ok = path.len > 0 && path.len <= WD_VAULT_PATH_MAX;

	for (size_t i = 0; ok && i <= path.len; i++)
		if (i == path.len || path.p[i] == '/') {
			ok = is_segment(wd_span(path.p + from, i - from));
			from = i + 1;
		}
	return ok ? 0
		  : wd_reject(d, WD_R_RANGE,
			"vault: %s is no path that this client sends", what);
}
