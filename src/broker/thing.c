/*
 * Keys and certificates are under the key's policy; everything else is under
 * the policy bound to its path.
 */
#include "broker/thing.h"

#include <string.h>

#include "broker/revoked.h"
#include "proto/door.h"

void
wd_thing_done(struct wd_thing *t)
{
	wd_store_version_done(&t->version);
	wd_store_secret_done(&t->secret);
}

static int
found(struct wd_broker *b, int r, struct wd_diag *d)
{
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	if (r > 0)
		return wd_reject(
		    d, WD_R_NOT_FOUND, "there is no such resource");
	return 0;
}

static int
find_key(struct wd_broker *b, struct wd_thing *t, struct wd_diag *d)
{
	const struct wd_key_row *row;
	int r;

	if ((r = found(b, wd_store_key_get(b->store, &t->path.key, &t->key),
		 d)) != 0 ||
	    (r = found(b,
		 wd_store_version_get(
		     b->store, &t->path.key, t->path.version, &t->version),
		 d)) != 0)
		return r;
	row = wd_key_row((enum wd_key_kind)t->key.kind);
	if (row == NULL)
		return wd_fault(d, WD_F_STORE, "a key of no known kind");
	t->algorithm = t->path.kind == WD_PATH_CERT ? "certificate" : row->name;
	t->policy = t->key.policy;
	t->number = t->version.version;
	return wd_is_revoked(b, "key", t->key.id.s, d);
}

static int
find_secret(struct wd_broker *b, struct wd_thing *t, struct wd_diag *d)
{
	int r = found(b, wd_store_secret_get(b->store, t->text, &t->secret), d);

	if (r != 0)
		return r;
	t->algorithm = "opaque";
	t->number = t->secret.version;
	r = wd_store_bound(b->store, t->text, &t->policy);
	if (r < 0)
		return wd_fault(d, r, "%s", wd_store_why(b->store));
	return 0; /* unbound: no policy, and the verdict says so */
}

bool
wd_thing_plain_path(const struct wd_thing *t, char ret[WD_PATH_MAX + 1])
{
	const char *tag = strrchr(t->text, '/');

	return t->path.version != 0 && tag != NULL &&
	    wd_span_to_text(
		wd_span(t->text, (size_t)(tag + 1 - t->text) + WD_ID_LEN), ret,
		WD_PATH_MAX + 1);
}

/* What is revoked of a key's path holds for the paths of its versions too. */
static int
path_revoked(struct wd_broker *b, const struct wd_thing *t, struct wd_diag *d)
{
	char plain[WD_PATH_MAX + 1];
	int r = wd_path_revoked(b, t->text, d);

	if (r != 0 || !wd_thing_plain_path(t, plain))
		return r;
	return wd_path_revoked(b, plain, d);
}

int
wd_thing_find(struct wd_broker *b, struct wd_span path, struct wd_thing *ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_thing_done)
	struct wd_thing t = { .path = wd_path_read(path) };
	int r;

	if (t.path.kind == WD_PATH_NONE ||
	    !wd_span_to_text(path, t.text, sizeof(t.text)))
		return wd_reject(
		    d, WD_R_NOT_FOUND, "the path names no resource");
	r = t.path.kind == WD_PATH_SECRET ? find_secret(b, &t, d)
					  : find_key(b, &t, d);
	if (r != 0 || (r = path_revoked(b, &t, d)) != 0)
		return r;
	*ret = t;
	t.version = (struct wd_store_version){ 0 };
	t.secret = (struct wd_store_secret){ 0 };
	return 0;
}

static int
open_chain(const struct wd_thing *t, struct wd_secret **ret, struct wd_diag *d)
{
	if (t->version.chain == NULL)
		return wd_reject(
		    d, WD_R_NOT_FOUND, "the key has no certificate");
	*ret = wd_secret_copy(wd_bytes_span(t->version.chain));
	return *ret == NULL ? wd_fault(d, WD_F_MEMORY, "no memory") : 0;
}

int
wd_thing_open(struct wd_broker *b, const struct wd_thing *t,
    struct wd_secret **ret, struct wd_diag *d)
{
	if (t->path.kind == WD_PATH_CERT)
		return open_chain(t, ret, d);
	if (t->path.kind == WD_PATH_KEY)
		return wd_secret_open_key(b, &t->version, ret, d);
	return wd_secret_open_path(b, &t->secret, ret, d);
}

struct wd_span
wd_thing_chain(const struct wd_thing *t)
{
	return wd_bytes_span(t->version.chain);
}
