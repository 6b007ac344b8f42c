/*
 * Keys in a KMIP server: made or brought there, found by identifier or name,
 * fetched with each release. Nothing of the server's is kept but the identifier
 * of the key that others are wrapped under.
 */
#include "backend/kmip.h"

#include "backend/kmip_in.h"
#include "base/alloc.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 256 << 10, PASSWORD_MAX = 1024, FINGERPRINT = 8 };

/* ---- results that a backend does not give */

static const struct {
	int from, to;
} results[] = {
	{ WD_R_TOO_LARGE, WD_R_UNSUPPORTED },
	{ WD_R_KEY_INVALID, WD_R_UNSUPPORTED },
	{ WD_R_TAMPERED, WD_R_BACKEND_ANSWER },
	{ WD_R_MALFORMED, WD_R_UNSUPPORTED },
	{ WD_R_RANGE, WD_R_UNSUPPORTED },
};

static int
result(int r, struct wd_diag *d)
{
	for (size_t i = 0; i < WD_N(results); i++)
		if (results[i].from == r) {
			r = results[i].to;
			break;
		}
	if (r != 0 && d != NULL && d->result != 0)
		d->result = r;
	return r;
}

/* ---- locators */

enum { BAR = '|' };

static bool
is_id(struct wd_span s, bool may_be_empty)
{
	return wd_span_is_word(s) && s.len <= WD_KMIP_ID_MAX &&
	    (s.len > 0 || may_be_empty);
}

int
wd_kmip_locator_read(
    struct wd_span text, struct wd_kmip_locator *ret, struct wd_diag *d)
{
	struct wd_kmip_locator l = { 0 };
	size_t at = 0;
	struct wd_span id, public;

	while (at < text.len && text.p[at] != BAR)
		at++;
	id = wd_span(text.p, at);
	public = at < text.len ? wd_span(text.p + at + 1, text.len - at - 1)
			       : wd_span(NULL, 0);
	if (at == text.len || !is_id(id, false) || !is_id(public, true) ||
	    !wd_span_to_text(id, l.id.s, sizeof(l.id.s)) ||
	    !wd_span_to_text(public, l.public.s, sizeof(l.public.s)))
		return wd_reject(d, WD_R_MALFORMED, "kmip: no locator of ours");
	*ret = l;
	return 0;
}

int
wd_kmip_locator_write(const struct wd_kmip_locator *l,
    char ret[WD_LOCATOR_MAX + 1], struct wd_diag *d)
{
	if (strchr(l->id.s, BAR) != NULL || strchr(l->public.s, BAR) != NULL)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "the KMIP server's identifiers have bars");
	(void)snprintf(
	    ret, WD_LOCATOR_MAX + 1, "%s|%s", l->id.s, l->public.s); /* fits */
	return 0;
}

/* ---- opened */

static int
read_file(const struct wd_backend_conf *c, const char *key, size_t max,
    struct wd_secret **ret, struct wd_diag *d)
{
	const char *path = wd_backend_text(c, key);

	if (path[0] == '\0')
		return 0;
	return wd_file_read_secret(AT_FDCWD, path, max, ret, d);
}

static struct wd_span
without_line_end(struct wd_span s)
{
	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

static bool
take_version(const char *text, struct wd_kmip_version *ret)
{
	size_t n;
	const struct wd_kmip_version *v = wd_kmip_versions(&n);

	for (size_t i = 0; i < n; i++)
		if (text[0] == '0' + v[i].major && text[1] == '.' &&
		    text[2] == '0' + v[i].minor) {
			*ret = v[i];
			return true;
		}
	return false;
}

static int
open_client(const struct wd_backend_conf *c, struct wd_backend_kmip *x,
    struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep)
	struct wd_secret *ca = NULL, *chain = NULL, *key = NULL,
			 *password = NULL;
	struct wd_kmip_version version;
	struct wd_kmip_config config = {
		.host = wd_span_text(wd_backend_text(c, "host")),
		.port = (uint16_t)wd_backend_number(c, "port"),
		.username = wd_span_text(wd_backend_text(c, "user")),
	};
	int r;

	if (config.username.len == 0 &&
	    wd_backend_text(c, "password")[0] != '\0')
		return wd_reject(d, WD_R_MALFORMED,
		    "password: whose? user is "
		    "not given");
	if ((r = read_file(c, "ca", FILE_MAX, &ca, d)) != 0 ||
	    (r = read_file(c, "certificate", FILE_MAX, &chain, d)) != 0 ||
	    (r = read_file(c, "key", FILE_MAX, &key, d)) != 0 ||
	    (r = read_file(c, "password", PASSWORD_MAX, &password, d)) != 0)
		return r;
	config.roots = wd_secret_borrow(ca);
	config.chain = wd_secret_borrow(chain);
	config.key = wd_secret_borrow(key);
	config.password = without_line_end(wd_secret_borrow(password));
	if (take_version(wd_backend_text(c, "version"), &version))
		config.version = &version;
	return wd_kmip_new(&config, &x->k, d);
}

/* "warder-kek-" and the start of the digest: another key, another name. */
static int
name_kek(struct wd_backend_kmip *x, struct wd_diag *d)
{
	uint8_t digest[WD_HASH_MAX];
	char hex[2 * FINGERPRINT + 1];
	int r = wd_hash(WD_SHA256, wd_secret_borrow(x->kek), digest);

	if (r != 0)
		return wd_fault(d, r, "no digest");
	wd_hex_format(wd_span(digest, FINGERPRINT), hex);
	(void)snprintf(
	    x->kek_text, sizeof(x->kek_text), "warder-kek-%s", hex); /* fits */
	return 0;
}

static int
open_kek(const struct wd_backend_conf *c, struct wd_backend_kmip *x,
    struct wd_diag *d)
{
	const char *name = wd_backend_text(c, "kek_name");
	int r = read_file(c, "kek", FILE_MAX, &x->kek, d);

	x->kek_only = wd_backend_flag(c, "kek_only");
	if (r != 0)
		return r;
	if (x->kek == NULL)
		return !x->kek_only ? 0
				    : wd_reject(d, WD_R_MALFORMED,
					  "kek_only is set without a kek");
	if (wd_secret_len(x->kek) != WD_KMIP_KEK)
		return wd_reject(d, WD_R_MALFORMED,
		    "the kek is not %d bytes long", WD_KMIP_KEK);
	if (name[0] == '\0')
		r = name_kek(x, d);
	else if (!wd_span_to_text(
		     wd_span_text(name), x->kek_text, sizeof(x->kek_text)))
		return wd_reject(d, WD_R_RANGE, "kek_name is over %d bytes",
		    WD_KMIP_NAME_MAX);
	x->kek_name = wd_span_text(x->kek_text);
	return r;
}

static void
close_kmip(void *x)
{
	struct wd_backend_kmip *b = x;

	if (b == NULL)
		return;
	wd_kmip_freep(&b->k);
	wd_secret_freep(&b->kek);
	(void)wd_free(b);
}

static int
open_kmip(const struct wd_backend_conf *c, void **ret, struct wd_diag *d)
{
	struct wd_backend_kmip *x = wd_alloc(sizeof(*x));
	int r;

	if (x == NULL)
		return wd_fault(d, WD_F_MEMORY, "no memory");
	if ((r = open_client(c, x, d)) != 0 || (r = open_kek(c, x, d)) != 0) {
		close_kmip(x);
		return r;
	}
	wd_kmip_resolve(x->k);
	*ret = x;
	return 0;
}

/* ---- calls */

static int
check(void *x, int64_t deadline, struct wd_wr *words, struct wd_diag *d)
{
	struct wd_backend_kmip *b = x;
	struct wd_kmip_server server = { 0 };
	struct wd_kmip_version v = { 0 };
	int r = wd_kmip_hello(b->k, deadline, &server, &v, d);

	if (r != 0)
		return result(r, d);
	wd_wr_printf(words, "KMIP %u.%u%s%s, keys come %s", v.major, v.minor,
	    server.vendor[0] == '\0' ? "" : ", ", server.vendor,
	    b->kek == NULL    ? "inside of TLS"
		: b->kek_only ? "wrapped"
			      : "wrapped where the server can");
	return 0;
}

/* What was made is fetched once: a key that cannot be had is none, and one that
 * was BROUGHT must be that one. What has a public key is compared by that. */
static int
look(struct wd_backend_kmip *x, const struct wd_kmip_locator *l,
    enum wd_key_kind kind, struct wd_span brought, int64_t deadline,
    struct wd_backend_made *m, struct wd_diag *d)
{
	WD_AUTO(wd_kmip_material_done) struct wd_kmip_material got = { 0 };
	WD_AUTO(wd_secret_freep) struct wd_secret *bytes = NULL;
	int r = wd_kmip_fetch(x, &l->id, deadline, &got, d);

	if (r != 0 ||
	    (r = wd_kmip_convert(&got, &kind, &bytes, &m->spki, d)) != 0)
		return r;
	if (brought.len > 0 && m->spki == NULL &&
	    !wd_ct_equal(brought, wd_secret_borrow(bytes)))
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "the KMIP server keeps another key than the one that was "
		    "brought");
	m->kind = kind;
	return wd_kmip_locator_write(l, m->locator, d);
}

static void
take_back(struct wd_backend_kmip *x, const struct wd_kmip_locator *l,
    int64_t deadline)
{
	struct wd_diag d = { 0 };

	(void)!wd_kmip_end_of(x, &l->id, deadline, &d); /* best effort */
	if (l->public.s[0] != '\0')
		(void)!wd_kmip_end_of(x, &l->public, deadline, &d);
}

static int
make(void *x, const struct wd_backend_make *in, int64_t deadline,
    struct wd_backend_made *out, struct wd_diag *d)
{
	WD_AUTO(wd_backend_made_done) struct wd_backend_made m = { 0 };
	struct wd_kmip_locator l = { 0 };
	int r = wd_kmip_make(x, in, deadline, &l, d);

	if (r != 0)
		return result(r, d);
	if ((r = look(x, &l, in->kind, in->bytes, deadline, &m, d)) != 0) {
		take_back(x, &l, deadline);
		return result(r, d);
	}
	*out = m;
	m = (struct wd_backend_made){ 0 };
	return 0;
}

/* An identifier, or else a name. */
static int
find(struct wd_backend_kmip *x, struct wd_span name, int64_t deadline,
    struct wd_kmip_id *ret, struct wd_diag *d)
{
	struct wd_kmip_attributes a = { 0 };
	struct wd_diag why = { 0 };
	struct wd_kmip_id id = { 0 };
	int r = WD_R_NOT_FOUND;

	if (is_id(name, false) && wd_span_to_text(name, id.s, sizeof(id.s)))
		r = wd_kmip_get_attributes(x->k, &id, deadline, &a, &why);
	if (r == 0) {
		*ret = id;
		return 0;
	}
	if (r != WD_R_NOT_FOUND && r != WD_R_PERMISSION) {
		if (d != NULL && d->result == 0)
			*d = why;
		return r;
	}
	return wd_kmip_locate(x->k, name, deadline, ret, d);
}

static int
attach(void *x, struct wd_span name, int64_t deadline,
    struct wd_backend_made *out, struct wd_diag *d)
{
	WD_AUTO(wd_backend_made_done) struct wd_backend_made m = { 0 };
	struct wd_kmip_locator l = { 0 };
	int r;

	if (name.len == 0 || name.len > WD_KMIP_NAME_MAX)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "no identifier or name of an object in a KMIP server");
	if ((r = find(x, name, deadline, &l.id, d)) != 0 ||
	    (r = look(x, &l, WD_KEY_NONE, wd_span(NULL, 0), deadline, &m, d)) !=
		0)
		return result(r, d);
	*out = m;
	m = (struct wd_backend_made){ 0 };
	return 0;
}

static int
fetch(void *x, struct wd_span locator, enum wd_key_kind kind, int64_t deadline,
    struct wd_backend_got *out, struct wd_diag *d)
{
	WD_AUTO(wd_kmip_material_done) struct wd_kmip_material got = { 0 };
	struct wd_kmip_locator l = { 0 };
	struct wd_secret *bytes = NULL;
	int r;

	if ((r = wd_kmip_locator_read(locator, &l, d)) != 0 ||
	    (r = wd_kmip_fetch(x, &l.id, deadline, &got, d)) != 0 ||
	    (r = wd_kmip_convert(&got, &kind, &bytes, NULL, d)) != 0)
		return result(r, d);
	*out = (struct wd_backend_got){ .bytes = bytes };
	return 0;
}

static int
destroy(void *x, struct wd_span locator, int64_t deadline, struct wd_diag *d)
{
	struct wd_kmip_locator l = { 0 };
	int r = wd_kmip_locator_read(locator, &l, d);

	if (r == 0)
		r = wd_kmip_end_of(x, &l.id, deadline, d);
	if (r == 0 && l.public.s[0] != '\0')
		r = wd_kmip_end_of(x, &l.public, deadline, d);
	return result(r, d);
}

const struct wd_backend_row wd_backend_kmip_row = {
	.form = &wd_backend_kmip_form,
	.open = open_kmip,
	.close = close_kmip,
	.check = check,
	.make = make,
	.attach = attach,
	.fetch = fetch,
	.destroy = destroy,
};
