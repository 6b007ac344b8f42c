/*
 * Things that are in a Vault already, found by a name that a person gives:
 *
 *   NAME                an entry of the engine that keys are kept in
 *   PATH, PATH#MEMBER   an entry of any key-value engine
 *   MOUNT/keys/NAME     a key of a transit engine, which stays there
 *   PATH of another engine, such as database/creds/ROLE: made for the asking
 *
 * The server is asked what is mounted where; a name decides nothing by its
 * looks alone.
 */
#include "backend/vault_entry.h"
#include "backend/vault_in.h"
#include "base/rd.h"
#include "vault/ask.h"

#include <string.h>

enum { KIND_MAX = 32 };

/* What a path leads to. */
struct place {
	struct wd_span path; /* behind the mount */
	char mount[WD_VAULT_PATH_MAX + 1];
	char kind[KIND_MAX];
	unsigned engine; /* of a key-value engine */
};

/* ---- which engine */

static bool
take_kind(const struct wd_vault_reply *reply, struct place *p)
{
	struct wd_span kind = { 0 }, mount = { 0 }, version = { 0 };

	(void)wd_jval_text(
	    wd_jval_get(wd_jval_get(reply->data, "options"), "version"),
	    &version); /* absent: 1 */
	p->engine = wd_span_is(version, "2") ? 2 : 1;
	if (!wd_jval_text(wd_jval_get(reply->data, "type"), &kind) ||
	    !wd_jval_text(wd_jval_get(reply->data, "path"), &mount) ||
	    mount.len < 2 || mount.p[mount.len - 1] != '/')
		return false;
	mount.len--;
	return wd_vault_path_check(mount, "it", NULL) == 0 &&
	    wd_span_to_text(mount, p->mount, sizeof(p->mount)) &&
	    wd_span_is_word(kind) &&
	    wd_span_to_text(kind, p->kind, sizeof(p->kind));
}

/* The mount is the start of the path that was asked about. */
static bool
cut_path(struct wd_span path, struct place *p)
{
	struct wd_span mount = wd_span_text(p->mount);

	if (path.len < mount.len + 2 || path.p[mount.len] != '/' ||
	    !wd_span_equal(wd_span(path.p, mount.len), mount))
		return false;
	p->path = wd_span(path.p + mount.len + 1, path.len - mount.len - 1);
	return true;
}

static int
find(struct wd_backend_vault *x, struct wd_span path, struct place *ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	struct place p = { 0 };
	int r = wd_vault_ask_open(&a, "sys/internal/ui", "mounts", path, d);

	if (r == 0)
		r = wd_vault_ask_bare(x->v, &a, "GET", &reply, d);
	if (r != 0)
		return r;
	if (!take_kind(&reply, &p) || !cut_path(path, &p))
		return wd_reject(d, WD_R_BACKEND_ANSWER,
		    "vault: it does not say what is mounted there");
	*ret = p;
	return 0;
}

/* ---- an entry */

static int
attach_entry(struct wd_backend_vault *x, const struct place *p,
    struct wd_span member, struct wd_backend_made *m, struct wd_diag *d)
{
	WD_AUTO(wd_vault_entry_done) struct wd_vault_entry e = { 0 };
	WD_AUTO(wd_vault_found_done) struct wd_vault_found f = { 0 };
	const struct wd_vault_kv kv = { p->mount, p->engine };
	struct wd_vault_locator l = { .sort = WD_VAULT_ENTRY,
		.engine = p->engine,
		.path = p->path,
		.member = member };
	int r = wd_vault_kv_read(x->v, &kv, p->path, 0, &e, d);

	if (r != 0 ||
	    (r = wd_vault_entry_read(
		 e.data, wd_vault_last(p->path), member, &f, d)) != 0)
		return r;
	/* What is released later is what was attached. */
	l.version = e.version;
	wd_copy(l.mount, WD_SPAN(p->mount));
	m->kind = f.kind;
	m->spki = WD_TAKE(f.spki);
	return wd_vault_locator_write(&l, m->locator, d);
}

/* ---- a key that stays */

static int
attach_staying(struct wd_backend_vault *x, const struct place *p,
    struct wd_backend_made *m, struct wd_diag *d)
{
	const struct wd_span keys = WD_SPAN_LIT("keys/");
	WD_AUTO(wd_vault_key_info_done) struct wd_vault_key_info info = { 0 };
	struct wd_vault_locator l = { .sort = WD_VAULT_STAYS };
	struct wd_vault_key k = { .mount = p->mount };
	int r;

	if (p->path.len <= keys.len ||
	    !wd_span_equal(wd_span(p->path.p, keys.len), keys))
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "vault: a key of the transit engine is %s/keys/NAME",
		    p->mount);
	k.name = l.path = wd_span(p->path.p + keys.len, p->path.len - keys.len);
	if ((r = wd_vault_key_look(x->v, &k, &info, d)) != 0)
		return r;
	m->kind = wd_vault_kind_by_type(info.type);
	if (m->kind == WD_KEY_NONE)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "vault: keys of type %s are not used here", info.type);
	l.version = info.newest;
	wd_copy(l.mount, WD_SPAN(p->mount));
	m->stays = true;
	m->spki = WD_TAKE(info.spki);
	return wd_vault_locator_write(&l, m->locator, d);
}

/* ---- made for the asking */

static bool
may(const struct wd_jval *list, const char *what)
{
	struct wd_span s;

	for (size_t i = 0; i < wd_jval_count(list); i++)
		if (wd_jval_text(wd_jval_at(list, i), &s) &&
		    (wd_span_is(s, what) || wd_span_is(s, "root")))
			return true;
	return false;
}

/* To read it would make one; so the server is asked whether we might. */
static int
attach_creds(struct wd_backend_vault *x, struct wd_span path,
    struct wd_backend_made *m, struct wd_diag *d)
{
	WD_AUTO(wd_vault_ask_done) struct wd_vault_ask a = { 0 };
	WD_AUTO(wd_vault_reply_done) struct wd_vault_reply reply = { 0 };
	const struct wd_vault_locator l = { .sort = WD_VAULT_CREDS,
		.path = path };
	int r = wd_vault_ask_open(
	    &a, "sys", NULL, wd_span_text("capabilities-self"), d);

	if (r != 0)
		return r;
	wd_jtext_key(&a.j, "paths");
	wd_jtext_array(&a.j);
	wd_jtext_string(&a.j, path);
	wd_jtext_end(&a.j);
	if ((r = wd_vault_ask_post(x->v, &a, &reply, d)) != 0)
		return r;
	if (!may(wd_jval_get(reply.data, "capabilities"), "read"))
		return wd_reject(d, WD_R_PERMISSION,
		    "vault: our token may not read %.*s", (int)path.len,
		    (const char *)path.p);
	m->kind = WD_KEY_OPAQUE;
	m->leased = true;
	return wd_vault_locator_write(&l, m->locator, d);
}

/* ---- by name */

static bool
has_slash(struct wd_span s)
{
	return s.len > 0 && memchr(s.p, '/', s.len) != NULL;
}

static int
attach_path(struct wd_backend_vault *x, struct wd_span path,
    struct wd_span member, struct wd_backend_made *m, struct wd_diag *d)
{
	struct place p = { 0 };
	int r = find(x, path, &p, d);

	if (r != 0)
		return r;
	if (strcmp(p.kind, "kv") == 0 || strcmp(p.kind, "generic") == 0)
		return attach_entry(x, &p, member, m, d);
	if (member.len > 0)
		return wd_reject(d, WD_R_UNSUPPORTED,
		    "vault: only entries of key-value engines have members");
	if (strcmp(p.kind, "transit") == 0)
		return attach_staying(x, &p, m, d);
	return attach_creds(x, path, m, d);
}

/* ---- what may be */

struct wd_span
wd_vault_next_path(struct wd_span *rest)
{
	struct wd_rd rd = wd_rd(*rest);
	struct wd_span path;
	size_t n = 0;

	while (n < rd.left && rd.p[n] != ' ')
		n++;
	path = wd_rd_bytes(&rd, n);
	wd_rd_skip(&rd, rd.left > 0 ? 1 : 0);
	*rest = wd_rd_rest(&rd);
	return path;
}

static bool
is_below(struct wd_span path, struct wd_span top)
{
	return path.len >= top.len &&
	    wd_span_equal(wd_span(path.p, top.len), top) &&
	    (path.len == top.len || path.p[top.len] == '/');
}

static int
check_allowed(
    const struct wd_backend_vault *x, struct wd_span path, struct wd_diag *d)
{
	struct wd_span rest = wd_span_text(x->paths);
	char whole[2 * WD_VAULT_PATH_MAX + 2];
	struct wd_wr wr = wd_wr_fixed(whole, sizeof(whole));

	if (!has_slash(path)) { /* of the engine that keys are kept in */
		wd_wr_text(&wr, x->mount);
		wd_wr_u8(&wr, '/');
	}
	wd_wr_bytes(&wr, path);
	if (rest.len == 0)
		return 0;
	while (wd_wr_end(&wr) == 0 && rest.len > 0)
		if (is_below(wd_wr_span(&wr), wd_vault_next_path(&rest)))
			return 0;
	return wd_reject(d, WD_R_UNSUPPORTED,
	    "vault: what lies at %.*s may not be attached here (paths)",
	    (int)path.len, (const char *)path.p);
}

int
wd_vault_attach(struct wd_backend_vault *x, struct wd_span name,
    struct wd_backend_made *m, struct wd_diag *d)
{
	struct wd_span path = name, member = { 0 };
	struct place p = { .path = name };
	struct wd_vault_kv kv;
	int r;

	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] == '#') {
			path = wd_span(name.p, i);
			member = wd_span(name.p + i + 1, name.len - i - 1);
			break;
		}
	if ((r = wd_vault_path_check(path, "the name", d)) != 0)
		return r;
	if (!wd_span_is_word(member))
		return wd_reject(d, WD_R_UNSUPPORTED, "no name of a member");
	if ((r = check_allowed(x, path, d)) != 0)
		return r;
	if (has_slash(path))
		return attach_path(x, path, member, m, d);
	if ((r = wd_vault_engine(x, &kv, d)) != 0)
		return r;
	p.path = path;
	p.engine = kv.version;
	(void)wd_span_to_text(
	    wd_span_text(kv.mount), p.mount, sizeof(p.mount)); /* fits */
	return attach_entry(x, &p, member, m, d);
}
